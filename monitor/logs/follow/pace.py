"""How a follow reads: how late events may be, and how often to ask."""

from monitor.kernel.values import dataclass


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
