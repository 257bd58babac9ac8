"""Filters for lines and for invocations."""

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from monitor.records.event import LogEvent
from monitor.records.invocation import Invocation
from monitor.records.levels import CRITICAL, ERROR, WARNING, level_number
from monitor.records.logger_grammar import without_colors
from monitor.records.record import (
    Application,
    Exited,
    Extension,
    InitReport,
    LogsDropped,
    Record,
    Report,
    RestoreReport,
    Text,
    TimedOut,
)
from monitor.records.stream import DURABLE
from monitor.records.tracebacks import TracebackReader, begins_traceback

_MOST_STREAMS = 2_000

Line = tuple[LogEvent, Record]


def severity(record: Record) -> int | None:
    """The level of a record on the scale of Python's logging; None for records without one, such as plain text."""
    if isinstance(record, Application):
        level = level_number(record.level)
        return ERROR if level is None and record.exception else level
    if isinstance(record, TimedOut | Exited):
        return CRITICAL
    if isinstance(record, Report | InitReport | RestoreReport):
        return CRITICAL if record.status not in (None, "success") else None
    if isinstance(record, Extension):
        return CRITICAL if record.failed else None
    if isinstance(record, LogsDropped):
        return WARNING
    return None


class LineLevels:
    """The levels of lines, where the lines of a traceback have that of the line above it, or ERROR."""

    def __init__(self) -> None:
        self._heads: dict[tuple[str, str], int] = {}
        self._readers: dict[tuple[str, str], TracebackReader] = {}

    def of(self, event: LogEvent, record: Record) -> int | None:
        """The level of an event; events of a stream are given in their order."""
        key = (event.group, event.stream)
        if not isinstance(record, Text):
            level = severity(record)
            self._readers.pop(key, None)
            self._heads.pop(key, None)
            if level is not None and level >= ERROR and isinstance(record, Application):
                self._heads[key] = level
                if len(self._heads) > _MOST_STREAMS:
                    del self._heads[next(iter(self._heads))]
            return level
        reader = self._readers.get(key)
        lines = without_colors(event.message).replace("\r", "\n").rstrip("\n").split("\n")
        if reader is not None and reader.add(lines[0]):
            for line in lines[1:]:
                reader.add(line)
            return self._heads.get(key, ERROR)
        self._readers.pop(key, None)
        first = next((number for number, line in enumerate(lines) if begins_traceback(line)), None)
        if first is None:
            self._heads.pop(key, None)
            return None
        reader = self._readers[key] = TracebackReader()
        for line in lines[first:]:
            reader.add(line)
        if len(self._readers) > _MOST_STREAMS:
            del self._readers[next(iter(self._readers))]
        return self._heads.get(key, ERROR)


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Selects lines: all patterns of `grep` match, none of `exclude` does, and the level is at least `level`."""

    grep: tuple[re.Pattern[str], ...] = ()
    exclude: tuple[re.Pattern[str], ...] = ()
    level: int | None = None
    levels: LineLevels = field(default_factory=LineLevels)

    def __bool__(self) -> bool:
        return bool(self.grep or self.exclude or self.level is not None)

    def wants(self, event: LogEvent, record: Record) -> bool:
        """Whether the line is selected."""
        found = None if self.level is None else self.levels.of(event, record)
        if not all(pattern.search(event.message) for pattern in self.grep) or self.excludes(event):
            return False
        if self.level is None:
            return True
        return found is not None and found >= self.level

    def excludes(self, event: LogEvent) -> bool:
        """Whether the line is not to be shown, as context neither."""
        return any(pattern.search(event.message) for pattern in self.exclude)


class Context:
    """Selects lines, with `count` lines of the same stream before and after each.

    Lines that `excludes` names are left out before they are counted.
    """

    def __init__(
        self,
        wants: Callable[[LogEvent, Record], bool],
        count: int,
        excludes: Callable[[LogEvent], bool] = lambda _event: False,
    ) -> None:
        self._wants, self._count, self._excludes = wants, count, excludes
        self._before: dict[tuple[str, str], deque[Line]] = {}
        self._after: dict[tuple[str, str], int] = {}

    def add(self, event: LogEvent, record: Record) -> Iterator[Line]:
        """Add a line; yields the lines to show now."""
        if not self._count:
            if self._wants(event, record):
                yield event, record
            return
        if self._excludes(event):
            return
        key = (event.group, event.stream)
        if self._wants(event, record):
            yield from self._before.pop(key, ())
            self._after[key] = self._count
            yield event, record
        elif self._after.get(key):
            self._after[key] -= 1
            yield event, record
        else:
            self._after.pop(key, None)
            before = self._before.setdefault(key, deque(maxlen=self._count))
            before.append((event, record))
            if len(self._before) > _MOST_STREAMS:
                del self._before[next(iter(self._before))]


@dataclass(frozen=True, slots=True)
class InvocationFilter:
    """Selects invocations by request id, trace id, cold start, failure (or a logged error) and duration.

    `executions` are names, ids or ARNs of durable executions.
    """

    request_ids: tuple[str, ...] = ()
    trace_ids: tuple[str, ...] = ()
    cold: bool = False
    errors: bool = False
    slow_ms: float | None = None
    executions: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(
            self.request_ids or self.trace_ids or self.executions or self.cold or self.errors
            or self.slow_ms is not None
        )  # fmt: skip

    def wants(self, invocation: Invocation, logged_error: bool) -> bool:
        """Whether the invocation is selected; `logged_error`: one of its lines has level ERROR or above."""
        report = invocation.report
        if self.request_ids and invocation.request_id not in self.request_ids:
            return False
        if self.trace_ids and invocation.trace_id not in self.trace_ids:
            return False
        if self.cold and not invocation.cold:
            return False
        if self.executions and not self._is_of(invocation.execution):
            return False
        if self.errors and invocation.error is None and not logged_error:
            return False
        if self.slow_ms is None:
            return True
        return isinstance(report, Report) and (report.duration_ms or 0) >= self.slow_ms

    def _is_of(self, execution: str | None) -> bool:
        return execution is not None and any(
            text.rpartition(DURABLE)[2] in (*execution.split("/"), execution) for text in self.executions
        )
