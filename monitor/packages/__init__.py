"""`monitor package`: read, compare and build deployment packages."""
