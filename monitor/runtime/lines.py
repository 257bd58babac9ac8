"""Writes one JSON object per line, of which Lambda makes a log event; and each warning only once."""

from __future__ import annotations

import json
import logging
import os
import sys

from monitor.runtime import clock, settings

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeVar

    _T = TypeVar("_T")

# Made once: json.dumps makes a new one for every call that has options.
_ENCODER = json.JSONEncoder(separators=(",", ":"), default=str)
_warned: set[str] = set()
_stdout: tuple[Callable[[str], object], Callable[[], object]] | None = None
_frames: Any = None


def use_stdout() -> None:
    """Write to the log as it is at this moment from now on, whatever the application puts in place of stdout.

    Lambda's runtime client has a pipe of its own for log records, in frames: a record in a frame is a log event of its
    own, also where the application has left a line without an end on stdout. In Lambda's JSON format a frame would have
    another meaning.
    """
    global _stdout, _frames
    # By its methods: an application may put others in their place.
    _stdout = None if sys.stdout is None else (sys.stdout.write, sys.stdout.flush)
    sinks = (getattr(handler, "log_sink", None) for handler in logging.getLogger().handlers)
    framed = (sink for sink in sinks if type(sink).__name__ == "FramedTelemetryLogSink")
    _frames = None if os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON" else next(framed, None)


def encode(record: Mapping[str, Any] | list[Any] | str) -> str:
    """The record as one line. A value that JSON has no form for is written as its `str`."""
    return _ENCODER.encode(record)


def is_short(value: object, limit: int) -> bool:
    """Whether a value has at most `limit` characters in JSON; a large one is not encoded to its end."""
    length = 0
    try:
        for part in _ENCODER.iterencode(value):
            length += len(part)
            if length > limit:
                return False
    except Exception:  # noqa: BLE001 - whatever an application's value does: it has no JSON
        return False
    return True


def most_bytes(text: str) -> int:
    """An upper bound of the length of `text` in JSON: a character outside ASCII takes up to 12, a control 6."""
    return len(text) if text.isascii() and text.replace("_", "").replace(".", "").isalnum() else 12 * len(text)


def cut(text: str, limit_bytes: int) -> str:
    """As much of `text` as takes at most `limit_bytes` in JSON."""
    kept = text[:limit_bytes]
    while (over := len(encode(kept)) - 2 - limit_bytes) > 0:
        kept = kept[: -max(1, over // 12)]
    return kept


def write(line: str) -> None:
    """Write one line to the log. Does nothing when that is closed or full."""
    try:
        if _frames is not None:
            _frames.log(line + "\n")
            return
        write_text, flush = _stdout or (sys.stdout.write, sys.stdout.flush)
        # One call, newline included: Lambda may otherwise read half a line as an event.
        write_text(line + "\n")
        flush()
    except (OSError, ValueError, AttributeError):
        return


def head(level: str, message: str, **fields: object) -> dict[str, Any]:
    """The members that every record of the runtime begins with, in the shape of Powertools' Logger."""
    record = {
        "level": level,
        "message": message,
        "timestamp": clock.rfc3339(clock.epoch_ns() / 1e9),
        "service": settings.service(),
        "function_name": os.environ.get("AWS_LAMBDA_FUNCTION_NAME"),
        **fields,
        "xray_trace_id": trace_fields(os.environ.get("_X_AMZN_TRACE_ID", "")).get("Root"),
    }
    return {name: value for name, value in record.items() if value}


def warn_once(message: str, **fields: object) -> None:
    """Write a warning the first time only, however often its cause returns."""
    if message not in _warned:
        _warned.add(message)
        write(encode(head("WARNING", message, **fields)))


def attempt(what: str, step: Callable[[], _T]) -> _T | None:
    """Do something that the handler does not need. A failure becomes one warning, and None."""
    try:
        return step()
    # This is the border of the runtime: whatever goes wrong behind it must not become the function's failure.
    except Exception as error:  # noqa: BLE001
        _warn_of_failure(what, error)
        return None


def _warn_of_failure(what: str, error: BaseException) -> None:
    try:
        warn_once(f"monitor: {what} failed", exception=describe(error))
    except Exception:  # noqa: BLE001 - where not even the environment can be read
        return


def describe(error: BaseException) -> str:
    """An exception as `type: message`, also where its `str` raises."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001
        return type(error).__name__


def text_of(error: BaseException) -> str:
    """What an exception says, also where its `str` raises; of an ImportError or a fault of Lambda's, its message."""
    for read in (lambda: attribute_of(error, "msg"), lambda: str(error)):
        try:
            if text := read():
                return str(text)
        except Exception:  # noqa: BLE001, S112
            continue
    return ""


def attribute_of(error: BaseException, name: str) -> Any:
    """An attribute of an exception; None where it has none, or its class raises for it."""
    try:
        return getattr(error, name, None)
    except Exception:  # noqa: BLE001
        return None


def trace_fields(header: str) -> dict[str, str]:
    """The fields of an X-Ray header (`Root=…;Parent=…;Sampled=1`) by name."""
    return dict(part.split("=", 1) for part in header.split(";") if "=" in part)
