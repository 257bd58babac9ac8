"""Call an ASGI application in this process as an HTTP client would, without a socket."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AsgiResponse:
    """A complete response: status, headers as sent (names in lower case), body."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        """The first header with this lower-case name, or an empty string."""
        return next((value for key, value in self.headers if key == name), "")


class AsgiCaller:
    """Sends requests to `app` on the app's event loop; can be called from any loop."""

    def __init__(self, app: AsgiApp, loop: asyncio.AbstractEventLoop) -> None:
        self._app = app
        self._loop = loop

    async def call(
        self, method: str, path: str, *, query: bytes = b"", headers: Iterable[tuple[str, str]] = (), body: bytes = b""
    ) -> AsgiResponse:
        """Send one request and wait for the complete response."""
        request = self._call(method, path, query, tuple(headers), body)
        if asyncio.get_running_loop() is self._loop:
            # A separate task, because the emulator stores the caller's account and region in context variables.
            return await asyncio.create_task(request)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(request, self._loop))

    async def _call(self, method: str, path: str, query: bytes, headers: Headers, body: bytes) -> AsgiResponse:
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        raw.append((b"content-length", str(len(body)).encode()))
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode("utf-8"),
            "query_string": query,
            "root_path": "",
            "headers": raw,
            "client": ("127.0.0.1", 0),
            "server": ("127.0.0.1", 0),
        }
        sent = False
        status = 500
        answered: Headers = ()
        chunks: list[bytes] = []

        async def receive() -> Message:
            nonlocal sent
            if sent:
                return {"type": "http.disconnect"}
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status = message["status"]
                answered = tuple(
                    (name.decode("latin-1").lower(), value.decode("latin-1"))
                    for name, value in message.get("headers", ())
                )
            elif message["type"] == "http.response.body":
                chunks.append(message.get("body", b""))

        await self._app(scope, receive, send)
        return AsgiResponse(status, answered, b"".join(chunks))


class Lifespan:
    """Drives an application's lifespan: `startup()` and, once, `shutdown()`."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Raise RuntimeError when the application refuses to start."""
        self._task = asyncio.create_task(self._run())
        await self._ask("lifespan.startup")

    async def shutdown(self) -> None:
        await self._ask("lifespan.shutdown")
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        await self._app({"type": "lifespan", "asgi": {"version": "3.0"}}, self._inbox.get, self._outbox.put)

    async def _ask(self, kind: str) -> None:
        await self._inbox.put({"type": kind})
        answer = await self._outbox.get()
        if not answer["type"].endswith(".complete"):
            raise RuntimeError(f"the emulator refused {kind}: {answer.get('message', '')}")
