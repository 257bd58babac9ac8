"""Turn batches of events into lines: filter them, order them and format them."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields as fields_of
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import orjson

from monitor.console.output import terminal_json
from monitor.logs.tail.options import TailOptions, compiled
from monitor.logs.tail.output import Shown
from monitor.records.event import LogEvent

if TYPE_CHECKING:
    from monitor.logs.analyze_select import Context, InvocationFilter
    from monitor.records.executions import Executions
    from monitor.records.invocation import Invocation
    from monitor.records.pairing import Pairing
    from monitor.records.record import Record

Batch = Iterable[LogEvent]
Line = tuple[LogEvent, "Record"]


def parsed(message: str) -> "Record":
    """The record of a message; the parser is loaded when it is first needed."""
    from monitor.records.message import parse_message

    return parse_message(message)


class LinePrinter:
    """Prints the events that pass the filters; `line` gives the text of an event, or None."""

    def __init__(
        self, options: TailOptions, line: Callable[[LogEvent, "Record"], str | None], *, as_json: bool = False
    ) -> None:
        """`as_json`: what --query finds is JSON also where it is a text."""
        self._line = line
        self._context = _context(options)
        self._scope, self._pairing, self._executions = _invocations(options)
        self._until = compiled(options.until_match, "--until-match") if options.until_match else None
        self._query = _query(options.query, as_json) if options.query else None
        # Events of web functions, which are not paired into invocations.
        self.unsupported = 0

    def batch(self, events: Batch) -> Shown:
        """The text of a batch."""
        if self._pairing is not None:
            return self._shown(self._lines_of(self._ended(events)))
        return self._shown((event, parsed(event.message)) for event in events)

    def pulse(self, now_ms: int) -> Shown:
        """The text of invocations that ended a while ago."""
        if self._pairing is None:
            return Shown([], [])
        return self._shown(self._lines_of(self._marked(self._pairing.tick(now_ms))))

    def finish(self) -> Shown:
        """The text of invocations that have not ended."""
        if self._pairing is None:
            return Shown([], [])
        return self._shown(self._lines_of(self._marked(self._pairing.finish())))

    def _ended(self, events: Batch) -> Iterator["Invocation"]:
        assert self._pairing is not None
        for event in events:
            record = parsed(event.message)
            self.unsupported += getattr(record, "of_web_function", False)
            yield from self._marked(self._pairing.add(event, record))

    def _marked(self, invocations: Iterable["Invocation"]) -> Iterator["Invocation"]:
        """The invocations, those that resume a durable execution as such."""
        assert self._executions is not None
        return map(self._executions.marked, invocations)

    def _lines_of(self, invocations: Iterable["Invocation"]) -> Iterator[Line]:
        for invocation in invocations:
            if self._wanted(invocation):
                yield from ((event, parsed(event.message)) for event in invocation.events)

    def _wanted(self, invocation: "Invocation") -> bool:
        from monitor.logs.analyze_select import LineLevels
        from monitor.records.levels import ERROR

        scope = self._scope
        assert scope is not None
        # Searching for logged errors is slow, and only --errors needs it.
        levels = LineLevels()
        logged_error = scope.errors and any(
            (levels.of(event, parsed(event.message)) or 0) >= ERROR for event in invocation.events
        )
        return scope.wants(invocation, logged_error)

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


class InvocationPrinter(LinePrinter):
    """Prints one line per invocation."""

    def __init__(self, options: TailOptions, line: Callable[["Invocation"], str]) -> None:
        super().__init__(options, lambda event, record: None)  # noqa: ARG005
        self._one = line

    def batch(self, events: Batch) -> Shown:
        """A line for each invocation that has ended."""
        return self._lines(self._ended(events))

    def pulse(self, now_ms: int) -> Shown:
        """A line for each invocation that ended a while ago."""
        assert self._pairing is not None
        return self._lines(self._marked(self._pairing.tick(now_ms)))

    def finish(self) -> Shown:
        """A line for each invocation that has not ended."""
        assert self._pairing is not None
        return self._lines(self._marked(self._pairing.finish()))

    def _lines(self, invocations: Iterable["Invocation"]) -> Shown:
        text: list[str] = []
        shown: list[LogEvent] = []
        for invocation in invocations:
            if self._wanted(invocation):
                text.append(self._one(invocation))
                shown.extend(invocation.events)
        return Shown(text, shown)


def _context(options: TailOptions) -> "Context | None":
    """The line filter; None if all lines are shown, so that nothing is loaded for it."""
    if not (options.grep or options.exclude or options.level):
        return None
    from monitor.logs.analyze_select import Context, LineFilter
    from monitor.records.levels import level_number

    exclude = tuple(compiled(text, "--exclude") for text in options.exclude)
    lines = LineFilter(options.patterns, exclude, level_number(options.level))
    return Context(lines.wants, options.context, lines.excludes)


def _invocations(options: TailOptions) -> "tuple[InvocationFilter | None, Pairing | None, Executions | None]":
    """The invocation filter, the pairing that collects each invocation's lines, and the durable executions."""
    if not (options.picks_invocations or options.invocations):
        return None, None, None
    from monitor.logs.analyze_select import InvocationFilter
    from monitor.records.executions import Executions
    from monitor.records.pairing import Pairing

    wanted = InvocationFilter(
        options.request_id, options.trace_id, options.cold, options.errors, options.slow_ms, options.durable
    )
    return wanted, Pairing(keep_events=True), Executions()


