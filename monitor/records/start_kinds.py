"""Classify an invocation from its records: the kind of its init, and how it failed.

Every command uses this classification. X-Ray and CloudWatch metrics alone, without the log, give less.
"""

from dataclasses import dataclass, field, replace

from monitor.records.init_record import InitRecord
from monitor.records.invocation import Failure, FailureKind, InitKind
from monitor.records.record import ExceptionText, Exited, Extension, InitReport, Report, RuntimeDone, TimedOut

_FAILED = ("error", "failure", "timeout")
_MOST_REPORTS = 8
_TYPES = {
    "provisioned-concurrency": InitKind.PROVISIONED,
    "snap-start": InitKind.SNAP_START,
    "lambda-managed-instances": InitKind.MANAGED,
}
_FOLLOWED_AT_ONCE = (InitKind.ON_DEMAND, InitKind.SNAP_START)
# An on-demand invocation follows its init at once; after a longer gap Lambda had created the environment in advance.
# Source: AWS, "Understanding the Lambda execution environment lifecycle" (the runtime uses the same gap).
PROACTIVE_AFTER_MS = 10_000
# Lambda's error types for code that could not be loaded, in contrast to code that failed later.
_INIT_ERRORS = frozenset(
    "Runtime." + name
    for name in (
        "ImportModuleError",
        "HandlerNotFound",
        "MalformedHandlerName",
        "UserCodeSyntaxError",
        "UserCodeLoadError",
        "BuiltInModuleConflict",
        "InvalidEntrypoint",
        "InvalidWorkingDir",
        "BeforeSnapshotError",
        "AfterRestoreError",
    )
) | {"Extension.Crash", "Extension.LaunchError"}


@dataclass(slots=True)
class InitFacts:
    """Records of an execution environment's init, before an invocation or (suppressed init) inside it.

    `after_crash`: the previous invocation of the stream ended its process. `certain`: the lines are known to come
    from one environment, because their stream has a name. `exception`: the logged exception of a failed init.
    `extension`: an extension that failed. `web`: a web server starts, behind AWS's Lambda Web Adapter or another one.
    `restore_status`: that of the restore of a snapshot.
    """

    started: bool = False
    started_ms: int | None = None
    restored: bool = False
    after_crash: bool = False
    certain: bool = True
    initialization_type: str | None = None
    runtime_version: str | None = None
    function_name: str | None = None
    restore_ms: float | None = None
    restore_status: str | None = None
    exception: ExceptionText | None = None
    extension: Extension | None = None
    web: bool = False
    reports: list[InitReport] = field(default_factory=list)

    @property
    def is_begun(self) -> bool:
        """Whether a line of an init or a restore was read."""
        return self.started or self.restored or bool(self.reports)

    def add_report(self, report: InitReport) -> None:
        """Add an init report; of initRuntimeDone, which has no duration, only the initialization type is used."""
        self.initialization_type = report.initialization_type or self.initialization_type
        if report.final and len(self.reports) < _MOST_REPORTS:
            self.reports.append(report)


@dataclass(frozen=True, slots=True)
class Init:
    """The result: the kind of init, its duration if the platform reports it, and a note.

    `failed_ms` is the duration of an init that failed before the invocation and was repeated inside it.
    """

    kind: InitKind | None
    init_ms: float | None = None
    note: str = ""
    failed_ms: float | None = None


