"""One line an invocation: `monitor tail --invocations`."""

from datetime import tzinfo

from monitor.model.invocation import Invocation, Missing
from monitor.model.record import Report
from monitor.render.text import Style, clean, format_ms, format_time

_DIM, _RED, _YELLOW, _CYAN = "2", "1;31", "33", "36"
_FULL_SHARE = 0.9


def render_invocation_line(
    invocation: Invocation, style: Style, zone: tzinfo | None, name: str = "", slow_ms: float | None = None
) -> str:
    """When, how long, billed, memory, cold start, failure, request id; yellow above `slow_ms` or near its memory."""

    def paint(text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if style.colour and text else text

    report = invocation.report
    parts = [paint(format_time(invocation.at_ms or None, tz=zone, date=False), _DIM)]
    if name:
        parts.append(clean(name))
    if isinstance(report, Report):
        slow = slow_ms is not None and (report.duration_ms or 0) >= slow_ms
        parts.append(paint(f"{format_ms(report.duration_ms):>8}", _YELLOW if slow else ""))
        if report.billed_ms is not None:
            parts.append(paint(f"billed {format_ms(report.billed_ms)}", _DIM))
        if report.memory_mb and report.max_memory_mb is not None:
            full = report.max_memory_mb >= _FULL_SHARE * report.memory_mb
            parts.append(paint(f"{report.max_memory_mb} of {report.memory_mb} MB", _YELLOW if full else ""))
    elif isinstance(report, Missing):
        parts.append(paint(clean(report.reason), _YELLOW))
    if invocation.cold:
        init = f" {format_ms(invocation.init_ms)}" if invocation.init_ms is not None else ""
        parts.append(paint(f"cold start{init}", _CYAN))
    if invocation.error is not None:
        error = invocation.error
        what = " ".join(part for part in (error.error_type, error.message.split("\n")[0][:160]) if part)
        parts.append(paint(clean(f"{error.kind.value}: {what}"), _RED))
    parts.append(paint(clean(invocation.request_id or invocation.stream), _DIM))
    return "  ".join(parts)
