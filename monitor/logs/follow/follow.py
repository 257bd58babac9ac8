"""Follows log groups without losing or duplicating an event.

CloudWatch Logs shows events seconds late and out of order, and accepts timestamps up to two hours in the future. The
follow therefore never resumes from the newest timestamp: it reads the last `lateness_ms` again and again, without an
end time, and yields each event that it has not seen before. A slow sweep of the last 15 minutes finds events that
arrive even later. No page token is used after its poll.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.errors import MonitorError, NotFoundError, UnreachableError
from monitor.kernel.clock import Clock
from monitor.logs.follow.join import Join
from monitor.logs.follow.past import history, merged, sliced_pages
from monitor.logs.follow.polling import PolledSource, PollSettings, Read
from monitor.logs.follow.reorder_buffer import ReorderBuffer
from monitor.logs.follow.seen_events import SeenEvents
from monitor.logs.follow.state import State
from monitor.records.event import LiveFeed, LogEvent, Notice, Pulse, Source

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

__all__ = ["Follow", "Notice", "PollSettings", "Pulse", "follow", "history"]

_GIVE_UP_AFTER = 20
_WORKERS = 8
# How long a source that does not respond may delay the events of the others.
_PATIENCE_MS = 5_000
# Up to this many sources are polled as often as the busiest one, to keep their events in order.
_FEW = 8
_DISCOVER_EVERY_MS = 60_000
_PAST_PULSE = 5_000

Item = LogEvent | Notice | Pulse
Notices = Callable[[], Sequence[str]]
Discover = Callable[[], Sequence[Source]]


class Follow:
    """Follows `sources` from `start_ms`; can be iterated once.

    Args:
        clock: the current time, and sleeping.
        resume: the `state` of an earlier follow; events that it yielded are not yielded again.
        live: pushed events, which are joined with the polled ones.
        discover: returns the sources to follow; called every minute, new sources are added.
        notices: messages of the connection, such as throttling; each becomes a Notice.
        once: stop after the past events.
        workers: how many sources are read at the same time.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        start_ms: int,
        clock: Clock,
        settings: PollSettings | None = None,
        *,
        end_ms: int | None = None,
        resume: State | None = None,
        live: LiveFeed | None = None,
        discover: Discover | None = None,
        notices: Notices | None = None,
        once: bool = False,
        workers: int = _WORKERS,
    ) -> None:
        self._clock, self._settings = clock, settings or PollSettings()
        self._live, self._discover, self._notices = live, discover, notices
        self._once, self._workers, self._end_ms = once, workers, end_ms
        self._seen, self._buffer, self._join = SeenEvents(), ReorderBuffer(self._settings.reorder_ms), Join()
        self._began_ms = clock.now_ms()
        self._discovered_ms = self._began_ms
        self._start_ms = start_ms
        self._told_shrink = False
        if resume is not None:
            self._seen.restore(resume.digests)
            self._seen.floor_ms = resume.floor_ms
        self._polled = [self._polled_source(source, resume) for source in sources]

    def _polled_source(self, source: Source, resume: State | None) -> PolledSource:
        now_ms = self._began_ms
        stood = resume.whole_ms.get(source.key) if resume is not None else None
        # Nothing has been read yet.
        whole_ms = self._start_ms if stood is None else min(stood, now_ms)
        start_ms = self._start_ms if stood is None else min(self._start_ms, resume.start_ms if resume else stood)
        return PolledSource(source, start_ms, whole_ms, now_ms, whole_ms, now_ms, self._settings.fastest_ms)

    def __iter__(self) -> Iterator[Item]:
        yield from self._past()
        if self._once:
            return
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(self._workers, thread_name_prefix="follow") as pool:
            while True:
                yield from self._pause()
                yield from self._new_sources()
                now_ms = self._clock.now_ms()
                due = [polled for polled in self._polled if polled.due_ms <= now_ms or now_ms < polled.looked_ms]
                for polled, read in self._reads(pool, sorted(due, key=lambda polled: polled.due_ms)):
                    yield from self._take(polled, read)
                yield from self._tidy()
                yield from self._buffer.ready(self._watermark())
                yield Pulse(self._clock.now_ms())

    def state(self) -> State:
        """The state to resume from; call it at a Pulse, when all yielded events have been processed."""
        whole = {polled.source.key: polled.whole_ms for polled in self._polled}
        start_ms = min((polled.start_ms for polled in self._polled), default=self._start_ms)
        return State(start_ms, whole, self._seen.floor_ms, self._seen.dump(self._buffer))

    def held(self) -> Iterator[LogEvent]:
        """The events still held back for ordering, when the follow is ended."""
        return self._buffer.drain()

    # ---- the past

    def _past(self) -> Iterator[Item]:
        """All events from the start until now, in order; after a failure, reading resumes where it stopped."""
        from_ms = 0
        failures, count = 0, 0
        while True:
            try:
                for event in self._history(from_ms):
                    failures = 0
                    if event.timestamp_ms > from_ms:
                        from_ms = min(event.timestamp_ms, self._began_ms)
                    if not self._is_new(event):
                        continue
                    count += 1
                    if event.timestamp_ms > self._began_ms - self._settings.reorder_ms and not self._once:
                        # Earlier events may not be visible yet.
                        self._buffer.add(event, self._began_ms)
                        continue
                    yield event
                    if count % _PAST_PULSE == 0:
                        yield from self._past_pulse(from_ms)
                break
            except UnreachableError as error:
                failures += 1
                if failures >= _GIVE_UP_AFTER:
                    raise
                yield Notice(f"{error.message}; trying again")
                self._clock.sleep(self._settings.slowest_ms / 1000)
        end_ms = self._began_ms if self._end_ms is None else min(self._end_ms, self._began_ms)
        for polled in self._polled:
            polled.whole_ms = polled.looked_ms = end_ms
        yield from self._say()
        yield Pulse(self._clock.now_ms())

    def _history(self, from_ms: int) -> Iterator[LogEvent]:
        starts = [max(from_ms, self._past_start(polled)) for polled in self._polled]
        sources = [polled.source for polled in self._polled]
        if len(sources) != 1 or self._workers <= 1:
            yield from merged(sources, starts, self._end_ms)
            return
        for page in sliced_pages(sources[0], starts[0], self._end_ms, self._began_ms):
            yield from page

    def _past_start(self, polled: PolledSource) -> int:
        if polled.whole_ms <= polled.start_ms:
            return polled.start_ms
        # The earlier follow stopped here. The digests cover the events that it yielded within the sweep window.
        stood_ms = min(polled.whole_ms, self._began_ms) - max(self._settings.lateness_ms, self._settings.sweep_ms)
        return max(polled.start_ms, self._seen.floor_ms, stood_ms)

    def _past_pulse(self, at_ms: int) -> Iterator[Item]:
        keep_from_ms = min(at_ms, self._began_ms) - max(self._settings.sweep_ms, self._settings.lateness_ms)
        self._seen.forget_before(keep_from_ms)
        self._seen.shrink(at_ms - self._settings.lateness_ms)
        self._join.forget_before(keep_from_ms)
        for polled in self._polled:
            polled.whole_ms = polled.looked_ms = max(polled.whole_ms, at_ms)
        yield from self._say()
        yield Pulse(self._clock.now_ms(), past=True)

    # ---- following

    def _pause(self) -> Iterator[Item]:
        now_ms = self._clock.now_ms()
        due_ms = min((polled.due_ms for polled in self._polled), default=now_ms + self._settings.slowest_ms)
        if len(self._buffer):
            due_ms = min(due_ms, now_ms + self._settings.fastest_ms)
            if len(self._polled) <= _FEW:
                for polled in self._polled:
                    polled.due_ms = polled.due_ms if polled.failures else min(polled.due_ms, due_ms)
        wait_s = min(max(due_ms - now_ms, 0), self._settings.slowest_ms) / 1000
        if self._live is None:
            self._clock.sleep(wait_s or 0.01)
            return
        for item in self._live.take(wait_s, self._clock):
            if isinstance(item, Notice):
                yield item
            elif self._join.live(item):
                self._buffer.add(item, self._clock.now_ms())

    def _reads(self, pool: "ThreadPoolExecutor", due: Sequence[PolledSource]) -> Iterator[tuple[PolledSource, Read]]:
        if len(due) <= 1 or self._workers <= 1:
            for polled in due:
                yield polled, self._read(polled)
            return
        yield from zip(due, pool.map(self._read, due), strict=True)

    def _read(self, polled: PolledSource) -> Read:
        asked_ms = self._clock.now_ms()
        from_ms, late_ms, whole, sweep = polled.plan(asked_ms, self._settings, self._seen.floor_ms)
        events: list[LogEvent] = []
        error: MonitorError | None = None
        try:
            for page in polled.source.pages(from_ms, None):
                events.extend(page)
        except MonitorError as raised:
            error = raised
        return Read(asked_ms, self._clock.now_ms(), from_ms, late_ms, whole, sweep, events, error)

    def _take(self, polled: PolledSource, read: Read) -> Iterator[Item]:
        fresh = 0
        for event in read.events:
            if not self._is_new(event):
                continue
            fresh += 1
            if event.timestamp_ms < read.late_before_ms and read.sweep:
                yield replace(event, late=True)
            else:
                self._buffer.add(event, read.ended_ms)
        if read.error is None:
            if polled.failures:
                away_s = (read.asked_ms - polled.failed_ms) / 1000
                yield Notice(f"{polled.source.name}: reading again after {away_s:.0f} s; no event was lost")
            polled.took(read, fresh, self._settings)
            return
        if not isinstance(read.error, UnreachableError):
            # A deleted log group, or a denied one, ends its own reading; the others are followed.
            if len(self._polled) == 1:
                raise read.error
            self._polled.remove(polled)
            yield Notice(f"{polled.source.name} is no longer followed: {read.error.message}")
            return
        if polled.failures + 1 >= _GIVE_UP_AFTER:
            raise read.error
        if not polled.failures:
            yield Notice(f"{polled.source.name}: {read.error.message}; trying again")
        polled.failed(read, self._settings)

    def _is_new(self, event: LogEvent) -> bool:
        new = self._seen.is_new(event)
        return new and (self._live is None or self._join.polled(event))

    def _watermark(self) -> int:
        """The time up to which every source has been read."""
        now_ms = self._clock.now_ms()
        read_ms = min((polled.looked_ms for polled in self._polled), default=now_ms)
        return min(now_ms, max(read_ms, now_ms - _PATIENCE_MS))

    def _tidy(self) -> Iterator[Notice]:
        now_ms = self._clock.now_ms()
        whole_ms = min((min(polled.whole_ms, now_ms) for polled in self._polled), default=now_ms)
        swept_ms = min((min(polled.swept_ms, now_ms) for polled in self._polled), default=now_ms)
        needed_ms = whole_ms - self._settings.lateness_ms
        swept_ms -= self._settings.sweep_ms
        self._seen.forget_before(min(needed_ms, swept_ms))
        self._join.forget_before(min(needed_ms, swept_ms))
        if self._seen.shrink(needed_ms) and not self._told_shrink:
            self._told_shrink = True
            minutes = max(0, now_ms - self._seen.floor_ms) / 60_000
            yield Notice(f"too many events to remember: late events are only searched for over {minutes:.0f} min")
        yield from self._say()

    def _say(self) -> Iterator[Notice]:
        if self._notices is not None:
            yield from (Notice(text) for text in self._notices())

    def _new_sources(self) -> Iterator[Notice]:
        now_ms = self._clock.now_ms()
        if 0 <= now_ms - self._discovered_ms < _DISCOVER_EVERY_MS:
            return
        try:
            found = self._discover() if self._discover is not None else ()
        except (UnreachableError, NotFoundError):
            # The functions that are followed may be gone; their log groups are read as long as they exist.
            self._discovered_ms = now_ms
            return
        known = {polled.source.key for polled in self._polled}
        joining = [source for source in found if source.key not in known]
        # Their first events may be older than their discovery.
        since_ms = max(self._start_ms, self._discovered_ms - self._settings.lateness_ms)
        for source in joining:
            fastest_ms = self._settings.fastest_ms
            self._polled.append(PolledSource(source, since_ms, since_ms, now_ms, since_ms, now_ms, fastest_ms))
            yield Notice(f"also following {source.name}")
        if self._live is not None:
            self._live.join(joining)
        self._discovered_ms = now_ms


def follow(
    sources: Sequence[Source], start_ms: int, clock: Clock, settings: PollSettings | None = None
) -> Iterator[LogEvent | Notice]:
    """The events from `start_ms`, and then new events without an end; a Follow without its pulses.

    Each event that becomes visible within `lateness_ms` of its timestamp is yielded once. A failed read is repeated
    more slowly and reported as a Notice; after twenty failures in a row the error is raised.
    """
    for item in Follow(sources, start_ms, clock, settings, workers=1):
        if not isinstance(item, Pulse):
            yield item
