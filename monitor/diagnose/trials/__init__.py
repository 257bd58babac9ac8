"""Changes tried: the package with and without one, started in turns."""
