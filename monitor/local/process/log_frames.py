"""Splits the output of a function's pipes into log records as Lambda does: lines of stdout, telemetry frames."""

from collections.abc import Iterator
from dataclasses import dataclass

# CloudWatch's largest event: 1 MiB, including 26 bytes of overhead.
MAX_EVENT_BYTES = 1_048_576 - 26
_HEADER_BYTES = 16
_FRAME_MAGIC = 0xA55A


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A log event before it is written: epoch milliseconds and text."""

    timestamp_ms: int
    message: str


def split_bytes(data: bytes, limit: int = MAX_EVENT_BYTES) -> Iterator[bytes]:
    """Pieces of at most `limit` bytes that never split a UTF-8 sequence."""
    start = 0
    while len(data) - start > limit:
        end = start + limit
        # Move back to the start of the sequence at the limit (at most three bytes).
        for step in range(4):
            if data[end - step] & 0xC0 != 0x80:
                end -= step
                break
        yield data[start:end]
        start = end
    yield data[start:]


class LineSplitter:
    """Splits the text of a pipe into one record per line, with its newline. Buffers at most one event."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes, now_ms: int) -> list[LogRecord]:
        """The records completed by `data`, which was read at `now_ms`."""
        *lines, rest = data.split(b"\n")
        found: list[LogRecord] = []
        for line in lines:
            complete = bytes(self._rest) + line + b"\n"
            self._rest.clear()
            found += _records(complete, now_ms)
        self._rest += rest
        if len(self._rest) > MAX_EVENT_BYTES:
            *full, last = split_bytes(bytes(self._rest))
            self._rest = bytearray(last)
            found += [LogRecord(now_ms, piece.decode("utf-8", "replace")) for piece in full]
        return found

    def flush(self, now_ms: int) -> list[LogRecord]:
        """The buffered text without a newline, when the process or the invocation has ended."""
        rest = bytes(self._rest)
        self._rest.clear()
        return _records(rest, now_ms)


class FrameSplitter:
    """Splits the telemetry pipe into records.

    A frame is type (4 bytes, 0xa55a….), length (4), microseconds since the epoch (8), all big-endian, then the
    text: awslambdaric's FramedTelemetryLogSink. Other bytes are read as lines, so that a handler that writes to the
    descriptor directly loses nothing and cannot announce a frame that never ends.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._lines = LineSplitter()

    def feed(self, data: bytes, now_ms: int) -> list[LogRecord]:
        """The records completed by `data`, which was read at `now_ms`."""
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
            # A frame cannot be newer than its arrival: the sandbox uses the clock of this machine.
            stamp_ms = min(int.from_bytes(self._rest[8:16], "big") // 1000, now_ms)
            text = bytes(self._rest[_HEADER_BYTES : _HEADER_BYTES + size])
            del self._rest[: _HEADER_BYTES + size]
            found += _records(text, stamp_ms)
        return found

    def flush(self, now_ms: int) -> list[LogRecord]:
        """The text of an unfinished frame, when the process has ended."""
        rest = bytes(self._rest[_HEADER_BYTES:]) if len(self._rest) > _HEADER_BYTES else bytes(self._rest)
        self._rest.clear()
        return _records(rest, now_ms) + self._lines.flush(now_ms)


def _records(data: bytes, timestamp_ms: int) -> list[LogRecord]:
    if not data:
        return []
    return [LogRecord(timestamp_ms, piece.decode("utf-8", "replace")) for piece in split_bytes(data)]
