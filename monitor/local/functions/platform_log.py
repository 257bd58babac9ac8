"""The platform's own log lines, in text and JSON format.

Sources: AWS Lambda developer guide (text lines; Telemetry API schema for JSON) and captured records. In JSON format
SystemLogLevel selects the records: start, report and initStart at INFO; successful steps of the runtime only at DEBUG;
failures at WARN.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from monitor.records.grammar import REPORT_FIGURES
from monitor.records.platform import EventType

# Figures that REPORT has without a fraction.
_WHOLE = frozenset(("billed_ms", "memory_mb", "max_memory_mb"))
_LEVELS = {"DEBUG": 10, "INFO": 20, "WARN": 30}


@dataclass(frozen=True, slots=True)
class TraceRef:
    """The trace of an invocation."""

    trace_id: str
    segment_id: str
    sampled: bool

    @property
    def header(self) -> str:
        """The value of X-Amzn-Trace-Id."""
        return f"Root={self.trace_id};Parent={self.segment_id};Sampled={int(self.sampled)}"


@dataclass(frozen=True, slots=True)
class InitStart:
    """An init begins. `phase` is init, or invoke for an init inside an invocation."""

    runtime: str
    runtime_arn: str
    phase: str


@dataclass(frozen=True, slots=True)
class InitReport:
    """An init ended. `status` is success, error or timeout."""

    duration_ms: float
    phase: str
    status: str
    error_type: str


@dataclass(frozen=True, slots=True)
class Start:
    """An event is sent to the runtime."""

    request_id: str
    version: str
    trace: TraceRef


@dataclass(frozen=True, slots=True)
class TimedOut:
    """An invocation reached the function's timeout."""

    request_id: str
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Exited:
    """The runtime's process ended during an invocation. `reason` is Lambda's text."""

    request_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """An invocation ended. `status` is success, error or timeout."""

    request_id: str
    duration_ms: float
    billed_ms: int
    memory_mb: int
    max_memory_mb: int
    produced_bytes: int
    trace: TraceRef
    init_ms: float | None = None
    status: str = "success"
    error_type: str = ""
    platform_failed: bool = False
    """Whether the runtime failed and not the handler. Only then a text REPORT has a status."""


PlatformEvent = InitStart | InitReport | Start | TimedOut | Exited | Report


def text_lines(event: PlatformEvent, now_ms: int) -> list[str]:
    """The log events in LogFormat Text, one string each; empty when there are none."""
    match event:
        case InitStart():
            if event.phase != "init":
                return []
            return [f"INIT_START Runtime Version: {event.runtime}\tRuntime Version ARN: {event.runtime_arn}\n"]
        case InitReport():
            if event.status == "success":
                return []
            error = f"\tError Type: {event.error_type}" if event.error_type else ""
            head = f"INIT_REPORT Init Duration: {event.duration_ms:.2f} ms\tPhase: {event.phase}"
            return [f"{head}\tStatus: {event.status}{error}\n"]
        case Start():
            return [f"START RequestId: {event.request_id} Version: {event.version}\n"]
        case TimedOut():
            return [f"{iso(now_ms)} {event.request_id} Task timed out after {event.timeout_s:.2f} seconds\n\n"]
        case Exited():
            return [f"RequestId: {event.request_id} Error: {event.reason}\nRuntime.ExitError\n"]
        case Report():
            return [f"END RequestId: {event.request_id}\n", _report_line(event)]


def _report_line(report: Report) -> str:
    line = f"REPORT RequestId: {report.request_id}"
    for field, name, unit, _ in REPORT_FIGURES:
        value = getattr(report, field, None)
        if value is not None:
            line += f"\t{name}: {value:{'d' if field in _WHOLE else '.2f'}} {unit}"
    if report.platform_failed:
        line += f"\tStatus: {report.status}"
        line += f"\tError Type: {report.error_type}\n" if report.error_type else "\n"
    else:
        line += "\t\n"  # the trailing tab is Lambda's
    if report.trace.sampled:
        line += f"XRAY TraceId: {report.trace.trace_id}\tSegmentId: {report.trace.segment_id}\tSampled: true\t\n"
    return line


def json_lines(event: PlatformEvent, now_ms: int, level: str = "INFO") -> list[str]:
    """The log events in LogFormat JSON at SystemLogLevel `level`."""
    threshold = _LEVELS.get(level, _LEVELS["INFO"])
    return [
        json.dumps({"time": iso(now_ms), "type": kind, "record": record}, separators=(",", ":")) + "\n"
        for record_level, kind, record in _json_records(event)
        if _LEVELS[record_level] >= threshold
    ]


def _json_records(event: PlatformEvent) -> list[tuple[str, str, dict[str, Any]]]:
    """Level, type and record of each log event."""
    on_demand = {"initializationType": "on-demand"}
    match event:
        case InitStart():
            versions = {"runtimeVersion": event.runtime, "runtimeVersionArn": event.runtime_arn}
            return [("INFO", EventType.INIT_START, on_demand | {"phase": event.phase} | versions)]
        case InitReport():
            record = on_demand | {"phase": event.phase, "status": event.status} | _error(event.error_type)
            record |= {"metrics": {"durationMs": round(event.duration_ms, 3)}}
            # A successful on-demand init is a detail, unless it ran inside the invocation and is reported nowhere else.
            success = "INFO" if event.phase == "invoke" else "DEBUG"
            return [("WARN" if event.status != "success" else success, EventType.INIT_REPORT, record)]
        case Start():
            record = {"requestId": event.request_id, "version": event.version}
            return [("INFO", EventType.START, record | _tracing(event.trace))]
        case TimedOut() | Exited():
            return []  # runtimeDone and report contain it
        case Report():
            return _json_report(event)


def _json_report(report: Report) -> list[tuple[str, str, dict[str, Any]]]:
    failed = report.status != "success"
    outcome = {"requestId": report.request_id, "status": report.status} | _error(report.error_type)
    figures = {member: getattr(report, field, None) for field, *_, member in REPORT_FIGURES}
    metrics = {member: round(value, 3) for member, value in figures.items() if value is not None}
    tracing = _tracing(report.trace)
    done = {"durationMs": round(report.duration_ms, 3), "producedBytes": report.produced_bytes}
    return [
        ("WARN" if failed else "DEBUG", EventType.RUNTIME_DONE, outcome | {"metrics": done} | tracing),
        ("WARN" if failed else "INFO", EventType.REPORT, outcome | {"metrics": metrics} | tracing),
    ]


def _error(error_type: str) -> dict[str, Any]:
    return {"errorType": error_type} if error_type else {}


def _tracing(trace: TraceRef) -> dict[str, Any]:
    if not trace.sampled:
        return {}
    return {"tracing": {"spanId": trace.segment_id, "type": "X-Amzn-Trace-Id", "value": trace.header}}


def iso(now_ms: int) -> str:
    """ISO 8601 in UTC with milliseconds, as the platform writes times."""
    return datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
