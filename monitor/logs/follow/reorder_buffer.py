"""A short hold-back that puts events of several streams and groups into order."""

import heapq
from collections.abc import Iterator

from monitor.records.event import LogEvent


class ReorderBuffer:
    """Keeps each event for `reorder_ms`, measured from its timestamp or from its arrival, whichever is over first.

    An event dated in the future would otherwise be held until then.
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
        """Take `event` in, at `now_ms`."""
        self._count += 1
        heapq.heappush(self._heap, (event.timestamp_ms, self._count, now_ms, event))

    def ready(self, now_ms: int) -> Iterator[LogEvent]:
        """What need not wait longer, in order of timestamp, then of arrival."""
        until_ms = now_ms - self._reorder_ms
        while self._heap and (self._heap[0][0] <= until_ms or self._heap[0][2] <= until_ms):
            yield heapq.heappop(self._heap)[3]

    def drain(self) -> Iterator[LogEvent]:
        """All that is left, in order."""
        while self._heap:
            yield heapq.heappop(self._heap)[3]
