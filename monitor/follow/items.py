"""What a follow hands on besides events, and how it is set."""

from monitor.kernel.values import dataclass


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


@dataclass(frozen=True, slots=True)
class Pace:
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
