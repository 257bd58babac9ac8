"""What is known of one execution environment, and of an invocation in it, while their lines are read."""

from monitor.kernel.missing import Missing
from monitor.records.event import LogEvent
from monitor.records.init_record import InitRecord
from monitor.records.invocation import Invocation
from monitor.records.record import (
    Application,
    End,
    Exited,
    InitReport,
    InitStart,
    Malformed,
    Report,
    RestoreReport,
    RestoreStart,
    RuntimeDone,
    TimedOut,
    XrayLine,
)
from monitor.records.start_kinds import FailureFacts, InitFacts, classify_failure, classify_init
from monitor.records.stream import owner

_NO_REPORT = Missing("no REPORT yet")
_NO_START = Missing("START outside the window")


class Open:
    """An invocation being put together; it takes over what its stream held back for its next invocation."""

    __slots__ = (
        "at_ms", "cut", "end_ms", "events", "failure", "init", "init_record", "malformed", "notes", "report",
        "request_id", "start_ms", "stream", "trace_id", "version",
    )  # fmt: skip

    def __init__(self, stream: "Stream", request_id: str, at_ms: int) -> None:
        self.stream = stream
        self.request_id = request_id
        self.at_ms = at_ms if stream.held_since_ms is None else min(at_ms, stream.held_since_ms)
        self.start_ms: int | None = None
        self.end_ms: int | None = None
        self.version: str | None = None
        self.trace_id: str | None = None
        self.report: Report | None = None
        self.init_record: InitRecord | None = None
        self.notes: list[str] = []
        self.cut = False
        self.init, stream.init = stream.init, InitFacts(certain=stream.init.certain)
        self.failure = FailureFacts()
        self.events, stream.held = stream.held, []
        self.malformed, stream.malformed = stream.malformed, 0
        stream.held_since_ms = None


class Stream:
    """What is known of one execution environment between two lines.

    `opened` are its running invocations (one, but on managed instances) and `closed` the last to end, for
    which a late line may come. `held` and the rest wait for the next invocation.
    """

    __slots__ = (
        "closed", "function", "group", "held", "held_since_ms", "init", "malformed", "name",
        "opened", "version",
    )  # fmt: skip

    def __init__(self, group: str, name: str) -> None:
        self.group = group
        self.name = name
        self.function, self.version = owner(group, name)
        self.opened: dict[str, Open] = {}
        self.closed: Open | None = None
        self.init = InitFacts(certain=bool(name))
        self.held: list[LogEvent] = []
        self.held_since_ms: int | None = None
        self.malformed = 0

    def current(self) -> Open | None:
        """The invocation that a line without a request id belongs to: the one that began last."""
        return next(reversed(self.opened.values()), None) if self.opened else None

    def find(self, request_id: str | None) -> Open | None:
        """The invocation of that id, running or just ended."""
        found = self.opened.get(request_id or "")
        if found is None and self.closed is not None and self.closed.request_id == request_id:
            return self.closed
        return found

    def idle(self) -> bool:
        """Whether nothing would be lost by forgetting the stream."""
        init = self.init
        return not (
            self.opened or self.closed or self.held or self.malformed or self.held_since_ms is not None
            or init.exception or init.started or init.restored or init.reports or init.after_crash
        )  # fmt: skip

    def take_init(self, record: InitStart | InitReport | RestoreStart | RestoreReport, at_ms: int) -> Open | None:
        """Note a line about an init; returns the running invocation that it happened in, if it did."""
        running = self.current()
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
        return running

    def take_ending(
        self, record: Application | TimedOut | Exited | RuntimeDone | End | XrayLine, at_ms: int
    ) -> Open | None:
        """Note a line about how an invocation went or ended; returns that invocation."""
        if isinstance(record, XrayLine):
            found = self.closed or self.current()
            if found is not None:
                found.trace_id = found.trace_id or record.trace_id
            return found
        found = self.find(record.request_id)
        if found is None:
            found = self.current()
            if record.request_id and not isinstance(record, Application | End):
                # The process's end is told after the invocation's, and the window cut off its START.
                if found is None or self.init.certain:
                    found = self.opened[record.request_id] = Open(self, record.request_id, at_ms)
            elif found is None and isinstance(record, TimedOut | Exited):
                found = self.closed
        if found is None:
            if isinstance(record, Application) and record.unhandled:
                self.init.exception = record.exception
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

    def take_malformed(self, record: Malformed) -> Open | None:
        """Count a platform record that could not be read."""
        found = self.current()
        if found is None:
            self.malformed += 1
        else:
            found.malformed += 1
            found.notes.append(f"a {record.kind} record cannot be read: {record.reason}")
        return found


def finished(opened: Open) -> Invocation:
    """The invocation, as far as it is known."""
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
        notes.append(f"only its first {len(opened.events)} lines are kept")
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
    )
