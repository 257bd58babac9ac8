"""The printer of `-o text`: lines grouped by invocation, folded and colored."""

from collections.abc import Iterable

from monitor.logs.render_events import TailRenderer
from monitor.logs.tail.analyze_grouping import Entry, InvocationGrouper, Step
from monitor.logs.tail.options import TailOptions
from monitor.logs.tail.output import Shown
from monitor.logs.tail.printers import Batch, LinePrinter, parsed
from monitor.logs.tail.quick_text import QuickBodies, plain
from monitor.records.event import LogEvent

_BEGIN = ("start", "init_start", "restore_start")


class TextPrinter(LinePrinter):
    """Prints lines grouped by invocation, folded and colored."""

    def __init__(self, options: TailOptions, renderer: TailRenderer) -> None:
        super().__init__(options, renderer.render)
        self._renderer = renderer
        self._quick = QuickBodies(renderer.bodies)
        # Filtered lines and whole invocations are printed as they arrive.
        as_it_comes = options.no_fold or self._context or self._pairing or self._query
        self._grouper = None if as_it_comes else InvocationGrouper()

    def batch(self, events: Batch) -> Shown:
        """The text of a batch; lines of other invocations may be held back."""
        grouper = self._grouper
        if grouper is None:
            return super().batch(events)
        text: list[str] = []
        shown: list[LogEvent] = []
        reader_of, line = self._quick.readers.get, self._renderer.line
        # Streams inside a traceback, whose further lines have no form of their own.
        inside = self._renderer.inside
        begins, continues, ends = Step.BEGINS, Step.CONTINUES, Step.ENDS
        stream: str | None = None
        its_group: str | None = None
        for event in events:
            message, group = event.message, event.group
            first = message[:1]
            body = reader_of(first, plain)(message, group)
            if inside and (group, event.stream) in inside:
                body = None
            if body is None:
                body, step, request_id = self._read(event)
            elif first == "S":
                step, request_id = begins, message[17:53]
            elif first == "R":
                step, request_id = ends, ""
            elif body and event.stream == stream and group == its_group:
                # Another line of the invocation that is shown now.
                text.append(line(event, body))
                shown.append(event)
                continue
            else:
                step, request_id = continues, ""
            if step is continues and not body:
                # A line without text need not wait.
                shown.append(event)
                continue
            key = (group, event.stream)
            if step is begins:
                is_free = grouper.begin(key, request_id)
            elif step is ends:
                is_free = grouper.end(key)
            else:
                is_free = grouper.is_free(key)
            # A stream whose line is free stays free until an invocation begins or ends.
            stream, its_group = (event.stream, group) if is_free and step is not ends else (None, None)
            if not is_free:
                self._write(grouper.add(event, body, step, request_id), text, shown)
                continue
            if body:
                text.append(line(event, body))
            shown.append(event)
        return self._checked(text, shown)

    def _read(self, event: LogEvent) -> tuple[str, Step, str]:
        """The full path: an event's text, its step, and its request id if it begins an invocation."""
        record = parsed(event.message)
        kind, body = record.record_kind, self._renderer.body(event, record)
        if kind in _BEGIN:
            return body, Step.BEGINS, getattr(record, "request_id", "")
        return body, Step.ENDS if kind == "report" else Step.CONTINUES, ""

    def pulse(self, now_ms: int) -> Shown:
        """The text of lines that have waited long enough."""
        if self._grouper is None:
            return super().pulse(now_ms)
        return self._released(self._grouper.release(now_ms))

    def finish(self) -> Shown:
        """The text of all lines that are held back."""
        if self._grouper is None:
            return super().finish()
        return self._released(self._grouper.finish())

    def _released(self, entries: Iterable[Entry]) -> Shown:
        text: list[str] = []
        shown: list[LogEvent] = []
        self._write(entries, text, shown)
        return self._checked(text, shown)

    def _write(self, entries: Iterable[Entry], text: list[str], shown: list[LogEvent]) -> None:
        for event, body, request_id in entries:
            if request_id is not None:
                text.append(self._renderer.switch(event, request_id))
            if body:
                text.append(self._renderer.line(event, body))
            shown.append(event)

    def _checked(self, text: list[str], shown: list[LogEvent]) -> Shown:
        until = self._until
        return Shown(text, shown, until is not None and any(until.search(event.message) for event in shown))
