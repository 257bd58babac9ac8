"""The newest lines and invocations of a feed, in bounded memory, for any number of readers."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from typing import TypeVar

from monitor.logs.analyze_select import LineLevels
from monitor.records.event import LogEvent
from monitor.records.invocation import Invocation
from monitor.records.message import parse_message
from monitor.records.pairing import Pairing
from monitor.records.record import Record
from monitor.serve.model import LiveBatch, LiveInvocation, LiveLine, Position

# The text of an event, "" if it adds nothing to the lines around it.
Render = Callable[[LogEvent, Record], str]
NameOf = Callable[[LogEvent], str]

MOST_LINES = 20_000
MOST_INVOCATIONS = 2_000
# About one byte a character: this bounds a feed to some 40 MB.
_MOST_TEXT = 12_000_000
_MOST_EVENT_TEXT = 24_000_000
_LONGEST_LINE = 4_000
_MOST_NOTICES = 20
_AT_ONCE = 4_000

T = TypeVar("T", LiveLine, LiveInvocation)


class LiveLog:
    """Keeps the newest lines and the newest ended invocations. Not safe for several threads by itself.

    Args:
        render: the text of an event.
        name_of: the name of the function or log group of an event.
        most_lines: how many lines are kept.
    """

    def __init__(self, render: Render, name_of: NameOf, most_lines: int = MOST_LINES) -> None:
        self._render, self._name_of, self._most_lines = render, name_of, most_lines
        self._pairing, self._levels = Pairing(keep_events=True), LineLevels()
        self._lines: deque[LiveLine] = deque()
        self._invocations: deque[LiveInvocation] = deque()
        self._notices: deque[tuple[int, str]] = deque(maxlen=_MOST_NOTICES)
        self._line_count = self._invocation_count = self._notice_count = 0
        self._text = self._event_text = 0

    def add(self, events: Iterable[LogEvent]) -> None:
        """Add events in the order of their streams."""
        for event in events:
            record = parse_message(event.message)
            self._add_line(event, record)
            for invocation in self._pairing.add(event, record):
                self._add_invocation(invocation)

    def tick(self, now_ms: int) -> None:
        """All events until now are known: add the invocations that ended a while ago."""
        for invocation in self._pairing.tick(now_ms):
            self._add_invocation(invocation)

    def say(self, notice: str) -> None:
        """Add a message about the reading."""
        self._notice_count += 1
        self._notices.append((self._notice_count, notice))

    def _add_line(self, event: LogEvent, record: Record) -> None:
        level = self._levels.of(event, record)
        text = self._render(event, record)
        if not text:
            return
        self._line_count += 1
        cut = len(text) > _LONGEST_LINE
        request_id = getattr(record, "request_id", None) or ""
        shown = text[:_LONGEST_LINE] if cut else text
        name = self._name_of(event)
        line = LiveLine(
            self._line_count, event.timestamp_ms, name, event.stream, level, shown, str(request_id)[:64], cut
        )
        self._lines.append(line)
        self._text += len(shown)
        while len(self._lines) > self._most_lines or (self._text > _MOST_TEXT and len(self._lines) > 1):
            self._text -= len(self._lines.popleft().text)

    def _add_invocation(self, invocation: Invocation) -> None:
        self._invocation_count += 1
        source = self._name_of(invocation.events[0]) if invocation.events else invocation.function
        self._invocations.append(LiveInvocation(self._invocation_count, source, invocation))
        self._event_text += _size(invocation)
        while len(self._invocations) > MOST_INVOCATIONS or (
            self._event_text > _MOST_EVENT_TEXT and len(self._invocations) > 1
        ):
            self._event_text -= _size(self._invocations.popleft().invocation)

    def find(self, request_id: str) -> Invocation | None:
        """An invocation that is still kept, with all its events."""
        return next(
            (one.invocation for one in reversed(self._invocations) if one.invocation.request_id == request_id), None
        )

    def after(self, position: Position, notice: int = 0) -> tuple[LiveBatch, int]:
        """What came after the position, oldest first, and the number of the last notice.

        At most 4,000 lines at once: the next batch begins where this one ends.
        """
        lines = _newer(self._lines, position.line)[:_AT_ONCE]
        invocations = _newer(self._invocations, position.invocation)
        oldest = self._lines[0].number if self._lines else self._line_count + 1
        end = Position(
            lines[-1].number if lines else max(position.line, oldest - 1),
            invocations[-1].number if invocations else position.invocation,
        )
        notices = [text for number, text in self._notices if number > notice]
        # A reader that begins has missed nothing.
        skipped = max(0, oldest - 1 - position.line) if position.line else 0
        return LiveBatch(lines, invocations, skipped, notices, end), self._notice_count


def _newer(kept: "deque[T]", number: int) -> Sequence[T]:
    found = list(takewhile(lambda one: one.number > number, reversed(kept)))
    found.reverse()
    return found


def _size(invocation: Invocation) -> int:
    return 200 + sum(len(event.message) + 200 for event in invocation.events)
