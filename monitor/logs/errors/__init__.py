"""`monitor errors`: failures grouped by cause."""
