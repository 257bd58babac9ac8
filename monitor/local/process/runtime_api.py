"""The Lambda Runtime API (2018-06-01) for one sandbox, on its own loopback port.

Paths: GET runtime/invocation/next; POST runtime/invocation/{id}/response and …/error; POST
runtime/init/error. It uses h11 on an asyncio protocol: a call takes much less than a millisecond.

Only the sandbox's own process may use it: other connections, and everything that a browser sends, are closed.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from socket import IPPROTO_TCP, TCP_NODELAY
from typing import Any

_PREFIX = "/2018-06-01/runtime/"
MAX_RESPONSE_BYTES = 6_291_556
_MAX_BODY_BYTES = 64 * 1024 * 1024
_CHECK_EVERY_S = 0.005
_BROWSER_HEADERS = frozenset((b"origin", b"sec-fetch-site", b"sec-fetch-mode", b"sec-fetch-dest"))
_MAX_HEADER_BYTES = 2 * 1024 * 1024  # the X-Ray cause of an error travels in a header of up to 1 MB


@dataclass(frozen=True, slots=True)
class RuntimeEvent:
    """An event for the runtime."""

    request_id: str
    body: bytes
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RuntimeAnswer:
    """A post of the runtime. `kind` is response, error, init-error or too-large; times are monotonic_ns."""

    kind: str
    request_id: str
    body: bytes
    error_type: str
    xray_cause: str
    at_ns: int


class RuntimeApi:
    """Serves one runtime process: delivers events and reports the responses.

    `on_next` is called each time the runtime requests an event (the first request ends its init), `on_answer` for each
    post. `is_own` tells from the ports of client and server whether a connection comes from the runtime; None when it
    is not known yet. All three run on the event loop of `start`.
    """

    def __init__(
        self,
        on_next: Callable[[int], None],
        on_answer: Callable[[RuntimeAnswer], None],
        is_own: Callable[[int, int], bool | None] = lambda _client, _server: True,
    ) -> None:
        self.on_next = on_next
        self.on_answer = on_answer
        self.is_own = is_own
        self._server: asyncio.Server | None = None
        self._waiting: _Connection | None = None
        self._event: RuntimeEvent | None = None
        self._connections: set[_Connection] = set()
        self.handed_out_ns = 0
        self.current = ""

    async def start(self) -> str:
        """Listen. Returns `host:port`, the value of AWS_LAMBDA_RUNTIME_API."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"{host}:{port}"

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.abort()

    def hand_out(self, event: RuntimeEvent) -> None:
        """Send `event` to the runtime, now or when it requests one."""
        self._event = event
        self.handed_out_ns = 0  # of the previous event: this one may never be requested
        self._deliver()

    def _ask(self, connection: "_Connection", now_ns: int) -> None:
        self._waiting = connection
        self.on_next(now_ns)
        self._deliver()

    def _deliver(self) -> None:
        if self._waiting is None or self._event is None:
            return
        connection, event = self._waiting, self._event
        self._waiting = self._event = None
        self.current = event.request_id
        headers = [("Content-Type", "application/json"), *event.headers]
        self.handed_out_ns = time.monotonic_ns()
        connection.reply(200, headers, event.body)

    def _post(self, connection: "_Connection", path: str, headers: dict[str, str], body: bytes, size: int) -> None:
        now_ns = time.monotonic_ns()
        error_type = headers.get("lambda-runtime-function-error-type", "")
        cause = headers.get("lambda-runtime-function-xray-error-cause", "")
        parts = path.removeprefix(_PREFIX).split("/")
        if parts == ["init", "error"]:
            connection.reply_json(202, {"status": "OK"})
            self.on_answer(RuntimeAnswer("init-error", "", body, error_type, cause, now_ns))
        elif len(parts) == 3 and parts[0] == "invocation" and parts[2] in ("response", "error"):
            if parts[1] != self.current:
                connection.reply_json(400, {"errorType": "InvalidRequestID", "errorMessage": "not the current request"})
                return
            self.current = ""
            if parts[2] == "response" and size > MAX_RESPONSE_BYTES:
                connection.reply_json(413, {"errorType": "RequestEntityTooLarge", "errorMessage": "too large"})
                self.on_answer(RuntimeAnswer("too-large", parts[1], b"", "", "", now_ns))
                return
            connection.reply_json(202, {"status": "OK"})
            self.on_answer(RuntimeAnswer(parts[2], parts[1], body, error_type, cause, now_ns))
        else:
            connection.reply_json(404, {"errorType": "InvalidPath", "errorMessage": "no such path"})

    def _get(self, connection: "_Connection", path: str, now_ns: int) -> None:
        if path == _PREFIX + "invocation/next":
            self._ask(connection, now_ns)
        else:
            connection.reply_json(404, {"errorType": "InvalidPath", "errorMessage": "no such path"})