def classify_init(
    facts: InitFacts, report: Report | None, record: InitRecord | None, start_ms: int | None = None
) -> Init:
    """Classify the init of an invocation; the kind is None for a warm invocation.

    `report` is None before REPORT; `start_ms` is START's time. On-demand: REPORT has an Init Duration, and text has no
    INIT_REPORT for a success. Proactive: the same, but the init record says so, or START comes 10 s or more after the
    end of the init. Suppressed: the init is part of the invocation's duration. An init report with `phase: invoke`
    proves it; otherwise a new process (INIT_START, an init record, or a crash or time-out before it) without an Init
    Duration implies it. Failed: the init failed, and so did the invocation.
    """
    found = _classify(facts, report, record)
    if record is not None and record.start == "proactive" and found.kind is not InitKind.FAILED:
        return _early(InitKind.PROACTIVE, found.init_ms, record.invoked_after_ms)
    if record is not None and record.start == "durable-replay" and found.kind in _FOLLOWED_AT_ONCE:
        return replace(found, kind=InitKind.REPLAY)
    if found.kind is not None and found.kind.inside:
        before = [one.init_ms for one in facts.reports if one.status in _FAILED and one.phase != "invoke"]
        known = [init_ms for init_ms in before if init_ms is not None]
        return replace(found, failed_ms=sum(known) if known else None)
    if found.init_ms is None or facts.started_ms is None or start_ms is None or not facts.certain:
        return found
    idle_ms = start_ms - facts.started_ms - found.init_ms
    if idle_ms < PROACTIVE_AFTER_MS or found.kind not in (InitKind.ON_DEMAND, InitKind.PROVISIONED):
        return found
    return _early(InitKind.PROACTIVE if found.kind is InitKind.ON_DEMAND else found.kind, found.init_ms, idle_ms)


def _early(kind: InitKind, init_ms: float | None, idle_ms: float | None) -> Init:
    return Init(kind, init_ms, "" if idle_ms is None else f"initialized {idle_ms / 1000:.0f} s before the invocation")


def _classify(facts: InitFacts, report: Report | None, record: InitRecord | None) -> Init:
    if not facts.certain:
        facts = InitFacts(reports=facts.reports if report is not None and report.failed else [])
    known = facts.initialization_type or (record.initialization_type if record else None)
    kind = _TYPES.get(known or "")
    last = facts.reports[-1] if facts.reports else None
    if kind is InitKind.MANAGED:
        return Init(kind, last.init_ms if last else None)
    restore_ms = report.restore_ms if report is not None else None
    again = _initialized_again(facts, report, last)
    if again is not None:
        return again
    if restore_ms is not None or facts.restored:
        return Init(InitKind.SNAP_START, restore_ms if restore_ms is not None else facts.restore_ms)
    if last is not None and last.status in _FAILED and (report is None or report.failed):
        return Init(InitKind.FAILED, last.init_ms)
    succeeded = last is not None and last.status not in _FAILED
    if last is not None and succeeded and last.phase == "invoke":
        return Init(InitKind.SUPPRESSED, last.init_ms)
    if last is not None and succeeded and known is None:
        kind = InitKind.PROVISIONED
    init_ms = report.init_ms if report is not None else None
    if kind is not None and (facts.started or last or record or init_ms is not None):
        return Init(kind, init_ms if init_ms is not None else (last.init_ms if last else None))
    if init_ms is not None:
        return Init(InitKind.ON_DEMAND, init_ms)
    new_process = facts.started or record is not None
    if new_process and report is not None and report.failed and report.error_type in _INIT_ERRORS:
        return Init(InitKind.FAILED)
    if report is None:
        return Init(InitKind.ON_DEMAND if new_process else None, last.init_ms if last else None)
    if last is not None and not succeeded:
        return Init(InitKind.SUPPRESSED, None, "the first init failed; it was repeated inside the invocation")
    if new_process or facts.after_crash:
        return Init(InitKind.SUPPRESSED, None, "no Init Duration: the init is part of the duration")
    return Init(None)


def _initialized_again(facts: InitFacts, report: Report | None, last: InitReport | None) -> Init | None:
    """The init of an environment whose restore failed, or whose process ended before; None for another init.

    An INIT_REPORT without a phase is then no sign of provisioned concurrency, which writes one too.
    """
    failed = facts.restore_status in _FAILED
    if last is None or last.status in _FAILED:
        if failed and last is None and report is not None and report.failed:
            why = f"the restore of the snapshot failed: {facts.restore_status}"
            return Init(InitKind.FAILED, facts.restore_ms, why)
        return None
    if last.phase == "invoke" or facts.initialization_type not in (None, "snap-start"):
        return None
    if failed:
        why = f"the restore of the snapshot failed ({facts.restore_status}), and the environment was initialized again"
    elif facts.after_crash and not facts.restored:
        why = "the environment was initialized again, because its process had ended"
    else:
        return None
    return Init(InitKind.ON_DEMAND, last.init_ms, why)


