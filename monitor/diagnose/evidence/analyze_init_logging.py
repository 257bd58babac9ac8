"""How much environments log from their first line to the end of their first invocation."""

import re

from monitor.diagnose.evidence.model import InitLogging
from monitor.records.event import LogEvent
from monitor.records.invocation import Invocation
from monitor.records.record import Application, InitStart, Record, Report, RuntimeDone, Start, Text

# Python's own formats, and those that people write: the level stands near the start of a line.
_DEBUG = re.compile(r"\bDEBUG\b")
_HEAD = 120
_MOST_STREAMS = 50_000
_MOST_WAITING = 10_000

Key = tuple[str, str]


class _Lines:
    __slots__ = ("bytes", "count", "debug")

    def __init__(self) -> None:
        self.count = self.bytes = self.debug = 0


class FirstLines:
    """Counts each stream's lines up to the end of the first invocation seen; keeps those of cold ones.

    Only what the function itself writes counts: no line of the platform's, no metric, no import profile.
    """

    def __init__(self) -> None:
        self._open: dict[Key, _Lines] = {}
        self._ids: dict[Key, str] = {}
        self._seen: dict[Key, None] = {}
        self._waiting: dict[tuple[str, str, str], _Lines] = {}
        self._starts = 0
        self._sum = _Lines()

    def is_open(self, event: LogEvent) -> bool:
        """Whether a line of the event's stream is still to be counted, so that it must be read."""
        key = (event.group, event.stream)
        return bool(event.stream) and (key in self._open or key not in self._seen)

    def add(self, event: LogEvent, record: Record) -> None:
        """Take in a line of an open stream, in its order."""
        key = (event.group, event.stream)
        lines = self._open.get(key)
        if lines is None or isinstance(record, InitStart):
            lines = self._open[key] = _Lines()
            self._seen[key] = None
            if len(self._seen) > _MOST_STREAMS:
                del self._seen[next(iter(self._seen))]
        match record:
            case Start():
                self._ids.setdefault(key, record.request_id)
            case Report() | RuntimeDone():
                self._close(key, record.request_id or self._ids.get(key, ""))
            case Application() | Text():
                lines.count += 1
                lines.bytes += len(event.message.encode("utf-8", "replace"))
                level = record.level if isinstance(record, Application) else None
                lines.debug += (level or "").upper() == "DEBUG" or (
                    level is None and _DEBUG.search(event.message, 0, _HEAD) is not None
                )

    def _close(self, key: Key, request_id: str) -> None:
        self._ids.pop(key, None)
        lines = self._open.pop(key)
        if len(self._waiting) >= _MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[(*key, request_id)] = lines

    def settle(self, invocation: Invocation) -> None:
        """An invocation is complete: if it was a cold one, what was logged until its end counts."""
        lines = self._waiting.pop((invocation.group, invocation.stream, invocation.request_id), None)
        if lines is None or not invocation.cold:
            return
        self._starts += 1
        self._sum.count += lines.count
        self._sum.bytes += lines.bytes
        self._sum.debug += lines.debug

    def result(self) -> InitLogging | None:
        """The mean over all cold starts seen; None without one."""
        of = self._starts
        return InitLogging(of, self._sum.count / of, self._sum.bytes / of, self._sum.debug / of) if of else None
