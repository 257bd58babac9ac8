"""Powertools' own Logger, Metrics and Tracer, and the chain of them around the handler."""

from __future__ import annotations

import os
import sys

from monitor.runtime import lines, trim, xray

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from aws_lambda_powertools import Logger, Metrics, Tracer

    from monitor.runtime.cold import Call

# Powertools keeps three flags of its own, each flipped at another moment.
_COLD_FLAGS = (
    "aws_lambda_powertools.logging.logger",
    "aws_lambda_powertools.metrics.provider.cold_start",
    "aws_lambda_powertools.tracing.tracer",
)


# What Powertools' decorators leave on a handler, by the qualified names of their inner functions.
_LOGGED = "Logger.inject_lambda_context."
_TRACED = "Tracer.capture_lambda_handler."
_MOST_DECORATORS = 50


def load() -> list[str]:
    """Import what is in the package; returns the names of what is not."""
    # The SDK first: Powertools' Tracer would load it without the trimming.
    tracing = xray.load()
    missing = [] if tracing or not os.environ.get("LAMBDA_TASK_ROOT") else ["aws_xray_sdk"]
    try:
        trim.import_module("aws_lambda_powertools")
    except ModuleNotFoundError:
        missing.append("aws_lambda_powertools")
    if tracing and not missing:
        from monitor.runtime import tracer

        if not tracer.disabled:
            xray.patch_on_import()
    return missing


def make_logger() -> Logger:
    """A Logger of this function's service."""
    from aws_lambda_powertools import Logger

    return Logger(service=lines.service())


def make_metrics() -> Metrics:
    """A Metrics of this function's namespace and service; what is added is written after each invocation."""
    from aws_lambda_powertools import Metrics

    return Metrics(namespace=lines.namespace(), service=lines.service())


def make_tracer() -> Tracer:
    """A Tracer that patches nothing by itself: libraries are patched as they are imported."""
    from aws_lambda_powertools import Tracer

    # auto_patch=False would be kept class-wide, and the application's own Tracer() would not patch
    # either. An empty list of modules patches nothing and is not kept; nor is a service set afterwards.
    tracer = Tracer(patch_modules=())
    tracer.service = tracer.service or lines.service()
    return tracer


def chain(name: str, handler: Callable[[Any, Any], Any]) -> Callable[[Any, Any, Call], Any]:
    """The handler inside Powertools' decorators: tracer outside, then logger.

    `name` becomes the subsegment's, `## name`. The third argument keeps what the handler did. A decorator that the
    application has put on its handler by itself is not added again: its events, keys, samples and subsegments stay
    what they are without the runtime.
    """
    decorators = _decorators(handler)

    def run(event: Any, context: Any, call: Call) -> Any:
        if call.cold:
            agree_on_cold(True)  # the decorators outside have used the flags up
        return call.run(handler, event, context)

    run.__name__ = name
    logged = _logged(run, decorators)
    if not _traced() or _TRACED in decorators:
        return lambda event, context, call: logged(event, context, call=call)
    from monitor.runtime import tracer

    # Off unless asked for: a response can hold anything, and X-Ray refuses segments above 64 KB.
    asked = "POWERTOOLS_TRACER_CAPTURE_RESPONSE" in os.environ
    traced = tracer.capture_lambda_handler(logged, capture_response=None if asked else False)
    return lambda event, context, call: traced(event, context, call=call)


def _logged(run: Callable[..., Any], decorators: set[str]) -> Callable[..., Any]:
    if _LOGGED not in decorators:
        from monitor.runtime import logger

        return logger.inject_lambda_context(run)
    made = vars(sys.modules["monitor.runtime"]).get("logger")
    # The application uses both its own Logger and the runtime's: both get the context, one logs the event.
    logged: Callable[..., Any] = run if made is None else made.inject_lambda_context(run, log_event=False)
    return logged


def _decorators(handler: object) -> set[str]:
    """Which of Powertools' decorators the handler has on, wherever they lie among others."""
    found = set()
    for _ in range(_MOST_DECORATORS):
        name = getattr(getattr(handler, "__code__", None), "co_qualname", "")
        found |= {one for one in (_LOGGED, _TRACED) if name.startswith(one)}
        handler = getattr(handler, "__wrapped__", None) or getattr(handler, "func", None)
        if handler is None:
            break
    return found


def _traced() -> bool:
    return "aws_xray_sdk.core" in sys.modules


def agree_on_cold(cold: bool) -> None:
    """Set Powertools' flags to the one truth, for its decorators in the application as for ours."""
    for name in _COLD_FLAGS:
        module = sys.modules.get(name)
        if module is None:
            continue
        if "is_cold_start" in vars(module):
            setattr(module, "is_cold_start", cold)  # noqa: B010 - a module's attribute is unknown to mypy
        else:
            version = versions().get("aws_lambda_powertools")
            lines.warn_once(
                f"monitor: Powertools {version} has no {name}.is_cold_start; what it says of cold starts may be wrong"
            )


def count_cold_start(context: Any) -> None:
    """Write the ColdStart metric, before the handler runs: one that raises or hangs was cold too."""
    if metrics_disabled():
        return
    from monitor.runtime import metrics

    written: set[tuple[str | None, ...]] = set()
    provider = type(metrics.provider)
    add = provider.add_cold_start_metric

    # The application may capture cold starts by itself: each metric, namespace and dimensions, is written once.
    def add_once(self: Any, context: Any) -> None:
        metric = (self.namespace, self.service, self.function_name)
        if metric not in written:
            written.add(metric)
            add(self, context)

    provider.add_cold_start_metric = add_once  # type: ignore[method-assign]
    metrics.provider.add_cold_start_metric(context)


def flush_metrics() -> None:
    """Write what the application has added during this invocation."""
    from monitor.runtime import metrics

    if not metrics.provider.metric_set:
        return
    metrics.flush_metrics()
    if metrics_disabled():  # Powertools writes nothing then, and keeps everything
        metrics.clear_metrics()


def metrics_disabled() -> bool:
    """Powertools' rule, for the metrics that are not written by it."""
    disabled = os.environ.get("POWERTOOLS_METRICS_DISABLED")
    return _truthy(disabled) if disabled is not None else _truthy(os.environ.get("POWERTOOLS_DEV"))


def _truthy(text: str | None) -> bool:
    return (text or "").lower() in {"1", "y", "yes", "t", "true", "on"}


def versions() -> dict[str, str]:
    """The versions of what is loaded, by import name."""
    powertools = sys.modules.get("aws_lambda_powertools")
    found = {
        "aws_lambda_powertools": getattr(powertools, "__version__", None),
        "aws_xray_sdk": xray.version(),
    }
    return {name: version for name, version in found.items() if version}
