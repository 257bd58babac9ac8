"""Code downloads at `/_code/…` with HTTP Range, as S3 serves the presigned URL of GetFunction."""

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from monitor.local.server.asgi_call import Send

VALID_S = 600
PREFIX = "/_code/"
_CHUNK_BYTES = 1 << 18
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """First and last byte, both inclusive."""

    first: int
    last: int


class UnsatisfiableRangeError(Exception):
    """416: no byte of the file is in the range."""


def parse_range(header: str, size: int) -> ByteRange | None:
    """The range that a Range header requests of a file of `size` bytes (RFC 9110); None for the complete file.

    Raises UnsatisfiableRangeError, also for several ranges, which S3 does not serve. A malformed header is ignored, as
    the RFC says.
    """
    if "," in header:
        raise UnsatisfiableRangeError
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        length = int(last)
        if length == 0 or size == 0:
            raise UnsatisfiableRangeError
        return ByteRange(max(size - length, 0), size - 1)
    if int(first) >= size:
        raise UnsatisfiableRangeError
    if last and int(last) < int(first):
        return None
    return ByteRange(int(first), min(int(last), size - 1) if last else size - 1)


class CodeUrls:
    """Creates and serves download URLs. Each URL is signed and valid for ten minutes."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._key = secrets.token_bytes(32)
        self._files: dict[str, Path] = {}

    def publish(self, path: Path) -> str:
        """The URL of a zip."""
        name = path.name
        self._files[name] = path
        expires = int(time.time()) + VALID_S
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Expires": VALID_S,
            "X-Amz-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
            "X-Amz-SignedHeaders": "host",
            "Valid-Until": expires,
            "X-Amz-Signature": self._sign(name, expires),
        }
        return f"{self._endpoint}{PREFIX}{name}?{urlencode(query)}"

    async def serve(self, method: str, path: str, query: str, range_header: str, send: Send) -> None:
        """Answer GET and HEAD of a published file."""
        name = path.removeprefix(PREFIX)
        fields = parse_qs(query)
        expires = int(fields.get("Valid-Until", ["0"])[0]) if fields.get("Valid-Until", ["0"])[0].isdigit() else 0
        signature = fields.get("X-Amz-Signature", [""])[0]
        file = self._files.get(name)
        if file is None or not hmac.compare_digest(signature.encode(), self._sign(name, expires).encode()):
            await _answer(send, 403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        elif expires < time.time():
            await _answer(send, 403, b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")
        elif method not in ("GET", "HEAD"):
            await _answer(send, 405, b"<Error><Code>MethodNotAllowed</Code></Error>")
        else:
            await _send_file(file, method, range_header, send)

    def _sign(self, name: str, expires: int) -> str:
        return hmac.new(self._key, f"{name} {expires}".encode(), hashlib.sha256).hexdigest()


async def _answer(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    fields = [(b"content-type", b"application/xml"), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _send_file(file: Path, method: str, range_header: str, send: Send) -> None:
    size = file.stat().st_size
    try:
        wanted = parse_range(range_header, size) if range_header else None
    except UnsatisfiableRangeError:
        content_range = (b"content-range", f"bytes */{size}".encode())
        await _answer(send, 416, b"<Error><Code>InvalidRange</Code></Error>", content_range)
        return
    part = wanted or ByteRange(0, size - 1)
    length = part.last - part.first + 1
    headers = [
        (b"content-type", b"application/zip"),
        (b"accept-ranges", b"bytes"),
        (b"etag", f'"{file.stem[:32]}"'.encode()),
        (b"content-length", str(length).encode()),
    ]
    if wanted is not None:
        headers.append((b"content-range", f"bytes {part.first}-{part.last}/{size}".encode()))
    await send({"type": "http.response.start", "status": 206 if wanted else 200, "headers": headers})
    if method == "GET":
        with file.open("rb") as source:
            source.seek(part.first)
            left = length
            while left > 0 and (chunk := source.read(min(_CHUNK_BYTES, left))):
                left -= len(chunk)
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
