"""Reads past events in parallel time slices, in order and with bounded memory."""

import heapq
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

from monitor.records.event import LogEvent, Source

if TYPE_CHECKING:
    from concurrent.futures import Future

_WORKERS = 4
# Reading ahead only helps if responses are slow; otherwise more threads only compete for the interpreter.
_SLOW_ANSWER_S = 0.05
# The first slice if the first pages were empty, and how much longer each following slice is.
_FIRST_SLICE_MS, _GROWTH = 10_000, 2
_SHORTEST_MS, _LONGEST_MS = 1_000, 6 * 3_600_000
# The intended size of a slice: fewer pages waste calls, more are read by a single thread.
_PAGES_A_SLICE = 2.0
_MOST_HELD_PAGES = 4
_PAGES_WHOLE = 2

Page = Sequence[LogEvent]


def history(sources: Sequence[Source], start_ms: int, end_ms: int | None) -> Iterator[LogEvent]:
    """All events between two times, ordered by timestamp across the sources."""
    return merged(sources, [start_ms] * len(sources), end_ms)


def merged(sources: Sequence[Source], starts_ms: Sequence[int], end_ms: int | None) -> Iterator[LogEvent]:
    """As `history`, with a start time for each source."""
    flat = [_flat(source, start_ms, end_ms) for source, start_ms in zip(sources, starts_ms, strict=True)]
    return flat[0] if len(flat) == 1 else heapq.merge(*flat, key=attrgetter("timestamp_ms"))


def _flat(source: Source, start_ms: int, end_ms: int | None) -> Iterator[LogEvent]:
    for page in source.pages(start_ms, end_ms):
        yield from page


class _Slice:
    """A time slice that a thread reads: its first pages, and an iterator over the rest."""

    def __init__(self, source: Source, start_ms: int, end_ms: int | None) -> None:
        self.start_ms, self.end_ms = start_ms, end_ms
        self.pages = 0
        self._more = iter(source.pages(start_ms, end_ms))

    def read(self) -> list[Page]:
        """The first few pages; the rest of a longer slice is read when its turn comes."""
        held: list[Page] = []
        for page in self._more:
            self.pages += 1
            if page:
                held.append(page)
            if len(held) >= _MOST_HELD_PAGES:
                break
        return held

    def rest(self) -> Iterator[Page]:
        """The pages after those of `read`."""
        for page in self._more:
            self.pages += 1
            yield page


def sliced_pages(
    source: Source, start_ms: int, end_ms: int | None, now_ms: int, workers: int = _WORKERS
) -> Iterator[Page]:
    """The pages of `source`, in order, read by several threads in time slices.

    The length of a slice depends on the density so far. `end_ms` is inclusive as in FilterLogEvents, so each slice ends
    a millisecond before the next begins. If `end_ms` is None, the last slice has no end and slicing stops at `now_ms`.
    At most `workers` slices of a few pages are in memory.
    """
    last_ms = now_ms if end_ms is None else min(end_ms, now_ms)
    # Most windows have one or two pages, which are read here without threads. Longer windows are then read in slices,
    # starting with the last millisecond read so far; the events of that millisecond are not yielded before.
    held: Page = ()
    length_ms, next_ms = _FIRST_SLICE_MS, start_ms
    for number, page in enumerate(source.pages(start_ms, end_ms), 1):
        if page:
            held = [*held, *page]
            next_ms = held[-1].timestamp_ms
            cut = bisect_left(held, next_ms, key=attrgetter("timestamp_ms"))
            yield held[:cut]
            held = held[cut:]
            length_ms = max(_SHORTEST_MS, round((next_ms - start_ms) * _PAGES_A_SLICE / number))
        if number >= _PAGES_WHOLE and next_ms < last_ms:
            break
    else:
        yield held
        return
    yield from _in_slices(source, next_ms, end_ms, last_ms, min(length_ms, _LONGEST_MS), workers)


def _in_slices(
    source: Source, start_ms: int, end_ms: int | None, last_ms: int, length_ms: int, workers: int
) -> Iterator[Page]:
    next_ms: int | None = start_ms
    waiting: deque[tuple[_Slice, Future[list[Page]]]] = deque()
    ahead = 1
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(workers, thread_name_prefix="past")
    try:
        while waiting or next_ms is not None:
            while next_ms is not None and len(waiting) < ahead:
                until_ms = next_ms + length_ms - 1
                part = _Slice(source, next_ms, end_ms if until_ms >= last_ms else until_ms)
                waiting.append((part, pool.submit(part.read)))
                next_ms = None if until_ms >= last_ms else until_ms + 1
                # Grow, so that an empty week takes only a few calls; the density corrects it.
                length_ms = min(length_ms * _GROWTH, _LONGEST_MS)
            part, future = waiting.popleft()
            pages, waited_s = _waited(future)
            if waited_s > _SLOW_ANSWER_S:
                ahead = min(ahead + 1, workers)
            yield from pages
            yield from part.rest()
            if part.end_ms is not None:
                length_ms = _fitting(part, length_ms)
    finally:
        for _, future in waiting:
            future.cancel()
        pool.shutdown(wait=False, cancel_futures=True)


def _waited(future: "Future[list[Page]]") -> tuple[list[Page], float]:
    began_s = time.monotonic()
    return future.result(), time.monotonic() - began_s


def _fitting(part: _Slice, planned_ms: int) -> int:
    """The length of the next slice, so that it has the intended number of pages, judged by the last slice."""
    if part.end_ms is None or part.pages <= 1:
        return planned_ms
    length_ms = part.end_ms - part.start_ms + 1
    return max(_SHORTEST_MS, min(planned_ms, round(length_ms * _PAGES_A_SLICE / part.pages)))
