"""`monitor metrics`: what CloudWatch counted for each function."""
