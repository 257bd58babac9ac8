"""Following log groups without losing or doubling an event.

CloudWatch makes events visible seconds late and out of order, and takes timestamps up to two hours ahead. So nothing
here trusts "the newest timestamp seen": each poll reads the last `lateness_ms` again, up to now and beyond, and an
event is handed on when its id was not seen before.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from monitor.errors import UnreachableError
from monitor.follow.clock import Clock
from monitor.follow.hold import Hold
from monitor.follow.seen import Seen
from monitor.follow.source import Source
from monitor.model.event import LogEvent

_FAST_S, _SLOW_S, _GROWTH = 1.0, 5.0, 1.5
_GIVE_UP_AFTER = 20


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person following should know, and that is no event."""

    text: str


@dataclass(frozen=True, slots=True)
class Pace:
    """`lateness_ms`: how late an event may become visible; `reorder_ms`: how long one is held back for order."""

    lateness_ms: int = 60_000
    reorder_ms: int = 2_000


def history(sources: Sequence[Source], start_ms: int, end_ms: int | None) -> Iterator[LogEvent]:
    """All events of a stretch of time, ordered by timestamp across the sources."""
    if len(sources) == 1:
        return _flat(sources[0], start_ms, end_ms)
    return heapq.merge(*(_flat(source, start_ms, end_ms) for source in sources), key=attrgetter("timestamp_ms"))


def _flat(source: Source, start_ms: int, end_ms: int | None) -> Iterator[LogEvent]:
    for page in source.pages(start_ms, end_ms):
        yield from page


def follow(
    sources: Sequence[Source], start_ms: int, clock: Clock, pace: Pace | None = None
) -> Iterator[LogEvent | Notice]:
    """The events from `start_ms` on, and then what is logged, without an end.

    Each event that becomes visible within `lateness_ms` of its timestamp is handed on once. A read that fails is
    tried again at a slower pace, and said as a Notice; after twenty failures in a row the error is raised.
    """
    pace = pace or Pace()
    seen, hold = Seen(), Hold(pace.reorder_ms)
    began_ms = clock.now_ms()
    for event in history(sources, start_ms, None):
        if event.timestamp_ms >= began_ms - pace.lateness_ms:
            seen.is_new(event)
        yield event
    wait_s, failures = _FAST_S, 0
    while True:
        clock.sleep(wait_s)
        polled_ms = clock.now_ms()
        # Counted from the last read that went well, and never from a clock that was set forward meanwhile.
        from_ms = max(start_ms, min(began_ms, polled_ms) - pace.lateness_ms)
        try:
            fresh = _take(history(sources, from_ms, None), seen, hold, clock)
        except UnreachableError as error:
            failures += 1
            if failures >= _GIVE_UP_AFTER:
                raise
            yield Notice(f"{error.message}; trying again")
            wait_s = _SLOW_S
        else:
            if failures:
                yield Notice("reading again")
            failures, began_ms = 0, polled_ms
            seen.forget_before(from_ms)
            wait_s = _FAST_S if fresh or len(hold) else min(wait_s * _GROWTH, _SLOW_S)
        yield from hold.ready(clock.now_ms())


def _take(events: Iterable[LogEvent], seen: Seen, hold: Hold, clock: Clock) -> int:
    fresh = 0
    for event in events:
        if seen.is_new(event):
            hold.add(event, clock.now_ms())
            fresh += 1
    return fresh
