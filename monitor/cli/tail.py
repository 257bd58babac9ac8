"""`monitor tail`: what was logged, readable, and what is being logged."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import click

from monitor.cli.opening import opened
from monitor.cli.options import (
    connection_options,
    output_option,
    pass_settings,
    targets_argument,
    window_options,
)
from monitor.cli.output import echo, note, remark, style
from monitor.cli.settings import Settings
from monitor.follow.follow import Notice
from monitor.model.event import LogEvent
from monitor.model.record import Record

Line = Callable[[LogEvent], str | None]


@click.command(name="tail")
@targets_argument(required=False)
@click.option(
    "--follow/--no-follow",
    "-f",
    default=None,
    help="Go on with what is logged from now on.  [default: follow]",
)
@click.option("--filter", "filter_pattern", metavar="PATTERN", default="", help="CloudWatch's filter pattern.")
@click.option("--no-fold", is_flag=True, help="Every line as it was logged, START and END too.")
@click.option("--from", "source", metavar="FILE", help="Lines already at hand: a file, or - for stdin.")
@window_options(default="10m")
@output_option("text", "json", "raw")
@connection_options
@pass_settings
def command(
    settings: Settings,
    targets: tuple[str, ...],
    follow: bool | None,
    filter_pattern: str,
    no_fold: bool,
    source: str | None,
    since: str | None,
    until: str | None,
    utc: bool,
    output: str,
) -> None:
    """Print what TARGETs logged, and follow.

    A TARGET is a function, name:alias, an ARN, a glob or a log group. Ctrl-C ends it.

    \b
    monitor tail my-function                     the last 10 minutes, then follow
    monitor tail 'ai-*' --since 2h --no-follow   several functions, and stop
    monitor tail my-function -o json | jq        one JSON object a line
    aws logs tail /aws/lambda/x | monitor tail --from -
    """
    window = settings.window(since, until, utc, "10m")
    reading = opened(settings, targets, source, filter_pattern)
    goes_on = reading.can_follow and window.open_ended and follow is not False
    if follow and not goes_on:
        note("a file, and a window with an end, cannot be followed")
    line = _line(output, settings, utc, no_fold, reading.names)
    events: Iterable[LogEvent | Notice] = reading.follow(window) if goes_on else reading.events(window)
    printer = Printer(line)
    try:
        printer.print(events)
    except KeyboardInterrupt:
        if not goes_on:
            raise
        note(f"ended; {printer.count:,} events")
        return
    if not printer.count:
        nothing = reading.nothing()
        remark(nothing.message, nothing.hint)


class Printer:
    """Prints events as they come, notices to stderr, and counts the events."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.count = 0

    def print(self, events: Iterable[LogEvent | Notice]) -> None:
        """All of `events`, each as soon as it is there."""
        for event in events:
            if isinstance(event, Notice):
                note(f"monitor: {event.text}")
                continue
            self.count += 1
            text = self._line(event)
            if text is not None:
                echo(text)


def _line(output: str, settings: Settings, utc: bool, no_fold: bool, names: dict[str, str]) -> Line:
    if output == "raw":
        return lambda event: event.message.removesuffix("\n")
    from monitor.parse.record import parse_message

    if output == "json":
        return lambda event: json.dumps(_document(event, parse_message(event.message)), ensure_ascii=False)
    from monitor.render.tail import TailRenderer

    renderer = TailRenderer(style(), settings.zone(utc), names if len(names) > 1 else {}, fold=not no_fold)
    return lambda event: renderer.render(event, parse_message(event.message))


def _document(event: LogEvent, record: Record) -> dict[str, Any]:
    """The event as stored, and what was read in it: `record.record_kind` tells what it is."""
    from monitor.model.jsonable import jsonable

    moment = datetime.fromtimestamp(event.timestamp_ms / 1000, UTC)
    return {
        "timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "timestamp_ms": event.timestamp_ms,
        "ingestion_ms": event.ingestion_ms,
        "group": event.group,
        "stream": event.stream,
        "event_id": event.event_id,
        "message": event.message,
        "record": jsonable(record),
    }
