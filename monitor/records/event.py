"""One line of a log, with where and when CloudWatch Logs holds it, and the sources that such lines come from."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from monitor.kernel.clock import Clock
from monitor.kernel.values import dataclass


# Not frozen, though nobody may change one: a hundred thousand are made while somebody waits, and freezing makes each
# cost five times as much (0.98 against 0.18 us).
@dataclass(slots=True, unsafe_hash=True)
class LogEvent:
    """An event of CloudWatch Logs, or a line of a file in its place.

    `timestamp_ms` and `ingestion_ms` are epoch milliseconds; `group` is a log group's name (not its ARN);
    `event_id` is empty where the source has none (live tail, files). `message` is as stored: it may hold
    newlines, carriage returns and control characters. `late` says that a follow found it after its lateness
    was over. `origin` names the profile and region it came from where several are read, else it is empty.
    """

    timestamp_ms: int
    message: str
    stream: str = ""
    group: str = ""
    event_id: str = ""
    ingestion_ms: int | None = None
    late: bool = False
    origin: str = ""


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
