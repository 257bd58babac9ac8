"""Which events were already handed on: bounded by the window that is read again and again."""

import base64
import hashlib
from collections.abc import Iterable

from monitor.records.event import LogEvent

_BUCKET_MS = 60_000
_DIGEST_BYTES = 12


def digest(event: LogEvent) -> bytes:
    """Twelve bytes for an event: of its id, or, where it has none, of what can be seen of it.

    Twelve bytes rather than the id of 56 digits, so that 15 minutes of a busy group stay small; two of a million
    events share one with a chance below 10⁻¹⁶.
    """
    if not event.event_id:
        return content_digest(event)
    return _hash(f"{event.origin}\0{event.event_id}" if event.origin else event.event_id)


def content_digest(event: LogEvent) -> bytes:
    """Twelve bytes for (origin, group, stream, timestamp, message), which live tail and FilterLogEvents agree on."""
    return _hash(f"{event.origin}\0{event.group}\0{event.stream}\0{event.timestamp_ms}\0{event.message}")


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()


class SeenEvents:
    """Digests of events, in buckets of a minute; old ones are dropped a bucket at a time.

    `most` bounds how many are kept: what is older than `floor_ms` has been forgotten and must not be read again.
    """

    def __init__(self, most: int = 1_000_000) -> None:
        self._buckets: dict[int, set[bytes]] = {}
        self._most = most
        self._count = 0
        self.floor_ms = 0

    def __len__(self) -> int:
        return self._count

    def is_new(self, event: LogEvent) -> bool:
        """Whether `event` was not here before; it is from now on."""
        bucket = self._buckets.setdefault(event.timestamp_ms // _BUCKET_MS, set())
        before = len(bucket)
        bucket.add(digest(event))
        if len(bucket) == before:
            return False
        self._count += 1
        return True

    def forget_before(self, timestamp_ms: int) -> None:
        """Drop the minutes that lie wholly before `timestamp_ms`."""
        for minute in [minute for minute in self._buckets if (minute + 1) * _BUCKET_MS <= timestamp_ms]:
            self._drop(minute)

    def shrink(self, keep_from_ms: int) -> bool:
        """Drop the oldest minutes before `keep_from_ms` until the bound holds; whether any had to go."""
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

    def dump(self, without: Iterable[LogEvent] = ()) -> dict[str, str]:
        """Everything but the events `without`, as text: the minute, and its digests one after the other."""
        left_out = {digest(event) for event in without}
        return {
            str(minute): base64.b64encode(b"".join(sorted(found - left_out))).decode()
            for minute, found in self._buckets.items()
        }

    def restore(self, dumped: dict[str, str]) -> None:
        """What `dump` wrote. Raises ValueError for anything else."""
        for minute, text in dumped.items():
            joined = base64.b64decode(text, validate=True)
            if len(joined) % _DIGEST_BYTES:
                raise ValueError("cut digests")
            found = {joined[at : at + _DIGEST_BYTES] for at in range(0, len(joined), _DIGEST_BYTES)}
            self._count += len(found)
            self._buckets[int(minute)] = found
