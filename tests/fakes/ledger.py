"""A log group as CloudWatch really is: events become visible late, out of order, and calls fail now and then."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from monitor.errors import UnreachableError
from monitor.records.event import LogEvent


@dataclass
class FakeClock:
    """Time that passes when somebody sleeps; what is scheduled happens then."""

    ms: int
    ends_ms: int
    slept: list[float] = field(default_factory=list)

    def now_ms(self) -> int:
        return self.ms

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ms += round(seconds * 1000)
        if self.ms >= self.ends_ms:
            raise KeyboardInterrupt


@dataclass
class LedgerSource:
    """Holds (visible from, event) pairs and answers what is visible at the clock's time, `page` events a page."""

    clock: FakeClock
    entries: list[tuple[int, LogEvent]]
    name: str = "ledger"
    page: int = 3
    fails: Callable[[int], bool] = lambda call: False
    calls: int = 0

    @property
    def key(self) -> str:
        return self.name

    def pages(self, start_ms: int, end_ms: int | None) -> Iterator[Sequence[LogEvent]]:
        self.calls += 1
        visible = sorted(
            (
                event
                for at_ms, event in self.entries
                if at_ms <= self.clock.ms
                and event.timestamp_ms >= start_ms
                and (end_ms is None or event.timestamp_ms <= end_ms)
            ),
            key=lambda event: (event.timestamp_ms, event.event_id),
        )
        yield ()
        for first in range(0, len(visible), self.page):
            # A call that fails does so after its first page: what was read before must not be lost or doubled.
            if first and self.fails(self.calls):
                raise UnreachableError("logs:FilterLogEvents was throttled repeatedly")
            yield visible[first : first + self.page]
