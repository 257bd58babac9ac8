"""CloudWatch Logs in the embedded stack: the parts that the emulator lacks."""
