"""Limits that are kept in the function's own configuration."""

import os

LIMITS = {"largest": int(os.environ.get("APP_LARGEST", "4500000"))}
