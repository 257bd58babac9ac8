"""`monitor metrics`: the metrics of functions in CloudWatch."""
