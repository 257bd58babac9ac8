"""Time as what waits sees it: passed in, so that a test can hold a day in a second."""

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Now, and a way to wait."""

    def now_ms(self) -> int:
        """Epoch milliseconds."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's own."""

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class CancelledError(Exception):
    """Raised by a sleep that was cancelled."""


class CancellableClock(SystemClock):
    """The machine's own, for work in another thread: `cancel` ends its sleeps, so that it can clean up and end."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """End every sleep, now and from now on."""
        self._cancelled.set()

    def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            CancelledError: somebody called `cancel`.
        """
        if self._cancelled.wait(seconds):
            raise CancelledError
