"""Zips and folders as lists of files, read by ranges and within bounds."""
