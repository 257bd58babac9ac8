"""An execution environment, as its log stream tells of it: which line belongs to which of its invocations.

An environment runs one invocation after the other (managed instances run several at once, told apart by request id).
"""

from monitor.records.credibility import Survivors, is_alone, is_credible_init, is_of_another
from monitor.records.event import LogEvent
from monitor.records.invocation import Invocation
from monitor.records.message import parse_message
from monitor.records.open_invocation import OpenInvocation
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
from monitor.records.start_kinds import InitFacts, classify_failure, classify_init, ended_process
from monitor.records.stream import WEB_ADAPTERS, execution_of_line, owner, starts_server

# `Task timed out`, the runtime's exit and XRAY can follow REPORT. An invocation waits this long for them, in log time.
LINGER_MS = 5_000
# An invocation lasts 15 minutes at most. What was printed in one is held until it ends.
_LONGEST_MS, _MOST_NESTED = 900_000, 1_000
_MOST_OPEN = 256
# Without the name of the stream, the invocations of all environments are open at once.
_MOST_OPEN_WITHOUT_STREAM = 20_000
_MOST_EVENTS = 100_000
_MOST_IGNORED = 1_000


class Environment:
    """The state of one execution environment. The lines of a log without the names of its streams are of one.

    `opened` holds its running invocations (one, except on managed instances). `closed` is the invocation that ended
    last, which a late line may belong to; `earlier` the one before it. `complete` are those that nothing can change,
    each with what it became; the caller takes them. The other fields are for the next invocation.
    """

    __slots__ = (
        "closed", "complete", "earlier", "exception_ms", "function", "group", "held", "held_since_ms", "ignored",
        "init", "key", "malformed", "name", "nested", "opened", "since_ms", "survivors", "unclaimed", "version",
    )  # fmt: skip

    def __init__(self, group: str, name: str, survivors: Survivors) -> None:
        self.group = group
        self.name = name
        self.function, self.version = owner(group, name)
        self.key = (group, name)
        self.survivors = survivors
        self.opened: dict[str, OpenInvocation] = {}
        self.closed: OpenInvocation | None = None
        # It ended before `closed` began. A second REPORT of it tells that its function printed `closed`.
        self.earlier: OpenInvocation | None = None
        # What ended before it while another invocation ran: one of them was printed, and the end of that one tells.
        self.nested: list[OpenInvocation] = []
        self.complete: list[tuple[OpenInvocation, Invocation]] = []
        self.init = InitFacts(certain=bool(name))
        self.held: list[LogEvent] = []
        self.held_since_ms: int | None = None
        self.malformed = 0
        # What was ignored between two invocations, for the next one.
        self.ignored: list[str] = []
        # The time of the first START of a log without the names of its streams.
        self.since_ms: int | None = None
        # Exceptions that left a handler, where neither START nor REPORT is in the log; and when the last one did.
        self.unclaimed: list[tuple[int, ExceptionText]] = []
        self.exception_ms = 0

    def take(self, record: Record | None, at_ms: int) -> OpenInvocation | None:
        """Record one line; return its invocation, or None if it belongs to the next one."""
        match record:
            case None:
                return self._current()
            case Start():
                return self._start(record, at_ms)
            case Report():
                return self._report(record, at_ms)
            case InitStart() | InitReport() | RestoreStart() | RestoreReport():
                return self._take_init(record, at_ms)
            case InitRecordEvent(init_record=init_record):
                found = self._find(init_record.request_id) or self._current()
                if found is not None:
                    found.init_record = init_record
                return found
            case Extension():
                found = self._current()
                init = self.init if found is None else found.init
                init.extension = record if record.failed else init.extension
                init.web = init.web or record.name in WEB_ADAPTERS
                return found
            case Malformed(is_fact=True):
                return self._take_malformed(record)
            case Application() | TimedOut() | Exited() | RuntimeDone() | End() | XrayLine():
                return self._take_ending(record, at_ms)
            case _:
                return self._current()

    def take_hint(self, found: OpenInvocation | None, message: str) -> None:
        """Record the durable execution that a line names, or that the init starts a web server."""
        if found is None and self.init.started and starts_server(message):
            self.init.web = True
        execution = execution_of_line(message, self.function)
        if execution is None:
            return
        record = parse_message(message)
        if isinstance(record, Application) and record.request_id:
            found = self._find(record.request_id) or found
        if found is not None:
            found.execution = found.execution or execution

    def keep(self, found: OpenInvocation | None, event: LogEvent) -> None:
        """Keep a line with its invocation, or for the next one."""
        events = self.held if found is None else found.events
        if len(events) < _MOST_EVENTS:
            events.append(event)
        elif found is not None:
            found.cut = True

    def tell_end(self) -> None:
        """The input ends, or this environment is no longer followed: what is open is complete."""
        self.accept_nested()
        for one in [*self.ended(), *self.opened.values()]:
            self.emit(one)
        self._release_exception()

    def emit(self, opened: OpenInvocation) -> None:
        """Move an invocation to those that are complete, after the one that ended before it."""
        if self.earlier is not None and self.earlier is not opened:
            self.emit(self.earlier)
        if self.opened.get(opened.request_id) is opened:
            del self.opened[opened.request_id]
        if self.closed is opened:
            self.closed = None
        if self.earlier is opened:
            self.earlier = None
        finished = opened.finished(self.group, self.name, self.function, self.version)
        self.complete.append((opened, finished))

    def accept_nested(self) -> None:
        """Wait no longer for the end of what began first: it was printed, and what ended since are invocations."""
        for one in [one for one in self.opened.values() if one.doubtful]:
            del self.opened[one.request_id]
            self._ignore("a START without a REPORT")
        nested, self.nested = self.nested, []
        for one in nested:
            self.emit(one)

    def _release_exception(self) -> None:
        """The exception that waits for its invocation has none in this log."""
        if self.init.exception is not None:
            self.unclaimed.append((self.exception_ms, self.init.exception))
            self.init.exception = None

    def _current(self) -> OpenInvocation | None:
        """The invocation of lines without a request id: the one that began last."""
        return next(reversed(self.opened.values()), None) if self.opened else None

    def _find(self, request_id: str | None) -> OpenInvocation | None:
        """The invocation with this id, if it is running or has just ended."""
        found = self.opened.get(request_id or "")
        if found is None and self.closed is not None and self.closed.request_id == request_id:
            return self.closed
        return found

    def _reported(self, request_id: str, since_ms: int) -> OpenInvocation | None:
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
            self.opened or ended or self.nested or self.ignored or self.held or self.malformed
            or self.held_since_ms is not None
            or init.exception or init.extension or init.web or init.started or init.restored or init.reports
            or init.after_crash
        )  # fmt: skip

    def _begin(self, request_id: str, at_ms: int) -> OpenInvocation:
        """An invocation, which takes what was held for the next one."""
        since_ms = at_ms if self.held_since_ms is None else min(at_ms, self.held_since_ms)
        opened = OpenInvocation(request_id, since_ms, self.init, self.held, self.malformed)
        self._forget_held()
        return opened

    def _forget_held(self) -> None:
        self.init, self.held, self.held_since_ms = InitFacts(certain=self.init.certain), [], None
        self.malformed = 0

    def _start(self, record: Start, at_ms: int) -> OpenInvocation:
        opened = self.opened.get(record.request_id)
        ended = self._reported(record.request_id, at_ms - LINGER_MS) if opened is None else None
        if ended is not None and ended.may_go_on() and not ended.failed():
            # Lambda starts a request again only if it failed, and later.
            ended.ignore("a second START")
            return ended
        if opened is None:
            opened = self.opened[record.request_id] = self._begin(record.request_id, at_ms)
            for what in self.ignored:
                opened.ignore(what)
            self.ignored = []
        elif opened.start_ms == at_ms:
            opened.notes.append("START twice")
        elif opened.start_ms is not None:
            opened.ignore("a second START")
            return opened
        opened.start_ms = at_ms if opened.start_ms is None else opened.start_ms
        if not self.name and self.since_ms is None:
            self.since_ms = at_ms
        opened.version, opened.trace_id, opened.tenant_id = record.version, record.trace_id, record.tenant_id
        if self.closed is not None and self.closed.nested and self._may_end(at_ms):
            self.nested.append(self.closed)
            self.closed = None
        else:
            self.accept_nested()
            if self.closed is not None and not self.closed.may_go_on():
                self.emit(self.closed)
        if len(self.opened) > (_MOST_OPEN if self.name else _MOST_OPEN_WITHOUT_STREAM):
            self.emit(next(iter(self.opened.values())))
        return opened

    def _may_end(self, now_ms: int) -> bool:
        """Whether the invocation that began first can still end, so that what ended since was printed by it."""
        first = next(iter(self.opened.values()))
        lasts_ms = now_ms - first.start_ms if first.start_ms else 0
        return first.doubtful and lasts_ms <= _LONGEST_MS and len(self.nested) < _MOST_NESTED

    def _report(self, record: Report, at_ms: int) -> OpenInvocation | None:
        request_id = record.request_id or ""
        opened = self.opened.get(request_id)
        if opened is not None:
            return self._end(opened, record, at_ms)
        reported = self._reported(request_id, at_ms - LINGER_MS)
        if reported is not None:
            return self._report_again(reported, record, at_ms)
        running = self._current()
        if running is not None and self._is_printed(record, running, at_ms):
            running.ignore("a REPORT of another request")
            return running
        if running is None and self.name and record.billed_ms is not None and self.survivors.began(self.key):
            # The process has ended another invocation that was read from its START on, and runs one at a time.
            self._ignore("a REPORT without a START")
            return None
        if self.name and request_id and self.survivors.last(self.key) == request_id:
            # It was counted with the REPORT that the function printed long before this one.
            return running
        opened = self._begin(request_id, at_ms)
        if not opened.init.started or record.init_ms is not None:
            # Without a START, an exception before REPORT is the invocation's, if the init did not fail.
            opened.failure.exception, opened.init.exception = opened.init.exception, None
        return self._end(opened, record, at_ms)

    def _is_printed(self, report: Report, running: OpenInvocation, at_ms: int) -> bool:
        """Whether a REPORT without a START, while another invocation runs, cannot be the platform's."""
        if running.start_ms is None:
            return False
        if self.name:
            return is_of_another(report, running.init)
        return report.billed_ms is not None and not self._is_before(at_ms, report.duration_ms)

    def _end(self, opened: OpenInvocation, record: Report, at_ms: int) -> OpenInvocation:
        """Take the first REPORT of an invocation."""
        before, is_first = self.closed, opened is next(iter(self.opened.values()), None)
        self.opened.pop(opened.request_id, None)
        opened.end(record, at_ms)
        alone = opened.may_go_on()
        if alone:
            for other in self.opened.values():
                other.doubtful = True
        if before is not None and before.nested and self.init.certain:
            self.nested.append(before)
        elif before is not None and before.may_go_on() and opened.start_ms is not None:
            if self.earlier is not None:
                self.emit(self.earlier)
            self.earlier = before
        elif before is not None:
            self.emit(before)
        if is_first:
            for _ in self.nested:
                opened.ignore("START and REPORT of another request")
            self.nested.clear()
        self.closed = opened
        opened.nested = bool(self.opened) and not is_first and alone
        self._judge_end(opened, record)
        return opened

    def _report_again(self, ended: OpenInvocation, record: Report, at_ms: int) -> OpenInvocation:
        """Take the second REPORT of an invocation: the platform writes its own after all that the function prints.

        So the last one counts, and what began since the one before it was printed too.
        """
        if ended.report == record:
            ended.notes.append("REPORT twice")
        else:
            ended.ignore("an earlier REPORT of the request")
            if ended.may_go_on():
                self._take_back(ended)
        ended.end(record, at_ms)
        self._judge_end(ended, record)
        return ended

    def _take_back(self, ended: OpenInvocation) -> None:
        """Give an invocation what was read since the REPORT that its function printed."""
        other = self.closed
        if other is not None and other is not ended:
            ended.take_over(other)
            ended.ignore("START and REPORT of another request")
            self.closed, self.earlier = ended, None
        for one in self.opened.values():
            # If it is real after all, its own REPORT comes next.
            one.doubtful = True
        if self.init.is_begun:
            ended.ignore("an init that cannot be inside an invocation")
        ended.failure.exception = ended.failure.exception or self.init.exception
        ended.events += self.held
        ended.malformed += self.malformed
        self._forget_held()

    def _judge_end(self, opened: OpenInvocation, record: Report) -> None:
        """Judge how an invocation ended, and whether its process continues."""
        ended = False
        if record.failed or opened.failure:
            kind = classify_init(opened.init, record, opened.init_record).kind
            ended = ended_process(classify_failure(opened.failure, opened.init, record, kind))
        self.init.after_crash = ended
        if ended:
            self.survivors.discard(self.key)
        elif self.name and not opened.nested:
            self.survivors.add(self.key, opened.request_id, began=opened.start_ms is not None)

    def _ignore(self, what: str) -> None:
        """Note a line between two invocations that contradicts Lambda's order, with the one before it or after it."""
        if self.closed is not None:
            self.closed.ignore(what)
        elif len(self.ignored) < _MOST_IGNORED:
            self.ignored.append(what)

    def _take_init(
        self, record: InitStart | InitReport | RestoreStart | RestoreReport, at_ms: int
    ) -> OpenInvocation | None:
        """Record a line about an init; return the running invocation that the init is part of, if any."""
        running, survived = self._current(), self.survivors.last(self.key) is not None
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

    def _take_ending(
        self, record: Application | TimedOut | Exited | RuntimeDone | End | XrayLine, at_ms: int
    ) -> OpenInvocation | None:
        """Record a line about how an invocation went or ended; return that invocation."""
        if isinstance(record, XrayLine):
            found = self.closed or self._current()
            if found is not None:
                found.trace_id = found.trace_id or record.trace_id
            return found
        found = self._find(record.request_id)
        if found is None:
            found = self._current()
            if record.request_id and not isinstance(record, Application | End):
                if found is not None and not self._began_earlier(found, record, at_ms):
                    found.ignore("the end of another request")
                    return found
                # The process's end is logged after the invocation's, and START is outside the window.
                found = self.opened[record.request_id] = self._begin(record.request_id, at_ms)
            elif found is None and isinstance(record, TimedOut | Exited):
                found = self.closed
        if found is None:
            if isinstance(record, Application) and record.unhandled:
                if not self.init.started:
                    self._release_exception()
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
        return not isinstance(end, TimedOut) or self._is_before(at_ms, end.after_s * 1000)

    def _is_before(self, at_ms: int, lasted_ms: float | None) -> bool:
        """Whether what ended at `at_ms` and lasted so long can have begun before the first START that was read.

        For streams without a name. Without times, order alone tells: nothing begins before a START that was read.
        """
        return self.since_ms is None or (at_ms > 0 and at_ms - (lasted_ms or 0.0) < self.since_ms)

    def _take_malformed(self, record: Malformed) -> OpenInvocation | None:
        """Count an unreadable platform record."""
        found = self._current()
        if found is None:
            self.malformed += 1
        else:
            found.malformed += 1
            found.notes.append(f"a {record.kind} record cannot be read: {record.reason}")
        return found
