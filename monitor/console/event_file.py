"""The event of an invocation, from a file or from stdin."""

import json
import sys
from pathlib import Path

from monitor.errors import UsageError
from monitor.kernel.encodings import as_utf8

_LARGEST_EVENT = 6 * 1024 * 1024


def read_event(path: str) -> bytes:
    """The JSON document in the file at `path`, or in stdin for `-`, in UTF-8, which Lambda takes.

    Raises:
        UsageError: it cannot be read, is not JSON, or is larger than Lambda's 6 MB.
    """
    try:
        if path == "-":
            content = sys.stdin.buffer.read(_LARGEST_EVENT + 1)
        else:
            with Path(path).open("rb") as file:
                content = file.read(_LARGEST_EVENT + 1)
    except OSError as error:
        hint = "give --event a JSON file, or - for stdin"
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint) from error
    if len(content) > _LARGEST_EVENT:
        raise UsageError(f"{path} is larger than 6 MB", "6 MB is Lambda's limit for an event")
    try:
        event = as_utf8(content)
        json.loads(event.decode())
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON: {error}", "an event is a JSON document") from None
    return event
