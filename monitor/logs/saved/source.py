"""A saved log as a source of log events: its parts, their form, and how much of them was understood."""

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from datetime import UTC
from itertools import pairwise
from typing import Protocol

from monitor.errors import UsageError
from monitor.kernel.values import dataclass
from monitor.kernel.window import Window
from monitor.logs.model_saved import SavedFiles
from monitor.logs.saved.blocks import blocks_of
from monitor.logs.saved.containers import CutError, Part, parts_of
from monitor.logs.saved.describe import ACCEPTED, looks_like
from monitor.records.event import LogEvent
from monitor.records.forms.encoding import TextDecoder
from monitor.records.forms.form import CERTAIN, Form, Reader, Sample
from monitor.records.forms.openings import STREAM_NAME, is_record
from monitor.records.forms.registry import detect, form_named

# The form is decided by so much text at most. Without a record in it, any form would be a guess.
_SAMPLE_CHARACTERS = 1 << 17
_START_BYTES = 4_096
_NOTABLE_PARTS = 5


class QuickReader(Protocol):
    """Reads the bytes of a form without making events of them."""

    def take(self, block: bytes) -> int:
        """Read a block; returns how many events it noted."""

    def end_part(self) -> int:
        """A file ends; returns how many events that completed."""


class QuickForms(Protocol):
    """Gives the quick reader of a form."""

    def reader_of(self, form: str, text: str) -> QuickReader | None:
        """The reader of a log that begins with `text`; None where only the full reader reads it."""


@dataclass(slots=True)
class Understanding:
    """How much of a saved log was understood: `unread` counts lines or values that are in no event of the form."""

    events: int = 0
    unread: int = 0
    recognized: bool = False
    cut: bool = False
    forms: dict[str, int] = field(default_factory=dict)
    looks_like: str = ""
    # Parts of which nothing was recognized.
    unknown_parts: list[str] = field(default_factory=list)

    def notices(self, name: str) -> tuple[str, ...]:
        """What a user needs to know about text that was not understood."""
        found: list[str] = []
        if self.recognized and self.unread:
            many = "line or value was" if self.unread == 1 else "lines or values were"
            found.append(f"{name}: {self.unread:,} {many} not in the form of the rest ({', '.join(self.forms)})")
        if self.recognized and self.unknown_parts:
            some = ", ".join(self.unknown_parts[:_NOTABLE_PARTS])
            more = len(self.unknown_parts) - _NOTABLE_PARTS
            found.append(f"no log of Lambda was recognized in {some}{f' and {more} more' if more > 0 else ''}")
        if self.cut:
            found.append(f"{name} ends early: what comes before was read")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class SavedLog:
    """Saved files: all events, or those of `window`, if there is one.

    A caller's window is not applied: a person chose what to save. `window` was given by name. With `known_only`, a log
    in which nothing is recognized is an error.
    """

    files: SavedFiles
    window: Window | None = None
    known_only: bool = False
    understanding: Understanding = field(default_factory=Understanding)

    @property
    def name(self) -> str:
        """The name shown to the user."""
        return self.files.name

    @property
    def key(self) -> str:
        """The name again."""
        return self.name

    def pages(self, start_ms: int, end_ms: int | None) -> Iterator[Sequence[LogEvent]]:  # noqa: ARG002
        """The events, in the order in which they were logged as far as the form shows it.

        Raises:
            UsageError: the log cannot be read, or nothing is recognized in it and `known_only` is set.
        """
        self.understanding.__init__()  # type: ignore[misc]  # A log can be read twice.
        for path in self.files.paths:
            for part in parts_of(path):
                for events in self._part(part):
                    page = events if self.window is None else list(self.within(events))
                    if page:
                        yield page
        if self.known_only:
            self.check_known()

    def read_quickly(self, quick: QuickForms) -> Iterator[Sequence[LogEvent]]:
        """The events of the parts that `quick` cannot read; the others go to `quick`. For logs without a window."""
        for path in self.files.paths:
            for part in parts_of(path):
                yield from self._part(part, quick)
        if self.known_only:
            self.check_known()

    def check_known(self) -> None:
        """Refuse a log in which nothing was recognized.

        Raises:
            UsageError: it has text, and none of it is known.
        """
        found = self.understanding
        if found.events and not found.recognized:
            raise UsageError(
                f"{self.name}: no log of Lambda was recognized; it looks like {found.looks_like}", ACCEPTED
            )

    def within(self, events: Iterable[LogEvent]) -> Iterator[LogEvent]:
        """The events in the window, and those without a time."""
        window = self.window
        for event in events:
            at_ms = event.timestamp_ms
            if window is None or not at_ms or window.start_ms <= at_ms < window.end_ms:
                yield event

    def _part(self, part: Part, quick: QuickForms | None = None) -> Iterator[list[LogEvent]]:
        with part.open() as file:
            yield from PartReader(part, self.files, self.understanding, quick).read(
                _safe(blocks_of(file), self.understanding)
            )


def _safe(blocks: Iterator[bytes], understanding: Understanding) -> Iterator[bytes]:
    """The blocks; compressed data that ends early gives what there is."""
    try:
        yield from blocks
    except CutError:
        understanding.cut = True


