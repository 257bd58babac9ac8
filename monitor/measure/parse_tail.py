"""The time of extensions in the end of an invocation's log, which Invoke returns (LogType=Tail, 4 KB at most).

Lambda logs no duration of an extension. In JSON format with the system log level DEBUG it logs when the runtime was
ready (`platform.initRuntimeDone`) and when init ended (`platform.initReport`), and what the runtime took
(`platform.runtimeDone`) of what the invocation took (`platform.report`). The difference is the extensions'.
https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
"""

from datetime import datetime

from monitor.kernel.json_fields import load_object, text_of
from monitor.kernel.missing import Missing
from monitor.measure.model import ExtensionTimes
from monitor.records.message import parse_message
from monitor.records.platform import EventType
from monitor.records.record import Extension, InitStart, Report, RuntimeDone

_NO_TIMES = Missing("the log has no times of the runtime: they need log format JSON with system log level DEBUG")
_CUT = Missing("the end of the log that Invoke returns does not reach back to init")


def extension_times(tail: str) -> ExtensionTimes:
    """What extensions added to the start whose log ends with `tail`."""
    names: list[str] = []
    times: dict[str, float] = {}
    report = runtime_done = None
    has_start = False
    for line in tail.splitlines():
        record = parse_message(line)
        has_start = has_start or isinstance(record, InitStart)
        if isinstance(record, Extension) and not record.subscription:
            names.append(record.name or "?")
        elif isinstance(record, Report):
            report = record.duration_ms
        elif isinstance(record, RuntimeDone):
            runtime_done = record.duration_ms
        if (at := _event_time(line)) is not None:
            times[at[0]] = at[1]
    if not names and not has_start:
        return ExtensionTimes((), _CUT, _CUT)
    if not names:
        return ExtensionTimes((), 0.0, 0.0)
    init_ms: float | Missing = _NO_TIMES
    if EventType.INIT_RUNTIME_DONE in times and EventType.INIT_REPORT in times:
        init_ms = max(0.0, times[EventType.INIT_REPORT] - times[EventType.INIT_RUNTIME_DONE])
    after_ms: float | Missing = _NO_TIMES
    if report is not None and runtime_done is not None:
        after_ms = max(0.0, report - runtime_done)
    return ExtensionTimes(tuple(dict.fromkeys(names)), init_ms, after_ms)


def _event_time(line: str) -> tuple[str, float] | None:
    """The type and the time in milliseconds of a platform event in JSON format."""
    event = load_object(line)
    if isinstance(event, str):
        return None
    try:
        return text_of(event.get("type")) or "", datetime.fromisoformat(
            text_of(event.get("time")) or ""
        ).timestamp() * 1000
    except ValueError:
        return None
