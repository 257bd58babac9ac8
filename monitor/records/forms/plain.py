"""Messages as Lambda writes them, without columns: the console's copied messages, `docker logs`, `monitor tail -o raw`.

No column tells where an event begins. A line of Lambda or a logger begins one; an indented line, a traceback, and JSON
over several lines continue one; any other line is an event of its own.
"""

import json
import re

from monitor.records.event import LogEvent
from monitor.records.forms.form import MOST_EVENT_CHARACTERS, Form, LineReader, Reader, Sample, record_score
from monitor.records.forms.json_text import one_line
from monitor.records.forms.openings import (
    CHAINED,
    EXIT_TYPE,
    SPACES,
    TRACEBACK,
    has_level,
    is_platform,
    is_record,
    without_color,
)
from monitor.records.forms.times import epoch_ms

# A runtime's line and JSON have their times, which date the lines below them.
RUNTIME_TIME = re.compile(r"\[[A-Z]{3,10}\](?:\t| +)(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.,]\d{1,9}Z)(?:\t| +)")
_JSON_TIME = re.compile(
    r'\{[^{}]*?"@?time(?:stamp)?"\s*:\s*(?:"([0-9T:.,Z+ -]{10,40})"|(\d{10}(?:\d{3})?(?:\.\d{1,9})?)[,}\s])'
)


# A line of a level at which no traceback is expected.
_QUIET = re.compile(
    r"\[(?:INFO|DEBUG|TRACE|NOTICE)\]|(?:INFO|DEBUG|TRACE|NOTICE)\b"
    r"|\S{10} ?\S{8,15} (?:- )?(?:\S{1,80} - )?\[?(?:INFO|DEBUG)\b"
)


def _is_complete(line: str) -> bool:
    """Whether a line is a whole JSON object."""
    if not line.rstrip().endswith("}"):
        return False
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def time_of(message: str) -> int | None:
    """The time in a message that dates the lines below it, in epoch milliseconds; None for most messages."""
    pattern = {"{": _JSON_TIME, "[": RUNTIME_TIME}.get(message[0])
    found = pattern.match(message) if pattern is not None else None
    return None if found is None else epoch_ms(found[found.lastindex or 0])


class EventLines:
    """The event that is being read, and whether the next line continues it."""

    __slots__ = ("_dates", "_frames", "_json", "_lines", "_platform", "_record", "_size", "at_ms")

    def __init__(self, *, dates: bool = True) -> None:
        self._lines: list[str] = []
        # Inside a traceback: 1 before and in its frames, 2 after the exception.
        self._frames = 0
        self._json = self._platform = self._record = False
        self._size = 0
        self.at_ms = 0
        # Whether times in messages date events; otherwise `add` gets the times.
        self._dates = dates

    def add(self, line: str, events: list[LogEvent], stream: str = "", at_ms: int | None = None) -> None:
        """Take a line; an event that is complete is appended."""
        if self._lines and self._continues(line):
            self._lines.append(line)
            self._size += len(line)
            if (self._json and line == "}") or self._size > MOST_EVENT_CHARACTERS:
                self.end(events, stream)
            return
        if self._lines:
            self.end(events, stream)
        if not line or line.isspace():
            return
        if at_ms is not None:
            self.at_ms = at_ms
        first = line[0]
        if first == "\x1b":
            line = without_color(line)
            first = line[:1]
        self._platform = first in "SERIXTL2{" and is_platform(line)
        self._json = line == "{" or (first == "{" and self._is_open(line))
        self._frames = 1 if "Traceback" in line and TRACEBACK.match(line) else 0
        self._record = self._platform or (first in "[{" or is_record(line))
        if first == "{" and not self._json and _is_complete(line):
            # Nothing continues a record in JSON that ends on its line.
            self._emit(line, events, stream)
            return
        if self._platform and not self._json and first not in "RL":
            # Nothing but an exit's type and REPORT's trace comes after the first line.
            self._emit(line, events, stream)
            return
        self._lines.append(line)
        self._size = len(line)

    def _continues(self, line: str) -> bool:
        if self._json:
            return not is_platform(line) or line[:1] in ("{", "}", " ")
        if self._platform:
            first = self._lines[0]
            if first.startswith("REPORT "):
                return line.startswith("XRAY TraceId: ")
            return first.startswith("RequestId:") and EXIT_TYPE.match(line) is not None
        if not line:
            return self._frames > 0 or self._record
        if "Traceback" in line and TRACEBACK.match(line):
            # Indented inside a traceback: a member of an exception group.
            is_inside = self._frames > 0 and line[0] in SPACES
            self._frames = 1
            return is_inside or self._frames_before or not self._is_quiet()
        if line[0] in SPACES:
            return self._frames > 0 or self._record or line[:1] == "\t" or not line.isspace()
        if line.startswith(CHAINED):
            return True
        if self._frames != 1 or is_record(line) or self._lines[0].startswith("[ERROR] "):
            return False
        # After the frames: the exception itself.
        self._frames = 2
        return True

    def _is_quiet(self) -> bool:
        """Whether the event so far has a level below that of errors, or none: a traceback after it is its own."""
        first = self._lines[0]
        if _QUIET.match(first):
            return True
        return not (self._record or has_level(first))

    @property
    def _frames_before(self) -> bool:
        last = next((line for line in reversed(self._lines) if line), "")
        return last.startswith(CHAINED)

    @staticmethod
    def _is_open(line: str) -> bool:
        """Whether a JSON document begins on this line and ends on a later one."""
        try:
            json.loads(line)
        except ValueError:
            return line.rstrip().endswith(("{", "[", ","))
        except RecursionError:
            return False
        return False

    def end(self, events: list[LogEvent], stream: str = "") -> None:
        """Append the event that is being read."""
        if self._lines:
            lines, self._lines = self._lines, []
            self._json = False
            self._frames = 0
            self._emit("\n".join(lines).rstrip("\n") if len(lines) > 1 else lines[0], events, stream)

    def _emit(self, message: str, events: list[LogEvent], stream: str) -> None:
        first = message[0]
        if first == "{":
            message = one_line(message)
        if self._dates:
            self.at_ms = time_of(message) or self.at_ms
        events.append(LogEvent(self.at_ms, message, stream))


class PlainReader(LineReader):
    """Reads messages without columns."""

    __slots__ = ("_event",)

    def __init__(self, newline: str = "\n") -> None:
        super().__init__(newline)
        self._event = EventLines()

    @property
    def at_ms(self) -> int:
        """The time of the event that was read last; 0 before one had a time."""
        return self._event.at_ms

    @at_ms.setter
    def at_ms(self, at_ms: int) -> None:
        self._event.at_ms = at_ms

    def line(self, line: str, events: list[LogEvent]) -> None:
        self._event.add(line, events)

    def end(self, events: list[LogEvent]) -> None:
        self._event.end(events)


def _score(sample: Sample) -> float:
    return record_score([line for line in sample.lines if line[:1] not in (" ", "\t", "")])


def _reader(sample: Sample) -> Reader:
    return PlainReader(sample.newline)


PLAIN = Form(
    "messages",
    "log messages without columns",
    _score,
    _reader,
    streams=False,
    times=False,
    example="aws logs tail … | cut -d' ' -f3-, docker logs, sam local invoke, monitor tail -o raw",
)
