"""Counts the AWS calls of the page, and refuses more of them than its limits allow."""

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

from monitor.errors import UnreachableError
from monitor.kernel import prices
from monitor.kernel.clock import Clock
from monitor.serve.model import Spending

_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000
# Calls are counted in slots of a minute, costs in slots of an hour.
_SLOT_MS = 60_000
# Of the limit of a day, for what the page reads again by itself.
_SHARE = 0.5


class LimitReachedError(UnreachableError):
    """The page has made as many calls as it may for now. A follow tries again later, and loses nothing."""


class Budget:
    """The calls of one page. Safe for several threads; `spend` fits `Connection.on_call`.

    Args:
        hour_limit: how many calls an hour are allowed.
        limit_usd: the cost of a day that is allowed.
        free: whether nothing costs money, as on the embedded stack.
    """

    def __init__(self, clock: Clock, hour_limit: int, limit_usd: float, *, free: bool) -> None:
        self._clock, self._hour_limit, self._limit_usd, self._free = clock, hour_limit, limit_usd, free
        self._lock = threading.Lock()
        self._calls = 0
        self._slots: deque[list[float]] = deque()  # start of the slot in ms, calls, cost

    def spend(self, service: str, operation: str, parameters: Mapping[str, Any]) -> None:
        """Count a call.

        Raises:
            LimitReachedError: it would exceed a limit.
        """
        cost_usd = 0.0 if self._free else _cost_usd(operation, parameters)
        with self._lock:
            now_ms = self._clock.now_ms()
            self._forget(now_ms)
            reason = self._stopped(now_ms, cost_usd)
            if reason:
                hint = "give `monitor serve` a larger --calls-per-hour, or set ask_above_usd in your configuration file"
                raise LimitReachedError(f"{service}:{operation} was not called: {reason}", hint)
            if not self._slots or now_ms - self._slots[-1][0] >= _SLOT_MS:
                self._slots.append([now_ms, 0, 0.0])
            self._slots[-1][1] += 1
            self._slots[-1][2] += cost_usd
            self._calls += 1

    def spending(self) -> Spending:
        """The calls and their cost so far."""
        with self._lock:
            now_ms = self._clock.now_ms()
            self._forget(now_ms)
            calls, cost_usd = self._recent(now_ms), self._cost_usd()
            return Spending(self._calls, calls, self._hour_limit, cost_usd, self._limit_usd, self._stopped(now_ms, 0.0))

    def pace_s(self, cost_usd: float) -> float:
        """How often a reading of this cost can be repeated, in seconds, with half of the limit of a day."""
        if self._free or cost_usd <= 0:
            return 0.0
        return _DAY_MS / 1000 * cost_usd / max(self._limit_usd * _SHARE, 1e-9)

    def _stopped(self, now_ms: int, more_usd: float) -> str:
        if self._recent(now_ms) >= self._hour_limit:
            return f"the limit of {self._hour_limit:,} AWS calls an hour is reached"
        if self._cost_usd() + more_usd > self._limit_usd:
            return f"the limit of ${self._limit_usd:g} a day is reached"
        return ""

    def _recent(self, now_ms: int) -> int:
        return int(sum(calls for at_ms, calls, _ in self._slots if now_ms - at_ms < _HOUR_MS))

    def _cost_usd(self) -> float:
        return sum(cost for _, _, cost in self._slots)

    def _forget(self, now_ms: int) -> None:
        while self._slots and now_ms - self._slots[0][0] >= _DAY_MS:
            self._slots.popleft()


def _cost_usd(operation: str, parameters: Mapping[str, Any]) -> float:
    """The list price of a call, as far as its parameters tell it."""
    match operation:
        case "GetMetricData":
            return len(parameters.get("MetricDataQueries") or ()) * prices.METRIC
        case "BatchGetTraces":
            return len(parameters.get("TraceIds") or ()) * prices.TRACE
        case "GetMetricWidgetImage":
            return prices.METRIC_IMAGE
    return 0.0
