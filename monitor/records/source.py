"""Where log events come from: a source that answers pages of them, a live feed, and what each says besides."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from monitor.kernel.clock import Clock
from monitor.kernel.values import dataclass
from monitor.records.event import LogEvent


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person following should know, and that is no event."""

    text: str


@dataclass(frozen=True, slots=True)
class Pulse:
    """All that is known at `now_ms` has been handed on: the time to write state, and to let go of held lines.

    `past`: there is more of the past to come, and no line has waited.
    """

    now_ms: int
    past: bool = False


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
