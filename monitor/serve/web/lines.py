"""Log events and invocations for the page: the text that `monitor tail` prints, and the figures of REPORT."""

from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from monitor.console.text import Style
from monitor.kernel.missing import Missing
from monitor.logs.analyze_select import LineLevels
from monitor.logs.render_events import TailRenderer
from monitor.logs.render_init_record import render_init_record
from monitor.logs.render_invocation import invocation_facts
from monitor.records.event import LogEvent
from monitor.records.invocation import Invocation
from monitor.records.message import parse_message
from monitor.records.record import Record, Report
from monitor.records.stream import owner
from monitor.records.tracebacks import one_line
from monitor.serve.model import LiveBatch, LiveInvocation, LiveLine

# Lines are not wrapped or cut here: the page does that.
_STYLE = Style(width=10_000)
_MOST_LINES = 5_000
_LONGEST_TEXT = 20_000
_LONGEST_FAILURE = 300


def event_text(zone: tzinfo | None) -> Callable[[LogEvent, Record], str]:
    """The text of events of one reading, as `monitor tail` prints it."""
    renderer = TailRenderer(_STYLE, zone, {}, fold=True)

    def text(event: LogEvent, record: Record) -> str:
        body = renderer.body(event, record)
        return f"late {body}" if event.late and body else body

    return text


def names_of(names: dict[str, str]) -> Callable[[LogEvent], str]:
    """The name of the function or log group of events; `names` has the known ones by log group."""

    def name(event: LogEvent) -> str:
        known = names.get(event.group)
        return known if known is not None else owner(event.group, event.stream)[0] or event.group

    return name


def batch_document(batch: LiveBatch) -> dict[str, Any]:
    """A batch of the stream. A line is a list, since there are thousands a second."""
    return {
        "lines": [_line(one) for one in batch.lines],
        "invocations": [_invocation(one) for one in batch.invocations],
        "skipped": batch.skipped,
        "notices": list(batch.notices),
    }


def _line(one: LiveLine) -> list[Any]:
    return [one.number, one.at_ms, one.source, one.level, one.text, one.request_id, one.cut]


def _invocation(one: LiveInvocation) -> dict[str, Any]:
    invocation = one.invocation
    report = invocation.report if isinstance(invocation.report, Report) else None
    error = invocation.error
    return {
        "number": one.number,
        "source": one.source,
        "request_id": invocation.request_id,
        "at_ms": invocation.at_ms,
        "duration_ms": report.duration_ms if report else None,
        "billed_ms": report.billed_ms if report else None,
        "memory_mb": report.memory_mb if report else None,
        "max_memory_mb": report.max_memory_mb if report else None,
        "missing": invocation.report.reason if isinstance(invocation.report, Missing) else "",
        "cold": invocation.cold,
        "kind": invocation.kind.value if invocation.kind else "",
        "init_ms": invocation.init_ms,
        "trace_id": invocation.trace_id or "",
        "tenant": invocation.tenant_id or "",
        "durable": invocation.execution or "",
        "error": None
        if error is None
        else {
            "kind": error.kind.value,
            "type": error.error_type or "",
            "message": one_line(error.message)[:_LONGEST_FAILURE],
        },
        "lines": len(invocation.events),
    }


def invocation_document(invocation: Invocation, zone: tzinfo | None, *, utc: bool) -> dict[str, Any]:
    """One invocation in full: its facts, its lines, and its init record as text."""
    text, levels = event_text(zone), LineLevels()
    lines = []
    for event in invocation.events[:_MOST_LINES]:
        record = parse_message(event.message)
        level, body = levels.of(event, record), text(event, record)
        if body:
            lines.append([event.timestamp_ms, level, body[:_LONGEST_TEXT]])
    init = invocation.init_record
    return {
        "request_id": invocation.request_id,
        "facts": list(invocation_facts(invocation, utc=utc)),
        "failed": invocation.error is not None,
        "cold": invocation.cold,
        "lines": lines,
        "more_lines": max(0, len(invocation.events) - _MOST_LINES),
        "init": render_init_record(init, _STYLE) if init else "",
        "trace_id": invocation.trace_id or "",
    }