class _Connection(asyncio.Protocol):
    """One HTTP connection of the runtime."""

    def __init__(self, api: RuntimeApi) -> None:
        import h11

        self._api = api
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEADER_BYTES)
        self._request: h11.Request | None = None
        self._body: list[bytes] = []
        self._size = 0
        self._transport: asyncio.Transport | None = None
        self._is_checked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        self._api._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._transport = None
        self._api._connections.discard(self)
        if self._api._waiting is self:
            self._api._waiting = None

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        now_ns = time.monotonic_ns()
        if self._is_checked:
            self._process(data, now_ns)
        else:
            self._check(data, now_ns)

    def _check(self, data: bytes, now_ns: int) -> None:
        """Process the first data of a connection, once it is known to come from the runtime."""
        if self._transport is None:
            return
        client, server = (self._transport.get_extra_info(name)[1] for name in ("peername", "sockname"))
        is_own = self._api.is_own(client, server)
        if is_own is None:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(_CHECK_EVERY_S, self._check, data, now_ns)
        elif is_own:
            self._is_checked = True
            self._transport.resume_reading()
            self._process(data, now_ns)
        else:
            self.abort()

    def _process(self, data: bytes, now_ns: int) -> None:
        import h11

        try:
            self._http.receive_data(data)
            while True:
                event = self._http.next_event()
                if event is h11.NEED_DATA or event is h11.PAUSED:
                    return
                self._take(event, now_ns)
                if isinstance(event, h11.ConnectionClosed):
                    return
        except h11.ProtocolError:
            self.abort()

    def _take(self, event: Any, now_ns: int) -> None:
        import h11

        if isinstance(event, h11.Request):
            if any(name in _BROWSER_HEADERS for name, _ in event.headers):
                self.abort()
                return
            self._request, self._body, self._size = event, [], 0
        elif isinstance(event, h11.Data):
            self._size += len(event.data)
            if self._size <= MAX_RESPONSE_BYTES:
                self._body.append(bytes(event.data))
            elif self._size > _MAX_BODY_BYTES:
                self.abort()
        elif isinstance(event, h11.EndOfMessage) and self._request is not None:
            path = self._request.target.decode("latin-1")
            if self._request.method == b"GET":
                self._api._get(self, path, now_ns)
            else:
                headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self._request.headers}
                self._api._post(self, path, headers, b"".join(self._body), self._size)

    def reply_json(self, status: int, body: dict[str, str]) -> None:
        self.reply(status, [("Content-Type", "application/json")], json.dumps(body).encode())

    def reply(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer the current request in one write, then read a pipelined request if there is one."""
        import h11

        if self._transport is None:
            return
        fields = [*headers, ("Content-Length", str(len(body)))]
        head = self._http.send(h11.Response(status_code=status, headers=fields)) or b""
        data = self._http.send(h11.Data(data=body)) or b""
        self._transport.write(head + data + (self._http.send(h11.EndOfMessage()) or b""))
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        elif self._http.our_state is h11.MUST_CLOSE:
            self._transport.close()
