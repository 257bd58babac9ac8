"""What a form is: a name, how well it fits the beginning of a saved log, and a reader that turns text into events."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import cached_property
from typing import Any, Protocol

from monitor.records.event import LogEvent
from monitor.records.forms.openings import is_platform, is_record, without_color

# An event of CloudWatch Logs has at most 1 MB. Without a limit, one missing column would gather a whole file.
MOST_EVENT_CHARACTERS = 4 << 20
# So much evidence decides without reading on: a record of the platform.
CERTAIN = 10.0


class Reader(Protocol):
    """Reads one saved log, piece by piece."""

    def feed(self, text: str) -> list[LogEvent]:
        """The events that are complete after the next piece of text, which may end anywhere."""

    def flush(self) -> list[LogEvent]:
        """The event that is probably complete: no more text has arrived for a while."""

    def finish(self) -> list[LogEvent]:
        """The events that are left at the end of the text."""

    @property
    def unread(self) -> int:
        """How many lines or values were in no event."""


class Sample:
    """The beginning of a saved log: evidence for its form. `whole`: there is no more text after it.

    `zone` is that of times that monitor printed; None is the zone of the machine.
    """

    def __init__(self, text: str, *, whole: bool = False, zone: tzinfo | None = UTC) -> None:
        self.text = text
        self.whole = whole
        self.zone = zone
        # What the forms in JSON found; None before they looked.
        self.json_evidence: Any = None

    @cached_property
    def newline(self) -> str:
        """The line end: "\\n" also for Windows, whose "\\r" is removed from each line."""
        return "\r" if "\n" not in self.text and self.text.count("\r") > 1 else "\n"

    @cached_property
    def lines(self) -> list[str]:
        """The complete lines, without their ends."""
        lines = self.text.split(self.newline)
        if not self.whole and len(lines) > 1:
            lines.pop()
        return [line.rstrip("\r") for line in lines[:_MOST_LINES]]

    @cached_property
    def first(self) -> str:
        """The first line that is not blank."""
        return next((line for line in self.lines if line.strip()), "")

    def events(self, reader: Reader) -> list[LogEvent]:
        """The sample's events by a new reader: those that are left at the end only if no more text comes."""
        events = reader.feed(self.text)
        return events + reader.finish() if self.whole else events


_MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class Form:
    """A form in which logs are saved.

    `name` is for `--form`, `title` for messages. `score` is how much of a sample speaks for this form: 0 for nothing,
    10 for each record of Lambda's platform that is found where the form has it. `streams` and `times` say whether
    events have them.
    """

    name: str
    title: str
    score: Callable[[Sample], float]
    reader: Callable[[Sample], Reader]
    streams: bool = True
    times: bool = True
    # What a person types to get it.
    example: str = field(default="")


def record_score(messages: list[str]) -> float:
    """The evidence in the first lines of messages."""
    score = 0.0
    for message in messages:
        text = without_color(message)
        if is_platform(text):
            # The trace is a line of REPORT as well as an event.
            score += 0 if text.startswith("XRAY ") else 10
        elif is_record(text):
            score += 1
    return score


class LineReader:
    """Splits pieces of text into lines for a reader that takes one line at a time."""

    __slots__ = ("_newline", "_rest", "unread")

    def __init__(self, newline: str = "\n") -> None:
        self._newline = newline
        self._rest: list[str] = []
        self.unread = 0

    def feed(self, text: str) -> list[LogEvent]:
        """The events that are complete after the next piece of text."""
        lines = text.split(self._newline)
        if len(lines) == 1:
            if text:
                self._rest.append(text)
            return []
        lines[0] = "".join((*self._rest, lines[0]))
        last = lines.pop()
        self._rest = [last] if last else []
        events: list[LogEvent] = []
        for line in lines:
            self.line(line[:-1] if line[-1:] == "\r" else line, events)
        return events

    def flush(self) -> list[LogEvent]:
        """The event that is probably complete; a part of a line is not."""
        events: list[LogEvent] = []
        self.end(events)
        return events

    def finish(self) -> list[LogEvent]:
        """The events that are left."""
        events: list[LogEvent] = []
        if self._rest:
            self.line("".join(self._rest).rstrip("\r"), events)
            self._rest = []
        self.end(events)
        return events

    def line(self, line: str, events: list[LogEvent]) -> None:
        """Take the next line, without its end; append what is complete."""
        raise NotImplementedError

    def end(self, events: list[LogEvent]) -> None:
        """Append the event that is being read."""
        raise NotImplementedError
