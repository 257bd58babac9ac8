"""Keep all FilterLogEvents calls of this process within the rate of an account and region."""

import threading
from typing import Any
from urllib.parse import urlsplit

from monitor.aws.rate import DEFAULT_QUOTA_PER_S, QUOTA_PER_S, RateLimiter
from monitor.kernel.clock import SystemClock

_PACED = "cloudwatch-logs.FilterLogEvents"
# An endpoint on this machine has no quota; throttling still reduces the rate.
_LOOPBACK_PER_S = 500.0
_THROTTLED = ("Throttling", "TooManyRequests", "RequestLimitExceeded", "LimitExceeded")

_limiters: dict[tuple[str | None, str, str | None], RateLimiter] = {}
_lock = threading.Lock()


def limiter_for(profile: str | None, region: str, endpoint_url: str | None) -> RateLimiter:
    """The one limiter of an account (by its profile), region and endpoint."""
    key = (profile, region, endpoint_url)
    with _lock:
        if key not in _limiters:
            host = urlsplit(endpoint_url).hostname if endpoint_url else None
            loopback = host in ("127.0.0.1", "localhost", "::1")
            quota = _LOOPBACK_PER_S if loopback else QUOTA_PER_S.get(region, DEFAULT_QUOTA_PER_S)
            _limiters[key] = RateLimiter(SystemClock(), quota)
        return _limiters[key]


def pace(client: Any, limiter: RateLimiter) -> None:
    """Have botocore ask `limiter` before every attempt, and report the result to it."""

    def before(**_: Any) -> None:
        limiter.acquire()

    def after(response: Any = None, **_: Any) -> None:
        if response is None:
            return
        http, parsed = response
        code = str(parsed.get("Error", {}).get("Code", ""))
        if http.status_code == 429 or code.startswith(_THROTTLED):
            limiter.throttled()
        elif http.status_code < 300:
            limiter.succeeded()

    client.meta.events.register(f"before-sign.{_PACED}", before)
    client.meta.events.register_first(f"needs-retry.{_PACED}", after)
