"""Lines with a prefix each: a service, a time, or both. Behind it are messages whose lines are to be joined."""

import re

from monitor.records.event import LogEvent
from monitor.records.forms.columns import head
from monitor.records.forms.form import Form, LineReader, Reader, Sample, record_score
from monitor.records.forms.openings import match_head
from monitor.records.forms.plain import EventLines
from monitor.records.forms.times import epoch_ms

_MOST_SERVICES = 1_000


class PrefixedReader(LineReader):
    """Reads lines that have a prefix; the lines of each service are joined apart.

    Where prefixes name streams, a line is joined to the one above it if that is of the same stream, or if it has no
    prefix itself.
    """

    __slots__ = ("_dates", "_pattern", "_services", "_stream")

    def __init__(self, pattern: re.Pattern[str], newline: str) -> None:
        super().__init__(newline)
        self._pattern = pattern
        self._dates = "time" not in pattern.groupindex
        self._services: dict[str, EventLines] = {}
        self._stream = ""

    def line(self, line: str, events: list[LogEvent]) -> None:
        head_and_rest = match_head(self._pattern, line)
        if head_and_rest is None:
            if line.strip():
                self.unread += not self._stream
                self._lines_of("").add(line, events, self._stream)
            return
        match, rest = head_and_rest
        found = match.groupdict()
        time = found.get("time")
        at_ms = epoch_ms(time) if time is not None else None
        service, stream = found.get("service") or "", found.get("stream") or ""
        if stream != self._stream:
            self._lines_of("").end(events, self._stream)
            self._stream = stream
        self._lines_of(service).add(rest, events, service or stream, at_ms)

    def _lines_of(self, service: str) -> EventLines:
        lines = self._services.get(service)
        if lines is None:
            if len(self._services) >= _MOST_SERVICES:
                service = ""
            lines = self._services.setdefault(service, EventLines(dates=self._dates))
        return lines

    def end(self, events: list[LogEvent]) -> None:
        for service, lines in self._services.items():
            lines.end(events, service or self._stream)


def prefix_form(name: str, title: str, *layouts: str, example: str) -> Form:
    """The form of a tool that puts the prefix of one of `layouts` before each line."""
    patterns = [head(layout) for layout in layouts]

    def score(sample: Sample) -> float:
        return max(_score(pattern, sample.lines) for pattern in patterns)

    def reader(sample: Sample) -> Reader:
        pattern = max(patterns, key=lambda one: _score(one, sample.lines))
        return PrefixedReader(pattern, sample.newline)

    kinds = {kind for pattern in patterns for kind in pattern.groupindex}
    return Form(name, title, score, reader, "service" in kinds, "time" in kinds, example)


def _score(pattern: re.Pattern[str], lines: list[str]) -> float:
    rests = [found[1] for line in lines if (found := match_head(pattern, line)) is not None]
    filled = sum(1 for line in lines if line.strip())
    return record_score(rests) if 2 * len(rests) > filled else 0.0
