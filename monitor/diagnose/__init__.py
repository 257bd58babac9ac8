"""`monitor diagnose`: why a function starts slowly, what to change, and what the change saves."""
