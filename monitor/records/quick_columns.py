"""Invocations from the output of `aws logs tail`, fast: one pattern finds START, REPORT and what is rare in blocks.

Nine in ten lines of a log say nothing of an invocation as a whole, and most of the rest are the START and REPORT of a
warm invocation that succeeded. These are counted from their bytes. An event of any other kind goes to the full reader,
after the lines of the invocation that runs on its stream, so that the result is the full reader's.
`tests/unit/records/test_conformance.py` compares the two. One exception: a time-out or exit line that follows its
REPORT by more than five seconds, with other lines between, is joined to its invocation here.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from operator import itemgetter
from typing import Protocol

from monitor.records.event import LogEvent
from monitor.records.forms.form import MOST_EVENT_CHARACTERS
from monitor.records.forms.json_text import one_line
from monitor.records.forms.openings import STREAM
from monitor.records.invocation import Invocation
from monitor.records.message import parse_fact
from monitor.records.pairing import Pairing
from monitor.records.stream import owner

_MOST_STATES = 2_000
_BATCH = 2_000
# What is between the two sizes in REPORT.
MEMORY_BETWEEN = b" MB\tMax Memory Used: "
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
# JSON that bears on one contains "platform., "errorType" or "monitor_init": one search finds what they have in common.
_JSON_MARK = re.compile(rb'or(?:m\.|Type"|_init")')
_JSON = rf'|\{{(?=[^\n]*?(?:"(?:platform\.|errorType"|monitor_init")|{_MORE}))'
# Lambda writes the exception of a handler in Java without a mark at its beginning: its frames tell it.
_JAVA_MARK = b"\n\tat "
_JAVA = rf"|[^\n]*(?:{_MORE}[^\n]*){{0,20}}?\n\tat "
# With microseconds, and on a whole second; the widths of names of streams are learned.
_WIDE_TIME = r"\d{4}-\d\d(?:.{19}|.{12})\+00:00"
# What follows a line is other columns, or the end of the block.
_END = rf"[\t\r ]{{0,4}}(?=\n{_WIDE_TIME} \d{{4}}/|\Z)"
_XRAY = r"(\nXRAY TraceId: [!-~]{1,200}(?:\tSegmentId: \w{1,40})?(?:\tSampled: \w{1,5})?[\t\r ]{0,4})?"
# The alternatives of MILLISECONDS, which are tried in less time than an optional fraction.
_MS = r"\d{1,15}\.\d{1,9}|\d{1,15}"
_MOST_WIDTHS = 6
# How a message that matters can begin: the others are passed over at once.
_GATE = r"(?=[SRXTLI\d\s]|E[^N]|\[E%s)"


@cache
def _pattern(widths: tuple[int, ...], *, with_json: bool, with_java: bool, careful: bool) -> re.Pattern[bytes]:
    """Finds what bears on an invocation among lines whose stream has one of these widths.

    The groups are those of `_Found`. A line with columns of another width, and one that looks like a frame of Java,
    give a row without a stream. Columns are passed over by their width, which costs nothing for the many lines that
    say nothing of an invocation. Without `careful`, what is passed over can be the end of a line and the beginning of
    the next, and a line has a space after its columns.
    """
    # A wide name must not match a narrow one with the first word of its message.
    stream = "|".join(f"[^ \\n]{{{width}}}" for width in widths)
    known = stream if careful else "|".join(f"[^ ]{{{width}}}" for width in widths)
    if len(widths) == 1 and not careful:
        # Names are checked when they were found.
        stream = f".{{{widths[0]}}}"
    space = r"(?: |(?=\n|\Z))" if careful else " "
    gate = "" if with_java else _GATE % (r"|\{" if with_json else "")
    # No possessive quantifiers or atomic groups: Python 3.11.2 matches them wrongly, as the conformance tests show.
    return re.compile(
        (
            rf"\n(?:({_WIDE_TIME}) (?:({stream}){space}{gate}(?:"
            rf"START RequestId: ([0-9a-f-]{{36}}) Version: (\$LATEST|\d{{1,15}}){_END}"
            rf"|REPORT RequestId: ([^\n]{{36}})\tDuration: ({_MS}) ms\tBilled Duration: ({_MS}) ms"
            rf"\tMemory Size: (\d{{1,15}}{MEMORY_BETWEEN.decode()}\d{{1,15}}) MB[\t\r ]{{0,4}}{_XRAY}{_END}"
            rf"|((?:{_RARE}{_JSON if with_json else ''}{_JAVA if with_java else ''})[^\n]*(?:{_MORE}[^\n]*)*))"
            rf"|(?!(?:{known}){space})\d{{4}}/\d\d/\d\d/)"
            rf"|\tat )"
        ).encode(),
        re.ASCII | re.DOTALL,
    )


_PADDING = re.compile(rb"\0{2,}|\0\Z|\A\0")

# The groups of the pattern: the time and the stream; the request id and version of START; the request id, duration,
# billed duration, memory sizes and line of the trace of REPORT; and the whole text of anything else.
_Found = tuple[bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes]


class Warm:
    """Figures of warm invocations that succeeded, as the log has them: one item for each, in three columns.

    `times` are those of START, `durations` are in ms, `memory` is the size, `MEMORY_BETWEEN` and the use in MB.
    """

    __slots__ = ("durations", "memory", "times")

    def __init__(self) -> None:
        self.times: list[bytes] = []
        self.durations: list[bytes] = []
        self.memory: list[bytes] = []


class Sink(Protocol):
    """Counts invocations."""

    def name_of(self, group: str, stream: str) -> str:
        """The function that a stream has named so far, "" for none."""

    def add(self, invocation: Invocation) -> None:
        """Any invocation."""

    def warm(self, function: str, version: str, found: Warm, at_ms: Callable[[bytes], int]) -> None:
        """Warm invocations that succeeded."""


class _Stream:
    """A stream's running invocation, or the one that ended last. Those before it are in `warm`."""

    __slots__ = ("function", "last_id", "report", "start", "version", "warm")

    def __init__(self, function: str, version: bytes, start: _Found, warm: Warm) -> None:
        self.function, self.version, self.start, self.warm = function, version, start, warm
        self.last_id = b""
        self.report: _Found | None = None

    def end(self, report: _Found) -> None:
        """The invocation that ended last can have no more lines."""
        self.warm.times.append(self.start[0])
        self.warm.durations.append(report[5])
        self.warm.memory.append(report[7])


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
        # By function and version: the warm invocations that are not in the sink yet.
        self._warm: dict[tuple[str, bytes], Warm] = {}
        self._blocks, self._size = [b"\n"], 0
        # The widths of the names of streams so far, the last one learned last; and the names that are valid.
        self._widths: tuple[int, ...] = ()
        self._names: set[bytes] = set()
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
            self._close(name, state)
        self._streams.clear()
        self._count(least=1)
        for invocation in self._pairing.finish():
            self._sink.add(invocation)

    def _read(self, text: bytes, end: int) -> int:
        """Read the text up to `end`, where an event ends."""
        rows = self._find(text, end)
        streams = _by_stream(rows)
        left: dict[bytes, int] = {}
        rest: list[tuple[bytes, list[_Found]]] = []
        for name, found in streams.items():
            if not self._count_usual(name, found):
                before, after = self._around_unusual(name, found)
                # What is usual before it has been counted.
                left[name] = before
                rest.append((name, found[after:]))
        if left:
            until = {name: len(streams[name]) - len(found) for name, found in rest}
            self._one_by_one(_between(rows, left, until))
            for name, found in rest:
                if found and not self._count_usual(name, found):
                    self._one_by_one(found)
        self._count(least=_BATCH)
        return len(rows)

    def _find(self, text: bytes, end: int) -> list[_Found]:
        """What bears on an invocation, and what is rare, in the order of the log."""
        with_json = _JSON_MARK.search(text, 0, end) is not None
        if self._widths:
            rows: list[_Found] = _pattern(self._widths, with_json=with_json, with_java=False, careful=False).findall(
                text, 0, end
            )
            names: set[bytes] = set(map(itemgetter(1), rows))
            if self._names.issuperset(names) or self._are_valid(names):
                return rows
        found = {len(name) for name in set(map(itemgetter(1), _HEAD.findall(text, 0, end)))}
        widths = tuple(sorted({*self._widths, *found}))
        self._widths = widths if len(widths) <= _MOST_WIDTHS else ()
        if not widths:
            return []
        with_java = text.find(_JAVA_MARK, 0, end) >= 0
        rows = _pattern(widths, with_json=with_json, with_java=with_java, careful=True).findall(text, 0, end)
        return [row for row in rows if row[1]]

    def _are_valid(self, names: set[bytes]) -> bool:
        """Whether what was found where a stream's name is expected is one, in each row."""
        if len(self._names) > _MOST_STATES:
            self._names.clear()
        if not all(name in self._names or _STREAM.fullmatch(name) for name in names):
            return False
        self._names |= names
        return True

    def _around_unusual(self, name: bytes, rows: list[_Found]) -> tuple[int, int]:
        """Where the rows of a stream begin that have to be read one by one, and where they end.

        They end at the START after the last row that is neither START nor REPORT.
        """
        rare = [number for number, row in enumerate(rows) if row[9]]
        if not rare:
            return 0, len(rows)
        first = rare[0] if name in self._streams and rare[0] and self._count_usual(name, rows[: rare[0]]) else 0
        starts = (number for number in range(rare[-1] + 1, len(rows)) if rows[number][2])
        # One more invocation: the first after an init is a cold start.
        next(starts, None)
        return first, next(starts, len(rows))

    def _count_usual(self, name: bytes, rows: list[_Found]) -> bool:
        """Count the rows of a stream if they are only START and REPORT of warm invocations, in turns.

        False: they have to be read one by one. The last REPORT waits, since a late line may follow it.
        """
        state = self._streams.get(name)
        if state is not None and state.report is None:
            rows = [state.start, *rows]
        starts, reports = rows[::2], rows[1::2]
        ids, reported = [row[2] for row in starts], [row[4] for row in reports]
        is_open = len(ids) > len(reported)
        version = rows[0][3] if state is None else state.version
        if (ids[:-1] if is_open else ids) != reported or b"" in ids or (len(rows) == 1 and state is None):
            return False
        if [row[3] for row in starts].count(version) != len(ids):
            return False
        if state is None:
            state = self._new_state(rows[0], quietly=True)
            if state is None:
                return False
        elif state.report is not None:
            state.end(state.report)
        if len(ids) > 1:
            state.last_id = ids[-2]
            warm, done = state.warm, len(ids) - 1
            warm.times += [row[0] for row in starts[:done]]
            warm.durations += [row[5] for row in reports[:done]]
            warm.memory += [row[7] for row in reports[:done]]
        elif state.start[2] != ids[-1]:
            state.last_id = state.start[2]
        state.start, state.report = starts[-1], None if is_open else reports[-1]
        return True

    def _one_by_one(self, rows: Iterable[_Found]) -> None:
        streams = self._streams
        for row in rows:
            name = row[1]
            state = streams.get(name)
            if row[2]:
                if state is None:
                    self._new_state(row)
                    continue
                if state.report is None:
                    self._slow(row, _start_line(row))
                    continue
                state.end(state.report)
                if row[3] != state.version:
                    state.version = row[3]
                    state.warm = self._warm_of(state.function, row[3])
                state.last_id = state.start[2]
                state.start, state.report = row, None
            elif row[4]:
                if state is not None and state.report is None and state.start[2] == row[4]:
                    state.report = row
                else:
                    self._slow(row, _report_line(row))
            elif state is None or state.report is None or not row[9].startswith(b"XRAY T"):
                self._slow(row, row[9])

    def _new_state(self, row: _Found, *, quietly: bool = False) -> _Stream | None:
        """A state for a stream of which nothing is open; None if the full reader has to read this START.

        `quietly`: the caller lets it be read.
        """
        name = row[1]
        if not _STREAM.fullmatch(name):
            return None
        text = name.decode("utf-8", "replace")
        settled = self._pairing.settle("", text)
        if settled is None and quietly:
            return None
        if settled is None:
            self._slow(row, _start_line(row))
            return None
        for invocation in settled:
            self._sink.add(invocation)
        if len(self._streams) >= _MOST_STATES:
            self._drop_oldest()
        function = owner("", text)[0] or self._sink.name_of("", text)
        state = self._streams[name] = _Stream(function, row[3], row, self._warm_of(function, row[3]))
        return state

    def _warm_of(self, function: str, version: bytes) -> Warm:
        if len(self._warm) >= 2 * _MOST_STATES:
            self._count(least=1)
            self._warm = {(one.function, one.version): one.warm for one in self._streams.values()}
        found = self._warm.get((function, version))
        if found is None:
            found = self._warm[function, version] = Warm()
        return found

    def _slow(self, row: _Found, message: bytes) -> None:
        """Give an event to the full reader, and before it the invocation that its stream's state has."""
        name = row[1]
        if not _STREAM.fullmatch(name):
            # The line continues an event: a message contains what looks like columns.
            return
        state = self._streams.pop(name, None)
        if state is not None:
            self._read_start(name, state)
            if state.report is not None:
                self._event(state.start[0], name, _report_line(state.report))
        self._event(row[0], name, message)

    def _read_start(self, name: bytes, state: _Stream) -> None:
        if state.last_id:
            self._pairing.survived("", name.decode("utf-8", "replace"), state.last_id.decode())
        self._event(state.start[0], name, _start_line(state.start))

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

    def _count(self, least: int) -> None:
        """Give warm invocations to the sink where there are at least so many."""
        for (function, version), warm in self._warm.items():
            if len(warm.times) >= least:
                self._sink.warm(function, version.decode(), warm, self._at_ms)
                # The states of streams have this object.
                warm.times, warm.durations, warm.memory = [], [], []

    def _close(self, name: bytes, state: _Stream) -> None:
        """Nothing more is expected of a stream."""
        if state.report is not None:
            state.end(state.report)
        else:
            self._read_start(name, state)

    def _drop_oldest(self) -> None:
        """Forget the older half: streams end without a word, and memory must have a bound."""
        for name in list(self._streams)[: _MOST_STATES // 2]:
            self._close(name, self._streams.pop(name))


def _by_stream(rows: list[_Found]) -> dict[bytes, list[_Found]]:
    """The rows of each stream."""
    found: defaultdict[bytes, list[_Found]] = defaultdict(list)
    for row in rows:
        found[row[1]].append(row)
    return found


def _between(rows: list[_Found], first: dict[bytes, int], end: dict[bytes, int]) -> Iterator[_Found]:
    """The rows of some streams from their first to before their end, in the order of the log."""
    seen = dict.fromkeys(first, 0)
    for row in rows:
        number = seen.get(row[1], -1)
        if number >= 0:
            seen[row[1]] = number + 1
            if first[row[1]] <= number < end[row[1]]:
                yield row


def _start_line(row: _Found) -> bytes:
    return b"START RequestId: %s Version: %s" % row[2:4]


def _report_line(row: _Found) -> bytes:
    return b"REPORT RequestId: %s\tDuration: %s ms\tBilled Duration: %s ms\tMemory Size: %s MB\t%s" % row[4:9]
