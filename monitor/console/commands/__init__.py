"""Commands about monitor itself: help, completion, settings, versions."""
