"""Pure values and grammars that all of monitor shares. It imports nothing of monitor but `monitor.errors`."""
