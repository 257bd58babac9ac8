"""What a follow reads from: anything that answers the events of a stretch of time, page by page."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from monitor.follow.items import Notice
from monitor.kernel.clock import Clock
from monitor.model.event import LogEvent


class Source(Protocol):
    """One log group of one region, a file, or a test's ledger."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    @property
    def key(self) -> str:
        """What tells it apart from every other source, today and tomorrow."""

    def pages(self, start_ms: int, end_ms: int | None) -> Iterator[Sequence[LogEvent]]:
        """The events from `start_ms` to `end_ms` (both inclusive, as FilterLogEvents reads them; None: open).

        Pages may be empty. Within one call no event is answered twice.
        """


class LiveFeed(Protocol):
    """Events as they are pushed, without ids, perhaps sampled, perhaps with gaps."""

    def take(self, seconds: float, clock: Clock) -> Sequence[LogEvent | Notice]:
        """Wait up to `seconds` for the next ones; returns at once when there are some."""

    def join(self, sources: Sequence[Source]) -> None:
        """Push what these sources log too; asked after each discovery, perhaps with none."""
