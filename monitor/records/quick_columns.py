"""Invocations from the output of `aws logs tail`, fast: one pattern finds START, REPORT and what is rare in blocks.

Nine in ten lines of a log say nothing of an invocation as a whole, and most of the rest are the START and REPORT of a
warm invocation that succeeded. These are counted from their bytes. An event of any other kind goes to the full reader,
after the lines of the invocation that runs on its stream, so that the result is the full reader's.
`tests/unit/records/test_conformance.py` compares the two. One exception: a time-out or exit line that follows its
REPORT by more than five seconds, with other lines between, is joined to its invocation here.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from monitor.records.event import LogEvent
from monitor.records.forms.form import MOST_EVENT_CHARACTERS
from monitor.records.forms.json_text import one_line
from monitor.records.forms.openings import STREAM
from monitor.records.grammar import MEGABYTES, MILLISECONDS
from monitor.records.invocation import Invocation
from monitor.records.message import parse_fact
from monitor.records.pairing import Pairing
from monitor.records.stream import owner

_MOST_STATES = 2_000
_BATCH = 2_000
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?\+00:00"
_HEAD = re.compile(rf"{_TIME} {STREAM}(?: |$)".encode(), re.MULTILINE)
_STREAM = re.compile(STREAM.encode())
# A line break inside an event.
_MORE = rf"\n(?!{_TIME} \d{{4}}/\d\d/\d\d/)"
# How a message begins that can bear on an invocation as a whole (see parse_fact), or that begins on the next line.
_RARE = (
    r"START |REPORT |RequestId:|RESTORE_|Error: |EXTENSION|INIT_|X|TELEMETRY\t|LOGS\t|LAMBDA_WARNING: |\[ERROR\] "
    rf"|\d|{_MORE}|\s*\{{\n"
)
# JSON that bears on one contains one of these.
_JSON_MARKS = (b'"platform.', b'"errorType"', b'"monitor_init"')
# What follows a line is other columns, or the end of the block.
_END = rf"\s*?(?=\n{_TIME} \d{{4}}/|\Z)"
_XRAY = r"(?:\nXRAY TraceId: [!-~]{1,200}(?:\tSegmentId: \w{1,40})?(?:\tSampled: \w{1,5})?\s*?)?"
# The groups are those of a row in `_read`. No possessive quantifiers or atomic groups: Python 3.11.2 matches them
# wrongly, as the conformance tests show there.
_PATTERN = (
    r"\n(\d\S*) (\d\S*) (?:"
    rf"START RequestId: ([0-9a-f-]{{36}}) Version: (\$LATEST|\d{{1,15}}){_END}"
    rf"|REPORT RequestId: ([0-9a-f-]{{36}})\tDuration: ({MILLISECONDS}) ms"
    rf"\tBilled Duration: ({MILLISECONDS}) ms"
    rf"\tMemory Size: ({MEGABYTES}) MB\tMax Memory Used: ({MEGABYTES}) MB\s*?{_XRAY}{_END}"
    rf"|((?:{_RARE}%s)(?:[^\n]|{_MORE})*))"
)
_TEXT = re.compile((_PATTERN % "").encode(), re.ASCII)
_WITH_JSON = re.compile((_PATTERN % r"|\{").encode(), re.ASCII)
_PADDING = re.compile(rb"\0{2,}|\0\Z|\A\0")

Row = tuple[bytes, bytes, bytes, bytes, bytes]


class Sink(Protocol):
    """Counts invocations."""

    def name_of(self, group: str, stream: str) -> str:
        """The function that a stream has named so far, "" for none."""

    def add(self, invocation: Invocation) -> None:
        """Any invocation."""

    def warm(self, function: str, version: str, rows: list[Row], at_ms: Callable[[bytes], int]) -> None:
        """Warm invocations that succeeded: time, duration and billed duration in ms, memory and used memory in MB."""


class _Stream:
    """A stream's running invocation, or the one that ended last; those before it wait in `rows` to be counted."""

    __slots__ = ("function", "last_id", "report", "request_id", "rows", "start", "version")

    def __init__(self, function: str) -> None:
        self.function = function
        self.request_id = self.version = self.start = self.last_id = b""
        self.report: Row | None = None
        self.rows: list[Row] = []


def is_quick(text: str) -> bool:
    """Whether the beginning of an output of `aws logs tail` can be read here: without color, and in UTC."""
    return "\x1b[" not in text and _HEAD.match(text.lstrip("\n").encode("utf-8", "replace")) is not None


