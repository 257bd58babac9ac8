"""Log records in JSON as the function wrote them: on one line, with the members that name them first."""

import json
from typing import Any

_HEAD = 120


def record_text(value: dict[str, Any], text: str) -> str:
    """A log record as a line: as it was, or without the line breaks and the order that a tool gave it."""
    if "type" in value and "record" in value:
        head: dict[str, Any] = {name: value[name] for name in ("time", "type") if name in value}
        if text and "\n" not in text and text.find('"type"') < _HEAD:
            return text
        value = {**head, **value}
    elif text and "\n" not in text:
        return text
    return json.dumps(value, ensure_ascii=False)


def one_line(message: str) -> str:
    """A message; JSON that a tool wrote over several lines is a line again."""
    if message[:1] not in ("{", "[") or "\n" not in message:
        return message
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        return message
    return record_text(value, "") if isinstance(value, dict) else json.dumps(value, ensure_ascii=False)
