"""Invocations from a file of log lines, fast: what needs no reading is passed over before anything is made of it.

Nine in ten lines of a log say nothing of an invocation as a whole, and of the rest most are the START and REPORT
of a warm one that went well. These are counted from their bytes; whatever else is logged on a stream hands the lines
of its running invocation to the full reader first, in order, so that the outcome is the full reader's.
`tests/unit/records/test_conformance.py` holds the two equal. The one exception: a time-out or exit line that follows
its REPORT by more than five seconds, with other lines between, is joined to its invocation here.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO, Protocol

from monitor.errors import UsageError
from monitor.records.event import LogEvent
from monitor.records.grammar import REPORT_PATTERN, START_PATTERN
from monitor.records.invocation import Invocation
from monitor.records.lines import TAILED_STREAM, TAILED_TIME, LineReader
from monitor.records.message import parse_fact
from monitor.records.pairing import Pairing
from monitor.records.stream import owner

_NO_TIME = -1
# Small enough to stay in a processor's cache while its lines are looked at.
_BLOCK_BYTES = 1 << 17
_LONGEST_LINE_BYTES = 64 << 20
_MOST_STATES = 2_000
# How a message begins that may bear on an invocation as a whole (see parse_fact), by its first byte.
_STARTS: dict[bytes, tuple[bytes, ...]] = {
    b"R": (b"RequestId:", b"RESTORE_"),
    b"E": (b"Error: ", b"EXTENSION"),
    b"I": (b"INIT_",),
    b"X": (b"X",),
    b"T": (b"TELEMETRY\t",),
    b"L": (b"LOGS\t", b"LAMBDA_WARNING: "),
    b"[": (b"[ERROR] ",),
    **{str(digit).encode(): (str(digit).encode(),) for digit in range(10)},
}
# A line that is a log event itself, with its message inside; Powertools' own `timestamp` is a text.
_WRAPPED = re.compile(rb'"timestamp(?:_ms)?"\s*:\s*-?\d')
_JSON_TIME = re.compile(rb'\{[^{}]*?"time(?:stamp)?"\s*:\s*"([0-9T:.,Z+ -]{10,40})"')
_STREAM = re.compile(TAILED_STREAM.encode())
_TIME = re.compile(TAILED_TIME.encode())
_START = re.compile(START_PATTERN.encode())
_REPORT = re.compile(REPORT_PATTERN.encode())


class Sink(Protocol):
    """What invocations go to."""

    def name_of(self, group: str, stream: str) -> str:
        """The function that a stream has named so far, "" for none."""

    def add(self, invocation: Invocation) -> None:
        """Any invocation."""

    def warm(
        self, function: str, version: str, at_ms: int, duration_ms: float, memory_mb: int, max_memory_mb: int
    ) -> None:
        """A warm invocation that succeeded."""


class _StreamState:
    """A stream's running or just ended simple invocation: its lines, and its figures once it has ended."""

    __slots__ = (
        "at_ms",
        "function",
        "report",
        "report_line",
        "request_id",
        "start_line",
        "version",
        "version_bytes",
        "xray_line",
    )

    def __init__(self, function: str) -> None:
        self.function = function
        self.report: tuple[float, int, int] | None = None
        self.xray_line: bytes | None = None
        self.at_ms = 0
        self.request_id = self.start_line = self.report_line = self.version_bytes = b""
        self.version = ""


def read_blocks(file: BinaryIO) -> Iterator[list[bytes]]:
    """The lines of a binary stream, without their ends, a block at a time.

    Raises:
        UsageError: a line longer than 64 MB.
    """
    rest = b""
    read = getattr(file, "read1", file.read)
    while block := read(_BLOCK_BYTES):
        lines = block.split(b"\n")
        last = lines.pop()
        if lines:
            lines[0] = rest + lines[0]
            rest = last
            yield [line.rstrip(b"\r") for line in lines] if b"\r" in block else lines
        else:
            rest += last
            if len(rest) > _LONGEST_LINE_BYTES:
                raise UsageError("a line is longer than 64 MB", "is this a log?")
    if rest:
        yield [rest.rstrip(b"\r")]


