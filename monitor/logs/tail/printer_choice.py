"""Choose the printer for a tail's options. Each printer's modules are loaded only when it is used."""

import json
import re
import sys
from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING

from monitor.console.output import style, terminal_json
from monitor.console.settings import Settings
from monitor.logs.tail.options import TailOptions, compiled
from monitor.logs.tail.output import RawPrinter

if TYPE_CHECKING:
    from monitor.kernel.window import Window
    from monitor.logs.render_bodies import Limits
    from monitor.logs.tail.printers import LinePrinter
    from monitor.logs.workflow_reading import Reading

_FLAGS = re.compile(r"\(\?([aimsux]+)\)")


def printer_for(
    output: str, options: TailOptions, settings: Settings, utc: bool, reading: "Reading", window: "Window | None"
) -> "LinePrinter | RawPrinter":
    """The printer; `window` is None for a file, whose first and last day are not known."""
    if output == "raw":
        return _raw(options)
    if options.invocations:
        return _invocations(output, options, settings.zone(utc=utc), reading)
    if output == "json":
        from monitor.logs.tail.printers import JsonPrinter, LinePrinter, document

        if sys.stdout.isatty():
            return LinePrinter(options, lambda event, record: terminal_json(document(event, record)), as_json=True)
        return JsonPrinter(options)
    from monitor.logs.render_events import TailRenderer, group_key
    from monitor.logs.tail.text_printer import TextPrinter

    zone = settings.zone(utc=utc)
    first, last = (date.min, date.min) if window is None else _days(window, zone)
    names = reading.names if len(reading.names) > 1 or reading.can_grow else {}
    renderer = TailRenderer(
        style(),
        zone,
        {group_key(group, origin): name for (origin, group), name in names.items()},
        fold=not options.no_fold,
        fields=tuple(options.fields.split(",")) if options.fields else (),
        mark=_any_of(options.patterns),
        dated=first != last,
        day=first,
        limits=_limits(options, reading),
        # A pipe gets whole lines.
        fitted=sys.stdout.isatty(),
    )
    return TextPrinter(options, renderer)


def _raw(options: TailOptions) -> "LinePrinter | RawPrinter":
    raw = RawPrinter(sys.stdout.isatty())
    if not (options.grep or options.exclude or options.level or options.picks_invocations or options.until_match):
        return raw
    from monitor.logs.tail.printers import LinePrinter

    return LinePrinter(options, lambda event, record: raw.batch([event]).text[0])  # noqa: ARG005


def _invocations(output: str, options: TailOptions, zone: tzinfo | None, reading: "Reading") -> "LinePrinter":
    from monitor.logs.tail.printers import InvocationPrinter

    if output == "json":
        from monitor.kernel.jsonable import jsonable

        return InvocationPrinter(
            options, lambda one: terminal_json(json.dumps(jsonable(one), ensure_ascii=False, allow_nan=False))
        )
    from monitor.logs.tail.render_invocations import render_invocation_line
    from monitor.records.invocation import Invocation

    look, limits, names = style(), _limits(options, reading), reading.names
    several = len(names) > 1 or reading.can_grow
    # A pipe gets whole lines.
    width = look.width if sys.stdout.isatty() else None

    def line(one: Invocation) -> str:
        origin = one.events[0].origin if one.events else ""
        name = names.get((origin, one.group), one.group.removeprefix("/aws/lambda/")) if several else ""
        durable = f"durable {one.execution or ''}".rstrip() if one.execution or one.resumes else ""
        durable += ", resumed" if one.resumes else ""
        return render_invocation_line(one, look, zone, name, limits, durable, width)

    return InvocationPrinter(options, line)


def _limits(options: TailOptions, reading: "Reading") -> "Limits":
    from monitor.logs.render_bodies import Limits

    timeout_ms = {one.group: one.info.timeout_s * 1000.0 for one in reading.targets if one.info and not one.shared}
    return Limits(Limits().slow_ms if options.slow_ms is None else options.slow_ms, timeout_ms)


def _any_of(patterns: tuple[re.Pattern[str], ...]) -> re.Pattern[str] | None:
    """A pattern for what any of them matches; None without any."""
    if len(patterns) <= 1:
        return patterns[0] if patterns else None
    # Flags that stand first are for a whole pattern: here for one of several.
    parts = [(_FLAGS.match(one.pattern), one.pattern) for one in patterns]
    texts = [f"(?{found[1]}:{text[found.end() :]})" if found else f"(?:{text})" for found, text in parts]
    return compiled("|".join(texts), "--grep")


def _days(window: "Window", zone: tzinfo | None) -> tuple[date, date]:
    """The first and the last day of a window."""
    first, last = (
        datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone).date()
        for at_ms in (window.start_ms, max(window.start_ms, window.end_ms - 1))
    )
    return first, last
