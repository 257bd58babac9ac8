"""A dashboard drawn with its data: every widget evaluated, as one HTML page or a picture."""
