"""The lines of an invocation, put together again where several environments spoke at once."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from monitor.records.event import LogEvent

if TYPE_CHECKING:
    from monitor.records.record import Record

Entry = tuple[LogEvent, "Record", bool]
_Key = tuple[str, str]
# In log time: an invocation that goes on longer than this does not keep the others waiting.
_PATIENCE_MS = 5_000
_MOST_WAITING = 5_000
_OPENS = ("start", "init_start", "restore_start")


class Together:
    """Lets one environment's invocation speak at a time; the lines of others wait until it has ended.

    `add` answers (event, record, goes on): the last is true before the first further line of an invocation that was
    interrupted, because it took too long. Lines outside any invocation are never held back.
    """

    def __init__(self) -> None:
        self._open: dict[_Key, str] = {}
        self._waiting: dict[_Key, list[tuple[LogEvent, Record]]] = {}
        self._count = 0
        self._speaker: _Key | None = None
        self._cut: set[_Key] = set()

    def request_id(self, event: LogEvent) -> str | None:
        """Whose line it is, as far as its stream tells."""
        return self._open.get((event.group, event.stream)) or None

    def passes(self, event: LogEvent, record: "Record") -> bool:
        """Take a line in, if it can be shown at once and nothing else with it; else it is to be given to `add`."""
        kind = record.record_kind
        key = (event.group, event.stream)
        if kind in _OPENS:
            return self.opens(key, getattr(record, "request_id", "") or self._open.get(key, ""))
        return self.closes(key) if kind == "report" else self.speaks(key)

    def speaks(self, key: _Key) -> bool:
        """`passes` for a line of (group, stream) that neither begins an invocation nor ends one."""
        if self._count or self._cut:
            return False
        return key == self._speaker if self._speaker is not None else key not in self._open

    def opens(self, key: _Key, request_id: str) -> bool:
        """`passes` for the line that begins an invocation."""
        if self._count or self._cut or self._speaker not in (None, key):
            return False
        self._speaker = key
        self._open[key] = request_id
        return True

    def closes(self, key: _Key) -> bool:
        """`passes` for an invocation's REPORT."""
        if not self.speaks(key):
            return False
        self._open.pop(key, None)
        self._speaker = None
        return True

    def add(self, event: LogEvent, record: "Record") -> Iterator[Entry]:
        """Take a line in; answers what may be shown now, in the order to show it."""
        key = (event.group, event.stream)
        kind = record.record_kind
        if kind in _OPENS:
            self._open[key] = getattr(record, "request_id", "") or self._open.get(key, "")
            self._speaker = self._speaker or key
        if key == self._speaker:
            yield from self._say(key, event, record)
            if kind == "report":
                self._end(key)
                yield from self._next()
        elif key in self._open or key in self._waiting:
            self._waiting.setdefault(key, []).append((event, record))
            self._count += 1
            if kind == "report":
                self._open.pop(key, None)
        else:
            yield event, record, False
        if self._count and self._is_over(event.timestamp_ms):
            yield from self.let_go(event.timestamp_ms)

    def let_go(self, now_ms: int) -> Iterator[Entry]:
        """What has waited too long: the speaker is interrupted for it."""
        while self._count and self._is_over(now_ms):
            if self._speaker is not None and self._speaker in self._open:
                self._cut.add(self._speaker)
            self._speaker = None
            yield from self._next()

    def finish(self) -> Iterator[Entry]:
        """Everything that is left."""
        while self._waiting:
            self._speaker = None
            yield from self._next()

    def _is_over(self, now_ms: int) -> bool:
        oldest = next(iter(self._waiting.values()), None)
        return oldest is not None and (self._count > _MOST_WAITING or oldest[0][0].timestamp_ms < now_ms - _PATIENCE_MS)

    def _say(self, key: _Key, event: LogEvent, record: "Record") -> Iterator[Entry]:
        goes_on = key in self._cut
        self._cut.discard(key)
        yield event, record, goes_on

    def _end(self, key: _Key) -> None:
        self._open.pop(key, None)
        self._cut.discard(key)
        self._speaker = None

    def _next(self) -> Iterator[Entry]:
        """The one that waited longest speaks: all it has said, and more if it has not ended."""
        while self._speaker is None and self._waiting:
            key = next(iter(self._waiting))
            queue = self._waiting.pop(key)
            self._count -= len(queue)
            for event, record in queue:
                yield from self._say(key, event, record)
            if key in self._open:
                self._speaker = key
