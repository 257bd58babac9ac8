"""Reads OTLP with OpenTelemetry's own protobuf classes, and receives it over HTTP."""

import base64
import gzip
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

KINDS = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
STATUS = ("UNSET", "OK", "ERROR")


@dataclass(frozen=True)
class Received:
    """A span as OpenTelemetry's parser has it, with its resource and scope."""

    span: Any
    resource: dict[str, Any]
    scope: str

    @property
    def name(self) -> str:
        return str(self.span.name)

    @property
    def id(self) -> str:
        return str(self.span.span_id.hex())

    @property
    def parent_id(self) -> str:
        return str(self.span.parent_span_id.hex())

    @property
    def trace_id(self) -> str:
        return str(self.span.trace_id.hex())

    @property
    def kind(self) -> str:
        return KINDS[self.span.kind]

    @property
    def status(self) -> str:
        return STATUS[self.span.status.code]

    @property
    def attributes(self) -> dict[str, Any]:
        return attributes(self.span.attributes)

    @property
    def events(self) -> list[tuple[str, dict[str, Any]]]:
        return [(event.name, attributes(event.attributes)) for event in self.span.events]

    @property
    def duration_ms(self) -> float:
        return float(self.span.end_time_unix_nano - self.span.start_time_unix_nano) / 1e6


def attributes(pairs: Any) -> dict[str, Any]:
    """Key-value pairs as a dictionary of Python's values."""
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    if kind == "kvlist_value":
        return attributes(value.kvlist_value.values)
    return getattr(value, kind) if kind else None


def spans_of(request: bytes) -> list[Received]:
    """The spans of an ExportTraceServiceRequest."""
    message = ExportTraceServiceRequest.FromString(request)
    return [
        Received(span, attributes(group.resource.attributes), scope.scope.name)
        for group in message.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]


def spans_of_datagrams(datagrams: list[str]) -> list[Received]:
    """The spans of datagrams to the X-Ray daemon, without the daemon's header."""
    return [
        span
        for text in datagrams
        if text.startswith(("T1S", "T1U"))
        for span in spans_of(base64.b64decode(text[3:], validate=True))
    ]


@dataclass
class Collector:
    """An OTLP endpoint over HTTP: what it received, with when and the headers."""

    status: int = 200
    delay_s: float = 0.0
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    url: str = ""

    def __enter__(self) -> "Collector":
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                time.sleep(collector.delay_s)
                collector.headers.append({"path": self.path, **self.headers})
                collector.times.append(time.perf_counter())
                collector.bodies.append(body)
                self.send_response(collector.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Keep the test's output to itself."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def spans(self) -> list[Received]:
        return [span for body in self.bodies for span in spans_of(body)]
