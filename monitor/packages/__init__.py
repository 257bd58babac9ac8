"""`monitor package`: deployment packages read, compared and built."""
