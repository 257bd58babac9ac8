"""Invocations from the output of `aws logs tail`, fast: one pattern finds START, REPORT and what is rare in blocks.

Nine in ten lines of a log say nothing of an invocation as a whole, and most of the rest are the START and REPORT of a
warm invocation that succeeded. These are counted from their bytes. An event of any other kind goes to the full reader,
after the lines of the invocation that runs on its stream, so that the result is the full reader's.
`tests/unit/records/test_conformance.py` compares the two. One exception: a time-out or exit line that follows its
REPORT by more than five seconds, with other lines between, is joined to its invocation here.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from operator import itemgetter
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
# Blocks are joined to this size: the lines of a stream in a block are counted together.
_LEAST_BYTES = 1 << 20
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?\+00:00"
_HEAD = re.compile(rf"({_TIME}) ({STREAM})(?: |$)".encode(), re.MULTILINE)
_STREAM = re.compile(STREAM.encode())
# A line break inside an event.
_MORE = rf"\n(?!{_TIME} \d{{4}}/\d\d/\d\d/)"
# How a message begins that can bear on an invocation as a whole (see parse_fact), or that begins on the next line.
_RARE = (
    r"START |R(?:EPORT |equestId:|ESTORE_)|E(?:rror: |XTENSION)|INIT_|X|TELEMETRY\t|L(?:OGS\t|AMBDA_WARNING: )"
    rf"|\[ERROR\] |\d|{_MORE}|\s*\{{\n"
)
# JSON that bears on one contains one of these.
_JSON_MARKS = (b'"platform.', b'"errorType"', b'"monitor_init"')
_JSON = r'|\{(?=[^\n]*?"(?:platform\.|errorType"|monitor_init"))'
# Lambda writes the exception of a handler in Java without a mark at its beginning: its frames tell it.
_JAVA_MARK = b"\n\tat "
_JAVA = rf"|[^\n]*(?:{_MORE}[^\n]*){{0,20}}?\n\tat "
# With microseconds, and on a whole second; the widths of names of streams are learned.
_WIDE_TIME = r"\d{4}-(?:.{27}|.{20})"
# What follows a line is other columns, or the end of the block.
_END = rf"[\t\r ]{{0,4}}(?=\n{_WIDE_TIME} \d{{4}}/|\Z)"
_XRAY = r"(\nXRAY TraceId: [!-~]{1,200}(?:\tSegmentId: \w{1,40})?(?:\tSampled: \w{1,5})?[\t\r ]{0,4})?"
_MOST_WIDTHS = 6
# How a message that matters can begin: the others are passed over at once.
_GATE = r"(?:[SRXTLI\d\s]|E[^N]|\[E%s)"


@cache
def _pattern(widths: tuple[int, ...], *, with_json: bool, with_java: bool) -> re.Pattern[bytes]:
    """Finds what bears on an invocation among lines whose stream has one of these widths.

    The groups are those of a row in `_read`. A line with columns of another width gives a row without any. Columns are
    passed over by their width, which costs nothing for the many lines that say nothing of an invocation.
    """
    # A wide name must not match a narrow one with the first word of its message.
    stream = "|".join(f"[^ ]{{{width}}}" for width in widths)
    head, wide = f"{_WIDE_TIME} (?:{stream}) ", f"{_WIDE_TIME} (?:{stream.replace('[^ ]', '.')}) "
    gate = "" if with_java else _GATE % (r"|\{" if with_json else "")
    # No possessive quantifiers or atomic groups: Python 3.11.2 matches them wrongly, as the conformance tests show.
    return re.compile(
        (
            rf"\n(?:(?={wide}{gate})({_WIDE_TIME}) ({stream}) (?:"
            rf"START RequestId: ([0-9a-f-]{{36}}) Version: (\$LATEST|\d{{1,15}}){_END}"
            rf"|REPORT RequestId: ([0-9a-f-]{{36}})\tDuration: ({MILLISECONDS}) ms"
            rf"\tBilled Duration: ({MILLISECONDS}) ms"
            rf"\tMemory Size: ({MEGABYTES}) MB\tMax Memory Used: ({MEGABYTES}) MB[\t\r ]{{0,4}}{_XRAY}{_END}"
            rf"|((?:{_RARE}{_JSON if with_json else ''}{_JAVA if with_java else ''})[^\n]*(?:{_MORE}[^\n]*)*))"
            rf"|(?!{head}){_TIME} \d{{4}}/\d\d/\d\d/)"
        ).encode(),
        re.ASCII | re.DOTALL,
    )


_PADDING = re.compile(rb"\0{2,}|\0\Z|\A\0")

# The time, duration and billed duration in ms, memory and used memory in MB, and the line of the trace.
Row = tuple[bytes, bytes, bytes, bytes, bytes, bytes]


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

    def __init__(self, sink: Sink, least_bytes: int = _LEAST_BYTES) -> None:
        self._sink = sink
        self._least_bytes = least_bytes
        self._pairing = Pairing()
        self._streams: dict[bytes, _Stream] = {}
        self._blocks, self._size = [b"\n"], 0
        # The widths of the names of streams so far, the last one learned last.
        self._widths: tuple[int, ...] = ()
        self._hour, self._hour_ms = b"", 0

    def take(self, block: bytes) -> int:
        """Read a block, which can end anywhere; returns how many events bore on an invocation."""
        self._blocks.append(_PADDING.sub(b"", block) if b"\0" in block else block)
        self._size += len(block)
        if self._size < self._least_bytes:
            return 0
        text = b"".join(self._blocks)
        # The last event can have more lines.
        end = text.rfind(b"\n20")
        while end > 0 and not _HEAD.match(text, end + 1):
            end = text.rfind(b"\n20", 0, end)
        if end <= 0:
            if len(text) < MOST_EVENT_CHARACTERS:
                self._blocks, self._size = [text], 0
                return 0
            end = text.rfind(b"\n", 1)
            end = len(text) if end <= 0 else end
        self._blocks, self._size = [text[end:] or b"\n"], 0
        return self._read(text, end)

    def finish(self) -> None:
        """Count what is left."""
        text = b"".join(self._blocks)
        self._read(text, len(text))
        self._blocks = [b"\n"]
        for name, state in self._streams.items():
            if state.report is None:
                self._read_start(name, state)
            else:
                state.rows.append(state.report)
            self._count(state)
        self._streams.clear()
        for invocation in self._pairing.finish():
            self._sink.add(invocation)

    def _read(self, text: bytes, end: int) -> int:
        """Read the text up to `end`, where an event ends."""
        with_json = any(text.find(mark, 0, end) >= 0 for mark in _JSON_MARKS)
        with_java = text.find(_JAVA_MARK, 0, end) >= 0
        rows: list[tuple[bytes, ...]] = []
        if self._widths:
            rows = _pattern(self._widths, with_json=with_json, with_java=with_java).findall(text, 0, end)
        streams = _by_stream(rows)
        if b"" in streams or not self._widths:
            found = {len(name) for name in set(map(itemgetter(1), _HEAD.findall(text, 0, end)))}
            widths = tuple(sorted({*self._widths, *found}))
            self._widths = widths if len(widths) <= _MOST_WIDTHS else ()
            rows = []
            if widths:
                rows = _pattern(widths, with_json=with_json, with_java=with_java).findall(text, 0, end)
            streams = _by_stream(rows)
        rest: dict[bytes, int] = {}
        unusual: list[int] = []
        for name, places in streams.items():
            if not self._count_usual(name, [rows[at] for at in places]):
                usual = _last_unusual(rows, places)
                unusual += places[:usual]
                rest[name] = usual
        # In the order of the log, because the full reader needs its times.
        unusual.sort()
        self._one_by_one(rows[at] for at in unusual)
        for name, usual in rest.items():
            of_stream = [rows[at] for at in streams[name][usual:]]
            if of_stream and not self._count_usual(name, of_stream):
                self._one_by_one(of_stream)
        return len(rows)

    def _count_usual(self, name: bytes, rows: list[tuple[bytes, ...]]) -> bool:
        """Count the rows of a stream if they are only START and REPORT of warm invocations, in turns.

        False: they have to be read one by one. The last REPORT waits, since a late line may follow it.
        """
        state = self._streams.get(name)
        first = rows[0]
        if state is None:
            if not first[2] or len(rows) == 1:
                return False
            state = self._new_state(first[0], name, first[2], first[3], quietly=True)
            if state is None:
                return False
        elif state.report is None:
            rows = [(state.start, name, state.request_id, state.version, b"", b"", b"", b"", b"", b"", b""), *rows]
        _, _, ids, versions, *_ = starts = tuple(zip(*rows[::2], strict=True))
        ended = tuple(zip(*rows[1::2], strict=True)) or ((),) * len(first)
        reported, version = ended[4], state.version
        if ids[: len(reported)] != reported or b"" in ids or versions.count(version) != len(versions):
            if state.report is None and not state.request_id:
                del self._streams[name]
            return False
        if state.report is not None:
            state.rows.append(state.report)
        state.rows += zip(starts[0], *ended[5:10], strict=False)
        if len(ids) > 1:
            state.last_id = ids[-2]
        elif state.request_id != ids[-1]:
            state.last_id = state.request_id
        state.request_id, state.start = ids[-1], starts[0][-1]
        state.report = state.rows.pop() if len(reported) == len(ids) else None
        if len(state.rows) >= _BATCH:
            self._count(state)
        return True

    def _one_by_one(self, rows: Iterable[tuple[bytes, ...]]) -> None:
        streams = self._streams
        for time, name, start, version, report, duration, billed, memory, used, trace, rare in rows:
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
                    rows_of_state = state.rows
                    rows_of_state.append(state.report)
                    if version != state.version or len(rows_of_state) >= _BATCH:
                        self._count(state)
                        state.version = version
                state.last_id, state.request_id = state.request_id, start
                state.start, state.report = time, None
            elif report:
                if state is not None and state.report is None and state.request_id == report:
                    state.report = (state.start, duration, billed, memory, used, trace)
                else:
                    self._slow(time, name, _report_line(report, duration, billed, memory, used, trace))
            elif state is None or state.report is None or not rare.startswith(b"XRAY T"):
                self._slow(time, name, rare)

    def _new_state(
        self, time: bytes, name: bytes, start: bytes, version: bytes, *, quietly: bool = False
    ) -> _Stream | None:
        """A state for a stream of which nothing is open; None if the full reader has to read this START.

        `quietly`: the caller lets it be read.
        """
        if not _STREAM.fullmatch(name):
            return None
        text = name.decode("utf-8", "replace")
        settled = self._pairing.settle("", text)
        if settled is None and quietly:
            return None
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


def _by_stream(rows: list[tuple[bytes, ...]]) -> dict[bytes, list[int]]:
    """The places of each stream's rows."""
    found: defaultdict[bytes, list[int]] = defaultdict(list)
    for at, name in enumerate(map(itemgetter(1), rows)):
        found[name].append(at)
    return found


def _last_unusual(rows: list[tuple[bytes, ...]], places: list[int]) -> int:
    """How many of a stream's rows come before the START after its last row that is neither START nor REPORT."""
    for number in range(len(places) - 1, -1, -1):
        if rows[places[number]][10]:
            starts = (later for later in range(number + 1, len(places)) if rows[places[later]][2])
            # One more invocation: the first after an init is a cold start.
            next(starts, None)
            return next(starts, len(places))
    return len(places)


def _start_line(request_id: bytes, version: bytes) -> bytes:
    return b"START RequestId: %s Version: %s" % (request_id, version)


def _report_line(request_id: bytes, *figures: bytes) -> bytes:
    return (
        b"REPORT RequestId: %s\tDuration: %s ms\tBilled Duration: %s ms\tMemory Size: %s MB\tMax Memory Used: %s MB\t%s"
        % (request_id, *figures)
    )
