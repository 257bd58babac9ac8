"""The clock that waiting code uses. Callers pass it in, so that a test can run a day in a second."""

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """The current time, and a way to wait."""

    def now_ms(self) -> int:
        """Epoch milliseconds."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The clock of this machine."""

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class CancelledError(Exception):
    """Raised by a sleep that `cancel` ended."""


class CancellableClock(SystemClock):
    """A clock for work in another thread. `cancel` ends its sleeps, so that the thread can clean up and return."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """End the current sleep and every later one."""
        self._cancelled.set()

    def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            CancelledError: `cancel` was called.
        """
        if self._cancelled.wait(seconds):
            raise CancelledError
