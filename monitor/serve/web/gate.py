"""Lets only this machine's owner and the page itself in: every request passes here, before any other code sees it.

- The Host header names this server: a page that had its own name resolved to 127.0.0.1 (DNS rebinding) is refused.
- An Origin header, or Sec-Fetch-Site, must be the page's own. Pages of other ports are refused too.
- Only GET and HEAD are allowed: the page changes nothing.
- Data needs the token, in a header that no other page can send. It is not a cookie: browsers send those to every port.

The page without data, its style sheet and its scripts are served without the token.
"""

import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

# Data, which needs the token; and pages with data, whose names cannot be guessed.
DATA, PAGES, STATIC = "/api/", "/page/", "/static/"
# Nothing is loaded from elsewhere, no text becomes markup or script, and no other page can contain this one.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
# A page with data brings its own policy, with the hashes of its scripts.
_PAGE_POLICY = "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_HINT = "open the URL that `monitor serve` printed"


class Gate:
    """An ASGI application in front of `app`, for the server at `port` of 127.0.0.1."""

    def __init__(self, app: AsgiApp, port: int, token: str) -> None:
        self._app = app
        self._hosts = frozenset((f"127.0.0.1:{port}", f"localhost:{port}"))
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http":
            refused = self._refused(scope)
            if refused is None:
                await self._app(scope, receive, _with_headers(scope["path"], send))
            else:
                await _refuse(*refused, _with_headers(scope["path"], send))

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        """The status and the reason, if the request is refused."""
        headers: list[tuple[bytes, bytes]] = list(scope["headers"])
        host = _only(headers, b"host")
        if host not in self._hosts:
            return 403, "the Host header does not name this server"
        origins = [value for name, value in headers if name == b"origin"]
        if origins and origins != [f"http://{host}".encode()]:
            return 403, "requests of other pages are refused"
        path: str = scope["path"]
        if not _is_own(headers) and not (_opens_page(headers) and not path.startswith((DATA, PAGES, STATIC))):
            return 403, "requests of other pages are refused"
        if scope["method"] not in ("GET", "HEAD"):
            return 405, "the page changes nothing: only GET and HEAD are allowed"
        if path.startswith(DATA) and not self._has_token(headers):
            return 401, "the token is missing or is that of an earlier `monitor serve`"
        return None

    def _has_token(self, headers: list[tuple[bytes, bytes]]) -> bool:
        given = [value for name, value in headers if name == b"authorization"]
        return len(given) == 1 and hmac.compare_digest(given[0], b"Bearer " + self._token)


def _only(headers: list[tuple[bytes, bytes]], wanted: bytes) -> str:
    """The value of a header that is given once; "" otherwise."""
    found = [value for name, value in headers if name == wanted]
    return found[0].decode("latin-1").lower() if len(found) == 1 else ""


def _is_own(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether the page itself or the user's address bar sent it, or no browser at all."""
    return all(value in (b"same-origin", b"none") for name, value in headers if name == b"sec-fetch-site")


def _opens_page(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a link elsewhere was followed, in a tab of its own: the page without data is harmless."""
    return _only(headers, b"sec-fetch-mode") == "navigate" and _only(headers, b"sec-fetch-dest") == "document"


def _with_headers(path: str, send: Send) -> Send:
    policy = _PAGE_POLICY if path.startswith(PAGES) else _POLICY

    async def with_headers(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            own = [*_HEADERS, (b"content-security-policy", policy.encode())]
            message = {**message, "headers": [*message.get("headers", []), *own]}
        await send(message)

    return with_headers


async def _refuse(status: int, reason: str, send: Send) -> None:
    body = json.dumps({"error": {"message": reason, "hint": _HINT}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
