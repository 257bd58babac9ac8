"""The handler's span under MONITOR_TRACES=otlp, and the provider of the application's OpenTelemetry."""

from __future__ import annotations

from monitor.runtime import lines, load, segments
from monitor.runtime.otel import conversion, export, protobuf

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType, TracebackType
    from typing import Any

    from monitor.runtime.imports import ImportTracer

    EndSpan = Callable[[BaseException | None, TracebackType | None, Any], None]

_API = "opentelemetry.trace"


def prepare() -> None:
    """Register for sending after the response, where spans go to an endpoint. Called during init."""
    if export.endpoint():
        load.own_module("otel.http_export").start()


def provide_when_imported(tracer: ImportTracer) -> None:
    """Be the application's TracerProvider, now that its init has ended, unless it has one."""
    tracer.when_imported(_API, _provide)


def _provide(_module: ModuleType) -> None:
    def step() -> None:
        load.own_module("otel.span")
        load.own_module("otel.provider").provide()

    lines.attempt("providing OpenTelemetry's tracer", step)


def begin(trace: segments.Trace | None, event: Any, context: Any, *, cold_start: bool) -> EndSpan | None:
    """Open the handler's span; returns what ends it, or None where there is nothing to end.

    Of an invocation that is not sampled, the application's OpenTelemetry is told so.
    """
    if segments.otel is not None and segments.otel.is_replaced():
        return None
    if trace is None:
        if segments.otel is None:
            return None
        detach = segments.otel.attach_unsampled()
        return lambda _error, _traceback, _result: detach()
    name = getattr(context, "function_name", None) or "handler"
    subsegment = segments.Subsegment(str(name), trace, trace.parent_id)
    subsegment.document["annotations"] = conversion.handler_attributes(context, event, cold_start)
    subsegment.document["otel_kind"] = protobuf.SERVER
    subsegment.document["otel_links"] = _links(event)
    segments.enter(subsegment, handler=True)

    def end(error: BaseException | None, traceback: TracebackType | None, result: Any) -> None:
        status = result.get("statusCode") if isinstance(result, dict) else None
        if isinstance(status, int) and subsegment.document["annotations"].get("faas.trigger") == "http":
            subsegment.annotate("http.response.status_code", status)
        if error is not None:
            subsegment.fail(error, traceback)
        segments.leave(subsegment)
        lines.attempt("sending a span", subsegment.close)

    return end


def _links(event: Any) -> list[protobuf.Link]:
    """A link to the caller's span, where an HTTP request names one by W3C's header.

    Lambda's own segment is the parent: it is of the trace that X-Ray shows.
    """
    parts = str(conversion.headers_of(event).get("traceparent", "")).split("-")
    if [len(part) for part in parts] != [2, 32, 16, 2] or not all(map(conversion.is_hex, parts)):
        return []
    is_valid = int(parts[1], 16) and int(parts[2], 16)
    return [protobuf.Link(parts[1], parts[2], {}, flags=int(parts[3], 16))] if is_valid else []