class QuickLines:
    """Reads lines into a sink; `finish` gives the rest. `malformed` counts as Pairing's does."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._pairing = Pairing()
        self._reader = LineReader()
        self._states: dict[bytes, _StreamState] = {}
        self._last_ms = 0
        self._second, self._second_ms = b"", 0
        # The last line with a time of its own that was passed over: it dates a later line without one.
        self._dated: bytes | None = None

    @property
    def malformed(self) -> int:
        """Platform records that could not be read and belong to no invocation."""
        return self._pairing.malformed

    def take(self, lines: Iterable[bytes]) -> None:
        """Read lines, in their order."""
        slow, start, report, states = self._slow, self._start, self._report, self._states
        for line in lines:
            if not line:
                continue
            if 48 <= line[0] <= 57:
                parts = line.split(b" ", 2)
                if len(parts) != 3 or (parts[1] not in states and not _STREAM.fullmatch(parts[1])):
                    slow(line, b"")
                    continue
                time, stream, message = parts
                self._dated = line
            else:
                time, stream, message = b"", b"", line
            kind = message[:1]
            if kind == b"{":
                if not time and b'"time' in message:
                    self._dated = line
                if (
                    b'"platform.' in message
                    or b'"errorType"' in message
                    or b'"monitor_init"' in message
                    or (not time and _WRAPPED.search(message))
                ):
                    slow(line, stream)
            elif kind == b"E" and message.startswith(b"END "):
                continue
            elif kind == b"S":
                if message.startswith(b"START "):
                    start(line, time, stream, message)
            elif kind == b"R" and message.startswith(b"REPORT "):
                report(line, stream, message)
            elif message.startswith(_STARTS.get(kind, ())):
                self._other(line, stream, message)

    def finish(self) -> None:
        """Count what is still held back."""
        for state in self._states.values():
            if state.report is not None:
                self._count(state)
            else:
                self._read(state.start_line)
        self._states.clear()
        for invocation in self._pairing.finish():
            self._sink.add(invocation)

    def _start(self, line: bytes, time: bytes, stream: bytes, message: bytes) -> None:
        found = _START.match(message)
        if found is None:
            self._slow(line, stream)
            return
        state = self._states.get(stream)
        if state is None:
            name = stream.decode("utf-8", "replace")
            settled = self._pairing.settle("", name)
            if settled is None or (time and not _TIME.fullmatch(time)):
                self._read(line)
                return
            for invocation in settled:
                self._sink.add(invocation)
            if len(self._states) >= _MOST_STATES:
                self._drop_oldest()
            state = self._states[stream] = _StreamState(owner("", name)[0] or self._sink.name_of("", name))
        elif state.report is not None:
            self._sink.warm(state.function, state.version, state.at_ms, *state.report)
        else:
            self._slow(line, stream)
            return
        state.at_ms = at_ms = self._at_ms(time)
        if at_ms < 0:
            del self._states[stream]
            self._read(line)
            return
        state.request_id, version = found.groups()
        state.start_line = line
        if version != state.version_bytes:
            state.version_bytes, state.version = version, version.decode("utf-8", "replace")
        state.report, state.xray_line = None, None

    def _report(self, line: bytes, stream: bytes, message: bytes) -> None:
        state = self._states.get(stream)
        if state is not None and state.report is None:
            found = _REPORT.match(message)
            if found is not None:
                request_id, duration, _, memory, used, init = found.groups()
                if init is None and request_id == state.request_id:
                    state.report = (float(duration), int(memory), int(used))
                    state.report_line = line
                    return
        self._slow(line, stream)

    def _other(self, line: bytes, stream: bytes, message: bytes) -> None:
        state = self._states.get(stream)
        if state is not None and state.report is not None and state.xray_line is None and message.startswith(b"XRAY T"):
            state.xray_line = line
            return
        self._slow(line, stream)

    def _slow(self, line: bytes, stream: bytes) -> None:
        """Give a line to the full reader, and before it what its stream's state holds."""
        state = self._states.pop(stream, None)
        if state is not None:
            for held in (state.start_line, state.report_line if state.report else None, state.xray_line):
                if held:
                    self._read(held, state.at_ms)
        self._read(line)

    def _read(self, line: bytes, at_ms: int | None = None) -> None:
        """The full reader; `at_ms` is the time of a line that was held back."""
        event = self._reader.read(line.decode("utf-8", "replace"), _NO_TIME)
        if event.timestamp_ms == _NO_TIME:
            if at_ms is None and self._dated is line:
                self._dated = None
            at_ms = self._clock_ms() if at_ms is None else at_ms
            event = LogEvent(at_ms, event.message, event.stream, event.group)
        elif at_ms is None:
            self._last_ms, self._dated = event.timestamp_ms, None
        record = parse_fact(event.message)
        if record is not None:
            for invocation in self._pairing.add(event, record):
                self._sink.add(invocation)

    def _clock_ms(self) -> int:
        """The time that a line without one has: that of the last line before it that has one."""
        line, self._dated = self._dated, None
        if line is None:
            return self._last_ms
        found = _JSON_TIME.match(line)
        if found is not None and self._at_ms(found[1]) >= 0:
            return self._last_ms
        self._last_ms = self._reader.read(line.decode("utf-8", "replace"), self._last_ms).timestamp_ms
        return self._last_ms

    def _at_ms(self, time: bytes) -> int:
        if not time:
            return self._clock_ms()
        # As `aws logs tail` writes it: the second is nearly always one that was read before.
        if time[:19] == self._second and time[23:] == b"000+00:00" and time[20:23].isdigit():
            self._last_ms, self._dated = self._second_ms + int(time[20:23]), None
            return self._last_ms
        try:
            moment = datetime.fromisoformat(time.decode())
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            self._last_ms, self._dated = round(moment.timestamp() * 1000), None
            if time[23:] == b"000+00:00":
                self._second, self._second_ms = time[:19], self._last_ms // 1000 * 1000
        except (ValueError, OverflowError):
            return -1
        return self._last_ms

    def _count(self, state: _StreamState) -> None:
        assert state.report is not None
        self._sink.warm(state.function, state.version, state.at_ms, *state.report)

    def _drop_oldest(self) -> None:
        """Let the older half go: streams end without a word, and their memory must have a bound."""
        for stream in list(self._states)[: _MOST_STATES // 2]:
            state = self._states.pop(stream)
            if state.report is not None:
                self._count(state)
            else:
                self._read(state.start_line, state.at_ms)
