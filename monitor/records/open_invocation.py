"""An invocation while its lines are read: what is known of it until it ends."""

from monitor.kernel.missing import Missing
from monitor.records.credibility import is_of_another, is_of_another_init
from monitor.records.event import LogEvent
from monitor.records.init_record import InitRecord
from monitor.records.invocation import InitKind, Invocation
from monitor.records.record import Report
from monitor.records.start_kinds import FailureFacts, InitFacts, classify_failure, classify_init

_NO_REPORT = Missing("no REPORT yet")
_NO_START = Missing("START outside the window")


class OpenInvocation:
    """An invocation that is being read. `init`, `events` and `malformed` are what was read before it began."""

    __slots__ = (
        "at_ms", "cut", "doubtful", "end_ms", "events", "execution", "failure", "ignored", "init", "init_record",
        "malformed", "nested", "notes", "report", "request_id", "start_ms", "tenant_id", "trace_id", "version",
    )  # fmt: skip

    def __init__(self, request_id: str, at_ms: int, init: InitFacts, events: list[LogEvent], malformed: int) -> None:
        self.request_id = request_id
        self.at_ms = at_ms
        self.init = init
        self.events = events
        self.malformed = malformed
        self.start_ms: int | None = None
        self.end_ms: int | None = None
        self.version: str | None = None
        self.trace_id: str | None = None
        self.tenant_id: str | None = None
        self.execution: str | None = None
        self.report: Report | None = None
        self.init_record: InitRecord | None = None
        self.failure = FailureFacts()
        self.notes: list[str] = []
        self.ignored = 0
        self.cut = False
        # It began and ended while another one ran: one of the two was printed.
        self.nested = False
        # It began while another one ran, which has ended: it is real if its own REPORT comes next.
        self.doubtful = False

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

    def finished(self, group: str, stream: str, function: str, version: str | None) -> Invocation:
        """The invocation, with everything known about it. `function` is "" where the stream does not name it."""
        report, init, record, done = self.report, self.init, self.init_record, self.failure.done
        verdict = classify_init(init, report, record, self.start_ms)
        trace_ids = (
            report.trace_id if report else None,
            self.trace_id,
            done.trace_id if done else None,
            record.trace_id if record else None,
        )
        named = (record.function_name if record else None) or init.function_name
        notes = [*self.notes, verdict.note]
        if self.cut:
            notes.append(f"only the first {len(self.events)} lines are included")
        return Invocation(
            request_id=self.request_id,
            function=function or named or "",
            version=self.version or version,
            stream=stream,
            group=group,
            at_ms=self.at_ms,
            start_ms=_NO_START if self.start_ms is None else self.start_ms,
            end_ms=_NO_REPORT if self.end_ms is None else self.end_ms,
            report=_NO_REPORT if report is None else report,
            cold=verdict.kind is not None and verdict.kind.waited_for,
            kind=verdict.kind,
            init_ms=verdict.init_ms,
            error=classify_failure(self.failure, init, report, verdict.kind),
            trace_id=next((trace_id for trace_id in trace_ids if trace_id), None),
            init_record=record,
            runtime_version=init.runtime_version,
            events=tuple(self.events),
            malformed=self.malformed,
            ignored=self.ignored,
            notes=tuple(note for note in notes if note),
            failed_init_ms=verdict.failed_ms,
            tenant_id=self.tenant_id or (report.tenant_id if report else None),
            execution=self.execution,
            web_function=init.web,
            resumes=verdict.kind is InitKind.REPLAY,
        )
