"""The embedded CloudWatch Logs: what the emulator lacks."""
