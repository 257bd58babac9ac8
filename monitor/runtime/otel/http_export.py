"""Sends OTLP to an endpoint over HTTP after the response, as an internal extension of Lambda.

Lambda freezes an environment only when every extension has asked for its next event. An internal extension is a thread
of the function's process: it asks when the spans of the invocation have been sent, so the caller has the response by
then. Where Lambda's Extensions API is not there, the spans are sent before the response.
Source: AWS, "Using the Lambda Extensions API to create extensions"; OpenTelemetry, "OTLP Specification" (OTLP/HTTP).
"""

from __future__ import annotations

import _socket
import os

from monitor.runtime import lines, settings

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from typing import Any

_API = "/2020-01-01/extension"
_NAME = "monitor-runtime"
_SLOWEST_S = 10.0
# Before the response somebody waits.
_SLOWEST_BEFORE_RESPONSE_S = 1.0

_queue: Any = None  # one item an invocation; None where spans are sent before the response


def start() -> None:
    """Register the extension and begin to wait for invocations. Called once, during init."""
    global _queue
    identifier = _register()
    if not identifier:
        return
    import _queue as queues
    import threading

    _queue = queues.SimpleQueue()
    threading.Thread(target=_serve, args=(identifier, _queue), name="monitor-otlp", daemon=True).start()


def send(endpoint: str, body: bytes) -> None:
    """Send this request after the response; before it where there is no extension."""
    if _queue is not None:
        _queue.put((endpoint, body))
    elif body:
        post(endpoint, body, min(_SLOWEST_BEFORE_RESPONSE_S, _timeout_s()))


def post(endpoint: str, body: bytes, timeout_s: float) -> None:
    """Post a request to an OTLP endpoint. Raises OSError, also for an answer that is not a success."""
    import http.client
    from urllib.parse import urlsplit

    url = urlsplit(endpoint)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    headers = {"Content-Type": "application/x-protobuf", **_headers()}
    if os.environ.get("OTEL_EXPORTER_OTLP_COMPRESSION", "").lower() == "gzip":
        import gzip

        headers["Content-Encoding"], body = "gzip", gzip.compress(body)
    connection = kind(url.hostname or "", url.port, timeout=timeout_s)
    try:
        connection.request("POST", f"{url.path or '/'}{'?' + url.query if url.query else ''}", body, headers)
        status = connection.getresponse().status
    except http.client.HTTPException as error:
        raise OSError(f"{url.hostname}: {lines.describe(error)}") from error
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise OSError(f"{url.hostname} answered {status}")


def _headers() -> dict[str, str]:
    name = "OTEL_EXPORTER_OTLP_TRACES_HEADERS"
    return settings.pairs(name if os.environ.get(name) else "OTEL_EXPORTER_OTLP_HEADERS")


def _timeout_s() -> float:
    try:
        return float(os.environ.get("OTEL_EXPORTER_OTLP_TIMEOUT", "")) or _SLOWEST_S
    except ValueError:
        return _SLOWEST_S


def _register() -> str:
    """The identifier of the extension; "" where there is no Extensions API, or it refuses."""
    try:
        status, headers = _call("POST", "/register", {"Lambda-Extension-Name": _NAME}, b'{"events":["INVOKE"]}')
    except OSError:
        return ""
    return headers.get("lambda-extension-identifier", "") if status == 200 else ""


def _serve(identifier: str, queue: Any) -> None:
    """The extension's thread: for each invocation, send what its handler has left.

    Once Lambda gives it no more events, spans are sent before the response: nobody else would take them.
    """
    global _queue
    while _is_next(identifier):
        _post_first(queue)
    _queue = None
    while not queue.empty():
        _post_first(queue)


def _is_next(identifier: str) -> bool:
    """Wait for the next event; whether there is one."""
    try:
        status, _ = _call("GET", "/event/next", {"Lambda-Extension-Identifier": identifier}, b"")
    except OSError:
        return False
    return status == 200


def _post_first(queue: Any) -> None:
    endpoint, body = queue.get()
    if body:
        lines.attempt("sending spans to the OTLP endpoint", lambda: post(endpoint, body, _timeout_s()))


def _call(method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
    """A request to the Runtime API, which is plain HTTP on this machine. Raises OSError."""
    host, _, port = os.environ.get("AWS_LAMBDA_RUNTIME_API", "").partition(":")
    if not port.isdecimal():
        raise OSError("there is no Runtime API")
    connection = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    try:
        connection.connect((host, int(port)))
        lines_sent = [f"{method} {_API}{path} HTTP/1.1", f"Host: {host}:{port}", "Connection: close"]
        lines_sent += [f"{name}: {value}" for name, value in headers.items()]
        connection.send("\r\n".join([*lines_sent, f"Content-Length: {len(body)}", "", ""]).encode() + body)
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
            if _is_complete(received):
                break
    finally:
        connection.close()
    first, *rest = received.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    status = first.split(" ")[1:2]
    found = dict(line.split(":", 1) for line in rest if ":" in line)
    return (
        int(status[0]) if status and status[0].isdecimal() else 0,
        {name.strip().lower(): value.strip() for name, value in found.items()},
    )


def _is_complete(received: bytes) -> bool:
    """Whether the headers have arrived, and as much of the body as they announce."""
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.partition(b":")[2])
    return False  # a body of unknown length ends with the connection
