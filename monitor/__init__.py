"""The companion of a Python Lambda function: why does it start slowly, and what to change."""

__version__ = "0.1.0"
