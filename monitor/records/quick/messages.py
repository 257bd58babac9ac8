"""Invocations from messages without columns, fast: whole invocations that are usual are counted from their bytes.

One pattern finds START, lines that say nothing of an invocation as a whole, and the REPORT of the same request, of a
warm invocation that succeeded. START and REPORT begin an event whatever comes before them, so that the full reader can
be given what lies between two such invocations alone. Where invocations overlap, as they do where the lines of several
environments are mixed, it is given everything. `tests/unit/records/test_conformance.py` compares the two.
"""

import re
from functools import cache, lru_cache
from operator import itemgetter

from monitor.records.forms.plain import RUNTIME_TIME, PlainReader, time_of
from monitor.records.message import parse_fact
from monitor.records.quick.blocks import LEAST_BYTES
from monitor.records.quick.patterns import JSON_MARK, MEMORY, MS, XRAY, passed
from monitor.records.quick.reader import QuickReader
from monitor.records.quick.sink import Memory, Sink, Warm
from monitor.records.stream import DURABLE, has_hint

_START = b"\nSTART RequestId: "
# Of the lines inside an invocation that the function logged, these bear on it.
_HINT_MARK = DURABLE.encode()
# JSON that ends on its line.
_WHOLE_JSON = r"|\{[^\n]*\}\r?\n"
# The beginning of a line that a runtime wrote, up to the mark after its time.
_RUNTIME_LINE = re.compile(RUNTIME_TIME.pattern.encode(), re.ASCII)
# The version, the duration and the memory sizes.
_FIGURES = (2, 4, 5)


@cache
def _pattern(*, with_json: bool) -> re.Pattern[bytes]:
    """Finds whole invocations.

    The groups: the request id, the version, the lines that the function logged; the duration and the memory sizes.
    """
    # A line end after what repeats keeps the search from trying all its shorter forms.
    logged = rf"(?:{passed(with_json=True)})[^\n]*\n{'' if with_json else _WHOLE_JSON}"
    return re.compile(
        (
            r"\nSTART RequestId: ([0-9a-f-]{36}) Version: (\$LATEST|\d{1,15})[\t\r ]{0,4}\n"
            rf"((?:(?!END R)(?:{logged}))*)(?:END R[^\n/]*\n|)"
            rf"REPORT RequestId: \1\tDuration: {MS} ms\tBilled Duration: (?:\d{{1,15}}\.\d{{1,9}}|\d{{1,15}})"
            rf" ms({MEMORY}){XRAY}"
            # The next line begins an event.
            r"(?=\n(?:START RequestId: |INIT_START Runtime))"
        ).encode(),
        re.ASCII,
    )


def is_quick(text: str) -> bool:
    """Whether the beginning of messages without columns can be read here: without color."""
    return "\x1b" not in text and "\n" in text


def _last_event(text: bytes) -> int:
    return text.rfind(_START)