def _query(expression: str, as_json: bool) -> Callable[[LogEvent], str | None]:
    import jmespath  # type: ignore[import-untyped]

    from monitor.errors import UsageError
    from monitor.kernel.json_fields import load_object

    try:
        compiled_query = jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError as error:
        raise UsageError(f"--query {expression!r} is not a JMESPath expression: {error}") from error

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
        from monitor.console.text import clean

        is_text = isinstance(found, str) and not as_json
        return clean(found) if is_text else terminal_json(json.dumps(found, ensure_ascii=False))

    return answer


_Members = tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]
_MEMBERS: dict[type, _Members] = {}


def _members(kind: "type[Record]") -> _Members:
    """The names of a kind's members, its name first, and what reads them all from a record."""
    names = ("record_kind", *(item.name for item in fields_of(kind)))
    found = _MEMBERS[kind] = names, attrgetter(*names)
    return found


@lru_cache(maxsize=64)
def _second(second: int) -> str:
    """A second in ISO 8601, which most events of a page share; "" for one that no calendar has."""
    try:
        return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}"
    except (OverflowError, OSError, ValueError):
        return ""


def document(event: LogEvent, record: "Record") -> str:
    """The stored event and its record (`record.record_kind` is the record's type), as one line of JSON."""
    kind = type(record)
    names, values_of = _MEMBERS.get(kind) or _members(kind)
    return _document(event, dict(zip(names, values_of(record), strict=True)))


def _document(event: LogEvent, members: dict[str, Any]) -> str:
    at_ms = event.timestamp_ms
    text = _second(at_ms // 1000)
    whole: dict[str, Any] = {
        "timestamp": text and f"{text}.{at_ms % 1000:03d}Z",
        "timestamp_ms": at_ms,
        "ingestion_ms": event.ingestion_ms,
        "group": event.group,
        "stream": event.stream,
        "event_id": event.event_id,
        "message": event.message,
        "late": event.late,
        "record": members,
    }
    if event.origin:
        whole["origin"] = event.origin
    try:
        return orjson.dumps(whole).decode()
    except (TypeError, ValueError):
        return _unusual(whole)


def _unusual(whole: dict[str, Any]) -> str:
    """An event with keys that are not text, which take orjson longer, or with a value that it refuses."""
    try:
        return orjson.dumps(whole, option=orjson.OPT_NON_STR_KEYS).decode()
    except (TypeError, ValueError):
        # orjson refuses lone surrogates and numbers beyond 64 bits.
        from monitor.kernel.jsonable import jsonable

        return json.dumps(jsonable(whole), allow_nan=False)


class JsonPrinter(LinePrinter):
    """Prints each event and its record as a line of JSON; usual messages take a quick path."""

    def __init__(self, options: TailOptions) -> None:
        super().__init__(options, document, as_json=True)
        self._is_plain = not (self._context or self._pairing or self._query or self._until)

    def batch(self, events: Batch) -> Shown:
        """The text of a batch."""
        if not self._is_plain:
            return super().batch(events)
        from monitor.logs.tail.quick_json import READERS, plain

        shown = events if isinstance(events, list) else list(events)
        text: list[str] = []
        reader_of = READERS.get
        for event in shown:
            message = event.message
            members = reader_of(message[:1], plain)(message)
            text.append(document(event, parsed(message)) if members is None else _document(event, members))
        return Shown(text, shown)
