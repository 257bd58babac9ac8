"""Lambda's platform events in JSON format: `{"time": ISO, "type": "platform.*", "record": {…}}`."""

import re
from collections.abc import Callable
from typing import Any

from monitor.kernel.json_fields import figure_of, object_of, text_of, texts_of, whole_of
from monitor.records.record import (
    End,
    Exited,
    Extension,
    InitReport,
    InitStart,
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

_ROOT = re.compile(r"(?:^|;)\s*Root=([0-9A-Za-z-]{1,64})")
_SAMPLED = re.compile(r"(?:^|;)\s*Sampled=([01])")


def parse_platform(event: dict[str, Any], text: str) -> Record:
    """The record of a platform event; `text` is the line, which Malformed keeps.

    An event that is known but not modelled (logsDropped, the 2026 web functions' invokeReport) is
    PlatformOther.
    """
    kind = text_of(event.get("type")) or ""
    record = event.get("record")
    if kind == "platform.fault" and isinstance(record, str):
        failure = parse_failure(record)
        return failure if failure is not None else Exited(None, record)
    reader = _READERS.get(kind)
    if reader is None:
        return PlatformOther(kind, event)
    if not isinstance(record, dict):
        return Malformed(_KINDS[kind], text, "its record is not an object")
    found = reader(record)
    return Malformed(_KINDS[kind], text, found) if isinstance(found, str) else found


def _trace(record: dict[str, Any]) -> tuple[str | None, bool | None]:
    header = text_of(object_of(record.get("tracing")).get("value")) or ""
    root, sampled = _ROOT.search(header), _SAMPLED.search(header)
    return (root[1] if root else None), (sampled[1] == "1" if sampled else None)


def _start(record: dict[str, Any]) -> Record | str:
    request_id = text_of(record.get("requestId"))
    if request_id is None:
        return "no requestId"
    return Start(request_id, text_of(record.get("version")), _trace(record)[0])


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
    duration_ms = figure_of(metrics.get("durationMs"))
    if request_id is None:
        return "no requestId"
    if duration_ms is None:
        return "no durationMs"
    trace_id, sampled = _trace(record)
    return Report(
        request_id,
        duration_ms,
        figure_of(metrics.get("billedDurationMs")),
        whole_of(metrics.get("memorySizeMB")),
        whole_of(metrics.get("maxMemoryUsedMB")),
        figure_of(metrics.get("initDurationMs")),
        figure_of(metrics.get("restoreDurationMs")),
        figure_of(metrics.get("billedRestoreDurationMs")),
        text_of(record.get("status")),
        text_of(record.get("errorType")),
        trace_id,
        None,
        sampled,
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


_READERS: dict[str, Callable[[dict[str, Any]], Record | str]] = {
    "platform.start": _start,
    "platform.end": _end,
    "platform.runtimeDone": _runtime_done,
    "platform.report": _report,
    "platform.initStart": _init_start,
    "platform.initReport": _init_report,
    "platform.initRuntimeDone": lambda record: _init_report(record, final=False),
    "platform.restoreStart": _restore_start,
    "platform.restoreReport": _restore_report,
    "platform.restoreRuntimeDone": lambda record: _restore_report(record, final=False),
    "platform.extension": _extension,
    "platform.telemetrySubscription": lambda record: _extension(record, subscription=True),
    "platform.logsSubscription": lambda record: _extension(record, subscription=True),
}

_KINDS = {
    "platform.start": Start.record_kind,
    "platform.end": End.record_kind,
    "platform.runtimeDone": RuntimeDone.record_kind,
    "platform.report": Report.record_kind,
    "platform.initStart": InitStart.record_kind,
    "platform.initReport": InitReport.record_kind,
    "platform.initRuntimeDone": InitReport.record_kind,
    "platform.restoreStart": RestoreStart.record_kind,
    "platform.restoreReport": RestoreReport.record_kind,
    "platform.restoreRuntimeDone": RestoreReport.record_kind,
    "platform.extension": Extension.record_kind,
    "platform.telemetrySubscription": Extension.record_kind,
    "platform.logsSubscription": Extension.record_kind,
}
