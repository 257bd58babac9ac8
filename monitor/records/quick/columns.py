"""Invocations from the output of `aws logs tail`, fast: one pattern finds START, REPORT and what is rare in blocks.

Nine in ten lines of a log say nothing of an invocation as a whole, and most of the rest are the START and REPORT of a
warm invocation that succeeded. These are counted from their bytes. An event of any other kind goes to the full reader,
after the lines of the invocation that runs on its stream, so that the result is the full reader's.
`tests/unit/records/test_conformance.py` compares the two. Two exceptions: a time-out or exit line that follows its
REPORT by more than five seconds, with other lines between, is joined to its invocation here; and the second REPORT of
an invocation whose function printed the first one, then a START, and then an error, changes nothing here.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter

from monitor.records.environment import LINGER_MS
from monitor.records.event import LogEvent
from monitor.records.forms.json_text import one_line
from monitor.records.forms.times import epoch_ms
from monitor.records.invocation import InitKind, Invocation
from monitor.records.message import parse_fact
from monitor.records.quick.blocks import LEAST_BYTES
from monitor.records.quick.patterns import (
    DURABLE_MARK,
    DURATION,
    ENDED,
    FIGURES,
    HEAD,
    INIT,
    INIT_TIME,
    JAVA_MARK,
    JSON_MARK,
    NAME,
    NO_ROW,
    ODD,
    OF_APPLICATION,
    OTHER,
    REPORT_FIGURES,
    REPORTED,
    REST,
    SERVER_MARKS,
    STARTED,
    STREAM_NAME,
    TIME_OF,
    UTC_TIME,
    VERSION_OF,
    WIDE_TIME,
    ZEROS,
    Row,
    careful_pattern,
    row_pattern,
)
from monitor.records.quick.reader import QuickReader
from monitor.records.quick.sink import Columns, Memory, Sink, Versions, Warm
from monitor.records.quick.whole import Whole, cold_starts, last_two
from monitor.records.record import InitStart, Report
from monitor.records.report import parse_report
from monitor.records.start_kinds import PROACTIVE_AFTER_MS
from monitor.records.stream import has_hint, owner

_MOST_STATES = 2_000
_BATCH = 4_000
_MOST_NAMES = 50_000
# So many lines of a block with columns of another width are read one by one.
_MOST_ODD = 50
_SAMPLE_BYTES = 20_000
# Where more of a block than this is between whole invocations, so many blocks are read row by row.
_MOST_BETWEEN, _UNLIKE = 0.5, 15
# So few invocations are read one by one.
_FEW = 8
_MOST_TEXTS = 10_000


def is_quick(text: str) -> bool:
    """Whether the beginning of an output of `aws logs tail` can be read here: without color, and in UTC."""
    return "\x1b[" not in text and HEAD.match(text.lstrip("\n").encode("utf-8", "replace")) is not None


def _has_server(text: bytes, end: int) -> bool:
    """Whether a line up to `end` looks like that of a web server that listens."""
    return any(text.find(mark, 0, end) >= 0 for mark in SERVER_MARKS)


def _has_facts(text: bytes, end: int) -> bool:
    """Whether JSON up to `end` can bear on an invocation."""
    return text.find(b"{", 0, end) >= 0 and JSON_MARK.search(text, 0, end) is not None


def _width(text: bytes) -> int:
    """The width of most names of streams; 0 without any."""
    return _most_frequent(len(found[2]) for found in HEAD.finditer(text, 0, _SAMPLE_BYTES))


def _most_frequent(widths: Iterable[int]) -> int:
    """The most frequent width; 0 without any."""
    found = Counter(widths).most_common(1)
    return found[0][0] if found else 0


def _with_time(rows: list[Row]) -> list[Row]:
    """The rows with a time where it is expected. The others are lines that continue an event.

    A row that took more such lines is left without a stream's name: the careful pattern has to read them.
    """
    times = b"".join(map(itemgetter(TIME_OF), rows)) + b"".join(map(itemgetter(ENDED), rows))
    if times.translate(ZEROS) == WIDE_TIME * (len(times) // len(WIDE_TIME)):
        return rows
    found = []
    for row in rows:
        if all(not time or time.translate(ZEROS) == WIDE_TIME for time in (row[TIME_OF], row[ENDED])):
            found.append(row)
        elif row[ENDED] or b"\n" in row[OTHER]:
            found.append(NO_ROW)
    return found


def _in_utc(row: Row) -> Row:
    """The row, with its times in UTC and with microseconds, as usual lines have them."""
    times = {place: _utc(row[place]) for place in (TIME_OF, ENDED) if row[place]}
    return tuple([times.get(place, value) for place, value in enumerate(row)])


def _utc(time: bytes) -> bytes:
    if UTC_TIME.fullmatch(time):
        return time
    ms = epoch_ms(time.decode("ascii", "replace"))
    moment = datetime.fromtimestamp((ms or 0) / 1000, UTC)
    return moment.isoformat(timespec="microseconds").encode()


def _last_event(text: bytes) -> int:
    end = text.rfind(b"\n20")
    while end > 0 and not HEAD.match(text, end + 1):
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
        self._last: dict[bytes, tuple[Row, Row]] = {}
        self._open: dict[bytes, Row] = {}
        # What ended and is not in the sink yet.
        self._done: list[Row] = []
        # Nor is this, by function and the rest of the line of START; and how many these are.
        self._columns: defaultdict[tuple[str, bytes], Columns] = defaultdict(Columns)
        self._waiting = 0
        # The names of streams that are valid, with their functions.
        self._functions: dict[bytes, str] = {}
        self._versions, self._memory = Versions(), Memory()
        # The width of most names of streams, 0 before one was seen; and the names that are valid.
        self._width = 0
        self._names: set[bytes] = set()
        self._hour, self._hour_ms = b"", 0
        # How many blocks are read row by row.
        self._unlike = 0

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
        whole = self._whole(text, end)
        count = self._read_rows(self._find(text, end)) if whole is None else self._read_whole(whole)
        if len(self._done) + self._waiting >= _BATCH:
            self._count()
        return count

    def _whole(self, text: bytes, end: int) -> Whole | None:
        """The whole invocations of a text; None where they are few, or each line has to be looked at."""
        if self._unlike:
            self._unlike -= 1
            return None
        self._width = self._width or _width(text)
        if not self._width:
            return None
        found = Whole(text, end, self._width)
        if sum(map(len, filter(None, found.between))) > end * _MOST_BETWEEN:
            self._unlike = _UNLIKE
            return None
        return found if found.is_sound() and self._are_valid(set(found.names)) else None

    def _read_whole(self, whole: Whole) -> int:
        """Read whole invocations, and what is between them in its place."""
        ids = whole.distinct
        ended = (one[STARTED] for name in set(whole.names) for one in self._last.get(name, ()))
        singly = not ids.isdisjoint(ended)
        at, count, width = 0, whole.count, self._width
        for place in whole.places():
            self._read_columns(whole, at, place, singly=singly)
            found = self._read_between(whole.between[place])
            singly = singly or not ids.isdisjoint(found)
            count += len(found)
            at = place
        self._read_columns(whole, at, whole.count, singly=singly)
        # The text between them tells little of the width of most lines.
        self._width = width
        return count

    def _read_between(self, text: bytes) -> list[bytes]:
        """Read what is between whole invocations; returns the request ids in it, "" for what has none."""
        found: list[bytes] = []
        at = 0
        for start, end, cold in cold_starts(text, self._width):
            if start > at:
                found += self._read_text(text[at:start])
            found += [cold[STARTED]] if self._is_first(cold) else self._read_text(text[start:end])
            at = end
        return found + self._read_text(text[at:]) if at < len(text) else found

    def _read_text(self, text: bytes) -> list[bytes]:
        rows = self._find(text, len(text))
        self._read_rows(rows)
        return [row[STARTED] or row[REPORTED] for row in rows]

    def _is_first(self, cold: Row) -> bool:
        """Whether a cold start is the first of its stream, and is usual: then it is kept here."""
        name = cold[NAME]
        if (
            self._sink.by_time
            or name in self._last
            or not self._versions[cold[VERSION_OF]]
            or _init_start(cold[INIT]) is None
        ):
            return False
        # After a long init, REPORT tells whether the environment was created in advance.
        if self._at_ms(cold[TIME_OF]) - self._at_ms(cold[INIT_TIME]) >= PROACTIVE_AFTER_MS:
            return False
        if not self._pairing.is_new("", name.decode("utf-8", "replace")) or not self._is_counted(name):
            return False
        self._last[name] = cold, NO_ROW
        return True

    def _read_columns(self, whole: Whole, start: int, end: int, *, singly: bool) -> None:
        """Read the whole invocations from `start` to `end`, together where their streams are counted here."""
        last, opened, at = self._last, self._open, start
        if singly or end - start < _FEW:
            new = set(whole.names[start:end])
        else:
            new = {name for name in set(whole.names[start:end]) if name not in last or name in opened}
        for place in range(start, end) if new else ():
            name = whole.names[place]
            if name in new:
                self._count_columns(whole, at, place)
                self._read_rows([whole.row(place)])
                at = place + 1
                if not singly and end - at >= _FEW and name in last and name not in opened:
                    new.discard(name)
        self._count_columns(whole, at, end)

    def _count_columns(self, whole: Whole, start: int, end: int) -> None:
        """Count the whole invocations from `start` to `end`, but the last two of each stream."""
        if start == end:
            return
        names, rests = whole.names[start:end], Counter(whole.rests[start:end])
        versions, known = set(whole.versions[start:end]), set(names)
        functions = {self._functions.get(name) for name in known}
        if (
            len(functions) != 1
            or (len(versions) > 1 and self._sink.by_version)
            or not known <= self._last.keys()
            or not all(map(self._versions.__getitem__, versions))
            or not all(map(self._memory.__getitem__, rests))
        ):
            self._read_rows(list(map(whole.row, range(start, end))))
            return
        last, earlier = last_two(names)
        for name, place in last.items():
            before, first = self._last[name]
            self._let_go(first, name)
            if name in earlier:
                self._let_go(before, name)
                before = whole.row(start + earlier[name])
            self._last[name] = whole.row(start + place), before
        times, durations = whole.times[start:end], whole.durations[start:end]
        for place in sorted((*last.values(), *earlier.values()), reverse=True):
            del times[place], names[place], durations[place]
            rests[whole.rests[start + place]] -= 1
        if not times:
            return
        found = self._columns[functions.pop() or "", versions.pop()]
        found.times += times
        found.names += names
        found.durations += durations
        for text, number in rests.items():
            found.rests[text] += number
        self._waiting += len(times)

    def _let_go(self, row: Row, name: bytes) -> None:
        """Nothing changes an invocation of a stream any more: two others have ended since."""
        if len(row) > INIT:
            self._sink.add(self._cold_start(row))
        elif row[TIME_OF]:
            self._done.append(row)
        elif row[NAME]:
            self._release(name)

    def _read_rows(self, rows: list[Row]) -> int:
        """Read rows, in the order of the log."""
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
            if len(earlier) > INIT:
                self._let_go(earlier, name)
            elif earlier[0]:
                done(earlier)
            elif earlier[1]:
                self._release(name)
            last[name] = ended, before
        return len(rows)

    def _find(self, text: bytes, end: int) -> list[Row]:
        """What bears on an invocation, and what is rare, in the order of the log."""
        with_json = _has_facts(text, end)
        # Of the lines that the function logged, few bear on an invocation. Each search takes as long as a tenth of all.
        hinted = text.find(DURABLE_MARK, 0, end) >= 0
        width = self._width = self._width or _width(text)
        if width and not hinted:
            rows = _with_time(row_pattern(width, with_json=with_json).findall(text, 0, end))
            names = set(map(itemgetter(NAME), rows))
            odd = sum(1 for row in rows if not row[NAME]) if b"" in names else 0
            names.discard(b"")
            if odd <= _MOST_ODD + len(rows) // 10 and self._are_valid(names) and not self._is_java(rows, odd):
                rows = self._with_odd(rows, with_json) if odd else rows
                if not self._can_start_server(rows) or not _has_server(text, end):
                    return rows
        hinted = hinted or _has_server(text, end)
        with_java = text.find(JAVA_MARK, 0, end) >= 0
        careful = careful_pattern(with_json=with_json, with_java=with_java, hinted=hinted)
        rows = list(map(_in_utc, careful.findall(text, 0, end)))
        self._width = _most_frequent(len(row[NAME]) for row in rows)
        return rows

    def _can_start_server(self, rows: list[Row]) -> bool:
        """Whether an environment is being initialized, or can be after one of the rows."""
        return self._pairing.awaits_server() or any(map(itemgetter(OTHER), rows))

    @staticmethod
    def _is_java(rows: list[Row], odd: int) -> bool:
        return odd > 0 and any(not row[NAME] and not row[ODD] for row in rows)

    @staticmethod
    def _with_odd(rows: list[Row], with_json: bool) -> list[Row]:
        """The rows, with those among lines whose columns have another width."""
        found: list[Row] = []
        for row in rows:
            if row[NAME]:
                found.append(row)
            else:
                careful = careful_pattern(with_json=with_json, with_java=JAVA_MARK in row[ODD])
                found += map(_in_utc, careful.findall(b"\n" + row[ODD]))
        return found

    def _are_valid(self, names: set[bytes]) -> bool:
        """Whether what was found where a stream's name is expected is one, in each row."""
        if len(self._names) > _MOST_STATES:
            self._names.clear()
        if not self._names.issuperset(names):
            if not all(name in self._names or STREAM_NAME.fullmatch(name) for name in names):
                return False
            self._names |= names
        return True

    def _one(self, row: Row, name: bytes) -> None:
        """Read a row that is not the usual one of a stream that is counted here."""
        if row[STARTED]:
            is_new = name not in self._open and self._versions[row[VERSION_OF]] and self._is_counted(name)
            if not is_new or any(row[STARTED] == ended[STARTED] for ended in self._last[name]):
                self._give(row, name)
            elif not row[DURATION]:
                self._open[name] = row
            elif self._memory[row[REST]]:
                # The stream is counted from here on: two that ended before are not there.
                self._ended(row, name)
            else:
                self._give(row, name)
        elif row[REPORTED]:
            # That of a START that is counted here was read by `_read`.
            self._slow(row, name, _report_line(row[REPORTED], row[REPORT_FIGURES]))
        elif name in self._open or not self._is_read(name) or not row[OTHER].startswith(b"XRAY T"):
            self._slow(row, name, row[OTHER])

    def _ended(self, row: Row, name: bytes) -> None:
        before, earlier = self._last[name]
        self._let_go(earlier, name)
        self._last[name] = row, before

    def _release(self, name: bytes) -> None:
        self._add(self._pairing.release("", name.decode("utf-8", "replace")))

    def _give(self, row: Row, name: bytes) -> None:
        """Give a START, and the REPORT that follows it, to the full reader."""
        self._slow(row, name, _start_line(row))
        if row[DURATION]:
            self._event(row[ENDED], name, _report_line(row[STARTED], row[FIGURES]))

    def _add(self, invocations: list[Invocation]) -> None:
        for invocation in invocations:
            self._sink.add(invocation)

    def _is_read(self, name: bytes) -> bool:
        """Whether the last invocation of a stream was read here, and was warm."""
        if name not in self._last:
            return False
        last = self._last[name][0]
        return bool(last[TIME_OF]) and len(last) <= INIT

    def _is_counted(self, name: bytes) -> bool:
        """Whether the next invocation of a stream can be counted here; False where the full reader has to read it."""
        if name in self._last:
            return True
        if not STREAM_NAME.fullmatch(name):
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
        ended: list[Row] = [(b"", name, one.encode()) for one in self._pairing.ended("", text)]
        before, earlier = [*ended, NO_ROW, NO_ROW][:2]
        self._last[name] = before, earlier
        return True

    def _slow(self, row: Row, name: bytes, message: bytes) -> None:
        """Give an event to the full reader, and before it the invocation that its stream has here."""
        if not STREAM_NAME.fullmatch(name):
            # The line continues an event: a message contains what looks like columns.
            return
        if name in self._last:
            self._hand_over(name, row[TIME_OF], is_of_lambda=OF_APPLICATION.match(row[OTHER]) is None)
        self._event(row[TIME_OF], name, message)

    def _cold_start(self, row: Row) -> Invocation:
        """The invocation of a row that has INIT_START, as the full reader gives it."""
        report = parse_report(_report_line(row[STARTED], row[FIGURES]).removesuffix(b"\r").decode())
        assert isinstance(report, Report), "its form is that of a REPORT"
        name, init = row[NAME].decode("utf-8", "replace"), _init_start(row[INIT])
        return Invocation(
            request_id=row[STARTED].decode(),
            function=owner("", name)[0],
            version=self._versions[row[VERSION_OF]],
            stream=name,
            group="",
            at_ms=min(self._at_ms(row[INIT_TIME]), self._at_ms(row[TIME_OF])),
            start_ms=self._at_ms(row[TIME_OF]),
            end_ms=self._at_ms(row[ENDED]),
            report=report,
            cold=True,
            kind=InitKind.ON_DEMAND,
            init_ms=report.init_ms,
            error=None,
            trace_id=None,
            init_record=None,
            runtime_version=None if init is None else init.runtime_version,
        )

    def _close(self, name: bytes) -> None:
        """Nothing more is expected of a stream."""
        start = self._open.get(name)
        if start is not None:
            self._hand_over(name, start[TIME_OF], is_of_lambda=False)
        else:
            for ended in reversed(self._last.pop(name)):
                if ended[TIME_OF]:
                    self._let_go(ended, name)

    def _hand_over(self, name: bytes, time: bytes, *, is_of_lambda: bool) -> None:
        """Give the full reader what it needs of a stream to read a line of this time, which can be Lambda's own."""
        start = self._open.pop(name, None)
        # What ended long before is not changed by a line any more.
        since_ms = self._at_ms(start[TIME_OF] if start is not None else time) - LINGER_MS
        for ended in reversed(self._last.pop(name)):
            if not ended[TIME_OF]:
                continue  # there is none, or the full reader has it
            if start is not None and (not is_of_lambda or self._at_ms(ended[ENDED]) < since_ms):
                self._let_go(ended, name)
                self._pairing.survived("", name.decode("utf-8", "replace"), ended[STARTED].decode())
            else:
                if len(ended) > INIT:
                    self._event(ended[INIT_TIME], name, b"INIT_START " + ended[INIT])
                self._event(ended[TIME_OF], name, _start_line(ended))
                self._event(ended[ENDED], name, _report_line(ended[STARTED], ended[FIGURES]))
        if start is not None:
            self._event(start[TIME_OF], name, _start_line(start))

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
        for (function, version), columns in self._columns.items():
            self._give_sink(function, version, columns)
        self._columns.clear()
        self._waiting = 0
        ended, functions = self._done.copy(), self._functions
        self._done.clear()
        names = set(functions.values())
        if len(names) > 1:
            names = {functions[name] for name in set(map(itemgetter(NAME), ended))}
        for function in names:
            of_it = ended if len(names) == 1 else [row for row in ended if functions[row[NAME]] == function]
            # Without a need for versions, all are counted as one.
            texts = set(map(itemgetter(VERSION_OF), of_it if self._sink.by_version else of_it[:1]))
            for text in texts:
                rows = of_it if len(texts) == 1 else [row for row in of_it if row[VERSION_OF] == text]
                self._give_sink(function, text, Columns(rows))
        for texts_of in (self._versions, self._memory):
            if len(texts_of) > _MOST_TEXTS:
                texts_of.clear()

    def _give_sink(self, function: str, version: bytes, found: Columns) -> None:
        sizes, most_used = self._memory.counted(found.rests)
        times, names = found.times, found.names
        if not self._sink.by_time:
            times, names = [min(times), max(times)], []
        warm = Warm(len(found.times), times, names, found.durations, sizes, most_used)
        self._sink.warm(function, self._versions[version], warm, self._at_ms)


@lru_cache(maxsize=256)
def _init_start(rest: bytes) -> InitStart | None:
    """What INIT_START with this rest of its line says; None where the full reader has to see it. Few are different."""
    text = "INIT_START " + rest.decode("utf-8", "replace").removesuffix("\r")
    record = parse_fact(text)
    return record if isinstance(record, InitStart) and not has_hint(text) else None


def _start_line(row: Row) -> bytes:
    return b"START RequestId: %s Version: %s" % row[STARTED : VERSION_OF + 1]


def _report_line(request_id: bytes, figures: Row) -> bytes:
    return b"REPORT RequestId: %s\tDuration: %s ms\tBilled Duration: %s ms%s%s" % (request_id, *figures)
