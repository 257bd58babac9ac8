"""Powertools' Logger, Metrics and Tracer as `from monitor.runtime import logger, metrics, tracer` gives them.

They are made when the application asks for them, and none is made otherwise. They share nothing with instruments that
the application makes itself: the logger has a name of its own and puts no filter on others' handlers, the metrics have
their own store, and Powertools' cold start flags are left as they were found.
"""

from __future__ import annotations

import logging
import os
import sys

from monitor.runtime import lines, segments, settings, trim

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

    from aws_lambda_powertools import Logger, Metrics, Tracer

    from monitor.runtime.invoke import Invocation

LOGGER_NAME = "monitor.runtime"
# What Powertools' decorators leave on a handler, by the qualified names of their inner functions.
_LOGGED = "Logger.inject_lambda_context."
_TRACED = "Tracer.capture_lambda_handler."
_MOST_DECORATORS = 50
_INVOKE = "monitor.runtime.invoke"
_LOGGER_MODULE = "aws_lambda_powertools.logging.logger"


def make_logger() -> Logger:
    """A Logger of this function's service, under a name that no other logger has."""
    trim.import_powertools()
    from aws_lambda_powertools import Logger

    class RuntimeLogger(Logger):
        def _get_logger(self) -> logging.Logger:
            return logging.getLogger(LOGGER_NAME)

        def _init_logger(self, *arguments: Any, **named: Any) -> None:
            # Powertools keeps records from being written twice by a filter on all of the root logger's handlers, which
            # drops the records of every logger whose name contains the service's. This logger's do not propagate.
            wanted_twice = self._is_deduplication_disabled
            self._is_deduplication_disabled = True
            super()._init_logger(*arguments, **named)
            self._is_deduplication_disabled = wanted_twice
            self._logger.propagate = bool(wanted_twice)

    RuntimeLogger.__name__ = RuntimeLogger.__qualname__ = "Logger"
    logger = RuntimeLogger(service=settings.service())
    # One that is made while a handler runs has missed the beginning of its invocation.
    running = getattr(sys.modules.get(_INVOKE), "current", None)
    if running is not None:
        invocation, handler, event, context = running
        _begin_logging(logger, invocation, handler, event, context)
    return logger


def make_metrics() -> Metrics:
    """A Metrics of this function's namespace and service. What is added is written after each invocation."""
    trim.import_powertools()
    from aws_lambda_powertools import Metrics

    class RuntimeMetrics(Metrics):
        # All Metrics of a process share the store of their class: this one is apart from the application's.
        _metrics: dict[str, Any] = {}  # noqa: RUF012 - Powertools' own members
        _dimensions: dict[str, str] = {}  # noqa: RUF012
        _metadata: dict[str, Any] = {}  # noqa: RUF012
        _default_dimensions: dict[str, Any] = {}  # noqa: RUF012

    RuntimeMetrics.__name__ = RuntimeMetrics.__qualname__ = "Metrics"
    return RuntimeMetrics(namespace=settings.namespace(), service=settings.service())


def make_tracer() -> Tracer:
    """A Tracer that patches nothing. AWS calls are traced without it (see `aws_calls`)."""
    by_the_application = "aws_xray_sdk.core" in sys.modules
    trim.import_powertools()
    from aws_lambda_powertools import Tracer

    # auto_patch=False would be kept class-wide, and the application's own Tracer() would not patch either. An empty
    # list of modules patches nothing and is not kept; nor is a service set afterwards.
    tracer = Tracer(patch_modules=())
    tracer.service = tracer.service or settings.service()
    if not by_the_application and not tracer.disabled:
        segments.sdk_parent_id = _open_subsegment_id
    return tracer


def begin(invocation: Invocation, name: str, handler: Callable[[Any, Any], Any], event: Any, context: Any) -> None:
    """Do what Powertools' decorators do before a handler, for the instruments that are in use."""
    made = vars(sys.modules["monitor.runtime"])
    decorators = _decorators(handler)
    if "logger" in made:
        _begin_logging(made["logger"], invocation, handler, event, context)
    if "tracer" in made and not made["tracer"].disabled and _TRACED not in decorators:
        lines.attempt("tracing the handler", lambda: _begin_span(invocation, made["tracer"], name))
    elif _TRACED in decorators:
        invocation.spans.append(_leave_alone)


