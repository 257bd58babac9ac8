"""Spans as OTLP protobuf: an ExportTraceServiceRequest, written without protobuf's library.

Field numbers are those of opentelemetry-proto 1.x, `opentelemetry/proto/trace/v1/trace.proto` and `common.proto`.
"""

from __future__ import annotations

from _struct import pack  # `struct` itself is a module that an application may not have loaded

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5
UNSET, OK, ERROR = 0, 1, 2
SAMPLED = 1
# Bits of a span's flags that say whether its parent is in another process.
_REMOTE_KNOWN, _REMOTE = 0x100, 0x200
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MOST_DEPTH = 16
# Name, version, schema and attributes of what made a span.
Scope = tuple[str, str, str, tuple[tuple[str, object], ...]]
SCOPE: Scope = ("monitor.runtime", "", "", ())


class Event:
    """Something that happened at a moment of a span."""

    __slots__ = ("attributes", "dropped", "name", "time_ns")

    def __init__(self, name: str, time_ns: int, attributes: Mapping[str, Any], dropped: int = 0) -> None:
        self.name = name
        self.time_ns = time_ns
        self.attributes = attributes
        self.dropped = dropped


class Link:
    """Another span that a span refers to; ids are hexadecimal."""

    __slots__ = ("attributes", "flags", "span_id", "state", "trace_id")

    def __init__(
        self, trace_id: str, span_id: str, attributes: Mapping[str, Any], state: str = "", flags: int = 0
    ) -> None:
        self.trace_id = trace_id
        self.span_id = span_id
        self.attributes = attributes
        self.state = state
        self.flags = flags


class SpanData:
    """A finished span. Ids are hexadecimal (32 and 16 digits), times nanoseconds since the epoch."""

    __slots__ = (
        "attributes", "dropped_attributes", "dropped_events", "dropped_links", "end_ns", "events", "flags", "kind",
        "links", "message", "name", "parent_id", "parent_is_remote", "scope", "span_id", "start_ns", "state", "status",
        "trace_id",
    )  # fmt: skip

    def __init__(self, trace_id: str, span_id: str, parent_id: str, name: str, kind: int) -> None:
        self.trace_id = trace_id
        self.span_id = span_id
        self.parent_id = parent_id
        self.parent_is_remote = False
        self.name = name
        self.kind = kind
        self.flags = SAMPLED
        self.state = ""
        self.start_ns = self.end_ns = 0
        self.attributes: dict[str, Any] = {}
        self.events: list[Event] = []
        self.links: list[Link] = []
        self.dropped_attributes = self.dropped_events = self.dropped_links = 0
        self.status = UNSET
        self.message = ""
        self.scope: Scope = SCOPE


def request(resource: Mapping[str, Any], spans: Iterable[SpanData]) -> bytes:
    """An ExportTraceServiceRequest with these spans of one resource."""
    by_scope: dict[Scope, list[SpanData]] = {}
    for span in spans:
        by_scope.setdefault(span.scope, []).append(span)
    body = _field(1, _attributes(1, resource))
    for scope, members in by_scope.items():
        name, version, schema, attributes = scope
        about = _text(1, name) + _text(2, version) + _attributes(3, dict(attributes))
        body += _field(
            2, _field(1, about) + b"".join(_field(2, span_bytes(span)) for span in members) + _text(3, schema)
        )
    return _field(1, body)


def span_bytes(span: SpanData) -> bytes:
    """The message `Span`."""
    remote = (_REMOTE if span.parent_is_remote else 0) | _REMOTE_KNOWN if span.parent_id else 0
    parts = [
        _field(1, bytes.fromhex(span.trace_id)),
        _field(2, bytes.fromhex(span.span_id)),
        _text(3, span.state),
        _field(4, bytes.fromhex(span.parent_id)),
        _text(5, span.name),
        _number(6, span.kind),
        _fixed64(7, span.start_ns),
        _fixed64(8, span.end_ns),
        _attributes(9, span.attributes),
        _number(10, span.dropped_attributes),
        *(_field(11, _event(event)) for event in span.events),
        _number(12, span.dropped_events),
        *(_field(13, _link(link)) for link in span.links),
        _number(14, span.dropped_links),
    ]
    if span.status != UNSET:
        parts.append(_field(15, _text(2, span.message) + _number(3, span.status)))
    parts.append(_tag(16, _FIXED32) + pack("<I", span.flags & 0xFF | remote))
    return b"".join(parts)


