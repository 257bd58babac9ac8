"""Structured logs and business metrics, when the function runs under monitor's runtime.

Otherwise plain logging and no metrics, at no cost.

The runtime's entry point is in `sys.modules` before this application is. Importing it here instead
would load the instruments into a function that was deployed without them.
"""

import logging
import sys
import time
from types import ModuleType

from starlette.types import ASGIApp, Receive, Scope, Send

_plain = logging.getLogger("app")


def log(message: str, **fields: object) -> None:
    """Log at INFO: one JSON record with the request's context, or a plain line without the runtime."""
    runtime = _runtime()
    try:
        logger = runtime.logger if runtime is not None else None
    except ImportError:  # the runtime is there, Powertools is not
        logger = None
    if logger is None:
        _plain.info("%s %s", message, fields)
    else:
        logger.info(message, extra=fields)


def count(name: str, value: float = 1) -> None:
    """Add to a metric in Count."""
    _add(name, "Count", value)


def size_bytes(name: str, value: int) -> None:
    """Add a value to a metric in Bytes."""
    _add(name, "Bytes", value)


def duration_ms(name: str, value_ms: float) -> None:
    """Add a value to a metric in Milliseconds."""
    _add(name, "Milliseconds", value_ms)


class RouteLatency:
    """ASGI middleware: the metric RouteLatency, with the route's template as its dimension.

    The template (`/analyze`), never the path: a path can hold anything, and every new
    dimension value is a metric of its own, billed as such.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _runtime() is None:
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        try:
            await self._app(scope, receive, send)
        finally:
            elapsed_ms = (time.perf_counter() - started) * 1000
            _route_latency(getattr(scope.get("route"), "path", "unmatched"), elapsed_ms)


def _runtime() -> ModuleType | None:
    return sys.modules.get("monitor.runtime")


def _add(name: str, unit: str, value: float) -> None:
    runtime = _runtime()
    if runtime is None:
        return
    try:
        metrics = runtime.metrics
    except ImportError:  # the runtime is there, Powertools is not
        return
    metrics.add_metric(name=name, unit=unit, value=value)


def _route_latency(route: str, elapsed_ms: float) -> None:
    runtime = _runtime()
    if runtime is None:
        return
    try:
        metrics = runtime.metrics
        from aws_lambda_powertools.metrics import MetricUnit, single_metric
    except ImportError:
        return
    # Its own EMF line: a dimension belongs to every metric of the line that it is on.
    unit = MetricUnit.Milliseconds
    with single_metric("RouteLatency", unit, elapsed_ms, namespace=metrics.namespace) as metric:
        metric.add_dimension("service", metrics.service)
        metric.add_dimension("route", route)
