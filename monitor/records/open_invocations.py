"""What is open while lines are paired: execution environments, and their invocations that have not ended."""

from monitor.kernel.missing import Missing
from monitor.records.credibility import is_alone, is_credible_init, is_of_another, is_of_another_init
from monitor.records.event import LogEvent
from monitor.records.init_record import InitRecord
from monitor.records.invocation import InitKind, Invocation
from monitor.records.record import (
    Application,
    End,
    ExceptionText,
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


class OpenInvocation:
    """An invocation that is being read; it takes over the lines that its stream held for its next invocation."""

    __slots__ = (
        "at_ms", "cut", "doubtful", "end_ms", "events", "execution", "failure", "ignored", "init", "init_record",
        "malformed", "nested", "notes", "report", "request_id", "start_ms", "stream", "tenant_id", "trace_id",
        "version",
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
        self.execution: str | None = None
        self.report: Report | None = None
        self.init_record: InitRecord | None = None
        self.notes: list[str] = []
        self.ignored = 0
        self.cut = False
        # It began and ended while another one ran: one of the two was printed.
        self.nested = False
        # It began while another one ran, which has ended: it is real if its own REPORT comes next.
        self.doubtful = False
        self.init, stream.init = stream.init, InitFacts(certain=stream.init.certain)
        self.failure = FailureFacts()
        self.events, stream.held = stream.held, []
        self.malformed, stream.malformed = stream.malformed, 0
        stream.held_since_ms = None

    def may_go_on(self) -> bool:
        """Whether its REPORT can have been printed by its function: another REPORT of it would tell.

        Only where nothing else runs in the stream at the same time, and its START was read.
        """
        return self.start_ms is not None and self.report is not None and is_of_another(self.report, self.init)

    def failed(self) -> bool:
        """Whether a line tells that it failed."""
        return bool(self.failure) or (self.report is not None and self.report.failed)

    def end(self, report: Report, at_ms: int) -> None:
        """Take a REPORT, and leave out the reports of an init that contradict it."""
        for one in [one for one in self.init.reports if self.init.certain and is_of_another_init(one, report)]:
            self.init.reports.remove(one)
            self.ignore("an INIT_REPORT with another duration than REPORT has")
        self.report, self.end_ms, self.doubtful = report, at_ms, False

    def take_held(self) -> None:
        """Take what its stream held for the next invocation."""
        stream = self.stream
        self.failure.exception = self.failure.exception or stream.init.exception
        self.events += stream.held
        self.malformed += stream.malformed
        stream.init, stream.held, stream.held_since_ms = InitFacts(certain=stream.init.certain), [], None
        stream.malformed = 0

    def take_over(self, other: "OpenInvocation") -> None:
        """Take what was said of another invocation, which was printed by this one."""
        self.failure.exception = self.failure.exception or other.failure.exception
        self.events += other.events
        self.malformed += other.malformed
        self.ignored += other.ignored
        self.notes += [note for note in other.notes if note not in self.notes]

    def ignore(self, what: str) -> None:
        """Note a line that contradicts Lambda's order: the function printed it."""
        self.ignored += 1
        note = f"ignored {what}: the function printed it"
        if note not in self.notes:
            self.notes.append(note)


class Stream:
    """The state of one execution environment.

    `opened` holds its running invocations (one, except on managed instances). `closed` is the invocation that ended
    last, which a late line may belong to; `earlier` the one before it. The other fields are for the next invocation.
    """

    __slots__ = (
        "closed", "earlier", "exception_ms", "function", "group", "held", "held_since_ms", "init", "malformed", "name",
        "nested", "opened", "since_ms", "unclaimed", "version",
    )  # fmt: skip

    def __init__(self, group: str, name: str, since_ms: int | None = None) -> None:
        self.group = group
        self.name = name
        self.function, self.version = owner(group, name)
        self.opened: dict[str, OpenInvocation] = {}
        self.closed: OpenInvocation | None = None
        # It ended before `closed` began. A second REPORT of it tells that its function printed `closed`.
        self.earlier: OpenInvocation | None = None
        # What ended before it while another invocation ran: one of them was printed, and the end of that one tells.
        self.nested: list[OpenInvocation] = []
        self.init = InitFacts(certain=bool(name))
        self.held: list[LogEvent] = []
        self.held_since_ms: int | None = None
        self.malformed = 0
        # The time of the first START of a log without the names of its streams.
        self.since_ms = since_ms
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

    def reported(self, request_id: str, since_ms: int) -> OpenInvocation | None:
        """The invocation with this id among the two that ended last, and not before `since_ms`."""
        for ended in (self.closed, self.earlier):
            if ended is not None and ended.request_id == request_id and (ended.end_ms or 0) >= since_ms:
                return ended
        return None

    def ended(self) -> list[OpenInvocation]:
        """The invocations that ended and may still change, in order."""
        return [ended for ended in (self.earlier, self.closed) if ended is not None]

    def idle(self, *, but_ended: bool = False) -> bool:
        """Whether the state holds nothing that a later line needs; `but_ended`: but the invocations that ended."""
        init = self.init
        ended = not but_ended and (self.closed or self.earlier)
        return not (
            self.opened or ended or self.nested or self.held or self.malformed or self.held_since_ms is not None
            or init.exception or init.extension or init.web or init.started or init.restored or init.reports
            or init.after_crash
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
                if found is not None and not self._began_earlier(found, record, at_ms):
                    found.ignore("the end of another request")
                    return found
                # The process's end is logged after the invocation's, and START is outside the window.
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

    def _began_earlier(self, running: OpenInvocation, end: TimedOut | Exited | RuntimeDone, at_ms: int) -> bool:
        """Whether the START of another request than the running one can lie before what was read."""
        if running.start_ms is None or (isinstance(end, RuntimeDone) and running.init.initialization_type is None):
            return True
        if is_alone(running.init):
            return False
        return not isinstance(end, TimedOut) or self.is_before(at_ms, end.after_s * 1000)

    def is_before(self, at_ms: int, lasted_ms: float | None) -> bool:
        """Whether what ended at `at_ms` and lasted so long can have begun before the first START that was read.

        For streams without a name. Without times, order alone tells: nothing begins before a START that was read.
        """
        return self.since_ms is None or (at_ms > 0 and at_ms - (lasted_ms or 0.0) < self.since_ms)

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
        ignored=opened.ignored,
        notes=tuple(note for note in notes if note),
        failed_init_ms=verdict.failed_ms,
        tenant_id=opened.tenant_id or (report.tenant_id if report else None),
        execution=opened.execution,
        web_function=init.web,
        resumes=verdict.kind is InitKind.REPLAY,
    )
