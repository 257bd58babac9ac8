"""Join a logger's line with the traceback that follows it in further events.

Whatever a function prints becomes one event a line. A traceback is then many events of one stream, the first of them
the logger's line, if there is one.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from monitor.kernel.json_fields import load_object
from monitor.records.application_json import parse_json_line
from monitor.records.event import LogEvent
from monitor.records.grammar import TRACEBACK
from monitor.records.levels import ERROR, level_number
from monitor.records.logger_grammar import without_colors
from monitor.records.record import Application, ExceptionText, Record, Text
from monitor.records.tracebacks import (
    StackReader,
    TracebackReader,
    begins_stack,
    begins_traceback,
    read_traceback,
)

_MOST_STREAMS = 20_000
_MOST_LINES = 2_000
# In log time: a traceback is printed at once.
_PATIENCE_MS = 2_000
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Logged:
    """A line of the function, with its traceback; `event` is the first event, `request_id` the invocation it ran in."""

    event: LogEvent
    record: Application
    request_id: str


@dataclass(slots=True)
class _Open:
    event: LogEvent
    request_id: str
    head: Application | None = None
    reader: TracebackReader | StackReader | None = None
    # The exception of the line before, which a stack of Node.js or Java may follow.
    maybe: ExceptionText | None = None
    # The lines of a JSON object that is printed indented.
    document: list[str] | None = None

    def done(self) -> Logged | None:
        exception = self.reader.exception if self.reader is not None else None
        if exception is not None and not exception.type:
            exception = self._named_above(exception.stack)
        if self.head is not None:
            # Lambda's own account of an exception is one event. One over several is read here, and nowhere else.
            record = self.head if exception is None else replace(self.head, exception=exception, as_logged=True)
        elif exception is not None:
            message = f"{exception.type}: {exception.message}".removesuffix(": ")
            record = Application(None, message, exception=exception, as_logged=True)
        elif self.reader is not None:
            record = Application("ERROR", "a traceback without its exception", as_logged=True)
        else:
            return None
        return Logged(self.event, record, self.request_id)

    def _named_above(self, stack: tuple[str, ...]) -> ExceptionText | None:
        """The exception of Lambda's own account, whose first line names it: `[ERROR] KeyError: 'sku'`."""
        if self.head is None or self.head.as_logged:
            return None
        found = read_traceback(f"{TRACEBACK}\n{self.head.message}")
        return None if found is None or not found.type else replace(found, stack=stack)


class Joiner:
    """Joins the events of many streams. What may have more lines is held until another event of its stream follows."""

    def __init__(self) -> None:
        self._open: OrderedDict[_Key, _Open] = OrderedDict()

    def add(self, event: LogEvent, record: Record, request_id: str = "") -> list[Logged]:
        """Add an event; returns what is complete. `request_id` is that of the stream's running invocation."""
        key = (event.group, event.stream)
        if isinstance(record, Text):
            if key not in self._open and not _may_begin(event.message):
                return []
            return self._lines(key, event, event.message, request_id)
        if key in self._open and isinstance(record, Application) and _is_traceback(record, event.message):
            return self._lines(key, event, event.message, request_id)
        found = self._close(key)
        if isinstance(record, Application):
            request_id = record.request_id or request_id
            if record.exception is not None or (level_number(record.level) or 0) < ERROR:
                return [*found, Logged(event, record, request_id)]
            self._open[key] = _Open(event, request_id, head=record)
            if len(self._open) > _MOST_STREAMS:
                found += self._close(next(iter(self._open)))
            if record.as_logged and "\n" in event.message:
                found += self._lines(key, event, event.message.partition("\n")[2], request_id)
        return found

    def tick(self, now_ms: int) -> list[Logged]:
        """What no further event has followed for a while."""
        late = [key for key, one in self._open.items() if now_ms - one.event.timestamp_ms > _PATIENCE_MS]
        return [logged for key in late for logged in self._close(key)]

    def finish(self) -> list[Logged]:
        """What is held at the end of the input."""
        return [logged for key in list(self._open) for logged in self._close(key)]

    def _close(self, key: _Key) -> list[Logged]:
        opened = self._open.pop(key, None)
        done = opened.done() if opened is not None else None
        return [] if done is None else [done]

    def _lines(self, key: _Key, event: LogEvent, text: str, request_id: str) -> list[Logged]:
        found: list[Logged] = []
        for line in without_colors(text).replace("\r", "\n").rstrip("\n").split("\n"):
            found.extend(self._line(key, event, line, request_id))
        return found

    def _line(self, key: _Key, event: LogEvent, line: str, request_id: str) -> Iterator[Logged]:
        opened = self._open.get(key)
        if opened is not None and opened.document is not None:
            yield from self._document(key, opened, line)
            return
        if line == "{":
            yield from self._close(key)
            self._open[key] = _Open(event, request_id, document=[line])
            return
        if opened is not None and opened.maybe is not None and opened.reader is None:
            reader = StackReader(opened.maybe)
            if reader.add(line):
                opened.reader = reader
                return
        if opened is not None and opened.reader is not None:
            if opened.reader.add(line):
                return
            yield from self._close(key)
            opened = None
        if begins_traceback(line):
            if opened is None:
                opened = self._open[key] = _Open(event, request_id)
            opened.reader, opened.maybe = TracebackReader(), None
            opened.reader.add(line)
            return
        maybe = begins_stack(line)
        if maybe is not None:
            if opened is None or opened.maybe is not None:
                yield from self._close(key)
                opened = self._open[key] = _Open(event, request_id)
            opened.maybe = maybe
        elif line.strip():
            yield from self._close(key)

    def _document(self, key: _Key, opened: _Open, line: str) -> Iterator[Logged]:
        assert opened.document is not None
        opened.document.append(line)
        if line not in ("}", "},") and len(opened.document) < _MOST_LINES:
            return
        del self._open[key]
        parsed = load_object("\n".join(opened.document).removesuffix(","))
        if isinstance(parsed, dict):
            record = parse_json_line(parsed)
            yield Logged(opened.event, record, record.request_id or opened.request_id)


def _is_traceback(record: Application, message: str) -> bool:
    """Whether an event is a traceback or a stack alone, in all its lines, which may belong to the line before it."""
    if record.exception is None or not record.as_logged or record.level is not None:
        return False
    first = message.partition("\n")[0]
    return begins_traceback(first) or begins_stack(first) is not None


def _may_begin(message: str) -> bool:
    """Whether a plain text can begin a traceback, a stack or an indented object: quick, since most lines do not."""
    return message[:1] == "{" or "Traceback" in message or "Error" in message or "Exception" in message
