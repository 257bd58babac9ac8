"""A log event and the sources that log events are read from."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from monitor.kernel.clock import Clock
from monitor.kernel.values import dataclass


# Not frozen, although no code may change one: a tail creates a hundred thousand of them, and a frozen dataclass takes
# five times as long to create (0.98 against 0.18 us).
@dataclass(slots=True, unsafe_hash=True)
class LogEvent:
    """An event of CloudWatch Logs, or of a saved log.

    `timestamp_ms` and `ingestion_ms` are epoch milliseconds, `timestamp_ms` is 0 if the source has no time. `group` is
    the log group's name, not its ARN. `event_id` is empty if the source has none (live tail, files). `message` is
    unchanged: it may contain newlines, carriage returns and control characters. `late` marks an event that a follow
    found after the lateness window. `origin` is the profile and region if several are read, otherwise empty.
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
    """A message to the user that is not a log event."""

    text: str


@dataclass(frozen=True, slots=True)
class Pulse:
    """All events known at `now_ms` have been yielded: the consumer can write its state and release buffered lines.

    `past` is true while older events are still being read; nothing needs to be released then.
    """

    now_ms: int
    past: bool = False


class Source(Protocol):
    """A log group in one region, a file, or the ledger of a test."""

    @property
    def name(self) -> str:
        """The name shown to the user."""

    @property
    def key(self) -> str:
        """A unique key that stays the same between runs."""

    def pages(self, start_ms: int, end_ms: int | None) -> Iterator[Sequence[LogEvent]]:
        """The events from `start_ms` to `end_ms`, both inclusive as in FilterLogEvents; `end_ms` None means no end.

        Pages may be empty. One call never returns an event twice.
        """


class LiveFeed(Protocol):
    """Events that are pushed: without ids, possibly sampled, possibly with gaps."""

    def take(self, seconds: float, clock: Clock) -> Sequence[LogEvent | Notice]:
        """Wait up to `seconds` for events; returns as soon as there are some."""

    def join(self, sources: Sequence[Source]) -> None:
        """Add sources; called after each discovery, possibly with none."""
