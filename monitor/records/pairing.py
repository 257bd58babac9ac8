"""Pairing: the invocations in the lines that many execution environments wrote, interleaved.

An execution environment writes one log stream, one invocation after the other (managed instances: several at
once, told apart by request id). What is kept is what is open, a few seconds of what has just ended, and a
mark for each stream whose process died: nothing that grows with the number of invocations.
"""

from collections.abc import Callable, Iterable, Iterator

from monitor.records.environment import Open, Stream, finished
from monitor.records.event import LogEvent
from monitor.records.invocation import Invocation
from monitor.records.message import parse_fact, parse_message
from monitor.records.record import (
    Application,
    End,
    Exited,
    InitRecordEvent,
    InitReport,
    InitStart,
    Malformed,
    Record,
    Report,
    RestoreReport,
    RestoreStart,
    RuntimeDone,
    Start,
    TimedOut,
    XrayLine,
)
from monitor.records.start_kinds import classify_failure, classify_init, ended_process

# `Task timed out`, the runtime's exit and XRAY can follow REPORT; they are waited for this long, in log time.
_LINGER_MS = 5_000
_MOST_LINGERING = 10_000
_MOST_STREAMS = 50_000
_MOST_OPEN_IN_STREAM = 256
_MOST_EVENTS = 100_000


def pair(events: Iterable[LogEvent], *, keep_events: bool = False) -> Iterator[Invocation]:
    """The invocations in `events`, each soon after it ends; those without a REPORT at the end.

    Args:
        events: any number of streams and groups, interleaved; each stream in its order.
        keep_events: every invocation holds its lines, those of its init among them. Every line is then read, which
            also tells apart the lines of invocations that ran at once on a managed instance.

    What is missing is named, never made up.
    """
    parse: Callable[[str], Record | None] = parse_message if keep_events else parse_fact
    pairing = Pairing(keep_events=keep_events)
    for event in events:
        record = parse(event.message)
        if record is not None or keep_events:
            yield from pairing.add(event, record)
    yield from pairing.finish()


