"""Invocations from messages without columns, fast: whole invocations that are usual are counted from their bytes.

One pattern finds START, lines that say nothing of an invocation as a whole, and the REPORT of the same request, of a
warm invocation that succeeded. START and REPORT begin an event whatever comes before them, so that the full reader can
be given what lies between two such invocations alone. Where invocations overlap, as they do where the lines of several
environments are mixed, it is given everything. `tests/unit/records/test_conformance.py` compares the two.
"""

import re
from collections import Counter
from functools import cache, lru_cache

from monitor.records.forms.plain import PlainReader, time_of
from monitor.records.message import parse_fact
from monitor.records.pairing import Pairing
from monitor.records.quick.blocks import LEAST_BYTES, Blocks
from monitor.records.quick.columns import JSON_MARK, MS, XRAY, Sink, Warm, passed
from monitor.records.stream import DURABLE, has_hint

_START = b"\nSTART RequestId: "
# Of the lines inside an invocation that the function logged, these bear on it.
_HINT_MARK = DURABLE.encode()
# A line that can have a time. Any other line has none.
_DATED = re.compile(rb"\n[\[{][^\n]*")


@cache
def _pattern(*, with_json: bool) -> re.Pattern[bytes]:
    """Finds whole invocations. The groups: the request id, version and lines; the duration and the memory sizes."""
    return re.compile(
        (
            r"\nSTART RequestId: ([0-9a-f-]{36}) Version: (\$LATEST|\d{1,15})[\t\r ]{0,4}(?=\n)"
            rf"((?:\n(?:{passed(with_json=with_json)})[^\n]*)*)"
            rf"\nREPORT RequestId: \1\tDuration: {MS} ms\tBilled Duration: (?:\d{{1,15}}\.\d{{1,9}}|\d{{1,15}}) ms"
            rf"\tMemory Size: (\d{{1,15}}) MB\tMax Memory Used: (\d{{1,15}}) MB[\t\r ]{{0,4}}{XRAY}"
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


class QuickMessages:
    """Reads blocks into a sink; `end_part` ends a file, and `finish` gives the rest."""

    def __init__(self, sink: Sink, least_bytes: int = LEAST_BYTES) -> None:
        self._sink = sink
        self._blocks = Blocks(_last_event, least_bytes)
        self._pairing = Pairing()
        self._reader = PlainReader()
        self._count = 0

    def take(self, block: bytes) -> int:
        """Read a block, which can end anywhere; returns how many events and invocations were read."""
        found = self._blocks.add(block)
        return 0 if found is None else self._read(*found)

    @property
    def unsupported(self) -> int:
        """How many events of web functions were read, which are not paired into invocations."""
        return self._pairing.unsupported

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
            if match.start() > at:
                self._give(found, text[at : match.start()])
            at = match.end()
            lines = match[3]
            with_hint = hinted and _HINT_MARK in lines
            dated = _DATED.findall(lines) if b"\n[" in lines or b"\n{" in lines else []
            if (found.is_empty and not self._settled()) or with_hint or not all(map(_is_whole, dated)):
                self._give(found, text[match.start() : at])
                continue
            if found.is_empty:
                self._pairing.began("", found.at_ms)
            found.add(match, dated)
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
    """Whole invocations that were found one after the other; `at_ms` is the time of the line that was read last."""

    def __init__(self, sink: Sink, at_ms: int) -> None:
        self._sink = sink
        self.at_ms = at_ms
        self._by_version: dict[bytes, tuple[list[int], list[bytes], list[tuple[bytes, bytes]]]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found since the last flush."""
        return not self._by_version

    def add(self, match: re.Match[bytes], dated: list[bytes]) -> None:
        """Take an invocation; `dated` are those of its lines that can have a time."""
        _, version, _, duration, size, used, _ = match.groups()
        found = self._by_version.get(version)
        if found is None:
            found = self._by_version[version] = ([], [], [])
        found[0].append(self.at_ms)
        found[1].append(duration)
        found[2].append((size, used))
        for line in reversed(dated):
            if at_ms := _line_ms(line):
                self.at_ms = at_ms
                break

    def flush(self) -> None:
        """Give what was found to the sink."""
        function = self._sink.name_of("", "")
        for version, (times, durations, memory) in self._by_version.items():
            sizes: Counter[int] = Counter()
            for (size, _), number in Counter(memory).items():
                sizes[int(size)] += number
            first_and_last = [b"%d" % min(times), b"%d" % max(times)]
            times_of = first_and_last if not self._sink.by_time else [b"%d" % one for one in times]
            found = Warm(len(times), times_of, durations, sizes, max(int(used) for _, used in set(memory)))
            self._sink.warm(function, version.decode(), found, int)
        self._by_version.clear()


def _is_whole(line: bytes) -> bool:
    """Whether no JSON begins on a line that goes on below."""
    return line[1:2] != b"{" or line.endswith((b"}", b"}\r"))


@lru_cache(maxsize=4_096)
def _line_ms(line: bytes) -> int:
    return time_of(line[1:].decode("utf-8", "replace").removesuffix("\r")) or 0
