"""Failures out of a log, grouped; once, or going on with what is logged."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from monitor.kernel.window import Window
from monitor.logs.errors.analyze import Failures
from monitor.logs.errors.model import FailureGroup
from monitor.logs.follow.polling import PollSettings
from monitor.logs.tail.workflow import Tail, TailPlan
from monitor.logs.workflow_reading import Reading
from monitor.records.event import Notice, Pulse
from monitor.records.message import parse_message


@dataclass(frozen=True, slots=True)
class Update:
    """The groups at a moment: all of them first, then those that grew; `events` counts what was read so far."""

    groups: tuple[FailureGroup, ...]
    events: int
    given_up: int
    first: bool


def failures(
    reading: Reading, window: Window, *, follows: bool, seen: Callable[[int], None]
) -> Iterator[Update | Notice]:
    """All groups of the window, and, with `follows`, the ones that grow, as they do; `seen` is told of each batch."""
    counted = Failures()
    deployed = {
        target.function: _epoch_ms(target.info.last_modified)
        for target in reading.targets
        if target.function and target.info
    }
    since_ms = window.start_ms if reading.targets else None
    events, told = 0, False
    for item in Tail(reading, TailPlan(window, follows, PollSettings())):
        if isinstance(item, Notice):
            yield item
        elif isinstance(item, Pulse):
            if item.past:
                continue
            counted.tick(item.now_ms)
            if not told:
                counted.changed(since_ms, deployed.get)
                yield Update(tuple(counted.groups(since_ms, deployed.get)), events, counted.given_up, True)
                told = True
            elif grown := counted.changed(since_ms, deployed.get):
                yield Update(tuple(grown), events, counted.given_up, False)
        else:
            events += len(item)
            seen(len(item))
            for event in item:
                counted.add(event, parse_message(event.message))
    counted.finish()
    yield Update(tuple(counted.groups(since_ms, deployed.get)), events, counted.given_up, True)


def _epoch_ms(text: str) -> int | None:
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        return None
