"""OpenTelemetry's TracerProvider for applications that have the API and no provider of their own.

Loaded once the application has imported `opentelemetry.trace` under MONITOR_TRACES=otlp. Spans have what the API
promises (attributes, events, links, status, exceptions, context); finished ones are sent with the invocation's.
A provider that the application sets later takes over.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys

from opentelemetry import context as otel_context
from opentelemetry import trace as api

from monitor.runtime import clock, load, segments
from monitor.runtime.otel import conversion
from monitor.runtime.otel.span import Span

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from monitor.runtime.otel.protobuf import Scope

try:
    # Also decorates coroutine functions; in the API since 1.21.
    contextmanager: Any = importlib.import_module("opentelemetry.util._decorator")._agnosticcontextmanager
except (ImportError, AttributeError):
    contextmanager = contextlib.contextmanager

_provider: Provider | None = None


def provide() -> None:
    """Become the provider, unless the application has one. Nothing keeps it from setting its own later."""
    global _provider
    if api._TRACER_PROVIDER is not None or "OTEL_PYTHON_TRACER_PROVIDER" in os.environ:
        return
    _provider = Provider()
    # Not by `set_tracer_provider`, which works once only and is the application's to call.
    api._TRACER_PROVIDER = _provider
    segments.otel = sys.modules[__name__]
    propagate = sys.modules.get("opentelemetry.propagate")
    if propagate is not None:
        load.own_module("otel.propagation").add_xray(propagate)
    handler = segments.of_handler()
    if handler is not None:
        attach(handler)


def is_replaced() -> bool:
    """Whether the application has set a provider of its own."""
    return api._TRACER_PROVIDER is not _provider


class Provider(api.TracerProvider):
    """Makes tracers whose spans are sent with the invocation's."""

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Tracer:
        return Tracer((instrumenting_module_name, instrumenting_library_version, schema_url, attributes))

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002 - the SDK's signature
        """Spans are sent when the handler has ended."""
        return True

    def shutdown(self) -> None:
        """Nothing is held open."""


class Tracer(api.Tracer):
    """Makes spans, each with the name of the library that it is for."""

    def __init__(self, about: tuple[str, str | None, str | None, Mapping[str, Any] | None]) -> None:
        self._about = about
        name, version, schema, attributes = about
        self._scope: Scope = (name or "", version or "", schema or "", tuple((attributes or {}).items()))

    def start_span(
        self,
        name: str,
        context: Any = None,
        kind: api.SpanKind = api.SpanKind.INTERNAL,
        attributes: Mapping[str, Any] | None = None,
        links: Sequence[api.Link] | None = (),
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> api.Span:
        if is_replaced() and api._TRACER_PROVIDER is not None:
            tracer = api._TRACER_PROVIDER.get_tracer(*self._about)
            return tracer.start_span(
                name, context, kind, attributes, links, start_time, record_exception, set_status_on_exception
            )
        parent: api.SpanContext | None = api.get_current_span(context).get_span_context()
        if parent is None or not parent.is_valid:
            parent = _parent_of_invocation() if context is None else None
        own = api.SpanContext(
            parent.trace_id if parent else _new_trace_id(),
            int.from_bytes(segments.random_bytes(8), "big") or 1,
            is_remote=False,
            trace_flags=parent.trace_flags if parent else api.TraceFlags(api.TraceFlags.SAMPLED),
            trace_state=parent.trace_state if parent else None,
        )
        if not own.trace_flags.sampled:
            return api.NonRecordingSpan(own)
        span = Span(name, own, parent, kind, self._scope, record_exception, set_status_on_exception)
        span.start_time = start_time or clock.epoch_ns()
        span.set_attributes(attributes or {})
        for link in links or ():
            span.add_link(link.context, link.attributes)
        return span

    @contextmanager  # type: ignore[untyped-decorator]
    def start_as_current_span(
        self,
        name: str,
        context: Any = None,
        kind: api.SpanKind = api.SpanKind.INTERNAL,
        attributes: Mapping[str, Any] | None = None,
        links: Sequence[api.Link] | None = (),
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
        end_on_exit: bool = True,
    ) -> Iterator[api.Span]:
        span = self.start_span(
            name, context, kind, attributes, links, start_time, record_exception, set_status_on_exception
        )
        with api.use_span(
            span,
            end_on_exit=end_on_exit,
            record_exception=record_exception,
            set_status_on_exception=set_status_on_exception,
        ):
            yield span


def attach(subsegment: segments.Subsegment) -> None:
    """Make a subsegment of the runtime's the current span of the application's context."""
    if is_replaced():
        return
    subsegment.otel_span = Span.of_subsegment(subsegment)
    subsegment.attached = otel_context.attach(api.set_span_in_context(subsegment.otel_span))


def detach(subsegment: segments.Subsegment) -> None:
    """Make the span before it the current one again."""
    token, subsegment.attached = subsegment.attached, None
    otel_context.detach(token)


def attach_unsampled() -> Callable[[], None]:
    """Let spans of an invocation that is not sampled know that; returns what ends this."""
    parent = _parent_of_invocation()
    if parent is None:
        return lambda: None
    token = otel_context.attach(api.set_span_in_context(api.NonRecordingSpan(parent)))
    return lambda: otel_context.detach(token)


def current_span_id(trace: segments.Trace) -> str | None:
    """The application's current span, for what the runtime traces below it; None where it is of another trace."""
    current = api.get_current_span().get_span_context()
    if is_replaced() or not current.is_valid or f"{current.trace_id:032x}" != conversion.hex_trace_id(trace.trace_id):
        return None
    return f"{current.span_id:016x}"


def _parent_of_invocation() -> api.SpanContext | None:
    """The handler's span, for threads without a context; where it is not sampled, Lambda's own segment."""
    trace = segments.invocation_trace()
    if trace is None:
        return None
    handler = segments.of_handler()
    span_id = handler.id if handler is not None and trace.sampled else trace.parent_id
    flags = api.TraceFlags(api.TraceFlags.SAMPLED if trace.sampled else api.TraceFlags.DEFAULT)
    trace_id = int(conversion.hex_trace_id(trace.trace_id), 16)
    return api.SpanContext(trace_id, int(span_id, 16), is_remote=handler is None, trace_flags=flags)


def _new_trace_id() -> int:
    """As X-Ray wants it: the seconds of now, then 96 random bits."""
    return (clock.epoch_ns() // 1_000_000_000) << 96 | int.from_bytes(segments.random_bytes(12), "big")
