"""OTLP protobuf -> the same request as OTLP JSON has it. Raises ValueError for what is not a request.

Field numbers are those of opentelemetry-proto 1.x, `trace/v1/trace.proto`, `resource.proto` and `common.proto`. Fields
of other numbers are skipped, as protobuf does with what a newer release has added.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Any

# Deeper values than this no exporter writes, and recursion over them would not end well.
_MOST_DEPTH = 32
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

_Read = Callable[[Any, int], Any]


def parse_request(data: bytes) -> dict[str, Any]:
    """An ExportTraceServiceRequest (or TracesData, which is the same on the wire) as OTLP JSON's object."""
    request = _message(_REQUEST)(data, 0)
    if not isinstance(request, dict) or "resourceSpans" not in request:
        raise ValueError("no spans in it")
    return request


def _fields(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """Number, wire type and raw value of each field of a message."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, kind = tag >> 3, tag & 7
        value: Any
        if kind == _VARINT:
            value, position = _varint(data, position)
        elif kind == _BYTES:
            length, position = _varint(data, position)
            value = data[position : position + length]
            if len(value) < length:
                raise ValueError("cut inside a field")
            position += length
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
            value = data[position : position + length]
            if len(value) < length:
                raise ValueError("cut inside a number")
            position += length
        else:
            raise ValueError(f"wire type {kind}")
        if not number:
            raise ValueError("a field without a number")
        yield number, kind, value


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if position >= len(data) or shift > 63:
            raise ValueError("cut inside a number")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def _message(schema: "dict[int, tuple[str, int, bool, _Read]]") -> _Read:
    def read(data: Any, depth: int) -> dict[str, Any]:
        if depth > _MOST_DEPTH:
            raise ValueError("nested too deep")
        found: dict[str, Any] = {}
        for number, kind, value in _fields(data):
            name, wanted, repeated, convert = schema.get(number, ("", kind, False, _skip))
            if kind != wanted:
                raise ValueError(f"field {number} has wire type {kind}")
            if not name:
                continue
            item = convert(value, depth + 1)
            if repeated:
                found.setdefault(name, []).append(item)
            else:
                found[name] = item
        return found

    return read


def _skip(_value: Any, _depth: int) -> None:
    """A field that nothing here reads."""


def _text(value: Any, _depth: int) -> str:
    return str(value, "utf-8")


def _hex(value: Any, _depth: int) -> str:
    return bytes(value).hex()


def _whole(value: Any, _depth: int) -> int:
    return int(value)


def _signed(value: Any, _depth: int) -> int:
    return int(value) - (1 << 64) if value >> 63 else int(value)


def _truth(value: Any, _depth: int) -> bool:
    return bool(value)


def _fixed(value: Any, _depth: int) -> int:
    return int.from_bytes(value, "little")


def _double(value: Any, _depth: int) -> float:
    return float(struct.unpack("<d", value)[0])


def _late(name: str) -> _Read:
    """A message that contains itself."""
    return lambda value, depth: _message(_SCHEMAS[name])(value, depth)


_SCHEMAS: dict[str, dict[int, tuple[str, int, bool, _Read]]] = {}
_PAIR: dict[int, tuple[str, int, bool, _Read]] = {
    1: ("key", _BYTES, False, _text),
    2: ("value", _BYTES, False, _late("value")),
}
_SCHEMAS["value"] = {
    1: ("stringValue", _BYTES, False, _text),
    2: ("boolValue", _VARINT, False, _truth),
    3: ("intValue", _VARINT, False, _signed),
    4: ("doubleValue", _FIXED64, False, _double),
    5: ("arrayValue", _BYTES, False, _late("array")),
    6: ("kvlistValue", _BYTES, False, _late("pairs")),
    7: ("bytesValue", _BYTES, False, _hex),
}
_SCHEMAS["array"] = {1: ("values", _BYTES, True, _late("value"))}
_SCHEMAS["pairs"] = {1: ("values", _BYTES, True, _message(_PAIR))}

_EVENT = _message(
    {
        1: ("timeUnixNano", _FIXED64, False, _fixed),
        2: ("name", _BYTES, False, _text),
        3: ("attributes", _BYTES, True, _message(_PAIR)),
    }
)
_LINK = _message(
    {
        1: ("traceId", _BYTES, False, _hex),
        2: ("spanId", _BYTES, False, _hex),
        3: ("traceState", _BYTES, False, _text),
        4: ("attributes", _BYTES, True, _message(_PAIR)),
    }
)
_SPAN = _message(
    {
        1: ("traceId", _BYTES, False, _hex),
        2: ("spanId", _BYTES, False, _hex),
        3: ("traceState", _BYTES, False, _text),
        4: ("parentSpanId", _BYTES, False, _hex),
        5: ("name", _BYTES, False, _text),
        6: ("kind", _VARINT, False, _whole),
        7: ("startTimeUnixNano", _FIXED64, False, _fixed),
        8: ("endTimeUnixNano", _FIXED64, False, _fixed),
        9: ("attributes", _BYTES, True, _message(_PAIR)),
        11: ("events", _BYTES, True, _EVENT),
        13: ("links", _BYTES, True, _LINK),
        15: (
            "status",
            _BYTES,
            False,
            _message({2: ("message", _BYTES, False, _text), 3: ("code", _VARINT, False, _whole)}),
        ),
    }
)
_SCOPE_SPANS = _message(
    {
        1: ("scope", _BYTES, False, _message({1: ("name", _BYTES, False, _text)})),
        2: ("spans", _BYTES, True, _SPAN),
    }
)
_RESOURCE_SPANS = _message(
    {
        1: ("resource", _BYTES, False, _message({1: ("attributes", _BYTES, True, _message(_PAIR))})),
        2: ("scopeSpans", _BYTES, True, _SCOPE_SPANS),
    }
)
_REQUEST: dict[int, tuple[str, int, bool, _Read]] = {1: ("resourceSpans", _BYTES, True, _RESOURCE_SPANS)}