@dataclass(slots=True)
class FailureFacts:
    """Records of an invocation's failure."""

    timed_out: TimedOut | None = None
    exited: Exited | None = None
    done: RuntimeDone | None = None
    exception: ExceptionText | None = None

    def __bool__(self) -> bool:
        """Whether there is any record."""
        return any(seen is not None for seen in (self.timed_out, self.exited, self.done, self.exception))


def classify_failure(
    facts: FailureFacts, init: InitFacts, report: Report | None, kind: InitKind | None
) -> Failure | None:
    """How an invocation failed; None if no record reports a failure. `kind` is the kind of its init.

    In text format REPORT has no status for an unhandled exception: the runtime's `[ERROR] Type: message` line is then
    the only sign.
    """
    status = report.status if report is not None else None
    if status not in _FAILED and facts.done is not None:
        status = facts.done.status
    error_type = (report.error_type if report is not None else None) or (
        facts.done.error_type if facts.done is not None else None
    )
    if facts.timed_out is not None or status == "timeout":
        return Failure(FailureKind.TIMEOUT, error_type, _timeout_text(facts.timed_out, report), facts.exception)
    if error_type == "Runtime.OutOfMemory" or _killed_at_limit(facts.exited, report):
        return Failure(FailureKind.OUT_OF_MEMORY, error_type, _memory_text(report), facts.exception)
    if kind is InitKind.FAILED or error_type in _INIT_ERRORS:
        last_type = init.reports[-1].error_type if init.reports else None
        exception = facts.exception or init.exception
        if exception is None and init.extension is not None:
            return _extension_failed(init.extension, error_type or last_type)
        return _from_exception(FailureKind.INIT, error_type or last_type, exception, "the init failed")
    if facts.exited is not None or error_type == "Runtime.ExitError":
        reason = facts.exited.reason if facts.exited else "the runtime's process ended"
        exit_type = error_type or (facts.exited.error_type if facts.exited else None)
        return Failure(FailureKind.EXIT, exit_type, reason, facts.exception)
    if facts.exception is not None or status in _FAILED:
        return _from_exception(FailureKind.EXCEPTION, error_type, facts.exception, f"status {status}")
    return None


def ended_process(failure: Failure | None) -> bool:
    """Whether a failure ends the process, so that the next invocation of the environment repeats the init."""
    return failure is not None and failure.kind is not FailureKind.EXCEPTION


def _extension_failed(extension: Extension, error_type: str | None) -> Failure:
    name = error_type or extension.error_type or "Extension.Crash"
    return Failure(FailureKind.INIT, name, f"the extension {extension.name} failed: {extension.state or name}")


def _from_exception(
    kind: FailureKind, error_type: str | None, exception: ExceptionText | None, otherwise: str
) -> Failure:
    if exception is None:
        return Failure(kind, error_type, otherwise)
    return Failure(kind, exception.type or error_type, exception.message, exception)


def _timeout_text(timed_out: TimedOut | None, report: Report | None) -> str:
    if timed_out is not None:
        return f"Task timed out after {timed_out.after_s:.2f} seconds"
    if report is not None and report.duration_ms is not None:
        return f"Task timed out after {report.duration_ms / 1000:.2f} seconds"
    return "Task timed out"


def _memory_text(report: Report | None) -> str:
    if report is None or report.memory_mb is None:
        return "out of memory"
    return f"out of memory: {report.max_memory_mb} MB used of {report.memory_mb} MB"


def _killed_at_limit(exited: Exited | None, report: Report | None) -> bool:
    if exited is None or "signal: killed" not in exited.reason or report is None:
        return False
    return (
        report.memory_mb is not None and report.max_memory_mb is not None and report.max_memory_mb >= report.memory_mb
    )
