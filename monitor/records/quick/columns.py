"""Invocations from the output of `aws logs tail`, fast: one pattern finds START, REPORT and what is rare in blocks.

Nine in ten lines of a log say nothing of an invocation as a whole, and most of the rest are the START and REPORT of a
warm invocation that succeeded. These are counted from their bytes. An event of any other kind goes to the full reader,
after the lines of the invocation that runs on its stream, so that the result is the full reader's.
`tests/unit/records/test_conformance.py` compares the two. Two exceptions: a time-out or exit line that follows its
REPORT by more than five seconds, with other lines between, is joined to its invocation here; and the second REPORT of
an invocation whose function printed the first one, then a START, and then an error, changes nothing here.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from operator import itemgetter
from typing import NamedTuple, Protocol

from monitor.records.environment import LINGER_MS
from monitor.records.event import LogEvent
from monitor.records.forms.json_text import one_line
from monitor.records.forms.openings import STREAM
from monitor.records.invocation import Invocation
from monitor.records.message import parse_fact
from monitor.records.quick.blocks import LEAST_BYTES
from monitor.records.quick.reader import QuickReader
from monitor.records.stream import DURABLE, SERVERS, has_hint, owner

_MOST_STATES = 2_000
_BATCH = 4_000
_MOST_NAMES = 50_000
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?\+00:00"
_HEAD = re.compile(rf"({_TIME}) ({STREAM})(?: |$)".encode(), re.MULTILINE)
_STREAM = re.compile(STREAM.encode())
# How an event begins, up to what a stream's name cannot lack, and a line break inside of one.
_NEXT = rf"{_TIME} \d{{4}}/\d\d/\d\d/[^\s\[\]()]{{0,140}}\[[^\]\s]{{1,64}}\]"
_MORE = rf"\n(?!{_NEXT})"
# How a message begins that can bear on an invocation as a whole (see parse_fact), or that begins on the next line.
_RARE = (
    r"START |R(?:EPORT |equestId:|ESTORE_)|E(?:rror: |XTENSION)|INIT_|X|TELEMETRY\t|L(?:OGS\t|AMBDA_WARNING: )"
    rf"|\[ERROR\] |\d|{_MORE}|\s*\{{{_MORE}"
)
# JSON that bears on one contains "platform., "errorType" or "monitor_init": one search finds what they have in common.
JSON_MARK = re.compile(rb'or(?:m\.|Type"|_init")')
_JSON = rf'|\{{(?=[^\n]*?(?:"(?:platform\.|errorType"|monitor_init")|{_MORE}))'
# Lambda writes the exception of a handler in Java without a mark at its beginning: its frames tell it.
_JAVA_MARK = b"\n\tat "
_JAVA = rf"|[^\n]*(?:{_MORE}[^\n]*){{0,20}}?\n\tat "
_DURABLE_MARK, _SERVER_MARKS = DURABLE.encode(), tuple(mark.encode() for mark in SERVERS)
_HINTED = rf"|[^\n]*(?:{_MORE}[^\n]*)*?(?:{'|'.join(map(re.escape, (DURABLE, *SERVERS)))})"
# A time that is not on a whole second, and its digits as zeros.
_WIDE_TIME = b"0000-00-00T00:00:00.000000+00:00"
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
# The columns of most lines. Ranges take less time than classes of characters.
_NEXT_WIDE = "DDDD-DD-DDTDD:DD:DD[.]DDDDDD[+]00:00 DDDD/DD/DD/".replace("D", "[0-9]")
# What follows a line is other columns, or the end of the block.
_END = rf"(?=\n(?:{_NEXT_WIDE}[^\s\[\]()]{{0,140}}\[[^\]\s]{{1,64}}\]|{_NEXT})|\Z)"
# An empty alternative takes less time than an optional group.
XRAY = r"((?:\nXRAY TraceId: [!-~]{1,200}(?:\tSegmentId: \w{1,40})?(?:\tSampled: \w{1,5})?[\t\r ]{0,4}|))"
# MILLISECONDS as alternatives, the more frequent one first: what is billed is whole.
MS, BILLED = r"(\d{1,15}\.\d{1,9}|\d{1,15})", r"(\d{1,15}|\d{1,15}\.\d{1,9})"
# What an application logs, and not Lambda, among what is rare.
_OF_APPLICATION = re.compile(rb"\[ERROR\] |\d|(?!.*platform\.)\{", re.DOTALL)
# So many lines of a block with columns of another width are read one by one.
_MOST_ODD = 50
_SAMPLE_BYTES = 20_000
# The rest of START and of REPORT, of a warm invocation that succeeded. Few texts are different in a log.
_VERSION = re.compile(rb"(\$LATEST|\d{1,15})[\t\r ]{0,4}")
MEMORY = r"\tMemory Size: \d{1,15} MB\tMax Memory Used: \d{1,15} MB[\t\r ]{0,4}"
_MEMORY = re.compile(MEMORY.replace(r"\d{1,15}", r"(\d{1,15})").encode())
_MOST_TEXTS = 10_000


def passed(*, with_json: bool) -> str:
    """How a message begins that does not bear on an invocation, and is passed over at once."""
    # A range takes less time than a class of characters.
    return rf"[^SRXTLIE\[0-9\t-\r {'{' if with_json else ''}]|EN|\[[^E]"


def _row(time: str, stream: str, space: str, rare: str, between: str) -> str:
    """The pattern of a line that bears on an invocation; its groups are those of `_Row`.

    `between` are lines that can stand between START and the REPORT of an invocation, and are one row with these.
    """
    figures = rf"\tDuration: {MS} ms\tBilled Duration: {BILLED} ms([^\n]*){XRAY}{_END}"
    return (
        rf"({time}) ({stream}){space}"
        r"(?:START RequestId: ([0-9a-f-]{36}) Version: ([^\n]*)"
        # The REPORT that comes next belongs to the START.
        rf"(?:\n(?:{between}|)({time}) \2 REPORT RequestId: \3{figures}|{_END})"
        rf"|REPORT RequestId: ([^\n]{{36}}){figures}"
        rf"|({rare}[^\n]*(?:{_MORE}[^\n]*)*))"
    )


@cache
def _pattern(width: int, *, with_json: bool) -> re.Pattern[bytes]:
    """Finds what bears on an invocation among lines whose time has microseconds, and whose stream has this width.

    These columns are passed over by their width, which costs nothing for the many lines that say nothing of an
    invocation: what is passed over can be the end of a line and the beginning of the next. A line that can have columns
    of another width is a row with its whole text and no stream. What looks like a frame of Java is a row without text.
    The few rows have what stands where columns are: it is to be checked.
    """
    usual = passed(with_json=with_json)
    skip = rf"(?!.{{32}} .{{{width}}} (?:{usual}))"
    rare = f"(?:{_RARE}{_JSON if with_json else ''})"
    # The second includes the first, which takes less time.
    between = rf".{{32}} \2 END [^\n]*\n|(?:[^\n]{{32}} \2 (?:{usual})[^\n]*\n)+"
    row = _row(".{32}", f".{{{width}}}", " ", rare, between)
    odd = rf"(?!.{{32}} .{{{width}}} )(\d{{4}}-\d\d-[^\n]*(?:{_MORE}[^\n]*)*)"
    # No possessive quantifiers or atomic groups: Python 3.11.2 matches them wrongly, as the conformance tests show.
    return re.compile(rf"\n{skip}(?:{row}|{odd}|\tat )".encode(), re.ASCII | re.DOTALL)


@cache
def _careful_pattern(*, with_json: bool, with_java: bool, hinted: bool = False) -> re.Pattern[bytes]:
    """Finds what bears on an invocation among all lines."""
    rare = f"(?:{_RARE}{_JSON if with_json else ''}{_JAVA if with_java else ''}{_HINTED if hinted else ''})"
    skip = "" if with_java or hinted else rf"(?!{passed(with_json=with_json)})"
    # An END with a slash can name a durable execution.
    row = _row(_TIME, STREAM, rf"(?: |(?=\n|\Z)){skip}", rare, rf"{_TIME} \2 END [^\n/]*\n")
    return re.compile(rf"\n{row}".encode(), re.ASCII | re.DOTALL)


# The groups of the pattern, from 0: the time and the stream; the request id of START, the rest of its line, and the
# time and the figures of its REPORT if that follows; the request id and the figures of a REPORT alone; the whole text
# of anything else; and, in the quick pattern, an event with its columns. The figures are the duration, the billed
# duration, the rest of the line and the trace.
_Row = tuple[bytes, ...]
_TIME_OF, _NAME, _STARTED, _VERSION_OF, _ENDED, _DURATION, _BILLED, _REST, _TRACE, _REPORTED = range(10)
_OTHER, _ODD = 14, 15
_NO_ROW: _Row = (b"",) * 16
_FIGURES, _REPORT_FIGURES = slice(_DURATION, _TRACE + 1), slice(10, 14)


class Warm(NamedTuple):
    """Warm invocations that succeeded: the times of START and the durations in ms, as the log has them.

    Where the sink needs no times, only the first and the last can be there.
    `sizes_mb` counts the memory sizes; `most_used_mb` is the most that one used.
    """

    number: int
    times: list[bytes]
    durations: list[bytes]
    sizes_mb: Counter[int]
    most_used_mb: int


class _Versions(dict[bytes, str]):
    """The versions that the rests of lines of START say; "" where the full reader has to see the line."""

    def __missing__(self, rest: bytes) -> str:
        found = _VERSION.fullmatch(rest)
        version = self[rest] = found[1].decode() if found is not None else ""
        return version


class Memory(dict[bytes, tuple[int, ...]]):
    """The memory size and use in MB that the rests of lines of REPORT say; () where the full reader has to see it."""

    def __missing__(self, rest: bytes) -> tuple[int, ...]:
        found = _MEMORY.fullmatch(rest)
        sizes = self[rest] = (int(found[1]), int(found[2])) if found is not None else ()
        return sizes

    def counted(self, texts: Iterable[bytes]) -> tuple[Counter[int], int]:
        """How many of the texts there are of each memory size, and the most that one used."""
        sizes: Counter[int] = Counter()
        most_used = 0
        # Many invocations have the same figures.
        for text, number in Counter(texts).items():
            size, used = self[text]
            sizes[size] += number
            most_used = max(most_used, used)
        return sizes, most_used


class Sink(Protocol):
    """Counts invocations."""

    by_version: bool
    """Whether the versions of warm invocations matter."""

    by_time: bool
    """Whether the times of warm invocations matter, beside the first and the last one."""

    def name_of(self, group: str, stream: str) -> str:
        """The function that a stream has named so far, "" for none."""

    def add(self, invocation: Invocation) -> None:
        """Any invocation."""

    def warm(self, function: str, version: str, found: Warm, at_ms: Callable[[bytes], int]) -> None:
        """Warm invocations that succeeded."""


def is_quick(text: str) -> bool:
    """Whether the beginning of an output of `aws logs tail` can be read here: without color, and in UTC."""
    return "\x1b[" not in text and _HEAD.match(text.lstrip("\n").encode("utf-8", "replace")) is not None


def _has_server(text: bytes, end: int) -> bool:
    """Whether a line up to `end` looks like that of a web server that listens."""
    return any(text.find(mark, 0, end) >= 0 for mark in _SERVER_MARKS)


def _most_frequent(widths: Iterable[int]) -> int:
    """The most frequent width; 0 without any."""
    found = Counter(widths).most_common(1)
    return found[0][0] if found else 0


def _with_time(rows: list[_Row]) -> list[_Row]:
    """The rows with a time where it is expected. The others are lines that continue an event.

    A row that took more such lines is left without a stream's name: the careful pattern has to read them.
    """
    times = b"".join(map(itemgetter(_TIME_OF), rows)) + b"".join(map(itemgetter(_ENDED), rows))
    if times.translate(_ZEROS) == _WIDE_TIME * (len(times) // len(_WIDE_TIME)):
        return rows
    found = []
    for row in rows:
        if all(not time or time.translate(_ZEROS) == _WIDE_TIME for time in (row[_TIME_OF], row[_ENDED])):
            found.append(row)
        elif row[_ENDED] or b"\n" in row[_OTHER]:
            found.append(_NO_ROW)
    return found


def _last_event(text: bytes) -> int:
    end = text.rfind(b"\n20")
    while end > 0 and not _HEAD.match(text, end + 1):
        end = text.rfind(b"\n20", 0, end)
    return end


class QuickColumns(QuickReader):
    """Reads blocks into a sink; `finish` gives the rest."""

    def __init__(self, sink: Sink, least_bytes: int = LEAST_BYTES) -> None:
        super().__init__(_last_event, least_bytes)
        self._sink = sink
        # The streams that are counted here, each with the two invocations that ended last: a late line may
        # belong to them, and another REPORT of one tells that its function printed the first. And their STARTs without
        # a REPORT.
        self._last: dict[bytes, tuple[_Row, _Row]] = {}
        self._open: dict[bytes, _Row] = {}
        # What ended and is not in the sink yet.
        self._done: list[_Row] = []
        # The names of streams that are valid, with their functions.
        self._functions: dict[bytes, str] = {}
        self._versions, self._memory = _Versions(), Memory()
        # The width of most names of streams, 0 before one was seen; and the names that are valid.
        self._width = 0
        self._names: set[bytes] = set()
        self._hour, self._hour_ms = b"", 0

    def end_part(self) -> int:
        """A file ends, and another one may follow."""
        self._blocks.end_line()
        return 0

    def finish(self) -> None:
        """Count what is left."""
        text = self._blocks.rest()
        self._read(text, len(text))
        for name in list(self._last):
            self._close(name)
        self._count()
        self._add(self._pairing.finish())

    def _read(self, text: bytes, end: int) -> int:
        """Read the text up to `end`, where an event ends."""
        rows = self._find(text, end)
        opened, last, memory, versions = self._open, self._last, self._memory, self._versions
        done, one = self._done.append, self._one
        for row in rows:
            name = row[1]
            pair = last.get(name)
            if pair is None:
                one(row, name)
                continue
            before, earlier = pair
            if row[4]:
                # A whole invocation.
                started = row[2]
                if name in opened or not versions[row[3]] or not memory[row[7]] or started in (before[2], earlier[2]):
                    one(row, name)
                    continue
                ended = row
            elif row[9] and name in opened and opened[name][2] == row[9] and memory[row[12]]:
                ended = (*opened.pop(name)[:4], row[0], *row[10:14])
            elif row[2] and name not in opened and versions[row[3]] and row[2] not in (before[2], earlier[2]):
                opened[name] = row
                continue
            else:
                one(row, name)
                continue
            if earlier[0]:
                done(earlier)
            elif earlier[1]:
                self._release(name)
            last[name] = ended, before
        if len(self._done) >= _BATCH:
            self._count()
        return len(rows)

    def _find(self, text: bytes, end: int) -> list[_Row]:
        """What bears on an invocation, and what is rare, in the order of the log."""
        with_json = text.find(b"{", 0, end) >= 0 and JSON_MARK.search(text, 0, end) is not None
        # Of the lines that the function logged, few bear on an invocation. Each search takes as long as a tenth of all.
        hinted = text.find(_DURABLE_MARK, 0, end) >= 0
        if not self._width:
            self._width = _most_frequent(len(found[2]) for found in _HEAD.finditer(text, 0, _SAMPLE_BYTES))
        if self._width and not hinted:
            rows = _with_time(_pattern(self._width, with_json=with_json).findall(text, 0, end))
            names = set(map(itemgetter(_NAME), rows))
            odd = sum(1 for row in rows if not row[_NAME]) if b"" in names else 0
            names.discard(b"")
            if odd <= _MOST_ODD + len(rows) // 10 and self._are_valid(names) and not self._is_java(rows, odd):
                rows = self._with_odd(rows, with_json) if odd else rows
                if not self._can_start_server(rows) or not _has_server(text, end):
                    return rows
        hinted = hinted or _has_server(text, end)
        with_java = text.find(_JAVA_MARK, 0, end) >= 0
        rows = _careful_pattern(with_json=with_json, with_java=with_java, hinted=hinted).findall(text, 0, end)
        self._width = _most_frequent(len(row[_NAME]) for row in rows)
        return rows

    def _can_start_server(self, rows: list[_Row]) -> bool:
        """Whether an environment is being initialized, or can be after one of the rows."""
        return self._pairing.awaits_server() or any(map(itemgetter(_OTHER), rows))

    @staticmethod
    def _is_java(rows: list[_Row], odd: int) -> bool:
        return odd > 0 and any(not row[_NAME] and not row[_ODD] for row in rows)

    @staticmethod
    def _with_odd(rows: list[_Row], with_json: bool) -> list[_Row]:
        """The rows, with those among lines whose columns have another width."""
        found: list[_Row] = []
        for row in rows:
            if row[_NAME]:
                found.append(row)
            else:
                careful = _careful_pattern(with_json=with_json, with_java=_JAVA_MARK in row[_ODD])
                found += careful.findall(b"\n" + row[_ODD])
        return found

    def _are_valid(self, names: set[bytes]) -> bool:
        """Whether what was found where a stream's name is expected is one, in each row."""
        if len(self._names) > _MOST_STATES:
            self._names.clear()
        if not self._names.issuperset(names):
            if not all(name in self._names or _STREAM.fullmatch(name) for name in names):
                return False
            self._names |= names
        return True

    def _one(self, row: _Row, name: bytes) -> None:
        """Read a row that is not the usual one of a stream that is counted here."""
        if row[_STARTED]:
            is_new = name not in self._open and self._versions[row[_VERSION_OF]] and self._is_counted(name)
            if not is_new or any(row[_STARTED] == ended[_STARTED] for ended in self._last[name]):
                self._give(row, name)
            elif not row[_DURATION]:
                self._open[name] = row
            elif self._memory[row[_REST]]:
                # The stream is counted from here on: two that ended before are not there.
                self._ended(row, name)
            else:
                self._give(row, name)
        elif row[_REPORTED]:
            # That of a START that is counted here was read by `_read`.
            self._slow(row, name, _report_line(row[_REPORTED], row[_REPORT_FIGURES]))
        elif name in self._open or not self._is_read(name) or not row[_OTHER].startswith(b"XRAY T"):
            self._slow(row, name, row[_OTHER])

    def _ended(self, row: _Row, name: bytes) -> None:
        before, earlier = self._last[name]
        if earlier[_TIME_OF]:
            self._done.append(earlier)
        elif earlier[_NAME]:
            self._release(name)
        self._last[name] = row, before

    def _release(self, name: bytes) -> None:
        self._add(self._pairing.release("", name.decode("utf-8", "replace")))

    def _give(self, row: _Row, name: bytes) -> None:
        """Give a START, and the REPORT that follows it, to the full reader."""
        self._slow(row, name, _start_line(row))
        if row[_DURATION]:
            self._event(row[_ENDED], name, _report_line(row[_STARTED], row[_FIGURES]))

    def _add(self, invocations: list[Invocation]) -> None:
        for invocation in invocations:
            self._sink.add(invocation)

    def _is_read(self, name: bytes) -> bool:
        """Whether the last invocation of a stream was read here."""
        return name in self._last and bool(self._last[name][0][_TIME_OF])

    def _is_counted(self, name: bytes) -> bool:
        """Whether the next invocation of a stream can be counted here; False where the full reader has to read it."""
        if name in self._last:
            return True
        if not _STREAM.fullmatch(name):
            return False
        text = name.decode("utf-8", "replace")
        settled = self._pairing.settle("", text)
        if settled is None:
            return False
        self._add(settled)
        if len(self._last) >= _MOST_STATES:
            for one in list(self._last)[: _MOST_STATES // 2]:
                # Streams end without a word, and memory must have a bound.
                self._close(one)
        function = owner("", text)[0] or self._sink.name_of("", text)
        if self._functions.get(name, function) != function or len(self._functions) > _MOST_NAMES:
            # What it was counted for before has another name.
            self._count()
            self._functions = {one: self._functions[one] for one in self._last}
        self._functions[name] = function
        # Of what the full reader has, only the ids matter here.
        ended: list[_Row] = [(b"", name, one.encode()) for one in self._pairing.ended("", text)]
        before, earlier = [*ended, _NO_ROW, _NO_ROW][:2]
        self._last[name] = before, earlier
        return True

    def _slow(self, row: _Row, name: bytes, message: bytes) -> None:
        """Give an event to the full reader, and before it the invocation that its stream has here."""
        if not _STREAM.fullmatch(name):
            # The line continues an event: a message contains what looks like columns.
            return
        if name in self._last:
            self._hand_over(name, row[_TIME_OF], is_of_lambda=_OF_APPLICATION.match(row[_OTHER]) is None)
        self._event(row[_TIME_OF], name, message)

    def _close(self, name: bytes) -> None:
        """Nothing more is expected of a stream."""
        start = self._open.get(name)
        if start is not None:
            self._hand_over(name, start[_TIME_OF], is_of_lambda=False)
        else:
            self._done += [ended for ended in reversed(self._last.pop(name)) if ended[_TIME_OF]]

    def _hand_over(self, name: bytes, time: bytes, *, is_of_lambda: bool) -> None:
        """Give the full reader what it needs of a stream to read a line of this time, which can be Lambda's own."""
        start = self._open.pop(name, None)
        # What ended long before is not changed by a line any more.
        since_ms = self._at_ms(start[_TIME_OF] if start is not None else time) - LINGER_MS
        for ended in reversed(self._last.pop(name)):
            if not ended[_TIME_OF]:
                continue  # there is none, or the full reader has it
            if start is not None and (not is_of_lambda or self._at_ms(ended[_ENDED]) < since_ms):
                self._done.append(ended)
                self._pairing.survived("", name.decode("utf-8", "replace"), ended[_STARTED].decode())
            else:
                self._event(ended[_TIME_OF], name, _start_line(ended))
                self._event(ended[_ENDED], name, _report_line(ended[_STARTED], ended[_FIGURES]))
        if start is not None:
            self._event(start[_TIME_OF], name, _start_line(start))

    def _event(self, time: bytes, name: bytes, message: bytes) -> None:
        text = message.decode("utf-8", "replace")
        if "\n" in text:
            text = one_line("\n".join(line.removesuffix("\r") for line in text.split("\n")).strip("\n"))
        else:
            text = text.removesuffix("\r")
        record = parse_fact(text)
        if record is not None or has_hint(text):
            event = LogEvent(self._at_ms(time), text, name.decode("utf-8", "replace"))
            self._add(self._pairing.add(event, record))

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

    def _count(self) -> None:
        """Give the warm invocations to the sink."""
        ended, functions = self._done.copy(), self._functions
        self._done.clear()
        names = set(functions.values())
        if len(names) > 1:
            names = {functions[name] for name in set(map(itemgetter(_NAME), ended))}
        for function in names:
            of_it = ended if len(names) == 1 else [row for row in ended if functions[row[_NAME]] == function]
            # Without a need for versions, all are counted as one.
            texts = set(map(itemgetter(_VERSION_OF), of_it if self._sink.by_version else of_it[:1]))
            for text in texts:
                rows = of_it if len(texts) == 1 else [row for row in of_it if row[_VERSION_OF] == text]
                self._sink.warm(function, self._versions[text] or "", self._warm(rows), self._at_ms)
        for texts_of in (self._versions, self._memory):
            if len(texts_of) > _MOST_TEXTS:
                texts_of.clear()

    def _warm(self, rows: list[_Row]) -> Warm:
        sizes, most_used = self._memory.counted(map(itemgetter(_REST), rows))
        times = list(map(itemgetter(_TIME_OF), rows))
        if not self._sink.by_time:
            times = [min(times), max(times)]
        return Warm(len(rows), times, list(map(itemgetter(_DURATION), rows)), sizes, most_used)


def _start_line(row: _Row) -> bytes:
    return b"START RequestId: %s Version: %s" % row[_STARTED : _VERSION_OF + 1]


def _report_line(request_id: bytes, figures: _Row) -> bytes:
    return b"REPORT RequestId: %s\tDuration: %s ms\tBilled Duration: %s ms%s%s" % (request_id, *figures)
