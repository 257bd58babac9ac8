"""From batches of events to lines: what is wanted, in order, in the form that was asked for."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields as fields_of
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from monitor.cli.tail_options import Asked, compiled, milliseconds
from monitor.cli.tail_out import Shown
from monitor.cli.tail_usual import UsualLines, plain
from monitor.model.event import LogEvent
from monitor.parse.record import parse_message

if TYPE_CHECKING:
    from monitor.analyze.select import Context, InvocationFilter, Whole
    from monitor.model.invocation import Invocation
    from monitor.model.record import Record
    from monitor.render.tail import TailRenderer

Batch = Iterable[LogEvent]
Line = tuple[LogEvent, "Record"]


class LinePrinter:
    """Events that pass the filters, through `line`, which gives each its text or None."""

    def __init__(self, asked: Asked, line: Callable[[LogEvent, "Record"], str | None]) -> None:
        self._line = line
        self._context = _context(asked)
        self._scope, self._whole = _whole(asked)
        self._until = compiled(asked.until_match, "--until-match") if asked.until_match else None
        self._query = _query(asked.query) if asked.query else None

    def batch(self, events: Batch) -> Shown:
        """The text of a batch."""
        if self._whole is not None:
            return self._shown(self._lines_of(self._ended(events)))
        return self._shown((event, parse_message(event.message)) for event in events)

    def pulse(self, now_ms: int) -> Shown:
        """Invocations that ended a while ago."""
        if self._whole is None:
            return Shown([], [])
        return self._shown(self._lines_of(self._whole.tick(now_ms)))

    def finish(self) -> Shown:
        """Invocations that have not ended."""
        if self._whole is None:
            return Shown([], [])
        return self._shown(self._lines_of(self._whole.finish()))

    def _ended(self, events: Batch) -> Iterator["Invocation"]:
        assert self._whole is not None
        for event in events:
            yield from self._whole.add(event, parse_message(event.message))

    def _lines_of(self, invocations: Iterable["Invocation"]) -> Iterator[Line]:
        for invocation in invocations:
            if self._wanted(invocation):
                yield from ((event, parse_message(event.message)) for event in invocation.events)

    def _wanted(self, invocation: "Invocation") -> bool:
        from monitor.analyze.select import LEVELS, severity

        scope = self._scope
        assert scope is not None
        # Whether it logged an error is looked for only where that matters.
        grave = scope.errors and any(
            (severity(parse_message(event.message)) or 0) >= LEVELS["ERROR"] for event in invocation.events
        )
        return scope.wants(invocation, grave)

    def _shown(self, lines: Iterable[Line]) -> Shown:
        text: list[str] = []
        shown: list[LogEvent] = []
        met = False
        context = self._context
        for event, record in lines:
            passed: Iterable[Line] = ((event, record),) if context is None else context.add(event, record)
            for one, what in passed:
                written = self._written(one, what)
                if written is not None:
                    text.append(written)
                shown.append(one)
                met = met or (self._until is not None and self._until.search(one.message) is not None)
        return Shown(text, shown, met)

    def _written(self, event: LogEvent, record: "Record") -> str | None:
        return self._query(event) if self._query is not None else self._line(event, record)


class TextPrinter(LinePrinter):
    """Lines for a person: invocations kept together, folded, in colour."""

    def __init__(self, asked: Asked, renderer: "TailRenderer") -> None:
        from monitor.analyze.together import Together

        super().__init__(asked, renderer.render)
        self._renderer = renderer
        # What was chosen line by line, or is whole already, is shown as it comes.
        self._together = None if asked.no_fold or self._context or self._whole or self._query else Together()
        self._usual = UsualLines(renderer.bodies) if self._together is not None and renderer.folds else None

    def batch(self, events: Batch) -> Shown:
        """The text of a batch; lines of other invocations may stay behind."""
        together = self._together
        if together is None:
            return super().batch(events)
        text: list[str] = []
        shown: list[LogEvent] = []
        render = self._renderer.render
        for event in self._unusual(events, text, shown):
            record = parse_message(event.message)
            if not together.passes(event, record):
                for entry in together.add(event, record):
                    self._entry(entry, text, shown)
                continue
            written = render(event, record)
            if written is not None:
                text.append(written)
            shown.append(event)
        return self._checked(text, shown)

    def _unusual(self, events: Batch, text: list[str], shown: list[LogEvent]) -> Iterator[LogEvent]:
        """Shows the events that take the short way; answers the others, each in its turn."""
        usual, together, line = self._usual, self._together, self._renderer.line
        if usual is None or together is None:
            yield from events
            return
        speaks, reader_of = together.speaks, usual.readers.get
        for event in events:
            message = event.message
            if message.startswith("END RequestId: "):
                # One line in eight, which says nothing that REPORT does not.
                shown.append(event)
                continue
            first, group = message[:1], event.group
            body = reader_of(first, plain)(message, group)
            if body is None:
                yield event
                continue
            key = (group, event.stream)
            if first == "S":
                passes = together.opens(key, message[17:53])
            else:
                passes = together.closes(key) if first == "R" else speaks(key)
            if not passes:
                yield event
                continue
            if body:
                text.append(line(event, body))
            shown.append(event)

    def pulse(self, now_ms: int) -> Shown:
        """What has waited long enough."""
        if self._together is None:
            return super().pulse(now_ms)
        text: list[str] = []
        shown: list[LogEvent] = []
        for entry in self._together.let_go(now_ms):
            self._entry(entry, text, shown)
        return self._checked(text, shown)

    def finish(self) -> Shown:
        """All that is left."""
        if self._together is None:
            return super().finish()
        text: list[str] = []
        shown: list[LogEvent] = []
        for entry in self._together.finish():
            self._entry(entry, text, shown)
        return self._checked(text, shown)

    def _entry(self, entry: tuple[LogEvent, "Record", bool], text: list[str], shown: list[LogEvent]) -> None:
        event, record, goes_on = entry
        if goes_on and self._together is not None:
            text.append(self._renderer.switch(event, self._together.request_id(event)))
        written = self._renderer.render(event, record)
        if written is not None:
            text.append(written)
        shown.append(event)

    def _checked(self, text: list[str], shown: list[LogEvent]) -> Shown:
        until = self._until
        return Shown(text, shown, until is not None and any(until.search(event.message) for event in shown))


class InvocationPrinter(LinePrinter):
    """One line an invocation."""

    def __init__(self, asked: Asked, line: Callable[["Invocation"], str]) -> None:
        super().__init__(asked, lambda event, record: None)  # noqa: ARG005
        self._one = line

    def batch(self, events: Batch) -> Shown:
        """A line for each that has ended."""
        return self._told(self._ended(events))

    def pulse(self, now_ms: int) -> Shown:
        """A line for each that ended a while ago."""
        assert self._whole is not None
        return self._told(self._whole.tick(now_ms))

    def finish(self) -> Shown:
        """A line for each that has not."""
        assert self._whole is not None
        return self._told(self._whole.finish())

    def _told(self, invocations: Iterable["Invocation"]) -> Shown:
        text: list[str] = []
        shown: list[LogEvent] = []
        for invocation in invocations:
            if self._wanted(invocation):
                text.append(self._one(invocation))
                shown.extend(invocation.events)
        return Shown(text, shown)


def _context(asked: Asked) -> "Context | None":
    """What chooses lines; None where all are wanted, and then nothing is loaded for it."""
    if not (asked.grep or asked.exclude or asked.level):
        return None
    from monitor.analyze.select import LEVELS, Context, LineFilter

    exclude = tuple(compiled(text, "--exclude") for text in asked.exclude)
    level = LEVELS[asked.level.upper()] if asked.level else None
    return Context(LineFilter(asked.patterns, exclude, level).wants, asked.context)


def _whole(asked: Asked) -> "tuple[InvocationFilter | None, Whole | None]":
    """What chooses invocations, and what puts them together."""
    if not (asked.request_id or asked.trace_id or asked.cold or asked.errors or asked.slow or asked.invocations):
        return None, None
    from monitor.analyze.select import InvocationFilter, Whole

    slow_ms = milliseconds(asked.slow, "--slow") if asked.slow else None
    return InvocationFilter(asked.request_id, asked.trace_id, asked.cold, asked.errors, slow_ms), Whole()


def _query(expression: str) -> Callable[[LogEvent], str | None]:
    import jmespath  # type: ignore[import-untyped]

    from monitor.errors import UsageError
    from monitor.parse.fields import load_object

    try:
        compiled_query = jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError as error:
        raise UsageError(f"--query {expression!r} is no JMESPath: {error}") from error

    def answer(event: LogEvent) -> str | None:
        line = load_object(event.message)
        if isinstance(line, str):
            return None
        try:
            found = compiled_query.search(line)
        except jmespath.exceptions.JMESPathError:
            return None
        if found is None:
            return None
        from monitor.render.text import clean

        return clean(found) if isinstance(found, str) else json.dumps(found, ensure_ascii=False)

    return answer


_NAMES: dict[type, tuple[str, ...]] = {}


def _names(record: "Record") -> tuple[str, ...]:
    kind = type(record)
    if kind not in _NAMES:
        _NAMES[kind] = tuple(item.name for item in fields_of(record))
    return _NAMES[kind]


def document(event: LogEvent, record: "Record") -> str:
    """The event as stored, and what was read in it (`record.record_kind` tells what it is), as a line of JSON."""
    second, ms = divmod(event.timestamp_ms, 1000)
    try:
        moment = f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"
    except (OverflowError, OSError, ValueError):
        moment = ""
    whole: dict[str, Any] = {
        "timestamp": moment,
        "timestamp_ms": event.timestamp_ms,
        "ingestion_ms": event.ingestion_ms,
        "group": event.group,
        "stream": event.stream,
        "event_id": event.event_id,
        "message": event.message,
        "late": event.late,
        "record": {"record_kind": record.record_kind, **{name: getattr(record, name) for name in _names(record)}},
    }
    try:
        return orjson.dumps(whole, option=orjson.OPT_NON_STR_KEYS).decode()
    except (TypeError, ValueError):
        # Lone surrogates, and numbers beyond 64 bits, which only json writes.
        from monitor.model.jsonable import jsonable

        return json.dumps(jsonable(whole), allow_nan=False)
