"""Lets only the owner of the stack and its functions in: every request passes here, before any other code sees it.

- The Host header names this machine: a web page that had its own name resolved to 127.0.0.1 (DNS rebinding) is refused.
- A request with an Origin header, or that a browser marks as coming from a page, is refused.
- The signature names an access key of this stack. Downloads of code have a signature in their URL instead.
- There are no WebSockets.

Only HEALTH_PATH is open. It proves that the stack has its key without revealing it.
"""

import json
import os
import re
from urllib.parse import parse_qs

from monitor.local.functions.code_urls import PREFIX as CODE_PREFIX
from monitor.local.server.access import CALLER, HEALTH_PATH, MAX_CHALLENGE_CHARS, AccessKeys, Caller, proof
from monitor.local.server.asgi_call import AsgiApp, Receive, Scope, Send
from monitor.local.server.http_answer import HttpAnswer, refusal
from monitor.local.server.tenant import DEFAULT_ACCOUNT

_HOSTS = frozenset(("127.0.0.1", "localhost", "[::1]"))
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:]+)(?::\d{1,5})?", re.IGNORECASE)
_CREDENTIAL = re.compile(rb"(Credential=)([^/,\s]+)(?=/)")
_HINT = "use `monitor --local`; `monitor local env` prints the settings for other AWS clients"


class Gate:
    """An ASGI application in front of `app`. In `scope` it leaves who the caller is; it takes the key out."""

    def __init__(self, app: AsgiApp, keys: AccessKeys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == HEALTH_PATH:
            await self._health(scope).send(send)
            return
        headers: list[tuple[bytes, bytes]] = list(scope["headers"])
        if reason := _foreign(headers):
            await refusal(scope, 403, "AccessDeniedException", reason).send(send)
            return
        caller = Caller.FUNCTION if scope["path"].startswith(CODE_PREFIX) else self._caller(headers)
        if caller is None:
            reason = f"The security token included in the request is invalid: {_HINT}."
            await refusal(scope, 403, "UnrecognizedClientException", reason).send(send)
            return
        # Behind the gate nothing needs the key: it is not stored, logged or passed to the emulator.
        hidden = [
            (name, _CREDENTIAL.sub(rb"\g<1>" + DEFAULT_ACCOUNT.encode(), value) if name == b"authorization" else value)
            for name, value in headers
        ]
        await self._app({**scope, "headers": hidden, CALLER: caller}, receive, send)

    def _caller(self, headers: list[tuple[bytes, bytes]]) -> Caller | None:
        given = [value for name, value in headers if name == b"authorization"]
        keys = _CREDENTIAL.findall(given[0]) if len(given) == 1 else []
        return self._keys.caller(keys[0][1].decode("latin-1")) if len(keys) == 1 else None

    def _health(self, scope: Scope) -> HttpAnswer:
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        challenge = query.get("challenge", [""])[0]
        answer = {"status": "ok"}
        if 0 < len(challenge) <= MAX_CHALLENGE_CHARS:
            answer["proof"] = proof(self._keys.owner, challenge, os.getpid())
        return HttpAnswer(200, json.dumps(answer).encode())


def _foreign(headers: list[tuple[bytes, bytes]]) -> str:
    """Why the request may come from a web page; "" when it does not."""
    hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
    match = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if match is None or match[1].lower() not in _HOSTS:
        return "the Host header does not name this machine"
    for name, value in headers:
        # AWS clients send neither; a browser sends `none` only for an address that the user typed.
        if name == b"origin" or (name == b"sec-fetch-site" and value != b"none"):
            return "requests of web pages are refused"
    return ""