class QuickColumns:
    """Reads blocks into a sink; `finish` gives the rest."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._pairing = Pairing()
        self._streams: dict[bytes, _Stream] = {}
        self._rest = b"\n"
        self._hour, self._hour_ms = b"", 0

    def take(self, block: bytes) -> int:
        """Read a block, which can end anywhere; returns how many events bore on an invocation."""
        text = self._rest + (_PADDING.sub(b"", block) if b"\0" in block else block)
        # The last event can have more lines.
        end = text.rfind(b"\n20")
        while end > 0 and not _HEAD.match(text, end + 1):
            end = text.rfind(b"\n20", 0, end)
        if end <= 0:
            if len(text) < MOST_EVENT_CHARACTERS:
                self._rest = text
                return 0
            end = text.rfind(b"\n", 1)
            end = len(text) if end <= 0 else end
        self._rest = text[end:] or b"\n"
        return self._read(text[:end])

    def finish(self) -> None:
        """Count what is left."""
        self._read(self._rest)
        self._rest = b"\n"
        for name, state in self._streams.items():
            if state.report is None:
                self._read_start(name, state)
            else:
                state.rows.append(state.report)
            self._count(state)
        self._streams.clear()
        for invocation in self._pairing.finish():
            self._sink.add(invocation)

    def _read(self, text: bytes) -> int:
        pattern = _WITH_JSON if any(mark in text for mark in _JSON_MARKS) else _TEXT
        streams, count = self._streams, 0
        for time, name, start, version, report, duration, billed, memory, used, rare in pattern.findall(text):
            count += 1
            state = streams.get(name)
            if start:
                if state is None:
                    state = self._new_state(time, name, start, version)
                    if state is None:
                        continue
                elif state.report is None:
                    self._slow(time, name, _start_line(start, version))
                    continue
                else:
                    rows = state.rows
                    rows.append(state.report)
                    if version != state.version or len(rows) >= _BATCH:
                        self._count(state)
                        state.version = version
                state.last_id, state.request_id = state.request_id, start
                state.start, state.report = time, None
            elif report:
                if state is not None and state.report is None and state.request_id == report:
                    state.report = (state.start, duration, billed, memory, used)
                else:
                    self._slow(time, name, _report_line(report, duration, billed, memory, used))
            elif state is None or state.report is None or not rare.startswith(b"XRAY T"):
                self._slow(time, name, rare)
        return count

    def _new_state(self, time: bytes, name: bytes, start: bytes, version: bytes) -> _Stream | None:
        """A state for a stream of which nothing is open; None if the full reader has to read this START."""
        if not _STREAM.fullmatch(name):
            return None
        text = name.decode("utf-8", "replace")
        settled = self._pairing.settle("", text)
        if settled is None:
            self._slow(time, name, _start_line(start, version))
            return None
        for invocation in settled:
            self._sink.add(invocation)
        if len(self._streams) >= _MOST_STATES:
            self._drop_oldest()
        state = self._streams[name] = _Stream(owner("", text)[0] or self._sink.name_of("", text))
        state.version = version
        return state

    def _slow(self, time: bytes, name: bytes, message: bytes) -> None:
        """Give an event to the full reader, and before it the invocation that its stream's state has."""
        if not _STREAM.fullmatch(name):
            # The line continues an event: a message contains what looks like columns.
            return
        state = self._streams.pop(name, None)
        if state is not None:
            self._count(state)
            self._read_start(name, state)
            if state.report is not None:
                self._event(state.start, name, _report_line(state.request_id, *state.report[1:]))
        self._event(time, name, message)

    def _read_start(self, name: bytes, state: _Stream) -> None:
        if state.last_id:
            self._pairing.survived("", name.decode("utf-8", "replace"), state.last_id.decode())
        self._event(state.start, name, _start_line(state.request_id, state.version))

    def _event(self, time: bytes, name: bytes, message: bytes) -> None:
        text = message.decode("utf-8", "replace")
        if "\n" in text:
            text = one_line("\n".join(line.removesuffix("\r") for line in text.split("\n")).strip("\n"))
        else:
            text = text.removesuffix("\r")
        record = parse_fact(text)
        if record is not None:
            event = LogEvent(self._at_ms(time), text, name.decode("utf-8", "replace"))
            for invocation in self._pairing.add(event, record):
                self._sink.add(invocation)

    def _at_ms(self, time: bytes) -> int:
        hour = time[:13]
        if hour != self._hour:
            try:
                moment = datetime.strptime(hour.decode(), "%Y-%m-%dT%H").replace(tzinfo=UTC)
            except ValueError:
                return 0
            self._hour, self._hour_ms = hour, round(moment.timestamp() * 1000)
        # Rounded as the full reader rounds: 26 characters have microseconds.
        ms = round(int(time[20:26]) / 1000) if time[19:20] == b"." else 0
        return self._hour_ms + int(time[14:16]) * 60_000 + int(time[17:19]) * 1000 + ms

    def _count(self, state: _Stream) -> None:
        if state.rows:
            self._sink.warm(state.function, state.version.decode(), state.rows, self._at_ms)
            state.rows = []

    def _drop_oldest(self) -> None:
        """Forget the older half: streams end without a word, and memory must have a bound."""
        for name in list(self._streams)[: _MOST_STATES // 2]:
            state = self._streams.pop(name)
            if state.report is not None:
                state.rows.append(state.report)
                self._count(state)
            else:
                self._count(state)
                self._read_start(name, state)


def _start_line(request_id: bytes, version: bytes) -> bytes:
    return b"START RequestId: %s Version: %s" % (request_id, version)


def _report_line(request_id: bytes, *figures: bytes) -> bytes:
    return (
        b"REPORT RequestId: %s\tDuration: %s ms\tBilled Duration: %s ms\tMemory Size: %s MB\tMax Memory Used: %s MB"
        % (request_id, *figures)
    )
