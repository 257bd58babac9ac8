"""A time window."""

from monitor.kernel.values import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """From `start_ms` (included) to `end_ms` (excluded), in epoch milliseconds.

    `open_ended` says that no end was asked for: `end_ms` is then the time of asking.
    """

    start_ms: int
    end_ms: int
    open_ended: bool = True

    @property
    def length_s(self) -> float:
        """The length of the window in seconds."""
        return (self.end_ms - self.start_ms) / 1000
