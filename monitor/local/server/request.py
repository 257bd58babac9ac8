"""An HTTP request as the dispatcher handles it: parsed once, then answered or forwarded."""

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from monitor.local.server.access import CALLER, Caller
from monitor.local.server.asgi_call import AsgiApp, Message, Receive, Scope, Send
from monitor.local.server.tenant import Tenant, parse_authorization

# Lambda's limit: a 50 MB package in base64 inside the JSON body. Larger packages come through S3.
MAX_BODY_BYTES = 70_167_211
MAX_OBJECT_BYTES = 300 * 1024 * 1024


_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class TooLargeError(Exception):
    """The body is larger than the limit."""


@dataclass(frozen=True, slots=True)
class Request:
    """Method, path and headers of one request, and the channel that delivers its body."""

    scope: Scope
    receive: Receive
    method: str
    path: str
    headers: dict[str, str]
    tenant: Tenant
    service: str
    """The service in the signature's credential scope; "" when the request is unsigned."""
    caller: Caller = Caller.OWNER

    @property
    def target(self) -> str:
        """The operation name of a JSON-protocol request, without the service prefix."""
        return self.headers.get("x-amz-target", "").rpartition(".")[2]

    def query(self, name: str) -> str:
        """A query parameter, or ""."""
        values = self.queries(name)
        return values[0] if values else ""

    def queries(self, name: str) -> list[str]:
        """All values of a query parameter."""
        return self._query().get(name, [])

    def query_names(self) -> list[str]:
        """The names of all query parameters."""
        return list(self._query())

    def _query(self) -> dict[str, list[str]]:
        return parse_qs(self.scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)

    async def body(self, limit: int = MAX_BODY_BYTES) -> bytes:
        """The complete body. Raises TooLargeError above `limit`, ConnectionResetError when the client disconnects."""
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ConnectionResetError
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise TooLargeError
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)


def read_request(scope: Scope, receive: Receive) -> Request:
    """Parse an ASGI http scope."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    tenant, service = parse_authorization(headers.get("authorization", ""))
    caller = scope.get(CALLER, Caller.OWNER)
    return Request(scope, receive, scope["method"], scope["path"], headers, tenant, service, caller)


def parse_object(body: bytes) -> dict[str, Any] | None:
    """A JSON object, or None."""
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def without_surrogates(body: bytes) -> bytes:
    """A JSON body in which lone surrogates (`\\ud800`) are U+FFFD: every reader would fail on them."""
    if _SURROGATE_ESCAPE.search(body) is None:
        return body
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False)
    except (ValueError, RecursionError):
        return body  # not JSON: the parser reports it
    return _SURROGATE.sub("\ufffd", text).encode()


def replay(body: bytes, receive: Receive) -> Receive:
    """A channel that delivers `body` again, then the messages that follow it (the client's disconnect)."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def pass_on(
    app: AsgiApp, request: Request, send: Send, body: bytes | None = None, limit: int = MAX_BODY_BYTES
) -> None:
    """Forward the request to `app`; pass `body` when it has been read already."""
    if body is None:
        await app(request.scope, _bounded(request.receive, limit), send)
        return
    headers = [(name, value) for name, value in request.scope["headers"] if name.lower() != b"transfer-encoding"]
    await app({**request.scope, "headers": headers}, replay(body, request.receive), send)


def _bounded(receive: Receive, limit: int) -> Receive:
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise TooLargeError
        return message

    return counted


def until_stopped(stopping: asyncio.Event, receive: Receive) -> Receive:
    """A channel that reports a disconnect when the stack stops, so that an endless response ends."""

    async def receive_or_stop() -> Message:
        if stopping.is_set():
            return {"type": "http.disconnect"}
        message = asyncio.ensure_future(receive())
        stop = asyncio.ensure_future(stopping.wait())
        try:
            await asyncio.wait({message, stop}, return_when=asyncio.FIRST_COMPLETED)
            return message.result() if message.done() else {"type": "http.disconnect"}
        finally:
            message.cancel()
            stop.cancel()

    return receive_or_stop
