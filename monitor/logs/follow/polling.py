"""How a follow polls: how late events may be and how often to ask; and where the reading of each source stands."""

from collections.abc import Sequence

from monitor.errors import MonitorError
from monitor.kernel.values import dataclass
from monitor.records.event import LogEvent, Source

# A read shorter than the lateness window, for what has just become visible; whole reads follow every few seconds.
_GLANCE_MS = 10_000
_WHOLE_EVERY_MS = 5_000
_GROWTH = 1.5
_SWEEP_SHARE = 10


@dataclass(frozen=True, slots=True)
class PollSettings:
    """How a follow reads.

    `lateness_ms`: how late an event may become visible; `reorder_ms`: how long one is held back for order.
    `sweep_ms`: how far back the slow sweep looks for what came later still, every `sweep_every_ms`.
    """

    lateness_ms: int = 60_000
    reorder_ms: int = 2_000
    sweep_ms: int = 15 * 60_000
    sweep_every_ms: int = 60_000
    fastest_ms: int = 1_000
    slowest_ms: int = 5_000


@dataclass(frozen=True, slots=True)
class Read:
    """What one poll of a source brought: the events, or why there are none.

    `asked_ms` is when it began: all that was visible then, from `from_ms` on, is in `events`. What is dated before
    `late_before_ms` was not there when its lateness was over.
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
    """A source of a follow, and where its reading stands.

    `whole_ms`: when the last read of the whole lateness window began; `swept_ms`: the last sweep.
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
        """(from when to read, late before when, whether that is the whole window, whether it is a sweep)."""
        # Counted from the last read that went well, and never from a clock that was set forward meanwhile.
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
        """Note that a read went well and brought `fresh` new events."""
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
        """Note that a read failed."""
        if not self.failures:
            self.failed_ms = read.asked_ms
        self.failures += 1
        self.wait_ms = settings.slowest_ms
        self.due_ms = read.ended_ms + settings.slowest_ms
