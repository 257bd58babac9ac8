"""A buffer that orders the events of several streams and groups."""

import heapq
from collections.abc import Iterator

from monitor.records.event import LogEvent


class ReorderBuffer:
    """Holds each event for `reorder_ms` from its timestamp or from its arrival, whichever ends first.

    Without the arrival time, an event dated in the future would be held until that time.
    """

    def __init__(self, reorder_ms: int) -> None:
        self._reorder_ms = reorder_ms
        self._heap: list[tuple[int, int, int, LogEvent]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._heap)

    def __iter__(self) -> Iterator[LogEvent]:
        return (entry[3] for entry in self._heap)

    def add(self, event: LogEvent, now_ms: int) -> None:
        """Add `event`, which arrived at `now_ms`."""
        self._count += 1
        heapq.heappush(self._heap, (event.timestamp_ms, self._count, now_ms, event))

    def ready(self, now_ms: int) -> Iterator[LogEvent]:
        """Remove and return the events that have waited long enough, by timestamp, then by arrival."""
        until_ms = now_ms - self._reorder_ms
        while self._heap and (self._heap[0][0] <= until_ms or self._heap[0][2] <= until_ms):
            yield heapq.heappop(self._heap)[3]

    def drain(self) -> Iterator[LogEvent]:
        """Remove and return all events, in order."""
        while self._heap:
            yield heapq.heappop(self._heap)[3]
