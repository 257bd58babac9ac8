"""Failure groups as text."""

from collections.abc import Callable, Sequence
from datetime import tzinfo

from rich.cells import cell_len

from monitor.console.text import Style, clean, clip, format_count, format_time
from monitor.logs.errors.model import FailureGroup
from monitor.records.tracebacks import one_line

_DIM, _RED, _YELLOW = "2", "1;31", "1;33"
_INDENT = " " * 8
_NEW = "NEW since the last deployment"


def render_failures(
    groups: Sequence[FailureGroup],
    style: Style,
    zone: tzinfo | None,
    *,
    utc: bool,
    name: Callable[[FailureGroup], str],
    show: Callable[[FailureGroup], str],
) -> str:
    """A block of lines for each group, in the given order.

    `name` gives the name of its function, and `show` the command that shows its last invocation.
    """
    return "\n\n".join(_block(group, style, zone, utc, name(group), show(group)) for group in groups)


def render_growth(group: FailureGroup, style: Style, zone: tzinfo | None, name: str) -> str:
    """One line for a group that grew; `name` is that of its function, "" if there is only one."""
    at = format_time(group.last_ms or None, tz=zone, date=False)
    at = f"{at} {clean(name)}".rstrip()
    head = clip(clean(f"{group.type}: {one_line(group.message)}"), max(20, style.width - 40))
    count = "new" if group.count == 1 else f"{format_count(group.count)} so far"
    request_id = _paint(clean(group.request_id), _DIM, style)
    return f"{_paint(at, _DIM, style)} {_paint(head, _RED, style)}  {count}  {request_id}".rstrip()


def _block(group: FailureGroup, style: Style, zone: tzinfo | None, utc: bool, name: str, command: str) -> str:
    head = clip(clean(f"{group.type}: {group.pattern}"), max(20, style.width - len(_INDENT)), style.ellipsis)
    lines = [f"{format_count(group.count):>6}  {_paint(head, _RED, style)}"]
    if group.new:
        # Behind the message, or below it where there is no room.
        fits = len(_INDENT) + cell_len(head) + 2 + len(_NEW) <= style.width
        mark = _paint(_NEW, _YELLOW, style)
        lines = [f"{lines[0]}  {mark}"] if fits else [*lines, f"{_INDENT}{mark}"]
    place = "  ".join(part for part in (clean(name), clean(group.frame)) if part)
    kind = {"log": "logged", "exception": ""}.get(group.kind, group.kind)
    where = "  ".join(part for part in (place, kind) if part)
    if where:
        lines.append(_INDENT + clip(where, max(20, style.width - len(_INDENT)), style.ellipsis))
    first = format_time(group.first_ms or None, utc=utc, tz=zone)
    last = format_time(group.last_ms or None, utc=utc, tz=zone)
    when = f"first {first}, last {last}" if group.count > 1 else f"at {last}"
    lines.append(_INDENT + _paint(when, _DIM, style))
    if group.request_id and command:
        lines.append(_INDENT + clean(command))
    return "\n".join(lines)


def _paint(text: str, code: str, style: Style) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if style.color and text else text
