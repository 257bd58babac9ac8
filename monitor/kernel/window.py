"""A stretch of time."""

from monitor.kernel.values import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """From `start_ms` up to, and without, `end_ms`, in epoch milliseconds.

    `open_ended` says that no end was asked for: `end_ms` is then the time of asking.
    """

    start_ms: int
    end_ms: int
    open_ended: bool = True

    @property
    def length_s(self) -> float:
        """How long it is, in seconds."""
        return (self.end_ms - self.start_ms) / 1000
