"""One line per invocation: `monitor tail --invocations`."""

from datetime import tzinfo

from monitor.console.text import Style, clean, format_ms, format_time
from monitor.kernel.missing import Missing
from monitor.logs.render_bodies import ALARM, CYAN, DIM, YELLOW, Limits, duration_colour, nearness
from monitor.records.invocation import Invocation
from monitor.records.record import Report


def render_invocation_line(
    invocation: Invocation,
    style: Style,
    zone: tzinfo | None,
    name: str = "",
    limits: Limits | None = None,
    durable: str = "",
) -> str:
    """Time, duration, billed duration, memory, cold start, failure, tenant and request id; yellow or red near a limit.

    `durable` names the durable execution that it is part of.
    """

    def paint(text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if style.colour and code and text else text

    report = invocation.report
    parts = [paint(format_time(invocation.at_ms or None, tz=zone, date=False), DIM)]
    if name:
        parts.append(clean(name))
    if isinstance(report, Report):
        colour = duration_colour(report.duration_ms or 0, invocation.group, limits or Limits())
        parts.append(paint(f"{format_ms(report.duration_ms):>8}", colour))
        if report.billed_ms is not None:
            parts.append(paint(f"billed {format_ms(report.billed_ms)}", DIM))
        if report.memory_mb and report.max_memory_mb is not None:
            full = nearness(report.max_memory_mb, report.memory_mb)
            parts.append(paint(f"{report.max_memory_mb} of {report.memory_mb} MB", full))
    elif isinstance(report, Missing):
        parts.append(paint(clean(report.reason), YELLOW))
    if invocation.cold:
        init = f" {format_ms(invocation.init_ms)}" if invocation.init_ms is not None else ""
        kind = invocation.kind
        # An init inside the invocation is already part of its duration.
        named = f" ({kind.value} init)" if kind is not None and kind.inside else ""
        parts.append(paint(f"cold start{named}{init}", CYAN))
    if invocation.error is not None:
        error = invocation.error
        what = " ".join(part for part in (error.error_type, error.message.split("\n")[0][:160]) if part)
        parts.append(paint(clean(f"{error.kind.value}: {what}"), ALARM))
    if invocation.tenant_id:
        parts.append(paint(clean(f"tenant {invocation.tenant_id}"), DIM))
    if durable:
        parts.append(paint(clean(durable), DIM))
    parts.append(paint(clean(invocation.request_id or invocation.stream), DIM))
    return "  ".join(parts)
