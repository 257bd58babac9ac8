"""The fields that Logs Insights discovers in log events of Lambda.

Source: CloudWatch Logs User Guide, "Supported logs and discovered fields": dotted names for JSON events; @type,
@requestId, @duration, @billedDuration, @initDuration, @maxMemoryUsed, @memorySize (both in bytes, a MB is 10^6) and
@xrayTraceId for the text lines of Lambda. At most 1,000 fields of a JSON event are discovered.
"""

import re
from collections.abc import Iterator
from typing import Any

from monitor.dashboards.board.model_query import Value
from monitor.kernel.json_fields import load_object
from monitor.records.event import LogEvent
from monitor.records.record import Report
from monitor.records.report import parse_end, parse_report, parse_start

TIMESTAMP = "@timestamp"
_MB = 1_000_000.0
_MAX_FIELDS = 1_000
_MAX_DEPTH = 20
# Lines of Python's logging under Lambda, and timeouts, have the request id near the start.
_HEAD = 120
_REQUEST = re.compile(r"(?<![0-9a-f-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f-])")
_TYPES = ("REPORT", "START", "END", "INIT_START", "INIT_REPORT", "RESTORE_START", "RESTORE_REPORT", "EXTENSION")


def discover(event: LogEvent, account: str = "") -> dict[str, Value]:
    """The fields of one event; `@timestamp` and `@ingestionTime` are epoch ms. `account` is used in @log."""
    found: dict[str, Value] = {
        TIMESTAMP: float(event.timestamp_ms),
        "@message": event.message,
        "@logStream": event.stream,
        "@log": f"{account}:{event.group}" if account else event.group,
    }
    if event.ingestion_ms is not None:
        found["@ingestionTime"] = float(event.ingestion_ms)
    message = event.message.lstrip()
    if message.startswith("{"):
        document = load_object(message)
        if isinstance(document, dict):
            for name, value in _flat(document, "", 0):
                if len(found) >= _MAX_FIELDS:
                    break
                found.setdefault(name, value)
        return found
    word = message[:40].split(None, 1)[0] if message else ""
    if word in _TYPES:
        found["@type"] = word
        found.update(_platform(word, message))
    elif request := _REQUEST.search(message, 0, _HEAD):
        found["@requestId"] = request[0]
    return found


def _platform(word: str, message: str) -> Iterator[tuple[str, Value]]:
    if word == "REPORT":
        report = parse_report(message)
        if isinstance(report, Report):
            numbers = {
                "@duration": report.duration_ms,
                "@billedDuration": report.billed_ms,
                "@initDuration": report.init_ms,
                "@maxMemoryUsed": None if report.max_memory_mb is None else report.max_memory_mb * _MB,
                "@memorySize": None if report.memory_mb is None else report.memory_mb * _MB,
            }
            texts = {"@requestId": report.request_id, "@xrayTraceId": report.trace_id}
            yield from ((name, float(value)) for name, value in numbers.items() if value is not None)
            yield from ((name, value) for name, value in texts.items() if value)
        return
    record = parse_start(message) if word == "START" else parse_end(message) if word == "END" else None
    request_id = getattr(record, "request_id", None)
    if request_id:
        yield "@requestId", request_id


def _flat(value: Any, name: str, depth: int) -> Iterator[tuple[str, Value]]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(item, f"{name}.{key}" if name else str(key), depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _flat(item, f"{name}.{index}", depth + 1)
    elif isinstance(value, bool):
        yield name, 1.0 if value else 0.0
    elif isinstance(value, int | float):
        yield name, float(value)
    elif isinstance(value, str):
        yield name, value
