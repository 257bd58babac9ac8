"""AWS event-stream messages: reading a payload and putting another in its place.

A message is total length (4 bytes), headers length (4), CRC-32 of these 8 (4), headers, payload, CRC-32 of
everything before (4); all big-endian.
"""

import zlib

_PRELUDE_BYTES = 12


def payload_of(message: bytes) -> bytes:
    """The payload of one whole message; b"" for anything else."""
    if len(message) < _PRELUDE_BYTES + 4 or int.from_bytes(message[:4], "big") != len(message):
        return b""
    return message[_PRELUDE_BYTES + int.from_bytes(message[4:8], "big") : -4]


def with_payload(message: bytes, payload: bytes) -> bytes:
    """The same message with another payload, lengths and checksums made anew."""
    headers_bytes = int.from_bytes(message[4:8], "big")
    total = _PRELUDE_BYTES + headers_bytes + len(payload) + 4
    prelude = total.to_bytes(4, "big") + message[4:8]
    prelude += zlib.crc32(prelude).to_bytes(4, "big")
    start = prelude + message[_PRELUDE_BYTES : _PRELUDE_BYTES + headers_bytes] + payload
    return start + zlib.crc32(start).to_bytes(4, "big")
