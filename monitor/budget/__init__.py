"""`monitor budget`: limits for init, first call, package size, imports and cost, in one file of the repository."""
