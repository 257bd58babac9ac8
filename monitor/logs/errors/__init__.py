"""`monitor errors`: failures grouped by what they are."""
