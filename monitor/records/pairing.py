"""Pair log lines into invocations, from the interleaved lines of many execution environments.

An execution environment writes one log stream, with one invocation after the other (managed instances run several at
once, told apart by request id). The state is the open invocations, those that ended in the last few seconds, and a
flag for each stream whose process died. It does not grow with the number of invocations.
"""

from collections.abc import Callable, Iterable, Iterator

from monitor.kernel.missing import Missing
from monitor.records.credibility import Survivors, is_credible_init, is_of_another
from monitor.records.event import LogEvent
from monitor.records.init_record import InitRecord
from monitor.records.invocation import Invocation
from monitor.records.message import parse_fact, parse_message
from monitor.records.record import (
    Application,
    End,
    ExceptionText,
    Exited,
    Extension,
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
from monitor.records.start_kinds import FailureFacts, InitFacts, classify_failure, classify_init, ended_process
from monitor.records.stream import owner

# `Task timed out`, the runtime's exit and XRAY can follow REPORT. An invocation waits this long for them, in log time.
_LINGER_MS = 5_000
_MOST_LINGERING = 10_000
_MOST_STREAMS = 50_000
_MOST_OPEN_IN_STREAM = 256
_MOST_EVENTS = 100_000
_NO_REPORT = Missing("no REPORT yet")
_NO_START = Missing("START outside the window")


class OpenInvocation:
    """An invocation that is being read; it takes over the lines that its stream held for its next invocation."""

    __slots__ = (
        "at_ms", "cut", "end_ms", "events", "failure", "init", "init_record", "malformed", "nested", "notes", "report",
        "request_id", "start_ms", "stream", "tenant_id", "trace_id", "version",
    )  # fmt: skip

    def __init__(self, stream: "Stream", request_id: str, at_ms: int) -> None:
        self.stream = stream
        self.request_id = request_id
        self.at_ms = at_ms if stream.held_since_ms is None else min(at_ms, stream.held_since_ms)
        self.start_ms: int | None = None
        self.end_ms: int | None = None
        self.version: str | None = None
        self.trace_id: str | None = None
        self.tenant_id: str | None = None
        self.report: Report | None = None
        self.init_record: InitRecord | None = None
        self.notes: list[str] = []
        self.cut = False
        # It began and ended while another one ran: one of the two was printed.
        self.nested = False
        self.init, stream.init = stream.init, InitFacts(certain=stream.init.certain)
        self.failure = FailureFacts()
        self.events, stream.held = stream.held, []
        self.malformed, stream.malformed = stream.malformed, 0
        stream.held_since_ms = None

    def ignore(self, what: str) -> None:
        """Note a line that contradicts Lambda's order: the function printed it."""
        note = f"ignored {what}: the function printed it"
        if note not in self.notes:
            self.notes.append(note)


class Stream:
    """The state of one execution environment.

    `opened` holds its running invocations (one, except on managed instances). `closed` is the invocation that ended
    last, which a late line may belong to. The other fields are for the next invocation.
    """

    __slots__ = (
        "closed", "exception_ms", "function", "group", "held", "held_since_ms", "init", "malformed", "name",
        "opened", "unclaimed", "version",
    )  # fmt: skip

    def __init__(self, group: str, name: str) -> None:
        self.group = group
        self.name = name
        self.function, self.version = owner(group, name)
        self.opened: dict[str, OpenInvocation] = {}
        self.closed: OpenInvocation | None = None
        self.init = InitFacts(certain=bool(name))
        self.held: list[LogEvent] = []
        self.held_since_ms: int | None = None
        self.malformed = 0
        # Exceptions that left a handler, where neither START nor REPORT is in the log; and when the last one did.
        self.unclaimed: list[tuple[int, ExceptionText]] = []
        self.exception_ms = 0

    def current(self) -> OpenInvocation | None:
        """The invocation of lines without a request id: the one that began last."""
        return next(reversed(self.opened.values()), None) if self.opened else None

    def find(self, request_id: str | None) -> OpenInvocation | None:
        """The invocation with this id, if it is running or has just ended."""
        found = self.opened.get(request_id or "")
        if found is None and self.closed is not None and self.closed.request_id == request_id:
            return self.closed
        return found

    def idle(self) -> bool:
        """Whether the state holds nothing that a later line needs."""
        init = self.init
        return not (
            self.opened or self.closed or self.held or self.malformed or self.held_since_ms is not None
            or init.exception or init.extension or init.started or init.restored or init.reports or init.after_crash
        )  # fmt: skip

    def take_init(
        self, record: InitStart | InitReport | RestoreStart | RestoreReport, at_ms: int, *, survived: bool
    ) -> OpenInvocation | None:
        """Record a line about an init; return the running invocation that the init is part of, if any.

        `survived`: the process survived an earlier invocation.
        """
        running = self.current()
        if (
            running is not None
            and running.start_ms is not None
            and self.init.certain
            and not is_credible_init(record, running.init, running.start_ms, survived=survived)
        ):
            running.ignore("an init that cannot be inside an invocation")
            return running
        init = self.init if running is None else running.init
        if running is None and self.held_since_ms is None:
            self.held_since_ms = at_ms
        match record:
            case InitStart():
                init.started = True
                init.started_ms = at_ms
                init.runtime_version = record.runtime_version
                init.function_name = record.function_name
                init.initialization_type = record.initialization_type or init.initialization_type
            case InitReport():
                init.add_report(record)
            case RestoreStart():
                init.restored = True
                init.runtime_version = record.runtime_version
                init.function_name = record.function_name
            case RestoreReport():
                init.restored = True
                init.restore_ms = record.restore_ms if record.final else init.restore_ms
                init.restore_status = record.status or init.restore_status
        return running

    def take_ending(
        self, record: Application | TimedOut | Exited | RuntimeDone | End | XrayLine, at_ms: int
    ) -> OpenInvocation | None:
        """Record a line about how an invocation went or ended; return that invocation."""
        if isinstance(record, XrayLine):
            found = self.closed or self.current()
            if found is not None:
                found.trace_id = found.trace_id or record.trace_id
            return found
        found = self.find(record.request_id)
        if found is None:
            found = self.current()
            if record.request_id and not isinstance(record, Application | End):
                # The process's end is logged after the invocation's, and START is outside the window.
                if found is None or self.init.certain:
                    found = self.opened[record.request_id] = OpenInvocation(self, record.request_id, at_ms)
            elif found is None and isinstance(record, TimedOut | Exited):
                found = self.closed
        if found is None:
            if isinstance(record, Application) and record.unhandled:
                if not self.init.started:
                    self.give_up()
                self.init.exception, self.exception_ms = record.exception, at_ms
            return None
        failure = found.failure
        match record:
            case TimedOut():
                failure.timed_out = record
            case Exited():
                failure.exited = record
            case RuntimeDone():
                failure.done = record
            case Application() if record.unhandled and failure.exception is None:
                failure.exception = record.exception
        if found is self.closed and isinstance(record, TimedOut | Exited):
            self.init.after_crash = True
        return found

    def give_up(self) -> None:
        """The exception that waits for its invocation has none in this log."""
        if self.init.exception is not None:
            self.unclaimed.append((self.exception_ms, self.init.exception))
            self.init.exception = None

    def take_malformed(self, record: Malformed) -> OpenInvocation | None:
        """Count an unreadable platform record."""
        found = self.current()
        if found is None:
            self.malformed += 1
        else:
            found.malformed += 1
            found.notes.append(f"a {record.kind} record cannot be read: {record.reason}")
        return found


def finished(opened: OpenInvocation) -> Invocation:
    """The invocation, with everything known about it."""
    report, init, record, stream = opened.report, opened.init, opened.init_record, opened.stream
    verdict = classify_init(init, report, record, opened.start_ms)
    trace_ids = (
        report.trace_id if report else None,
        opened.trace_id,
        opened.failure.done.trace_id if opened.failure.done else None,
        record.trace_id if record else None,
    )
    named = (record.function_name if record else None) or init.function_name
    notes = [*opened.notes, verdict.note]
    if opened.cut:
        notes.append(f"only the first {len(opened.events)} lines are included")
    return Invocation(
        request_id=opened.request_id,
        function=stream.function or named or "",
        version=opened.version or stream.version,
        stream=stream.name,
        group=stream.group,
        at_ms=opened.at_ms,
        start_ms=_NO_START if opened.start_ms is None else opened.start_ms,
        end_ms=_NO_REPORT if opened.end_ms is None else opened.end_ms,
        report=_NO_REPORT if report is None else report,
        cold=verdict.kind is not None and verdict.kind.waited_for,
        kind=verdict.kind,
        init_ms=verdict.init_ms,
        error=classify_failure(opened.failure, init, report, verdict.kind),
        trace_id=next((trace_id for trace_id in trace_ids if trace_id), None),
        init_record=record,
        runtime_version=init.runtime_version,
        events=tuple(opened.events),
        malformed=opened.malformed,
        notes=tuple(note for note in notes if note),
        failed_init_ms=verdict.failed_ms,
        tenant_id=opened.tenant_id or (report.tenant_id if report else None),
    )


def pair(events: Iterable[LogEvent], *, keep_events: bool = False) -> Iterator[Invocation]:
    """Yield the invocations of `events`, each soon after it ends; those without a REPORT come last.

    Args:
        events: any number of streams and groups, interleaved; each stream in order.
        keep_events: each invocation includes its lines and those of its init. Every line is then parsed, which also
            separates the lines of simultaneous invocations on a managed instance.

    A missing value is a Missing with a reason, never a guess.
    """
    parse: Callable[[str], Record | None] = parse_message if keep_events else parse_fact
    pairing = Pairing(keep_events=keep_events)
    for event in events:
        record = parse(event.message)
        if record is not None or keep_events:
            yield from pairing.add(event, record)
    yield from pairing.finish()


class Pairing:
    """Incremental pairing, for callers that have parsed the records or follow a log.

    `malformed` counts unreadable platform records that belong to no invocation.
    """

    def __init__(self, *, keep_events: bool = False) -> None:
        self.malformed = 0
        # Exceptions without an invocation in the log, each with its stream and time; the caller takes them.
        self.unclaimed: list[tuple[Stream, int, ExceptionText]] = []
        self._keep_events = keep_events
        self._streams: dict[tuple[str, str], Stream] = {}
        self._lingering: dict[int, OpenInvocation] = {}
        self._ready: list[Invocation] = []
        self._survivors = Survivors()

    def survived(self, group: str, stream: str, request_id: str) -> None:
        """An invocation of a stream ended well, which the caller counted itself."""
        self._survivors.add((group, stream), request_id)

    def add(self, event: LogEvent, record: Record | None) -> list[Invocation]:
        """Add an event and its record; return the invocations that are now complete."""
        key = (event.group, event.stream)
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = Stream(event.group, event.stream)
            if len(self._streams) > _MOST_STREAMS:
                self._forget_oldest()
        belongs_to = self._take(stream, record, event.timestamp_ms)
        if self._keep_events:
            events = stream.held if belongs_to is None else belongs_to.events
            if len(events) < _MOST_EVENTS:
                events.append(event)
            elif belongs_to is not None:
                belongs_to.cut = True
        if stream.unclaimed:
            self._take_unclaimed(stream)
        if self._lingering:
            self._emit_ended(event.timestamp_ms)
        if not self._ready:
            return []
        ready, self._ready = self._ready, []
        return ready

    def settle(self, group: str, stream: str) -> list[Invocation] | None:
        """Emit a stream's ended invocations, for a caller that counts simple invocations itself.

        None if an invocation is open, or if the state holds something that the next invocation needs.
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
        """At the end of the input: the invocations that are open or wait for a late line."""
        for closed in list(self._lingering.values()):
            self._emit(closed)
        for stream in list(self._streams.values()):
            if stream.closed is not None:
                self._emit(stream.closed)
            for opened in list(stream.opened.values()):
                self._emit(opened)
            self.malformed += stream.malformed
            self._take_unclaimed(stream, last=True)
        self._streams.clear()
        ready, self._ready = self._ready, []
        return ready

    def tick(self, now_ms: int) -> list[Invocation]:
        """The invocations that ended long enough ago, when time passes without new lines."""
        self._emit_ended(now_ms)
        ready, self._ready = self._ready, []
        return ready

    def _take(self, stream: Stream, record: Record | None, at_ms: int) -> OpenInvocation | None:
        """Record one line; return its invocation, or None if it belongs to the next one."""
        match record:
            case None:
                return stream.current()
            case Start():
                return self._start(stream, record, at_ms)
            case Report():
                return self._report(stream, record, at_ms)
            case InitStart() | InitReport() | RestoreStart() | RestoreReport():
                survived = self._survivors.last((stream.group, stream.name)) is not None
                return stream.take_init(record, at_ms, survived=survived)
            case InitRecordEvent(init_record=init_record):
                found = stream.find(init_record.request_id) or stream.current()
                if found is not None:
                    found.init_record = init_record
                return found
            case Extension(failed=True):
                found = stream.current()
                (stream.init if found is None else found.init).extension = record
                return found
            case Malformed(is_fact=True):
                return stream.take_malformed(record)
            case Application() | TimedOut() | Exited() | RuntimeDone() | End() | XrayLine():
                return stream.take_ending(record, at_ms)
            case _:
                return stream.current()

    def _start(self, stream: Stream, record: Start, at_ms: int) -> OpenInvocation:
        opened = stream.opened.get(record.request_id)
        if opened is None:
            opened = stream.opened[record.request_id] = OpenInvocation(stream, record.request_id, at_ms)
        elif opened.start_ms is not None:
            opened.notes.append("START twice")
        opened.start_ms = at_ms if opened.start_ms is None else opened.start_ms
        opened.version, opened.trace_id, opened.tenant_id = record.version, record.trace_id, record.tenant_id
        if stream.closed is not None:
            self._emit(stream.closed)
        if len(stream.opened) > _MOST_OPEN_IN_STREAM:
            self._emit(next(iter(stream.opened.values())))
        return opened

    def _report(self, stream: Stream, record: Report, at_ms: int) -> OpenInvocation | None:
        request_id, before = record.request_id or "", stream.closed
        key = (stream.group, stream.name)
        opened = stream.opened.pop(request_id, None)
        if opened is None and before is not None and before.request_id == request_id:
            # The platform writes its REPORT after everything that the function prints: the last one counts.
            before.notes.append("REPORT twice")
            before.report, before.end_ms = record, at_ms
            self._close(stream, before, record)
            return before
        if opened is None:
            running = stream.current()
            if running is not None and running.start_ms is not None and is_of_another(record, running.init):
                running.ignore("a REPORT of another request")
                return running
            if stream.name and request_id and self._survivors.last(key) == request_id:
                # It was counted with the REPORT that the function printed long before this one.
                return running
            opened = OpenInvocation(stream, request_id, at_ms)
            if not opened.init.started or record.init_ms is not None:
                # Without a START, an exception before REPORT is the invocation's, if the init did not fail.
                opened.failure.exception, opened.init.exception = opened.init.exception, None
        opened.report, opened.end_ms = record, at_ms
        if before is not None and before.nested and stream.init.certain:
            stream.closed = None
            opened.ignore("START and REPORT of another request")
        elif before is not None:
            self._emit(before)
        stream.closed = opened
        opened.nested = bool(stream.opened) and opened.start_ms is not None and is_of_another(record, opened.init)
        if not opened.nested:
            self._lingering[id(opened)] = opened
        self._close(stream, opened, record)
        return opened

    def _close(self, stream: Stream, opened: OpenInvocation, record: Report) -> None:
        """Judge how an invocation ended, and whether its process continues."""
        key = (stream.group, stream.name)
        ended = False
        if record.failed or opened.failure:
            kind = classify_init(opened.init, record, opened.init_record).kind
            ended = ended_process(classify_failure(opened.failure, opened.init, record, kind))
        stream.init.after_crash = ended
        if ended:
            self._survivors.discard(key)
        elif stream.name and not opened.nested:
            self._survivors.add(key, opened.request_id)

    def _emit_ended(self, now_ms: int) -> None:
        """Emit the invocations that ended long enough ago."""
        while self._lingering:
            oldest = next(iter(self._lingering.values()))
            if now_ms - (oldest.end_ms or 0) <= _LINGER_MS and len(self._lingering) <= _MOST_LINGERING:
                return
            self._emit(oldest)

    def _emit(self, opened: OpenInvocation) -> None:
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

    def _take_unclaimed(self, stream: Stream, *, last: bool = False) -> None:
        if last:
            stream.give_up()
        self.unclaimed += [(stream, at_ms, exception) for at_ms, exception in stream.unclaimed]
        stream.unclaimed = []

    def _forget_oldest(self) -> None:
        """Drop the stream that was seen first, to bound the memory of open streams."""
        stream = self._streams.pop(next(iter(self._streams)))
        for opened in list(stream.opened.values()):
            self._emit(opened)
        if stream.closed is not None:
            self._emit(stream.closed)
        self.malformed += stream.malformed
        self._take_unclaimed(stream, last=True)
