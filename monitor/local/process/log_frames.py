"""Bytes of a function's pipes -> log records, as Lambda cuts them: lines of stdout, frames of the telemetry pipe."""

from collections.abc import Iterator
from dataclasses import dataclass

# CloudWatch's largest event: 1 MiB counted with 26 bytes of overhead.
MAX_EVENT_BYTES = 1_048_576 - 26
_HEADER_BYTES = 16
_FRAME_MAGIC = 0xA55A


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One log event to be: epoch milliseconds and text."""

    timestamp_ms: int
    message: str


def split_bytes(data: bytes, limit: int = MAX_EVENT_BYTES) -> Iterator[bytes]:
    """Pieces of at most `limit` bytes, never cutting a UTF-8 sequence."""
    start = 0
    while len(data) - start > limit:
        end = start + limit
        # Back to the start of the sequence that the limit falls into (at most three bytes back).
        for step in range(4):
            if data[end - step] & 0xC0 != 0x80:
                end -= step
                break
        yield data[start:end]
        start = end
    yield data[start:]


class LineSplitter:
    """Feeds of a text pipe -> records of one line each, newline kept; memory bounded by one event."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes, now_ms: int) -> list[LogRecord]:
        """The records that `data`, read at `now_ms`, completes."""
        *lines, rest = data.split(b"\n")
        found: list[LogRecord] = []
        for line in lines:
            whole = bytes(self._rest) + line + b"\n"
            self._rest.clear()
            found += _records(whole, now_ms)
        self._rest += rest
        if len(self._rest) > MAX_EVENT_BYTES:
            *full, last = split_bytes(bytes(self._rest))
            self._rest = bytearray(last)
            found += [LogRecord(now_ms, piece.decode("utf-8", "replace")) for piece in full]
        return found

    def flush(self, now_ms: int) -> list[LogRecord]:
        """What is left without a newline, when the process has ended or the invocation is over."""
        rest = bytes(self._rest)
        self._rest.clear()
        return _records(rest, now_ms)


class FrameSplitter:
    """Feeds of the telemetry pipe -> records.

    A frame is type (4 bytes, 0xa55a….), length (4), microseconds since the epoch (8), all big-endian, then the
    text: awslambdaric's FramedTelemetryLogSink. Bytes that are no frame are read as lines, so that a handler
    that writes to the descriptor itself loses nothing and cannot make the reader wait for a giant.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._lines = LineSplitter()

    def feed(self, data: bytes, now_ms: int) -> list[LogRecord]:
        """The records that `data`, read at `now_ms`, completes."""
        self._rest += data
        found: list[LogRecord] = []
        while len(self._rest) >= _HEADER_BYTES:
            size = int.from_bytes(self._rest[4:8], "big")
            if int.from_bytes(self._rest[:2], "big") != _FRAME_MAGIC or size > 64 * MAX_EVENT_BYTES:
                found += self._lines.feed(bytes(self._rest), now_ms)
                self._rest.clear()
                break
            if len(self._rest) < _HEADER_BYTES + size:
                break
            # A frame cannot be younger than its arrival; the clock of the sandbox is this machine's.
            stamp_ms = min(int.from_bytes(self._rest[8:16], "big") // 1000, now_ms)
            text = bytes(self._rest[_HEADER_BYTES : _HEADER_BYTES + size])
            del self._rest[: _HEADER_BYTES + size]
            found += _records(text, stamp_ms)
        return found

    def flush(self, now_ms: int) -> list[LogRecord]:
        """An unfinished frame's bytes, when the process has ended."""
        rest = bytes(self._rest[_HEADER_BYTES:]) if len(self._rest) > _HEADER_BYTES else bytes(self._rest)
        self._rest.clear()
        return _records(rest, now_ms) + self._lines.flush(now_ms)


def _records(data: bytes, timestamp_ms: int) -> list[LogRecord]:
    if not data:
        return []
    return [LogRecord(timestamp_ms, piece.decode("utf-8", "replace")) for piece in split_bytes(data)]