def _begin_logging(
    logger: Any, invocation: Invocation, handler: Callable[[Any, Any], Any], event: Any, context: Any
) -> None:
    log_event = False if _LOGGED in _decorators(handler) else None
    lines.attempt(
        "the logger's context", lambda: _inject_context(logger, event, context, invocation.cold_start, log_event)
    )


def _inject_context(logger: Any, event: Any, context: Any, cold_start: bool, log_event: bool | None) -> None:
    """Give the logger this invocation's keys by its own decorator, around nothing."""
    module = sys.modules[_LOGGER_MODULE]
    flag = getattr(module, "is_cold_start", None)
    setattr(module, "is_cold_start", cold_start)  # noqa: B010 - a module's attribute is unknown to mypy
    try:
        _injector(logger, log_event)(event, context)
    finally:
        if flag is not None:
            setattr(module, "is_cold_start", flag)  # noqa: B010


# By logger and log_event, as a decorator is made once for its handler.
_injectors: dict[tuple[int, bool | None], Callable[[Any, Any], Any]] = {}


def _injector(logger: Any, log_event: bool | None) -> Callable[[Any, Any], Any]:
    key = (id(logger), log_event)
    if key not in _injectors:
        _injectors[key] = logger.inject_lambda_context(_nothing, log_event=log_event)
    return _injectors[key]


def _leave_alone(error: BaseException | None, traceback: TracebackType | None, result: Any) -> None:
    """The application's own decorator traces the handler."""


def _nothing(event: Any, context: Any) -> None:
    """Stands in for a handler in a decorator whose work before it is wanted."""


def _begin_span(invocation: Invocation, tracer: Any, name: str) -> None:
    """Open the handler's subsegment in the X-Ray SDK, so that those of the application lie in it."""
    manager = tracer.provider.in_subsegment(name=f"## {name}")
    subsegment = manager.__enter__()

    def end(error: BaseException | None, traceback: TracebackType | None, result: Any) -> None:
        if error is None and result is not None and settings.is_true("POWERTOOLS_TRACER_CAPTURE_RESPONSE"):
            subsegment.put_metadata(key=f"{name} response", value=result, namespace=tracer.service)
        captured = os.environ.get("POWERTOOLS_TRACER_CAPTURE_ERROR", "true").lower() in {
            "true",
            "1",
            "y",
            "yes",
            "on",
            "t",
        }
        if isinstance(error, Exception) and captured:
            subsegment.put_metadata(key=f"{name} error", value=error, namespace=tracer.service)
        subsegment.put_annotation(key="ColdStart", value=invocation.cold_start)
        if tracer.service:
            subsegment.put_annotation(key="Service", value=tracer.service)
        manager.__exit__(type(error) if error is not None else None, error, traceback)

    invocation.spans.append(end)


def _open_subsegment_id() -> str | None:
    """The id of the X-Ray SDK's innermost open subsegment."""
    from aws_xray_sdk.core import xray_recorder

    entity = getattr(xray_recorder.context._local, "entities", None)
    return entity[-1].id if entity else None


_decorators_of: tuple[object, set[str]] = (None, set())


def _decorators(handler: object) -> set[str]:
    """Which of Powertools' decorators the handler has, wherever they lie among others."""
    global _decorators_of
    if _decorators_of[0] is not handler:
        _decorators_of = handler, _find_decorators(handler)
    return _decorators_of[1]


def _find_decorators(handler: object) -> set[str]:
    found = set()
    for _ in range(_MOST_DECORATORS):
        name = getattr(getattr(handler, "__code__", None), "co_qualname", "")
        found |= {decorator for decorator in (_LOGGED, _TRACED) if name.startswith(decorator)}
        handler = getattr(handler, "__wrapped__", None) or getattr(handler, "func", None)
        if handler is None:
            break
    return found


def flush_metrics() -> None:
    """Write what the application has added to the runtime's metrics during this invocation."""
    metrics = vars(sys.modules["monitor.runtime"]).get("metrics")
    if metrics is None or not metrics.provider.metric_set:
        return
    metrics.flush_metrics()
    if settings.metrics_disabled():  # Powertools writes nothing then, and keeps everything
        metrics.clear_metrics()
