"""Saved logs: from files, folders and archives to log events."""
