"""Limits that are kept elsewhere."""

import json
import os
import urllib.request

with urllib.request.urlopen(os.environ["APP_CONFIG_URL"], timeout=5) as _answer:
    LIMITS: dict[str, int] = json.load(_answer)
