"""Payloads in base64: a subscription filter's gzip, and the last 4 KB of log that an invocation returns."""

import binascii
import re
import zlib

from monitor.records.forms.openings import is_record

_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{24,}={0,2}\s*")
_GZIP = b"\x1f\x8b"
# A subscription payload has at most 6 MB; a Kinesis record can hold ten times as much when it is compressed well.
MOST_PAYLOAD_BYTES = 64 << 20


def decoded_payload(text: str, *, any_text: bool = False) -> tuple[str, str] | None:
    """(`subscription` or `invoke`, text) of a payload in base64; None for any other text.

    `any_text`: the payload is known to be an invocation's log; else its text must contain a record.
    """
    if not _BASE64.fullmatch(text):
        return None
    try:
        data = binascii.a2b_base64(text)
    except (binascii.Error, ValueError):
        return None
    if data.startswith(_GZIP):
        inflated = inflate(data)
        return None if inflated is None else ("subscription", inflated.decode("utf-8", "replace"))
    try:
        found = data.decode("utf-8")
    except UnicodeDecodeError:
        # The 4 KB begin anywhere, also inside a character.
        found = data.decode("utf-8", "replace")
        if not any_text and found.count("\N{REPLACEMENT CHARACTER}") > _MOST_BROKEN:
            return None
    if '"messageType"' in found[:2_000] or '"logEvents"' in found[:2_000]:
        return "subscription", found
    if any_text or any(is_record(line) for line in found.splitlines()):
        return "invoke", found
    return None


_MOST_BROKEN = 4


def inflate(data: bytes) -> bytes | None:
    """The content of gzip data, all members; None if it is not gzip. Data that ends early gives what there is."""
    parts: list[bytes] = []
    left = MOST_PAYLOAD_BYTES
    while data.startswith(_GZIP) and left > 0:
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            part = inflater.decompress(data, left)
        except zlib.error:
            break
        parts.append(part)
        left -= len(part)
        data = inflater.unused_data
    return b"".join(parts) if parts else None
