"""Remembers which events were already yielded, within the window that is read repeatedly."""

import hashlib
from collections.abc import Iterable

from monitor.records.event import LogEvent

_BUCKET_MS = 60_000
DIGEST_BYTES = 12


def digest(event: LogEvent) -> bytes:
    """A hash of the event's id, or of its content if it has no id.

    It has twelve bytes instead of an id's 56 digits, to keep 15 minutes of a busy group small. The chance that two of a
    million events have the same hash is below 10⁻¹⁶.
    """
    if not event.event_id:
        return content_digest(event)
    return _hash(f"{event.origin}\0{event.event_id}" if event.origin else event.event_id)


def content_digest(event: LogEvent) -> bytes:
    """A hash of (origin, group, stream, timestamp, message), which live tail and FilterLogEvents both return."""
    return _hash(f"{event.origin}\0{event.group}\0{event.stream}\0{event.timestamp_ms}\0{event.message}")


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()


class SeenEvents:
    """Digests of events in buckets of one minute; old buckets are dropped.

    `most` limits how many digests are stored. Events older than `floor_ms` are forgotten and must not be read again.
    """

    def __init__(self, most: int = 1_000_000) -> None:
        self._buckets: dict[int, set[bytes]] = {}
        self._most = most
        self._count = 0
        self.floor_ms = 0

    def __len__(self) -> int:
        return self._count

    def is_new(self, event: LogEvent) -> bool:
        """Whether `event` is new; it is remembered from now on."""
        bucket = self._buckets.setdefault(event.timestamp_ms // _BUCKET_MS, set())
        before = len(bucket)
        bucket.add(digest(event))
        if len(bucket) == before:
            return False
        self._count += 1
        return True

    def forget_before(self, timestamp_ms: int) -> None:
        """Drop the minutes that end before `timestamp_ms`."""
        for minute in [minute for minute in self._buckets if (minute + 1) * _BUCKET_MS <= timestamp_ms]:
            self._drop(minute)

    def shrink(self, keep_from_ms: int) -> bool:
        """Drop the oldest minutes before `keep_from_ms` until the limit is met; returns whether any were dropped."""
        dropped = False
        for minute in sorted(self._buckets):
            if self._count <= self._most or (minute + 1) * _BUCKET_MS > keep_from_ms:
                break
            self._drop(minute)
            dropped = True
        return dropped

    def _drop(self, minute: int) -> None:
        self._count -= len(self._buckets.pop(minute))
        self.floor_ms = max(self.floor_ms, (minute + 1) * _BUCKET_MS)

    def dump(self, without: Iterable[LogEvent] = ()) -> dict[int, bytes]:
        """All digests except those of the events `without`: by minute, one behind the other."""
        left_out = {digest(event) for event in without}
        return {minute: b"".join(sorted(found - left_out)) for minute, found in self._buckets.items()}

    def restore(self, dumped: dict[int, bytes]) -> None:
        """Load the result of `dump`."""
        for minute, joined in dumped.items():
            found = {joined[at : at + DIGEST_BYTES] for at in range(0, len(joined), DIGEST_BYTES)}
            self._count += len(found)
            self._buckets[minute] = found
