"""`monitor optimize`: a smaller start of a package, in steps that are measured and proved."""
