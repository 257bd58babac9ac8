"""Responses of this package's own HTTP interface, and errors in AWS's JSON format."""

import json
import uuid
from dataclasses import dataclass
from html import escape
from typing import Any

from monitor.local.server.asgi_call import Scope, Send


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A complete response."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"

    async def send(self, send: Send) -> None:
        """Send it over ASGI, with the headers that every AWS response has."""
        fields = [("content-type", self.content_type), ("content-length", str(len(self.body))), *self.headers]
        if not any(name.lower() == "x-amzn-requestid" for name, _ in fields):
            fields.append(("x-amzn-requestid", str(uuid.uuid4())))
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in fields]
        await send({"type": "http.response.start", "status": self.status, "headers": raw})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def json_answer(payload: dict[str, Any], status: int = 200, **headers: str) -> HttpAnswer:
    """A JSON document."""
    fields = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpAnswer(status, json.dumps(payload).encode(), fields)


def error_answer(status: int, code: str, message: str, extra: dict[str, str] | None = None) -> HttpAnswer:
    """An AWS error of the JSON protocols: code in the header and in `__type`."""
    body = {"__type": code, "message": message, "Message": message, **(extra or {})}
    return HttpAnswer(status, json.dumps(body).encode(), (("x-amzn-errortype", code),))


def refusal(scope: Scope, status: int, code: str, message: str) -> HttpAnswer:
    """An error in the format that the client of this request parses: XML for S3 and the query protocol, else JSON."""
    headers = dict(scope["headers"])
    error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if b"/s3/aws4_request" in headers.get(b"authorization", b""):
        text = f"<Error>{error}</Error>"
    elif headers.get(b"content-type", b"").startswith(b"application/x-www-form-urlencoded"):
        text = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>"
    else:
        return error_answer(status, code, message)
    return HttpAnswer(status, text.encode(), content_type="application/xml")