class QuickMessages(QuickReader):
    """Reads blocks into a sink; `end_part` ends a file, and `finish` gives the rest."""

    def __init__(self, sink: Sink, least_bytes: int = LEAST_BYTES) -> None:
        super().__init__(_last_event, least_bytes)
        self._sink = sink
        self._reader = PlainReader()
        self._count = 0

    def end_part(self) -> int:
        """Read what is left of a file."""
        text = self._blocks.rest()
        count = self._read(text, len(text))
        self._full(b"", last=True)
        self._reader = PlainReader()
        return count

    def finish(self) -> None:
        """Count what is left."""
        for invocation in self._pairing.finish():
            self._sink.add(invocation)

    def _read(self, text: bytes, end: int) -> int:
        """Read the text up to `end`, from a line end to a line end."""
        self._count = 0
        if b"\x1b" in text:
            self._full(text[:end])
            return self._count
        with_json = text.find(b"{", 0, end) >= 0 and JSON_MARK.search(text, 0, end) is not None
        hinted = text.find(_HINT_MARK, 0, end) >= 0
        # What follows the last invocation of a block is the next START.
        limit = min(len(text), end + len(_START))
        at, found = 0, Warmth(self._sink, self._reader.at_ms)
        for match in _pattern(with_json=with_json).finditer(text, 0, limit):
            start, after = match.span()
            if start > at:
                self._give(found, text[at:start])
            at, lines = after, match[3]
            if (hinted and _HINT_MARK in lines) or not (found.matches or self._settled()):
                self._give(found, text[start:after])
                continue
            if not found.matches:
                self._pairing.began("", found.at_ms)
            found.matches.append(match)
            found.times.append(found.at_ms)
            if lines and (at_ms := _last_ms(lines)):
                found.at_ms = at_ms
            self._count += 1
        self._give(found, text[at:end])
        return self._count

    def _give(self, found: "Warmth", text: bytes) -> None:
        """Give what was found to the sink, then the lines after it to the full reader; both tell the time of a line."""
        found.flush()
        self._reader.at_ms = found.at_ms
        if text:
            self._full(text)
        found.at_ms = self._reader.at_ms

    def _settled(self) -> bool:
        """Whether no invocation is open, and nothing is known that the next one needs."""
        settled = self._pairing.settle("", "")
        if settled is None:
            return False
        for invocation in settled:
            self._sink.add(invocation)
        return True

    def _full(self, text: bytes, *, last: bool = False) -> None:
        """Give whole lines to the full reader. What follows them begins an event."""
        reader = self._reader
        events = reader.feed(text[1:].decode("utf-8", "replace") + "\n") if text else []
        events += reader.finish() if last else reader.flush()
        for event in events:
            record = parse_fact(event.message)
            if record is not None or has_hint(event.message):
                for invocation in self._pairing.add(event, record):
                    self._sink.add(invocation)
        self._count += len(events)


class Warmth:
    """Whole invocations that were found one after the other, each with the time of the line before it.

    `at_ms` is the time of the line that was read last.
    """

    def __init__(self, sink: Sink, at_ms: int) -> None:
        self._sink = sink
        self.at_ms = at_ms
        self.matches: list[re.Match[bytes]] = []
        self.times: list[int] = []
        self._memory = Memory()

    def flush(self) -> None:
        """Give what was found to the sink."""
        if not self.matches:
            return
        function = self._sink.name_of("", "")
        found = [match.group(*_FIGURES) for match in self.matches]
        for version in set(map(itemgetter(0), found)):
            of_it = [at for at, one in enumerate(found) if one[0] == version]
            is_whole = len(of_it) == len(found)
            rows = found if is_whole else [found[at] for at in of_it]
            times = self.times if is_whole else [self.times[at] for at in of_it]
            kept = times if self._sink.by_time else [min(times), max(times)]
            sizes, used_mb = self._memory.counted(map(itemgetter(2), rows))
            streams, durations = [b""] * len(kept), list(map(itemgetter(1), rows))
            warm = Warm(len(rows), [b"%d" % one for one in kept], streams, durations, sizes, used_mb)
            self._sink.warm(function, version.decode(), warm, int)
        self.matches.clear()
        self.times.clear()


def _last_ms(lines: bytes) -> int:
    """The time of the last line that has one, each with its line end; 0 for none."""
    end = len(lines) - 1
    while end > 0:
        start = lines.rfind(b"\n", 0, end) + 1
        # Any other line has none.
        if lines[start : start + 1] in (b"[", b"{") and (at_ms := _line_ms(lines[start:end])):
            return at_ms
        end = start - 1
    return 0


def _line_ms(line: bytes) -> int:
    found = _RUNTIME_LINE.match(line)
    # The head of a runtime's line is enough, and has its time as often as other lines do.
    return _text_ms(line if found is None else found[0])


@lru_cache(maxsize=4_096)
def _text_ms(line: bytes) -> int:
    return time_of(line.decode("utf-8", "replace").removesuffix("\r")) or 0
