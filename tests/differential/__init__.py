"""Runs a handler bare, under stock Powertools and wrapped in the runtime, and compares all that it can see or do."""
