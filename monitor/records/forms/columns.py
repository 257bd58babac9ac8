"""Text with columns before each message: a time, a stream, a log group. A line without them continues the event above.

`head` builds the pattern of a tool's columns; a form is such a pattern with a name.
"""

import re

from monitor.records.event import LogEvent
from monitor.records.forms.form import MOST_EVENT_CHARACTERS, Form, LineReader, Reader, Sample, record_score
from monitor.records.forms.json_text import one_line
from monitor.records.forms.openings import EVENT_ID, GROUP, STREAM, match_head, without_color
from monitor.records.forms.times import EPOCH_MS, ISO, LOCAL, epoch_ms, is_day_first

_TIMES = {"time": rf"(?:{ISO})", "local": rf"(?:{ISO}|{LOCAL})", "epoch": EPOCH_MS}
_COLUMNS = {
    "stream": STREAM,
    "group": GROUP,
    "service": r"(?!\d{10,16}\b)[\w./-]{1,200}",
    "name": r"[\w./#$-]{1,511}",
    "id": EVENT_ID,
}
# Of a line without a record, a time alone says little: a logger may have written it.
_STREAM_HEAD, _TIME_HEAD = 2.0, 0.4
_COLUMN = re.compile(r"\{([a-z]+)(\d?)(?:=((?:[^{}]|\{[\d,]+\})*))?\}")


def head(layout: str) -> re.Pattern[str]:
    """The pattern of the columns in `layout`, such as "{time} {stream} ".

    Columns are time (ISO 8601), local (any time), epoch, stream, group, name, service and id; `{time=…}` has a pattern
    of its own. A digit tells columns of one kind apart. What is between them is a regular expression.
    """

    def column(match: re.Match[str]) -> str:
        kind, number, own = match.groups()
        group = {"local": "time", "epoch": "time", "name": "group"}.get(kind, kind)
        return f"(?P<{group}{number}>{own or _TIMES.get(kind) or _COLUMNS[kind]})"

    return re.compile(_COLUMN.sub(column, layout), re.ASCII)


class HeadedReader(LineReader):
    """Reads events whose first line has columns."""

    __slots__ = ("_at_ms", "_day_first", "_group", "_lines", "_noise", "_pattern", "_size", "_stream", "_tail", "_zero")

    def __init__(
        self,
        pattern: re.Pattern[str],
        sample: Sample,
        noise: re.Pattern[str] | None = None,
        tail: re.Pattern[str] | None = None,
    ) -> None:
        super().__init__(sample.newline)
        self._pattern = pattern
        self._noise, self._tail = noise, tail
        self._lines: list[str] = []
        self._size, self._at_ms, self._stream, self._group = 0, 0, "", ""
        heads = [found[0] for line in sample.lines if (found := match_head(pattern, line)) is not None]
        times = [match["time"] for match in heads if "time" in match.re.groupindex and match["time"]]
        self._day_first = is_day_first(times)

    def line(self, line: str, events: list[LogEvent]) -> None:
        head_and_rest = match_head(self._pattern, line)
        if head_and_rest is None:
            if self._noise is not None and self._noise.match(line):
                return
            self._continue(line, events)
            return
        self.end(events)
        match, rest = head_and_rest
        found = match.groupdict()
        time = found.get("time")
        if time is not None:
            at_ms = epoch_ms(time, day_first=self._day_first)
            self._at_ms = self._at_ms if at_ms is None else at_ms
        self._stream, self._group = found.get("stream") or "", found.get("group") or ""
        self._lines.append(rest)
        self._size = len(line)

    def _continue(self, line: str, events: list[LogEvent]) -> None:
        if not self._lines:
            if not line.strip():
                return
            # Before the first columns: the end of an event whose beginning is not in the file.
            self.unread += 1
            events.append(LogEvent(self._at_ms, line, self._stream, self._group))
            return
        self._lines.append(line)
        self._size += len(line)
        if self._size > MOST_EVENT_CHARACTERS:
            self.end(events)

    def end(self, events: list[LogEvent]) -> None:
        if self._lines:
            lines, self._lines = self._lines, []
            message = "\n".join(lines) if len(lines) > 1 else lines[0]
            if self._tail is not None and (found := self._tail.search(message)) is not None:
                message = message[: found.start()]
                if "time" in self._tail.groupindex:
                    self._at_ms = epoch_ms(found["time"]) or self._at_ms
            message = without_color(one_line(message.strip("\n")) if len(lines) > 1 else message)
            events.append(LogEvent(self._at_ms, message, self._stream, self._group))


def _score(pattern: re.Pattern[str], lines: list[str]) -> float:
    """How much of a sample speaks for events with these columns."""
    found = [(at, *both) for at, line in enumerate(lines) if (both := match_head(pattern, line)) is not None]
    has_stream = "stream" in pattern.groupindex and any(match["stream"] for _, match, _ in found)
    # A message in JSON can be on the next lines.
    messages = [
        rest if rest.strip() else " ".join(line.strip() for line in lines[at + 1 : at + 8]) for at, _, rest in found
    ]
    return record_score(messages) + len(found) * (_STREAM_HEAD if has_stream else _TIME_HEAD)


def column_form(name: str, title: str, *layouts: str | tuple[str, str], noise: str = "", example: str = "") -> Form:
    """The form of a tool that writes the columns of one of `layouts`.

    A layout can have a pattern for the end of each message too, whose group `time` is the event's time. `noise`
    matches lines that the tool writes and that are in no event.
    """
    pairs = [(one, "") if isinstance(one, str) else one for one in layouts]
    patterns = [(head(layout), re.compile(tail) if tail else None) for layout, tail in pairs]
    noisy = re.compile(noise) if noise else None

    def score(sample: Sample) -> float:
        return max(_score(pattern, sample.lines) for pattern, _ in patterns)

    def reader(sample: Sample) -> Reader:
        scores = [_score(pattern, sample.lines) for pattern, _ in patterns]
        pattern, tail = patterns[scores.index(max(scores))]
        return HeadedReader(pattern, sample, noisy, tail)

    kinds = {kind for pattern, tail in patterns for kind in (*pattern.groupindex, *(tail.groupindex if tail else ()))}
    return Form(name, title, score, reader, "stream" in kinds, "time" in kinds, example)
