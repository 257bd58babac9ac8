"""The call rate for one account and region: a limiter that adapts to throttling."""

import threading

from monitor.kernel.clock import Clock

# FilterLogEvents, requests a second, an account and region; not adjustable (CloudWatch Logs quotas).
QUOTA_PER_S = {"us-east-1": 25.0}
DEFAULT_QUOTA_PER_S = 10.0
# Other readers share the quota of the account.
_SHARE = 0.8
_SLOWEST_PER_S = 0.5
_RECOVERY = 0.02
_BACK_OFF_MS = 1_000
_SAY_AGAIN_MS = 60_000


class RateLimiter:
    """Hands out permission to call, at most `quota_per_s`; halves its rate when throttled and recovers by steps.

    Safe to use from several threads. A burst of a second's worth is let through at once.
    """

    def __init__(self, clock: Clock, quota_per_s: float = DEFAULT_QUOTA_PER_S) -> None:
        self._clock = clock
        self._most = self._rate = quota_per_s * _SHARE
        self._lock = threading.Lock()
        self._free_ms = 0.0
        self._halved_ms: int | None = None
        self._said_ms: int | None = None
        self._notices: list[str] = []
        self.calls = 0
        self.throttles = 0

    def acquire(self) -> None:
        """Wait until the next call may be made."""
        with self._lock:
            now_ms = self._clock.now_ms()
            self.calls += 1
            # Idle time is credit for a burst of one second, and for no more.
            self._free_ms = max(self._free_ms, now_ms - 1000.0) + 1000.0 / self._rate
            # After a clock was set back, do not wait for it to catch up.
            self._free_ms = min(self._free_ms, now_ms + 60_000.0)
            wait_s = (self._free_ms - now_ms) / 1000
        if wait_s > 0:
            self._clock.sleep(wait_s)

    def succeeded(self) -> None:
        """A call succeeded: increase the rate a little."""
        with self._lock:
            self._rate = min(self._most, self._rate + self._most * _RECOVERY)

    def throttled(self) -> None:
        """A call was throttled: halve the rate, once for a burst."""
        with self._lock:
            now_ms = self._clock.now_ms()
            self.throttles += 1
            if self._halved_ms is None or not 0 <= now_ms - self._halved_ms < _BACK_OFF_MS:
                self._rate = max(_SLOWEST_PER_S, self._rate / 2)
                self._halved_ms = now_ms
            if self._said_ms is None or not 0 <= now_ms - self._said_ms < _SAY_AGAIN_MS:
                self._said_ms = now_ms
                self._notices.append(f"throttled by CloudWatch Logs: reading at {self._rate:.1f} calls/s")

    def take_notices(self) -> list[str]:
        """Notices since the last call of this method."""
        with self._lock:
            notices, self._notices = self._notices, []
        return notices
