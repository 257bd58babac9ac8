"""How a follow polls its sources, and how far each source has been read."""

from collections.abc import Sequence

from monitor.errors import MonitorError
from monitor.kernel.values import dataclass
from monitor.records.event import LogEvent, Source

# A read shorter than the lateness window, for the newest events; the whole window is read every few seconds.
_GLANCE_MS = 10_000
_WHOLE_EVERY_MS = 5_000
_GROWTH = 1.5
_SWEEP_SHARE = 10


@dataclass(frozen=True, slots=True)
class PollSettings:
    """How a follow polls.

    `lateness_ms`: how late an event may become visible. `reorder_ms`: how long an event is held back for ordering.
    `sweep_ms`: how far back the slow sweep looks for even later events, every `sweep_every_ms`.
    """

    lateness_ms: int = 60_000
    reorder_ms: int = 2_000
    sweep_ms: int = 15 * 60_000
    sweep_every_ms: int = 60_000
    fastest_ms: int = 1_000
    slowest_ms: int = 5_000


@dataclass(frozen=True, slots=True)
class Read:
    """The result of polling a source once: its events, or the error.

    `events` contains everything from `from_ms` that was visible at `asked_ms`, when the poll began. A new event dated
    before `late_before_ms` became visible after the lateness window. `whole`: the whole lateness window was read.
    """

    asked_ms: int
    ended_ms: int
    from_ms: int
    late_before_ms: int
    whole: bool
    sweep: bool
    events: Sequence[LogEvent]
    error: MonitorError | None = None


@dataclass(slots=True)
class PolledSource:
    """A source of a follow, and how far it has been read.

    `whole_ms`: when the last read of the whole lateness window began; `swept_ms`: when the last sweep began.
    """

    source: Source
    start_ms: int
    whole_ms: int
    swept_ms: int
    looked_ms: int
    due_ms: int
    wait_ms: float
    failures: int = 0
    failed_ms: int = 0
    sweep_cost_ms: int = 0

    def plan(self, now_ms: int, settings: PollSettings, floor_ms: int) -> tuple[int, int, bool, bool]:
        """(start of the read, late before, whether it covers the whole lateness window, whether it is a sweep)."""
        # Counted from the last successful read, but not from a clock that has since been set back.
        whole_from = min(self.whole_ms, now_ms) - settings.lateness_ms
        glance = max(_GLANCE_MS, 2 * settings.reorder_ms)
        from_ms = min(self.looked_ms, now_ms) - glance
        since_sweep = now_ms - self.swept_ms
        sweep = since_sweep < 0 or since_sweep >= max(settings.sweep_every_ms, self.sweep_cost_ms * _SWEEP_SHARE)
        whole = sweep or from_ms <= whole_from or not 0 <= now_ms - self.whole_ms < _WHOLE_EVERY_MS
        if sweep:
            from_ms = min(whole_from, max(min(self.swept_ms, now_ms) - settings.sweep_ms, floor_ms))
        elif whole:
            from_ms = whole_from
        return max(self.start_ms, from_ms), whole_from, whole, sweep

    def took(self, read: Read, fresh: int, settings: PollSettings) -> None:
        """Record a successful read with `fresh` new events."""
        self.failures = 0
        self.looked_ms = read.asked_ms
        if read.whole:
            self.whole_ms = read.asked_ms
        if read.sweep:
            self.swept_ms = read.asked_ms
            self.sweep_cost_ms = max(0, read.ended_ms - read.asked_ms)
        self.wait_ms = settings.fastest_ms if fresh else min(self.wait_ms * _GROWTH, settings.slowest_ms)
        self.due_ms = read.asked_ms + round(self.wait_ms)

    def failed(self, read: Read, settings: PollSettings) -> None:
        """Record a failed read."""
        if not self.failures:
            self.failed_ms = read.asked_ms
        self.failures += 1
        self.wait_ms = settings.slowest_ms
        self.due_ms = read.ended_ms + settings.slowest_ms
