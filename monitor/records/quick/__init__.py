"""Saved logs read from their bytes: what is usual is counted, what is rare goes to the full reader."""
