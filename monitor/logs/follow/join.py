"""Live tail joined with polling: an event of live tail has no id, so the two are matched by what they say."""

from monitor.logs.follow.seen_events import content_digest
from monitor.records.event import LogEvent

_BUCKET_MS = 60_000


class Join:
    """Hands on each (group, stream, timestamp, message) as often as FilterLogEvents holds it.

    For each content two counts are kept: how often live tail delivered it, and how many ids polling found. What was
    handed on is the greater of the two, so whichever is first prints and the other is silent. The condition: live
    tail delivers no event twice.
    """

    def __init__(self) -> None:
        self._buckets: dict[int, dict[bytes, list[int]]] = {}

    def __len__(self) -> int:
        return sum(len(bucket) for bucket in self._buckets.values())

    def live(self, event: LogEvent) -> bool:
        """Whether an event that live tail delivered is to be handed on."""
        return self._count(event, 0)

    def polled(self, event: LogEvent) -> bool:
        """Whether an event that polling found for the first time is to be handed on."""
        return self._count(event, 1)

    def _count(self, event: LogEvent, side: int) -> bool:
        bucket = self._buckets.setdefault(event.timestamp_ms // _BUCKET_MS, {})
        counts = bucket.setdefault(content_digest(event), [0, 0])
        counts[side] += 1
        return counts[side] > counts[1 - side]

    def forget_before(self, timestamp_ms: int) -> None:
        """Drop the minutes that lie wholly before `timestamp_ms`."""
        for minute in [minute for minute in self._buckets if (minute + 1) * _BUCKET_MS <= timestamp_ms]:
            del self._buckets[minute]
