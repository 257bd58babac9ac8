"""In which form a tail prints: the printer that its options come to. What a form needs is loaded with it."""

import json
import sys
from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING

from monitor.console.output import style, terminal_json
from monitor.console.settings import Settings
from monitor.logs.tail.options import Asked, compiled
from monitor.logs.tail.output import RawPrinter

if TYPE_CHECKING:
    from monitor.kernel.window import Window
    from monitor.logs.render_bodies import Limits
    from monitor.logs.tail.printers import LinePrinter
    from monitor.logs.workflow_reading import Reading


def printer_for(
    output: str, asked: Asked, settings: Settings, utc: bool, reading: "Reading", window: "Window | None"
) -> "LinePrinter | RawPrinter":
    """The printer; `window` is None for lines at hand, whose days are not known beforehand."""
    if output == "raw":
        return _raw(asked)
    if asked.invocations:
        return _invocations(output, asked, settings.zone(utc), reading)
    if output == "json":
        from monitor.logs.tail.printers import LinePrinter, document

        if sys.stdout.isatty():
            return LinePrinter(asked, lambda event, record: terminal_json(document(event, record)))
        return LinePrinter(asked, document)
    from monitor.logs.render_events import TailRenderer, group_key
    from monitor.logs.tail.text_printer import TextPrinter

    zone = settings.zone(utc)
    first, last = (date.min, date.min) if window is None else _days(window, zone)
    names = reading.names if len(reading.names) > 1 or reading.can_grow else {}
    renderer = TailRenderer(
        style(),
        zone,
        {group_key(group, origin): name for (origin, group), name in names.items()},
        fold=not asked.no_fold,
        fields=tuple(asked.fields.split(",")) if asked.fields else (),
        mark=compiled("|".join(f"(?:{text})" for text in asked.grep), "--grep") if asked.grep else None,
        dated=first != last,
        day=first,
        limits=_limits(asked, reading),
    )
    return TextPrinter(asked, renderer)


def _raw(asked: Asked) -> "LinePrinter | RawPrinter":
    raw = RawPrinter(sys.stdout.isatty())
    if not (asked.grep or asked.exclude or asked.level or asked.picks_invocations or asked.until_match):
        return raw
    from monitor.logs.tail.printers import LinePrinter

    return LinePrinter(asked, lambda event, record: raw.batch([event]).text[0])  # noqa: ARG005


def _invocations(output: str, asked: Asked, zone: tzinfo | None, reading: "Reading") -> "LinePrinter":
    from monitor.logs.tail.printers import InvocationPrinter

    if output == "json":
        from monitor.kernel.jsonable import jsonable

        return InvocationPrinter(
            asked, lambda one: terminal_json(json.dumps(jsonable(one), ensure_ascii=False, allow_nan=False))
        )
    from monitor.logs.tail.render_invocations import render_invocation_line
    from monitor.records.invocation import Invocation

    look, limits, names = style(), _limits(asked, reading), reading.names
    several = len(names) > 1 or reading.can_grow

    def line(one: Invocation) -> str:
        origin = one.events[0].origin if one.events else ""
        name = names.get((origin, one.group), one.group.removeprefix("/aws/lambda/")) if several else ""
        return render_invocation_line(one, look, zone, name, limits)

    return InvocationPrinter(asked, line)


def _limits(asked: Asked, reading: "Reading") -> "Limits":
    from monitor.logs.render_bodies import Limits

    timeout_ms = {one.group: one.info.timeout_s * 1000.0 for one in reading.targets if one.info and not one.shared}
    return Limits(Limits().slow_ms if asked.slow_ms is None else asked.slow_ms, timeout_ms)


def _days(window: "Window", zone: tzinfo | None) -> tuple[date, date]:
    """The day that a window begins on, and the one that it ends on, or is read on."""
    first, last = (
        datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone).date()
        for at_ms in (window.start_ms, max(window.start_ms, window.end_ms - 1))
    )
    return first, last