class PartReader:
    """Reads one log: decides on its form, and turns its blocks into events, or gives them to `quick`."""

    def __init__(
        self, part: Part, files: SavedFiles, understanding: Understanding, quick: QuickForms | None = None
    ) -> None:
        self._part = part
        self._quick = quick
        self._form: Form | None = form_named(files.form) if files.form else None
        self._forced = bool(files.form)
        self._zone = UTC if files.utc else None
        self._understanding = understanding
        self._reader: Reader | None = None
        self._text: list[str] = []
        self._size = 0
        self._recognized = False
        # Set where the newest events come first: all are read before the first is yielded.
        self._reversed: list[LogEvent] | None = None
        self._began = False

    def read(self, blocks: Iterator[bytes]) -> Iterator[list[LogEvent]]:
        """The events of the part, in batches."""
        decoder: TextDecoder | None = None
        taken: list[bytes] = []
        for block in blocks:
            if decoder is None:
                if not block:
                    continue
                decoder = TextDecoder(block)
            if self._quick is not None and self._reader is None:
                taken.append(block)
                reader = self._quick_reader(self._quick, decoder, taken)
                if reader is not None:
                    events_read = reader.take(b"".join(taken).removeprefix(BOM_UTF8))
                    for later in blocks:
                        events_read += reader.take(later)
                    self._understanding.events += events_read + reader.end_part()
                    return
            events = self._pause() if not block else self._feed(decoder.decode(block))
            if events := self._ordered(events):
                yield events
        if decoder is not None:
            events = self._feed(decoder.decode(b"", final=True))
            events += self._finish()
            if self._reversed is not None:
                self._reversed += events
                events = self._reversed[::-1]
            if events:
                yield events

    def _quick_reader(self, quick: QuickForms, decoder: TextDecoder, blocks: list[bytes]) -> QuickReader | None:
        """The quick reader of this log, if there is one. The decision falls where `_begin` decides."""
        if not decoder.is_utf8 or self._part.stream:
            return None
        text = TextDecoder(blocks[0]).decode(b"".join(blocks))
        form, score = (self._form, CERTAIN) if self._form is not None else detect(Sample(text))
        reader = quick.reader_of(form.name, text) if score >= CERTAIN else None
        if reader is not None:
            self._understanding.forms[form.name] = self._understanding.forms.get(form.name, 0) + 1
            self._understanding.recognized = True
        return reader

    def _feed(self, text: str) -> list[LogEvent]:
        if self._reader is None:
            self._text.append(text)
            self._size += len(text)
            return self._begin(whole=False)
        return self._seen(self._reader.feed(text))

    def _begin(self, *, whole: bool, decide: bool = False) -> list[LogEvent]:
        """Decide on the form, if there is enough evidence, and read what came so far."""
        sample = Sample("".join(self._text), whole=whole, zone=self._zone)
        form = self._form
        if form is None:
            form, score = detect(sample)
            if score < CERTAIN and not (whole or decide) and self._size < _SAMPLE_CHARACTERS:
                return []
        names = self._understanding.forms
        names[form.name] = names.get(form.name, 0) + 1
        if not self._understanding.looks_like:
            self._understanding.looks_like = looks_like(sample)
        self._reader, self._text = form.reader(sample), []
        return self._seen(self._reader.feed(sample.text))

    def _pause(self) -> list[LogEvent]:
        """A pipe has no more text for now: show what there is."""
        if self._reader is None:
            if not self._size:
                return []
            events = self._begin(whole=False, decide=True)
        else:
            events = []
        assert self._reader is not None
        return events + self._seen(self._reader.flush())

    def _finish(self) -> list[LogEvent]:
        events = [] if self._reader is not None else self._begin(whole=True)
        assert self._reader is not None
        events += self._seen(self._reader.finish())
        understanding = self._understanding
        understanding.unread += self._reader.unread
        understanding.cut = understanding.cut or getattr(self._reader, "cut", False)
        understanding.recognized = understanding.recognized or self._recognized
        if not self._recognized and self._size:
            understanding.unknown_parts.append(self._part.name)
        return events

    def _seen(self, events: list[LogEvent]) -> list[LogEvent]:
        stream = self._part.stream
        if stream:
            for event in events:
                event.stream = event.stream or stream
        self._understanding.events += len(events)
        if not self._recognized:
            self._recognized = self._forced or any(_is_known(event) for event in events)
        return events

    def _ordered(self, events: list[LogEvent]) -> list[LogEvent]:
        if self._reversed is not None:
            self._reversed += events
            return []
        if not self._began and len(events) > 1:
            self._began = True
            if _is_newest_first(events):
                self._reversed = list(events)
                return []
        return events


def _is_known(event: LogEvent) -> bool:
    return is_record(event.message) or STREAM_NAME.match(event.stream) is not None or bool(event.event_id)


def _is_newest_first(events: list[LogEvent]) -> bool:
    times = [event.timestamp_ms for event in events if event.timestamp_ms]
    return len(times) > 1 and times[0] > times[-1] and all(a >= b for a, b in pairwise(times))
