"""One line per invocation: `monitor tail --invocations`."""

from dataclasses import dataclass
from datetime import tzinfo

from monitor.console.text import SHORT_ID, Style, clean, clip, format_counted, format_ms, format_time
from monitor.kernel.missing import Missing
from monitor.logs.render_bodies import ALARM, CYAN, DIM, YELLOW, Limits, duration_color, nearness
from monitor.records.invocation import Invocation
from monitor.records.record import Report
from monitor.records.tracebacks import one_line

_GAP = "  "
_LEAST_TEXT = 12


@dataclass(slots=True)
class _Part:
    """A piece of a line; `rank` orders what is shortened first, 0 is never shortened, and `short` "" leaves it out."""

    text: str
    color: str = ""
    rank: int = 0
    short: str = ""


def render_invocation_line(
    invocation: Invocation,
    style: Style,
    zone: tzinfo | None,
    name: str = "",
    limits: Limits | None = None,
    durable: str = "",
    width: int | None = None,
) -> str:
    """Time, duration, billed duration, memory, cold start, failure, tenant and request id; yellow or red near a limit.

    `durable` names the durable execution that it is part of. With `width`, what is least important is left out or
    shortened until the line fits: billed duration, memory, tenant, the end of the request id, the failure's text.
    """
    parts = [_Part(format_time(invocation.at_ms or None, tz=zone, date=False), DIM)]
    if name:
        parts.append(_Part(clean(name)))
    parts += _figures(invocation, limits or Limits())
    if invocation.cold:
        init = f" {format_ms(invocation.init_ms)}" if invocation.init_ms is not None else ""
        kind = invocation.kind
        # An init inside the invocation is already part of its duration.
        named = f" ({kind.value} init)" if kind is not None and kind.inside else ""
        parts.append(_Part(f"cold start{named}{init}", CYAN, 6, f"cold{init}"))
    if invocation.error is not None:
        error = invocation.error
        what = " ".join(part for part in (error.error_type, one_line(error.message)[:160]) if part)
        parts.append(_Part(clean(f"{error.kind.value}: {what}"), ALARM))
    if invocation.ignored:
        parts.append(_Part(f"ignored {format_counted(invocation.ignored, 'line')} like Lambda's", YELLOW))
    if invocation.tenant_id:
        parts.append(_Part(clean(f"tenant {invocation.tenant_id}"), DIM, 3))
    if durable:
        parts.append(_Part(clean(durable), DIM, 4))
    request_id = clean(invocation.request_id)
    parts.append(_Part(request_id or clean(invocation.stream), DIM, 5, request_id[:SHORT_ID]))
    if width is not None:
        _fit(parts, width, style.ellipsis)
    return _GAP.join(_painted(part, style) for part in parts if part.text)


def _figures(invocation: Invocation, limits: Limits) -> list[_Part]:
    report = invocation.report
    if isinstance(report, Missing):
        return [_Part(clean(report.reason), YELLOW)]
    assert isinstance(report, Report)
    color = duration_color(report.duration_ms or 0, invocation.group, limits)
    parts = [_Part(f"{format_ms(report.duration_ms):>8}", color)]
    if report.billed_ms is not None:
        parts.append(_Part(f"billed {format_ms(report.billed_ms)}", DIM, 1))
    if report.memory_mb and report.max_memory_mb is not None:
        full = nearness(report.max_memory_mb, report.memory_mb)
        # Memory that is nearly used up is important.
        parts.append(_Part(f"{report.max_memory_mb} of {report.memory_mb} MB", full, 7 if full else 2))
    return parts


def _fit(parts: list[_Part], width: int, ellipsis: str) -> None:
    """Shorten parts, the least important first, until the line has at most `width` characters."""

    def excess() -> int:
        shown = [part.text for part in parts if part.text]
        return sum(map(len, shown)) + len(_GAP) * (len(shown) - 1) - width

    for part in sorted((part for part in parts if part.rank), key=lambda part: part.rank):
        if excess() <= 0:
            return
        part.text = part.short
    longest = max(parts, key=lambda part: len(part.text))
    if excess() > 0 and longest.rank == 0:
        longest.text = clip(longest.text, max(_LEAST_TEXT, len(longest.text) - excess()), ellipsis)


def _painted(part: _Part, style: Style) -> str:
    return f"\x1b[{part.color}m{part.text}\x1b[0m" if style.color and part.color else part.text
