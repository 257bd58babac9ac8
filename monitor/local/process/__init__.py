"""Processes that run handlers: sandboxes, their interpreters, and the Runtime API."""
