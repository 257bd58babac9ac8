"""Lambda's platform events in JSON format: `{"time": ISO, "type": "platform.*", "record": {…}}`."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from monitor.kernel.json_fields import figure_of, object_of, text_of, texts_of, whole_of
from monitor.records.grammar import REPORT_FIGURES
from monitor.records.record import (
    End,
    Exited,
    Extension,
    InitReport,
    InitStart,
    LogsDropped,
    Malformed,
    PlatformOther,
    Record,
    Report,
    RestoreReport,
    RestoreStart,
    RuntimeDone,
    Start,
)
from monitor.records.report import parse_failure

_READ = {"ms": figure_of, "MB": whole_of}


class EventType(StrEnum):
    """The `type` of each platform event that has a record class."""

    START = "platform.start"
    END = "platform.end"
    RUNTIME_DONE = "platform.runtimeDone"
    REPORT = "platform.report"
    FAULT = "platform.fault"
    INIT_START = "platform.initStart"
    INIT_REPORT = "platform.initReport"
    INIT_RUNTIME_DONE = "platform.initRuntimeDone"
    RESTORE_START = "platform.restoreStart"
    RESTORE_REPORT = "platform.restoreReport"
    RESTORE_RUNTIME_DONE = "platform.restoreRuntimeDone"
    EXTENSION = "platform.extension"
    TELEMETRY_SUBSCRIPTION = "platform.telemetrySubscription"
    LOGS_SUBSCRIPTION = "platform.logsSubscription"
    LOGS_DROPPED = "platform.logsDropped"


def parse_platform(event: dict[str, Any], text: str) -> Record:
    """The record of a platform event; `text` is the line, for Malformed.

    An event without a record class is PlatformOther.
    """
    kind = text_of(event.get("type")) or ""
    record = event.get("record")
    if kind == EventType.FAULT and isinstance(record, str):
        failure = parse_failure(record)
        return failure if failure is not None else Exited(None, record)
    if kind not in _READERS:
        return PlatformOther(kind, event)
    record_kind, reader = _READERS[kind]
    if not isinstance(record, dict):
        return Malformed(record_kind, text, "its record is not an object")
    found = reader(record)
    return Malformed(record_kind, text, found) if isinstance(found, str) else found


def parse_trace_header(header: str) -> dict[str, str]:
    """The fields of an X-Amzn-Trace-Id header: Root, Parent, Sampled, …"""
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return {key: value for key, _, value in pairs if value}


def _trace(record: dict[str, Any]) -> tuple[str | None, bool | None]:
    found = parse_trace_header(text_of(object_of(record.get("tracing")).get("value")) or "")
    sampled = found.get("Sampled")
    return found.get("Root"), sampled == "1" if sampled in ("0", "1") else None


def _start(record: dict[str, Any]) -> Record | str:
    request_id = text_of(record.get("requestId"))
    if request_id is None:
        return "no requestId"
    return Start(request_id, text_of(record.get("version")), _trace(record)[0], text_of(record.get("tenantId")))


def _end(record: dict[str, Any]) -> Record | str:
    return End(text_of(record.get("requestId")))


def _runtime_done(record: dict[str, Any]) -> Record | str:
    metrics = object_of(record.get("metrics"))
    return RuntimeDone(
        text_of(record.get("requestId")),
        text_of(record.get("status")),
        text_of(record.get("errorType")),
        figure_of(metrics.get("durationMs")),
        whole_of(metrics.get("producedBytes")),
        _trace(record)[0],
    )


def _report(record: dict[str, Any]) -> Record | str:
    request_id, metrics = text_of(record.get("requestId")), object_of(record.get("metrics"))
    figures: dict[str, Any] = {field: _READ[unit](metrics.get(member)) for field, _, unit, member in REPORT_FIGURES}
    if request_id is None:
        return "no requestId"
    if figures["duration_ms"] is None:
        return "no durationMs"
    trace_id, sampled = _trace(record)
    return Report(
        request_id,
        **figures,
        status=text_of(record.get("status")),
        error_type=text_of(record.get("errorType")),
        trace_id=trace_id,
        sampled=sampled,
        tenant_id=text_of(record.get("tenantId")),
    )


def _init_start(record: dict[str, Any]) -> Record | str:
    return InitStart(
        text_of(record.get("runtimeVersion")),
        text_of(record.get("runtimeVersionArn")),
        text_of(record.get("initializationType")),
        text_of(record.get("phase")),
        text_of(record.get("functionName")),
        text_of(record.get("functionVersion")),
        text_of(record.get("instanceId")),
    )


def _init_report(record: dict[str, Any], *, final: bool = True) -> Record | str:
    return InitReport(
        figure_of(object_of(record.get("metrics")).get("durationMs")),
        text_of(record.get("phase")),
        text_of(record.get("status")),
        text_of(record.get("errorType")),
        text_of(record.get("initializationType")),
        final,
    )


def _restore_start(record: dict[str, Any]) -> Record | str:
    return RestoreStart(
        text_of(record.get("runtimeVersion")),
        text_of(record.get("runtimeVersionArn")),
        text_of(record.get("functionName")),
        text_of(record.get("functionVersion")),
        text_of(record.get("instanceId")),
    )


def _restore_report(record: dict[str, Any], *, final: bool = True) -> Record | str:
    metrics = object_of(record.get("metrics"))
    return RestoreReport(
        figure_of(metrics.get("durationMs")),
        figure_of(metrics.get("billedDurationMs")),
        text_of(record.get("status")),
        text_of(record.get("errorType")),
        final,
    )


def _extension(record: dict[str, Any], *, subscription: bool = False) -> Record | str:
    return Extension(
        text_of(record.get("name")),
        text_of(record.get("state")),
        texts_of(record.get("types" if subscription else "events")),
        text_of(record.get("errorType")),
        subscription,
    )


def _logs_dropped(record: dict[str, Any]) -> Record | str:
    return LogsDropped(
        text_of(record.get("reason")) or "no reason given",
        whole_of(record.get("droppedRecords")),
        whole_of(record.get("droppedBytes")),
    )


# The record kind and the reader of each type of event.
_READERS: dict[str, tuple[str, Callable[[dict[str, Any]], Record | str]]] = {
    EventType.START: (Start.record_kind, _start),
    EventType.END: (End.record_kind, _end),
    EventType.RUNTIME_DONE: (RuntimeDone.record_kind, _runtime_done),
    EventType.REPORT: (Report.record_kind, _report),
    EventType.INIT_START: (InitStart.record_kind, _init_start),
    EventType.INIT_REPORT: (InitReport.record_kind, _init_report),
    EventType.INIT_RUNTIME_DONE: (InitReport.record_kind, lambda record: _init_report(record, final=False)),
    EventType.RESTORE_START: (RestoreStart.record_kind, _restore_start),
    EventType.RESTORE_REPORT: (RestoreReport.record_kind, _restore_report),
    EventType.RESTORE_RUNTIME_DONE: (RestoreReport.record_kind, lambda record: _restore_report(record, final=False)),
    EventType.EXTENSION: (Extension.record_kind, _extension),
    EventType.TELEMETRY_SUBSCRIPTION: (Extension.record_kind, lambda record: _extension(record, subscription=True)),
    EventType.LOGS_DROPPED: (LogsDropped.record_kind, _logs_dropped),
    EventType.LOGS_SUBSCRIPTION: (Extension.record_kind, lambda record: _extension(record, subscription=True)),
}
