"""Group the lines of each invocation where several execution environments log at the same time."""

from collections.abc import Iterator
from enum import Enum

from monitor.records.event import LogEvent

_Key = tuple[str, str]
# In log time: an invocation that takes longer than this is interrupted for the others.
_PATIENCE_MS = 5_000
_MOST_WAITING = 5_000


class Step(Enum):
    """Whether a line begins, continues or ends its stream's invocation."""

    BEGINS = "begins"
    CONTINUES = "continues"
    ENDS = "ends"


# An event, its text, and its request id if it continues an interrupted invocation ("" if the id is unknown).
Entry = tuple[LogEvent, str, str | None]


class InvocationGrouper:
    """Shows one environment's invocation at a time; lines of the others wait until it has ended.

    An invocation that takes too long is interrupted for the others. Its first text after that carries its request id,
    so that a divider can be printed. Lines outside any invocation are never held back.
    """

    def __init__(self) -> None:
        self._running: dict[_Key, str] = {}
        self._waiting: dict[_Key, list[tuple[LogEvent, str, Step, str]]] = {}
        self._count = 0
        self._current: _Key | None = None
        # For each interrupted invocation: its request id, and whether another has shown text since.
        self._interrupted: dict[_Key, tuple[str, bool]] = {}

    def begin(self, key: _Key, request_id: str) -> bool:
        """Begin an invocation on (group, stream) if its line can be shown now; otherwise pass the line to `add`."""
        if self._count or self._interrupted or self._current not in (None, key):
            return False
        self._current = key
        self._running[key] = request_id or self._running.get(key, "")
        return True

    def end(self, key: _Key) -> bool:
        """End the invocation of (group, stream) if its line can be shown now; otherwise pass the line to `add`."""
        if not self.is_free(key):
            return False
        self._running.pop(key, None)
        self._current = None
        return True

    def is_free(self, key: _Key) -> bool:
        """Whether a line of (group, stream) that neither begins nor ends an invocation can be shown now."""
        if self._count or self._interrupted:
            return False
        return key == self._current if self._current is not None else key not in self._running

    def add(self, event: LogEvent, text: str, step: Step, request_id: str = "") -> Iterator[Entry]:
        """Add a line; yields the lines that can be shown now, in order."""
        key = (event.group, event.stream)
        if step is Step.BEGINS:
            self._running[key] = request_id or self._running.get(key, "")
        running = key in self._running
        if running and self._current is None:
            self._current = key
        if key == self._current:
            yield self._entry(key, event, text, step, self._running.get(key, ""))
            if step is Step.ENDS:
                self._running.pop(key, None)
                self._interrupted.pop(key, None)
                self._current = None
                yield from self._next()
        elif running or key in self._waiting:
            self._waiting.setdefault(key, []).append((event, text, step, self._running.get(key, "")))
            self._count += 1
            if step is Step.ENDS:
                self._running.pop(key, None)
        else:
            yield event, text, None
        if self._count and self._is_over(event.timestamp_ms):
            yield from self.release(event.timestamp_ms)

    def release(self, now_ms: int) -> Iterator[Entry]:
        """Yield lines that have waited too long, by interrupting the current invocation."""
        while self._count and self._is_over(now_ms):
            self._interrupt()
            yield from self._next()

    def finish(self) -> Iterator[Entry]:
        """Yield all lines that are still waiting."""
        while self._waiting:
            self._interrupt()
            yield from self._next()

    def _is_over(self, now_ms: int) -> bool:
        oldest = next(iter(self._waiting.values()), None)
        return oldest is not None and (self._count > _MOST_WAITING or oldest[0][0].timestamp_ms < now_ms - _PATIENCE_MS)

    def _interrupt(self) -> None:
        if self._current in self._running:
            self._interrupted.setdefault(self._current, (self._running[self._current], False))
        self._current = None

    def _next(self) -> Iterator[Entry]:
        """Switch to the invocation that has waited longest, and yield its lines so far."""
        while self._current is None and self._waiting:
            key = next(iter(self._waiting))
            queue = self._waiting.pop(key)
            self._count -= len(queue)
            for event, text, step, request_id in queue:
                yield self._entry(key, event, text, step, request_id)
                if step is Step.ENDS:
                    self._interrupted.pop(key, None)
            if key in self._running:
                self._current = key

    def _entry(self, key: _Key, event: LogEvent, text: str, step: Step, request_id: str) -> Entry:
        """A line's entry, with its request id if it continues an interrupted invocation with text."""
        if step is Step.BEGINS and self._interrupted.get(key, ("", False))[0] not in ("", request_id):
            # The previous invocation of the stream never logged its end.
            del self._interrupted[key]
        if not text or not self._interrupted:
            return event, text, None
        for other, (name, _) in self._interrupted.items():
            if other != key:
                self._interrupted[other] = name, True
        _, others_shown = self._interrupted.pop(key, ("", False))
        return event, text, request_id if others_shown else None
