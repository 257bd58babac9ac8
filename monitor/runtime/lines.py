"""One JSON object a line on stdout, which Lambda makes a log event of; and warnings, each said once."""

from __future__ import annotations

import json
import os
import sys
import time

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeVar

    _T = TypeVar("_T")

_said: set[str] = set()
# Made once: json.dumps makes a new one for every call that has options.
_ENCODER = json.JSONEncoder(separators=(",", ":"), default=str)


def timestamp(epoch_s: float) -> str:
    """RFC 3339 in UTC with milliseconds, as the platform's own records have it."""
    whole, milliseconds = divmod(int(epoch_s * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{milliseconds:03d}Z"


def encode(record: Mapping[str, Any] | str) -> str:
    """The record as one line. What JSON has no form for is written as its `str`."""
    return _ENCODER.encode(record)


def most_bytes(text: str) -> int:
    """At most how long `text` is in JSON, without making it: a sign outside ASCII takes up to 12, a control 6."""
    return len(text) if text.isascii() and text.replace("_", "").replace(".", "").isalnum() else 12 * len(text)


def cut(text: str, limit_bytes: int) -> str:
    """As much of `text` as takes at most `limit_bytes` in JSON, where a sign outside ASCII takes 6 or 12."""
    kept = text[:limit_bytes]
    while (over := len(json.dumps(kept)) - 2 - limit_bytes) > 0:
        kept = kept[: -max(1, over // 12)]
    return kept


def write(line: str) -> None:
    """Write one line to stdout; nothing happens when stdout is closed or full."""
    try:
        # One call, newline included: Lambda may otherwise read half a line as an event.
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        return


def log(level: str, message: str, **fields: object) -> None:
    """Write one log record in the shape of Powertools' Logger, without needing it."""
    trace_id = trace_id_of(os.environ.get("_X_AMZN_TRACE_ID", ""))
    record = {
        "level": level,
        "message": message,
        "timestamp": timestamp(time.time()),
        "service": service(),
        "function_name": os.environ.get("AWS_LAMBDA_FUNCTION_NAME"),
        "xray_trace_id": trace_id or None,
        **fields,
    }
    write(encode({name: value for name, value in record.items() if value is not None}))


def warn_once(message: str, **fields: object) -> None:
    """A warning that is written the first time only, however often its cause returns."""
    if message not in _said:
        _said.add(message)
        log("WARNING", message, **fields)


def attempt(what: str, step: Callable[[], _T]) -> _T | None:
    """Do something that the handler does not need; a failure becomes one warning and None."""
    try:
        return step()
    # This is the border of the runtime: whatever goes wrong behind it, in libraries too, must not
    # become the function's failure.
    except Exception as error:  # noqa: BLE001
        warn_once(f"monitor: {what} failed", exception=f"{type(error).__name__}: {error}")
        return None


def service() -> str:
    """The service that logs and metrics belong to: Powertools' variable, or the function's name."""
    name = os.environ.get("POWERTOOLS_SERVICE_NAME") or os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
    return name or "service_undefined"


def namespace() -> str:
    """The CloudWatch namespace of this function's metrics."""
    return os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or "LambdaMonitor"


def trace_id_of(header: str) -> str:
    """The trace id in an X-Ray header (`Root=…;Parent=…;Sampled=1`), empty when there is none."""
    return trace_fields(header).get("Root", "")


def trace_fields(header: str) -> dict[str, str]:
    """The fields of an X-Ray header by name."""
    return dict(part.split("=", 1) for part in header.split(";") if "=" in part)
