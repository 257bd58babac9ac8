"""Assign the files of a package to distributions and check them."""
