"""What a package holds: whose each file is, and what is wrong there."""
