"""X-Ray's trace header for OpenTelemetry's propagation: what an application injects and extracts, beside W3C's.

Format: AWS, "AWS X-Ray concepts", tracing header.
"""

from __future__ import annotations

import os

from opentelemetry import trace as api
from opentelemetry.propagators.textmap import TextMapPropagator, default_getter, default_setter

from monitor.runtime import lines
from monitor.runtime.otel import conversion

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

HEADER = "X-Amzn-Trace-Id"


def add_xray(propagate: ModuleType) -> None:
    """Add X-Ray's header to the default propagators, unless the application has chosen its own."""
    from opentelemetry.baggage.propagation import W3CBaggagePropagator
    from opentelemetry.propagators.composite import CompositePropagator
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    current = propagate.get_global_textmap()
    members = getattr(current, "_propagators", ())
    defaults = {TraceContextTextMapPropagator, W3CBaggagePropagator}
    if "OTEL_PROPAGATORS" not in os.environ and {type(one) for one in members} == defaults:
        # X-Ray first: W3C's own header, where there is one, is the more specific and wins.
        propagate.set_global_textmap(CompositePropagator([XRayPropagator(), *members]))


class XRayPropagator(TextMapPropagator):
    """Reads and writes `X-Amzn-Trace-Id`."""

    def extract(self, carrier: Any, context: Any = None, getter: Any = default_getter) -> Any:
        from opentelemetry.context import Context

        context = Context() if context is None else context
        found = getter.get(carrier, HEADER) or getter.get(carrier, HEADER.lower())
        fields = lines.trace_fields(found[0]) if found else {}
        trace_id = conversion.hex_trace_id(fields.get("Root", ""))
        try:
            ids = int(trace_id, 16), int(fields.get("Parent", ""), 16)
        except ValueError:
            return context
        flags = api.TraceFlags(fields.get("Sampled") == "1")
        span_context = api.SpanContext(*ids, is_remote=True, trace_flags=flags)
        if not span_context.is_valid:
            return context
        return api.set_span_in_context(api.NonRecordingSpan(span_context), context)

    def inject(self, carrier: Any, context: Any = None, setter: Any = default_setter) -> None:
        current = api.get_current_span(context).get_span_context()
        if not current.is_valid:
            return
        trace_id = f"{current.trace_id:032x}"
        sampled = int(current.trace_flags.sampled)
        text = f"Root=1-{trace_id[:8]}-{trace_id[8:]};Parent={current.span_id:016x};Sampled={sampled}"
        setter.set(carrier, HEADER, text)

    @property
    def fields(self) -> set[str]:
        return {HEADER}
