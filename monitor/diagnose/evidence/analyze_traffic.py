"""Traffic out of a log's invocations: each minute with how many ran at once, and what failures led to."""

from array import array
from collections.abc import Iterator

from monitor.diagnose.evidence.model import FailureCount, Minute, is_missing
from monitor.records.invocation import FailureKind, Invocation

_MINUTE_MS = 60_000
# 16 bytes each: what is beyond counts in its minute, but no longer for how many ran at once.
_MOST_INTERVALS = 500_000
_MOST_MINUTES = 50_000
_MOST_STREAMS = 50_000
_MOST_IDS = 5


class Minutes:
    """Takes in invocations; gives the minutes that had any, oldest first.

    An invocation counts in the minute that it began in. It runs from the start of the init that its caller waited for
    to its end; one that was begun at the millisecond at which another ended does not run beside it.
    """

    def __init__(self) -> None:
        self._starts, self._ends = array("q"), array("q")
        self._invocations: dict[int, int] = {}
        self._cold: dict[int, int] = {}

    def add(self, invocation: Invocation) -> None:
        """Take in one. Without a time it has no minute; a line that names no stream has mostly none of its own."""
        if not invocation.at_ms or not invocation.stream:
            return
        start_ms, end_ms = _interval(invocation)
        minute = start_ms // _MINUTE_MS
        if minute not in self._invocations and len(self._invocations) >= _MOST_MINUTES:
            return
        self._invocations[minute] = self._invocations.get(minute, 0) + 1
        if invocation.cold:
            self._cold[minute] = self._cold.get(minute, 0) + 1
        if len(self._starts) < _MOST_INTERVALS:
            self._starts.append(start_ms)
            self._ends.append(max(end_ms, start_ms + 1))

    def result(self) -> tuple[Minute, ...]:
        """The minutes."""
        busiest: dict[int, int] = {}
        for at_ms, running in self._steps():
            minute = at_ms // _MINUTE_MS
            busiest[minute] = max(busiest.get(minute, 0), running)
        return tuple(
            Minute(minute * _MINUTE_MS, count, self._cold.get(minute, 0), busiest.get(minute, 0))
            for minute, count in sorted(self._invocations.items())
        )

    def _steps(self) -> Iterator[tuple[int, int]]:
        """Each start, with how many run from then on."""
        ends = sorted(self._ends)
        ended = 0
        for begun, start_ms in enumerate(sorted(self._starts), start=1):
            while ends[ended] <= start_ms:
                ended += 1
            yield start_ms, begun - ended


def _interval(invocation: Invocation) -> tuple[int, int]:
    report = invocation.report
    duration_ms = 0.0 if is_missing(report) else report.duration_ms or 0.0
    end_ms = invocation.at_ms + round(duration_ms) if is_missing(invocation.end_ms) else invocation.end_ms
    start_ms = invocation.at_ms
    if not is_missing(invocation.start_ms):
        # A log has START, and REPORT, at the millisecond; an init that was waited for lies before START.
        init_ms = invocation.init_ms or 0.0 if invocation.cold else 0.0
        start_ms = min(start_ms, round(invocation.start_ms - init_ms))
    return start_ms, end_ms


class Aftermath:
    """Takes in invocations, each stream's in their order; counts failures by kind, and the inits that followed."""

    def __init__(self) -> None:
        self._count: dict[FailureKind, int] = {}
        self._then_cold: dict[FailureKind, int] = {}
        self._ids: dict[FailureKind, list[str]] = {}
        self._last: dict[tuple[str, str], FailureKind] = {}

    def add(self, invocation: Invocation) -> None:
        """Take in one."""
        key = (invocation.group, invocation.stream)
        before = self._last.pop(key, None)
        if before is not None and invocation.kind is not None and invocation.kind.waited_for:
            self._then_cold[before] = self._then_cold.get(before, 0) + 1
        if invocation.error is None:
            return
        kind = invocation.error.kind
        self._count[kind] = self._count.get(kind, 0) + 1
        ids = self._ids.setdefault(kind, [])
        if invocation.request_id and len(ids) < _MOST_IDS:
            ids.append(invocation.request_id)
        if invocation.stream:
            if len(self._last) >= _MOST_STREAMS:
                del self._last[next(iter(self._last))]
            self._last[key] = kind

    def result(self) -> tuple[FailureCount, ...]:
        """The kinds that occurred, the most frequent first."""
        found = (
            FailureCount(kind, count, self._then_cold.get(kind, 0), tuple(self._ids.get(kind, ())))
            for kind, count in self._count.items()
        )
        return tuple(sorted(found, key=lambda one: (-one.count, one.kind.value)))
