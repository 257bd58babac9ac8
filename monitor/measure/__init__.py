"""`monitor measure`: forced cold starts of a deployed function, at several memory sizes, with everything restored."""
