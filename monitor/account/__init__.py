"""`monitor doctor`, `iam-policy` and `function`: what this account and machine allow."""
