"""A span as OpenTelemetry's API has it: what the application sets on it until it ends."""

from __future__ import annotations

import traceback

from opentelemetry import trace as api
from opentelemetry.attributes import BoundedAttributes
from opentelemetry.trace.status import Status, StatusCode

from monitor.runtime import clock, lines
from monitor.runtime.otel import conversion, export, protobuf

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any

    from monitor.runtime.segments import Subsegment

# Limits of OpenTelemetry's SDK: attributes, events and links of a span.
_MOST = 128
_KINDS = {
    api.SpanKind.INTERNAL: protobuf.INTERNAL,
    api.SpanKind.SERVER: protobuf.SERVER,
    api.SpanKind.CLIENT: protobuf.CLIENT,
    api.SpanKind.PRODUCER: protobuf.PRODUCER,
    api.SpanKind.CONSUMER: protobuf.CONSUMER,
}
_STATUS = {StatusCode.UNSET: protobuf.UNSET, StatusCode.OK: protobuf.OK, StatusCode.ERROR: protobuf.ERROR}


class Span(api.Span):
    """A span that records until it ends, and is sent with its invocation's."""

    def __init__(
        self,
        name: str,
        context: api.SpanContext,
        parent: api.SpanContext | None,
        kind: api.SpanKind = api.SpanKind.INTERNAL,
        scope: protobuf.Scope = protobuf.SCOPE,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> None:
        self.name = name
        self.context = context
        self.parent = parent
        self.kind = kind
        self.scope = scope
        self.start_time: int | None = None
        self.end_time: int | None = None
        self.attributes = _bounded({})
        self.events: list[protobuf.Event] = []
        self.links: list[protobuf.Link] = []
        self.status = Status(StatusCode.UNSET)
        self._record_exception = record_exception
        self._set_status_on_exception = set_status_on_exception
        self._dropped_events = self._dropped_links = 0
        self._is_own = self._is_renamed = False

    @classmethod
    def of_subsegment(cls, subsegment: Subsegment) -> Span:
        """The view of a subsegment of the runtime's, which ends by itself and takes over what is set here."""
        document = subsegment.document
        trace_id = int(conversion.hex_trace_id(document["trace_id"]), 16)
        flags = api.TraceFlags(api.TraceFlags.SAMPLED)
        context = api.SpanContext(trace_id, int(document["id"], 16), is_remote=False, trace_flags=flags)
        parent = api.SpanContext(trace_id, int(document["parent_id"], 16), is_remote=False, trace_flags=flags)
        span = cls(document["name"], context, parent)
        span.start_time = round(document["start_time"] * 1e9)
        span._is_own = True
        return span

    def get_span_context(self) -> api.SpanContext:
        return self.context

    def is_recording(self) -> bool:
        return self.end_time is None

    def set_attribute(self, key: str, value: Any) -> None:
        if self.is_recording():
            self.attributes[key] = value

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        for key, value in attributes.items():
            self.set_attribute(key, value)

    def add_event(self, name: str, attributes: Mapping[str, Any] | None = None, timestamp: int | None = None) -> None:
        if not self.is_recording():
            return
        if len(self.events) >= _MOST:
            self._dropped_events += 1
            return
        bounded = _bounded(attributes)
        time_ns = clock.epoch_ns() if timestamp is None else timestamp
        self.events.append(protobuf.Event(name, time_ns, bounded, bounded.dropped))

    def add_link(self, context: api.SpanContext, attributes: Mapping[str, Any] | None = None) -> None:
        if not self.is_recording() or context is None or not context.is_valid:
            return
        if len(self.links) >= _MOST:
            self._dropped_links += 1
            return
        ids = f"{context.trace_id:032x}", f"{context.span_id:016x}"
        state = context.trace_state.to_header() if context.trace_state else ""
        self.links.append(protobuf.Link(*ids, _bounded(attributes), state, int(context.trace_flags)))

    def update_name(self, name: str) -> None:
        if self.is_recording():
            self.name, self._is_renamed = name, True

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """OK is final, and UNSET changes nothing, as OpenTelemetry's specification has it."""
        if not self.is_recording() or self.status.status_code is StatusCode.OK:
            return
        wanted = status if isinstance(status, Status) else Status(status, description)
        if wanted.status_code is not StatusCode.UNSET:
            self.status = wanted

    def record_exception(
        self,
        exception: BaseException,
        attributes: Mapping[str, Any] | None = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        kind = type(exception)
        name = kind.__qualname__ if kind.__module__ in {"builtins", None} else f"{kind.__module__}.{kind.__qualname__}"
        described = {
            "exception.type": name,
            "exception.message": lines.describe(exception).partition(": ")[2],
            "exception.stacktrace": "".join(traceback.format_exception(exception)),
            "exception.escaped": str(escaped),
        }
        self.add_event("exception", {**described, **(attributes or {})}, timestamp)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and self.is_recording():
            if self._record_exception:
                self.record_exception(error, escaped=True)
            if self._set_status_on_exception:
                self.set_status(Status(StatusCode.ERROR, lines.describe(error)))
        self.end()

    def end(self, end_time: int | None = None) -> None:
        """End it; the handler's span and those of AWS calls are ended by the runtime."""
        if not self.is_recording() or self._is_own:
            return
        self.end_time = clock.epoch_ns() if end_time is None else end_time
        lines.attempt("sending a span", lambda: export.add(self._data()))

    def _data(self) -> protobuf.SpanData:
        context = self.context
        parent = f"{self.parent.span_id:016x}" if self.parent is not None else ""
        data = protobuf.SpanData(f"{context.trace_id:032x}", f"{context.span_id:016x}", parent, "", _KINDS[self.kind])
        data.parent_is_remote = self.parent is not None and self.parent.is_remote
        data.flags = int(context.trace_flags)
        data.state = context.trace_state.to_header() if context.trace_state else ""
        data.start_ns, data.end_ns = self.start_time or 0, self.end_time or 0
        data.scope = self.scope
        self.complete(data)
        return data

    def complete(self, data: protobuf.SpanData) -> None:
        """Add what the application has set to a span's data."""
        self.end_time = self.end_time or data.end_ns
        if not self._is_own or self._is_renamed:
            data.name = self.name
        # OpenTelemetry has no attribute without a value; newer releases of its API keep what they refused as None.
        data.attributes |= {key: value for key, value in self.attributes.items() if value is not None}
        data.events += self.events
        data.links += self.links
        data.dropped_attributes += self.attributes.dropped
        data.dropped_events += self._dropped_events
        data.dropped_links += self._dropped_links
        if self.status.status_code is not StatusCode.UNSET:
            data.status = _STATUS[self.status.status_code]
            data.message = self.status.description or ""


def _bounded(attributes: Mapping[str, Any] | None) -> Any:
    return BoundedAttributes(_MOST, attributes, immutable=False)
