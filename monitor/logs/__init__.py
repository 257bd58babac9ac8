"""`monitor tail` and `monitor errors`, and the reading of logs that other capabilities use."""
