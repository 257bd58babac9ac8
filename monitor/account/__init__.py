"""`monitor doctor`, `iam-policy` and `function`: checks of the account, and what it allows."""