def _event(event: Event) -> bytes:
    return (
        _fixed64(1, event.time_ns) + _text(2, event.name) + _attributes(3, event.attributes) + _number(4, event.dropped)
    )


def _link(link: Link) -> bytes:
    return (
        _field(1, bytes.fromhex(link.trace_id))
        + _field(2, bytes.fromhex(link.span_id))
        + _text(3, link.state)
        + _attributes(4, link.attributes)
        + _tag(6, _FIXED32)
        + pack("<I", link.flags & 0xFF)
    )


def _attributes(field: int, attributes: Mapping[str, Any]) -> bytes:
    return b"".join(_field(field, _text(1, str(key)) + _field(2, _value(value))) for key, value in attributes.items())


def _value(value: Any, depth: int = 0) -> bytes:
    """The message `AnyValue`. What has no form there is written as its `str`."""
    if isinstance(value, bool):
        return _tag(2, _VARINT) + (b"\1" if value else b"\0")
    if isinstance(value, int) and -(1 << 63) <= value < 1 << 63:
        return _tag(3, _VARINT) + _varint(value & 0xFFFF_FFFF_FFFF_FFFF)
    if isinstance(value, float):
        return _tag(4, _FIXED64) + pack("<d", value)
    if isinstance(value, bytes):
        return _tag(7, _BYTES) + _varint(len(value)) + value
    if isinstance(value, list | tuple) and depth < _MOST_DEPTH:
        return _present(5, b"".join(_present(1, _value(one, depth + 1)) for one in value))
    if isinstance(value, dict) and depth < _MOST_DEPTH:
        pairs = (_text(1, str(key)) + _field(2, _value(one, depth + 1)) for key, one in value.items())
        return _present(6, b"".join(_present(1, pair) for pair in pairs))
    if value is None:
        return b""
    return _present(1, str(value).encode("utf-8", "replace"))


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _tag(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _present(field: int, data: bytes) -> bytes:
    return _tag(field, _BYTES) + _varint(len(data)) + data


def _field(field: int, data: bytes) -> bytes:
    return _present(field, data) if data else b""


def _text(field: int, text: str) -> bytes:
    return _field(field, text.encode("utf-8", "replace"))


def _number(field: int, value: int) -> bytes:
    return _tag(field, _VARINT) + _varint(value) if value else b""


def _fixed64(field: int, value: int) -> bytes:
    return _tag(field, _FIXED64) + pack("<Q", value & 0xFFFF_FFFF_FFFF_FFFF)


def encoded_in_parts(resource: Mapping[str, Any], spans: Sequence[SpanData], limit_bytes: int) -> list[bytes]:
    """Requests with these spans, each of at most `limit_bytes`: a span that is larger is sent without what fills it."""
    whole = request(resource, spans)
    if len(whole) <= limit_bytes:
        return [whole]
    if len(spans) > 1:
        middle = len(spans) // 2
        return [
            *encoded_in_parts(resource, spans[:middle], limit_bytes),
            *encoded_in_parts(resource, spans[middle:], limit_bytes),
        ]
    return [_shortened(resource, spans[0], limit_bytes)]


def _shortened(resource: Mapping[str, Any], span: SpanData, limit_bytes: int) -> bytes:
    """One span without its events, then its long attributes, then all of them; empty where even that is too large."""
    span.dropped_events += len(span.events)
    span.events = []
    for most in (limit_bytes, 1024, 0):
        kept = {key: value for key, value in span.attributes.items() if len(str(value)) < most}
        span.dropped_attributes += len(span.attributes) - len(kept)
        span.attributes = kept
        if len(data := request(resource, [span])) <= limit_bytes:
            return data
    span.dropped_links += len(span.links)
    span.links, span.name, span.message = [], span.name[:200], span.message[:200]
    data = request(resource, [span])
    return data if len(data) <= limit_bytes else b""
