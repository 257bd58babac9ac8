"""Make imports of a package lazy: a transformation of source, and the file that keeps the choice."""
