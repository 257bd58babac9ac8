"""`monitor tail`: print and follow log events."""
