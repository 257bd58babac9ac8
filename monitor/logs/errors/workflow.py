"""Read a log and group its failures, once or continuously."""

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
    """A snapshot: all groups (`first`), or only those that grew; `events` counts the events read so far."""

    groups: tuple[FailureGroup, ...]
    events: int
    dropped: int
    first: bool


def failures(
    reading: Reading, window: Window, *, follows: bool, seen: Callable[[int], None]
) -> Iterator[Update | Notice]:
    """Yield all groups of the window and, with `follows`, each group that grows. `seen` receives each batch's size."""
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
                yield from _unsupported(counted)
                counted.changed(since_ms, deployed.get)
                yield Update(tuple(counted.groups(since_ms, deployed.get)), events, counted.dropped, True)
                told = True
            elif grown := counted.changed(since_ms, deployed.get):
                yield Update(tuple(grown), events, counted.dropped, False)
        else:
            events += len(item)
            seen(len(item))
            for event in item:
                counted.add(event, parse_message(event.message))
    counted.finish()
    yield from _unsupported(counted)
    yield Update(tuple(counted.groups(since_ms, deployed.get)), events, counted.dropped, True)


def _unsupported(counted: Failures) -> Iterator[Notice]:
    if counted.unsupported:
        yield Notice(
            f"{counted.unsupported:,} events are from a web function (platform.invokeReport and others), which is not "
            "supported: failures of its requests are not counted"
        )


def _epoch_ms(text: str) -> int | None:
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        return None
