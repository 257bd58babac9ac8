"""Text without what must not be shown."""

import re

_QUERY_SECRET = re.compile(r"(https?://[^\s?\"']+)\?[^\s\"']*")


def without_secrets(text: str) -> str:
    """`text` with the query part of its URLs left out: a presigned one is a credential."""
    return _QUERY_SECRET.sub(r"\1?…", text)
