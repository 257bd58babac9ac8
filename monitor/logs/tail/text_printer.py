"""A tail for a person: lines of an invocation kept together, folded, in colour."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from monitor.logs.render_events import TailRenderer
from monitor.logs.tail.analyze_grouping import Together
from monitor.logs.tail.options import TailOptions
from monitor.logs.tail.output import Shown
from monitor.logs.tail.printers import Batch, LinePrinter, parsed
from monitor.logs.tail.quick_text import UsualLines, plain
from monitor.records.event import LogEvent

if TYPE_CHECKING:
    from monitor.records.record import Record


class TextPrinter(LinePrinter):
    """Lines for a person: invocations kept together, folded, in colour."""

    def __init__(self, options: TailOptions, renderer: TailRenderer) -> None:
        super().__init__(options, renderer.render)
        self._renderer = renderer
        # What was chosen line by line, or is whole already, is shown as it comes.
        self._together = None if options.no_fold or self._context or self._whole or self._query else Together()
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
            record = parsed(event.message)
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
        speaker: str | None = None
        its_group: str | None = None
        for event in events:
            message = event.message
            if message.startswith("END RequestId: "):
                # One line in eight, which says nothing that REPORT does not.
                shown.append(event)
                continue
            first, group = message[:1], event.group
            body = reader_of(first, plain)(message, group)
            if body is None:
                speaker = None
                yield event
                continue
            if first == "S" or first == "R" or event.stream != speaker or group != its_group:
                key = (group, event.stream)
                if first == "S":
                    passes = together.opens(key, message[17:53])
                else:
                    passes = together.closes(key) if first == "R" else speaks(key)
                # Who may speak now may go on, until somebody begins or ends, or a line takes the long way.
                speaker, its_group = (event.stream, group) if passes and first != "R" else (None, None)
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
