"""Joins live tail with polling; live tail events have no id, so the two are matched by content."""

from monitor.logs.follow.seen_events import content_digest
from monitor.records.event import LogEvent

_BUCKET_MS = 60_000


class Join:
    """Yields each (group, stream, timestamp, message) as often as FilterLogEvents contains it.

    For each content it counts how often live tail delivered it and how many ids polling found. The larger count is the
    number of events yielded, so the first delivery is shown and the second is not. This requires that live tail never
    delivers an event twice.
    """

    def __init__(self) -> None:
        self._buckets: dict[int, dict[bytes, list[int]]] = {}

    def __len__(self) -> int:
        return sum(len(bucket) for bucket in self._buckets.values())

    def live(self, event: LogEvent) -> bool:
        """Whether to yield an event that live tail delivered."""
        return self._count(event, 0)

    def polled(self, event: LogEvent) -> bool:
        """Whether to yield an event that polling found for the first time."""
        return self._count(event, 1)

    def _count(self, event: LogEvent, side: int) -> bool:
        bucket = self._buckets.setdefault(event.timestamp_ms // _BUCKET_MS, {})
        counts = bucket.setdefault(content_digest(event), [0, 0])
        counts[side] += 1
        return counts[side] > counts[1 - side]

    def forget_before(self, timestamp_ms: int) -> None:
        """Drop the minutes that end before `timestamp_ms`."""
        for minute in [minute for minute in self._buckets if (minute + 1) * _BUCKET_MS <= timestamp_ms]:
            del self._buckets[minute]
