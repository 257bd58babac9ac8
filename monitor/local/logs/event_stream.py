"""AWS event-stream messages: reads the payload, and replaces it.

A message is total length (4 bytes), headers length (4), CRC-32 of these 8 (4), headers, payload, CRC-32 of
all bytes before (4); all numbers are big-endian.
"""

import zlib

_PRELUDE_BYTES = 12


def payload_of(message: bytes) -> bytes:
    """The payload of one complete message; b"" for other data."""
    if len(message) < _PRELUDE_BYTES + 4 or int.from_bytes(message[:4], "big") != len(message):
        return b""
    return message[_PRELUDE_BYTES + int.from_bytes(message[4:8], "big") : -4]


def with_payload(message: bytes, payload: bytes) -> bytes:
    """The same message with another payload and new lengths and checksums."""
    headers_bytes = int.from_bytes(message[4:8], "big")
    total = _PRELUDE_BYTES + headers_bytes + len(payload) + 4
    prelude = total.to_bytes(4, "big") + message[4:8]
    prelude += zlib.crc32(prelude).to_bytes(4, "big")
    start = prelude + message[_PRELUDE_BYTES : _PRELUDE_BYTES + headers_bytes] + payload
    return start + zlib.crc32(start).to_bytes(4, "big")
