"""Text without what must not be shown."""

import re

_PASSWORD = re.compile(r"(\w://)[^\s/?#@\"']+@")
_QUERY_SECRET = re.compile(r"(https?://[^\s?\"']+)\?[^\s\"']*")


def without_secrets(text: str) -> str:
    """`text` with the query part of its URLs left out, for a presigned one is a credential, and user and password."""
    return _QUERY_SECRET.sub(r"\1?…", _PASSWORD.sub(r"\1", text))
