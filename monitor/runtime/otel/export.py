"""Sends an invocation's spans when its handler has ended: to the X-Ray daemon over UDP, or to an OTLP endpoint.

Over UDP as AWS's own exporter does (aws-opentelemetry-distro, `otlp_udp_exporter.py`): the daemon's header, `T1S` for
sampled spans, and the request as base64. To OTEL_EXPORTER_OTLP_ENDPOINT as OTLP over HTTP with protobuf, after the
response (see `http_export`).
"""

from __future__ import annotations

import binascii
import os

from monitor.runtime import daemon, lines, load
from monitor.runtime.otel import conversion, protobuf

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Subsegment(Protocol):
        """A finished subsegment (see `segments`), and the application's view of it."""

        document: dict[str, Any]
        otel_span: Any


_PREFIX = b"T1S"
# A datagram holds 65,507 bytes; base64 makes four of three.
_MOST_BYTES = (65_507 - 100) // 4 * 3
# What an application that never ends its invocation, or a loop of spans, may leave to be sent.
_MOST_SPANS = 10_000

_pending: list[protobuf.SpanData] = []
_resource: dict[str, Any] = {}


def endpoint() -> str:
    """Where OTLP is sent over HTTP; "" for the X-Ray daemon."""
    if url := os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        return url
    base = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").rstrip("/")
    return f"{base}/v1/traces" if base else ""


def add(span: protobuf.SpanData) -> None:
    """Have a finished span sent with this invocation's."""
    if len(_pending) < _MOST_SPANS:
        _pending.append(span)
    else:
        lines.warn_once(f"monitor: more than {_MOST_SPANS} spans in one invocation: the rest is not sent")


def add_subsegment(subsegment: Subsegment) -> None:
    """Have a finished subsegment sent as a span with this invocation's."""
    (span,) = conversion.from_document(subsegment.document)
    if subsegment.otel_span is not None:
        subsegment.otel_span.complete(span)
    add(span)


def flush() -> None:
    """Send what has been added since the last time. Raises OSError where it cannot be sent."""
    spans = _pending[:]
    del _pending[: len(spans)]
    if endpoint():
        body = protobuf.request(resource(), spans) if spans else b""
        load.own_module("otel.http_export").send(endpoint(), body)
    elif spans:
        parts = protobuf.encoded_in_parts(resource(), spans, _MOST_BYTES)
        daemon.send(_PREFIX + binascii.b2a_base64(part, newline=False) for part in parts if part)


def resource() -> dict[str, Any]:
    """What sends the spans; the same for the life of the process."""
    global _resource
    if not _resource:
        _resource = conversion.resource()
    return _resource
