"""The quick path from a message to the record that `-o json` prints, for the forms that make up nearly all of a log.

START, END, a plain REPORT, a runtime's `[LEVEL]` line, JSON of the usual loggers, EMF and plain text become the members
of a record in one step. Every other line takes the full path (`parse_message`, and the members of its record).
tests/unit/records/test_conformance.py checks that both paths give the same text.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from monitor.kernel.json_fields import is_shallow
from monitor.logs.tail.unusual import UNUSUAL_MEMBERS
from monitor.records.emf import emf_request_id, emf_timestamp_ms, read_emf
from monitor.records.grammar import RUNTIME_LINE, USUAL_REPORT, USUAL_START
from monitor.records.levels import LEVELS
from monitor.records.logger_grammar import may_be_logged
from monitor.records.record import Application, End, Metrics, Report, Start, Text

Reader = Callable[[str], dict[str, Any] | None]

_END = re.compile(r"END RequestId: ([0-9a-f-]{36})\s*\Z", re.ASCII)
# Not orjson, which reads whole numbers of more than 64 bits as fractions.
_loads = msgspec.json.Decoder().decode
_TIME_MEMBERS = ("time", "@timestamp", "asctime", "ts", "@t")
_ID_MEMBERS = frozenset(("requestId", "aws_request_id", "awsRequestId", "AWSRequestId", "request_id"))


def _start(message: str) -> dict[str, Any] | None:
    found = USUAL_START.match(message)
    if found is None:
        return None
    return {
        "record_kind": Start.record_kind,
        "request_id": found[1],
        "version": found[2],
        "trace_id": None,
        "tenant_id": None,
    }


def _end(message: str) -> dict[str, Any] | None:
    found = _END.match(message)
    return None if found is None else {"record_kind": End.record_kind, "request_id": found[1]}


def _report(message: str) -> dict[str, Any] | None:
    found = USUAL_REPORT.match(message)
    if found is None:
        return None
    request_id, duration, billed, memory, used, init = found.groups()
    return {
        "record_kind": Report.record_kind,
        "request_id": request_id,
        "duration_ms": float(duration),
        "billed_ms": float(billed),
        "memory_mb": int(memory),
        "max_memory_mb": int(used),
        "init_ms": None if init is None else float(init),
        "restore_ms": None,
        "billed_restore_ms": None,
        "status": None,
        "error_type": None,
        "trace_id": None,
        "segment_id": None,
        "sampled": None,
        "tenant_id": None,
    }


def _runtime_line(message: str) -> dict[str, Any] | None:
    found = RUNTIME_LINE.match(message)
    if found is None or "Traceback" in message:
        return None
    level, time, request_id = found.groups()
    return _application(
        level,
        message[found.end() :].rstrip("\n"),
        None if request_id in ("", "undefined") else request_id,
        time,
        None,
        None,
        {},
    )


def _json(message: str) -> dict[str, Any] | None:
    if "Traceback" in message or not is_shallow(message):
        return None
    try:
        line = _loads(message)
    except ValueError:
        return None
    if type(line) is not dict:
        return None
    if "_aws" in line:
        return _metrics(line)
    level, text = line.get("level"), line.get("message")
    if type(level) is not str or level not in LEVELS or type(text) is not str:
        return None
    if "\\" in message and ("\\n" in message or "\\r" in message or "\\u000" in message):
        # A text of several lines can be a stack.
        return None
    if not UNUSUAL_MEMBERS.isdisjoint(line) or not _ID_MEMBERS.isdisjoint(line):
        return None
    time = line.get("timestamp")
    if time is None:
        time = next((line[name] for name in _TIME_MEMBERS if line.get(name) is not None), None)
    request_id = line.get("function_request_id")
    trace_id, cold_start = line.get("xray_trace_id"), line.get("cold_start")
    if type(time) is not str and time is not None:
        return None
    return _application(
        level,
        text,
        request_id if type(request_id) is str and request_id else None,
        time,
        trace_id if type(trace_id) is str else None,
        cold_start if type(cold_start) is bool else None,
        line,
    )


def _metrics(line: dict[str, Any]) -> dict[str, Any] | None:
    if "record" in line or "monitor_init" in line or "monitor_imports" in line:
        return None
    found = read_emf(line)
    if found is None:
        return None
    return {
        "record_kind": Metrics.record_kind,
        "data": [
            {
                "namespace": one.namespace,
                "name": one.name,
                "unit": one.unit,
                "values": one.values,
                "dimensions": dimensions,
                "resolution_s": one.resolution_s,
            }
            for one in found[0]
            for dimensions in one.dimension_sets
        ],
        "timestamp_ms": emf_timestamp_ms(line),
        "request_id": emf_request_id(line),
        "fields": line,
        "skipped": found[1],
    }


def _application(
    level: str,
    text: str,
    request_id: str | None,
    time: str | None,
    trace_id: str | None,
    cold_start: bool | None,
    fields: dict[str, Any],
) -> dict[str, Any]:
    return {
        "record_kind": Application.record_kind,
        "level": level,
        "message": text,
        "request_id": request_id,
        "timestamp": time,
        "trace_id": trace_id,
        "cold_start": cold_start,
        "exception": None,
        "fields": fields,
        "as_logged": False,
    }


def plain(message: str) -> dict[str, Any] | None:
    """The reader for every first character that has none of its own."""
    if "\x1b" in message or "END RequestId: " in message or may_be_logged(message):
        return None
    return {"record_kind": Text.record_kind, "text": message}


def _unknown(_message: str) -> dict[str, Any] | None:
    return None


# A message's first character, and what reads it.
READERS: dict[str, Reader] = {
    **dict.fromkeys("ITXLi0123456789 \t+╭", _unknown),
    "S": _start,
    "E": _end,
    "R": _report,
    "[": _runtime_line,
    "{": _json,
}