class Pairing:
    """The state of a pairing, for a caller who has the records already or follows a log without an end.

    `malformed` counts the platform records that could not be read and belong to no invocation seen.
    """

    def __init__(self, *, keep_events: bool = False) -> None:
        self.malformed = 0
        self._keep_events = keep_events
        self._streams: dict[tuple[str, str], Stream] = {}
        self._lingering: dict[int, Open] = {}
        self._ready: list[Invocation] = []

    def add(self, event: LogEvent, record: Record | None) -> list[Invocation]:
        """Take in an event and what was read in it; returns the invocations that are complete now."""
        key = (event.group, event.stream)
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = Stream(event.group, event.stream)
            if len(self._streams) > _MOST_STREAMS:
                self._forget_oldest()
        belongs_to = self._take(stream, record, event.timestamp_ms)
        if self._keep_events:
            kept = stream.held if belongs_to is None else belongs_to.events
            if len(kept) < _MOST_EVENTS:
                kept.append(event)
            elif belongs_to is not None:
                belongs_to.cut = True
        if self._lingering:
            self._let_go(event.timestamp_ms)
        if not self._ready:
            return []
        ready, self._ready = self._ready, []
        return ready

    def settle(self, group: str, stream: str) -> list[Invocation] | None:
        """Emit what has ended in a stream, for a caller who keeps count of simple invocations himself.

        None where an invocation is open, or something is remembered that the next one must know.
        """
        found = self._streams.get((group, stream))
        if found is None:
            return []
        if found.opened:
            return None
        if found.closed is not None:
            self._emit(found.closed)
        ready, self._ready = self._ready, []
        if (group, stream) in self._streams:
            # Not idle: the rest waits for the next `add`.
            self._ready = ready
            return None
        return ready

    def finish(self) -> list[Invocation]:
        """The invocations that are still open or waiting for a late line, at the end of the input."""
        for closed in list(self._lingering.values()):
            self._emit(closed)
        for stream in list(self._streams.values()):
            for opened in list(stream.opened.values()):
                self._emit(opened)
            self.malformed += stream.malformed
        self._streams.clear()
        ready, self._ready = self._ready, []
        return ready

    def tick(self, now_ms: int) -> list[Invocation]:
        """Time has passed without a line: what ended long enough ago is complete, though nothing followed it."""
        self._let_go(now_ms)
        ready, self._ready = self._ready, []
        return ready

    def _take(self, stream: Stream, record: Record | None, at_ms: int) -> Open | None:
        """Put one record in its place; returns the invocation its line belongs to, None for the next one."""
        match record:
            case None:
                return stream.current()
            case Start():
                return self._start(stream, record, at_ms)
            case Report():
                return self._report(stream, record, at_ms)
            case InitStart() | InitReport() | RestoreStart() | RestoreReport():
                return stream.take_init(record, at_ms)
            case InitRecordEvent(init_record=init_record):
                found = stream.find(init_record.request_id) or stream.current()
                if found is not None:
                    found.init_record = init_record
                return found
            case Malformed(is_fact=True):
                return stream.take_malformed(record)
            case Application() | TimedOut() | Exited() | RuntimeDone() | End() | XrayLine():
                return stream.take_ending(record, at_ms)
            case _:
                return stream.current()

    def _start(self, stream: Stream, record: Start, at_ms: int) -> Open:
        opened = stream.opened.get(record.request_id)
        if opened is None:
            opened = stream.opened[record.request_id] = Open(stream, record.request_id, at_ms)
        elif opened.start_ms is not None:
            opened.notes.append("START twice")
        opened.start_ms = at_ms if opened.start_ms is None else opened.start_ms
        opened.version, opened.trace_id = record.version, record.trace_id
        if stream.closed is not None:
            self._emit(stream.closed)
        if len(stream.opened) > _MOST_OPEN_IN_STREAM:
            self._emit(next(iter(stream.opened.values())))
        return opened

    def _report(self, stream: Stream, record: Report, at_ms: int) -> Open:
        request_id, before = record.request_id or "", stream.closed
        opened = stream.opened.pop(request_id, None)
        if opened is None and before is not None and before.request_id == request_id:
            before.notes.append("REPORT twice")
            return before
        if opened is None:
            opened = Open(stream, request_id, at_ms)
        opened.report, opened.end_ms = record, at_ms
        stream.closed = self._lingering[id(opened)] = opened
        if before is not None:
            self._emit(before)
        if record.failed or opened.failure:
            kind = classify_init(opened.init, record, opened.init_record).kind
            failure = classify_failure(opened.failure, opened.init, record, kind)
            stream.init.after_crash = ended_process(failure)
        return opened

    def _let_go(self, now_ms: int) -> None:
        """Emit what ended long enough ago."""
        while self._lingering:
            oldest = next(iter(self._lingering.values()))
            if now_ms - (oldest.end_ms or 0) <= _LINGER_MS and len(self._lingering) <= _MOST_LINGERING:
                return
            self._emit(oldest)

    def _emit(self, opened: Open) -> None:
        stream = opened.stream
        self._lingering.pop(id(opened), None)
        if stream.opened.get(opened.request_id) is opened:
            del stream.opened[opened.request_id]
        if stream.closed is opened:
            stream.closed = None
        self._ready.append(finished(opened))
        key = (stream.group, stream.name)
        if stream.idle() and self._streams.get(key) is stream:
            del self._streams[key]

    def _forget_oldest(self) -> None:
        """Give up the stream seen first: the memory that open streams take has a bound."""
        stream = self._streams.pop(next(iter(self._streams)))
        for opened in list(stream.opened.values()):
            self._emit(opened)
        if stream.closed is not None:
            self._emit(stream.closed)
        self.malformed += stream.malformed
