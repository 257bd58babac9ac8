"""One invocation of a function, joined from the lines of its execution environment, and the cold start that it is."""

from dataclasses import dataclass
from enum import Enum

from monitor.kernel.missing import Missing
from monitor.records.event import LogEvent
from monitor.records.init_record import InitRecord
from monitor.records.record import ExceptionText, Report


class InitKind(Enum):
    """What kind of start an invocation had behind it; every command tells them by `analyze.classify`.

    ON_DEMAND, SNAP_START: an init, or the restore of its snapshot, ran before the invocation and went well.
    SUPPRESSED: the init ran, and went well, inside the invocation: after a crash or time-out in the environment, or
    because it had failed before. FAILED: it failed, inside the invocation too, and the invocation with it.
    PROACTIVE: Lambda had made the environment in advance. PROVISIONED, MANAGED: it was paid to.
    """

    ON_DEMAND = "on-demand"
    SNAP_START = "snap-start"
    PROVISIONED = "provisioned-concurrency"
    SUPPRESSED = "suppressed"
    FAILED = "failed"
    MANAGED = "managed-instances"
    PROACTIVE = "proactive"

    @property
    def waited_for(self) -> bool:
        """Whether a caller had to wait for it: what makes an invocation a cold start."""
        return self not in (InitKind.PROVISIONED, InitKind.MANAGED, InitKind.PROACTIVE)

    @property
    def inside(self) -> bool:
        """Whether the init, or its repeat, is part of the invocation's duration."""
        return self in (InitKind.SUPPRESSED, InitKind.FAILED)


class FailureKind(Enum):
    """How an invocation failed."""

    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out-of-memory"
    EXIT = "exit"
    EXCEPTION = "exception"
    INIT = "init"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an invocation failed; `error_type` as Lambda or Python names it (Runtime.ExitError, ValueError)."""

    kind: FailureKind
    error_type: str | None
    message: str
    exception: ExceptionText | None = None


@dataclass(frozen=True, slots=True)
class Invocation:
    """An invocation, with everything known about it and a reason for what is not.

    `at_ms` is the time of its first line seen, `start_ms` START's and `end_ms` REPORT's, in epoch
    milliseconds. `kind` is set on the first invocation of an execution environment (and on one made to wait
    for a new init), `cold` where its caller waited for that init. `init_ms` is the platform's figure where
    there is one: REPORT's Init or Restore Duration, else the init report's (provisioned concurrency; a failed
    or suppressed init, which is then part of the duration). `failed_init_ms` is how long an init took that
    failed before the invocation and was repeated inside it: its caller waited for both.
    `request_id` is "" where no line names it, `function` "" where neither group nor stream does.
    `malformed` counts its platform records that could not be read; `notes` names what else is missing or odd.
    `events` is empty unless they were asked for.
    """

    request_id: str
    function: str
    version: str | None
    stream: str
    group: str
    at_ms: int
    start_ms: int | Missing
    end_ms: int | Missing
    report: Report | Missing
    cold: bool
    kind: InitKind | None
    init_ms: float | None
    error: Failure | None
    trace_id: str | None
    init_record: InitRecord | None
    runtime_version: str | None = None
    events: tuple[LogEvent, ...] = ()
    malformed: int = 0
    notes: tuple[str, ...] = ()
    failed_init_ms: float | None = None
    tenant_id: str | None = None


@dataclass(frozen=True, slots=True)
class ColdStart:
    """One cold start.

    `at_ms` is the epoch time of its first line. `init_ms` is the platform's Init Duration, or Restore
    Duration for SnapStart; of a suppressed or failed init its part of the duration, None where the platform
    gives none (a suppressed init in text format). `failed_init_ms` is what an init took that failed before
    the invocation and was repeated inside it. `first_total_ms` is what the first caller waited for:
    `before_ms` + duration. None when a part is unknown.
    `cost_usd` is the whole invocation's, None where a price or a figure is unknown.
    """

    request_id: str
    function: str
    version: str | None
    stream: str
    group: str
    at_ms: int
    kind: InitKind
    init_ms: float | None
    duration_ms: float | None
    first_total_ms: float | None
    billed_ms: float | None
    memory_mb: int | None
    max_memory_mb: int | None
    status: str | None = None
    error_type: str | None = None
    trace_id: str | None = None
    segment_id: str | None = None
    runtime_version: str | None = None
    architecture: str | None = None
    cost_usd: float | None = None
    init_record: InitRecord | None = None
    failed_init_ms: float | None = None

    @property
    def before_ms(self) -> float | None:
        """What the caller waited for before the invocation: the init, or the one that failed before its repeat."""
        return self.failed_init_ms if self.kind.inside else self.init_ms


def cold_start(invocation: Invocation, cost_usd: float | None = None) -> ColdStart | None:
    """The cold start that an invocation is, None for one that nobody waited for; `cost_usd` is what it cost."""
    kind = invocation.kind
    if not invocation.cold or kind is None:
        return None
    report = None if isinstance(invocation.report, Missing) else invocation.report
    record = invocation.init_record
    duration_ms = report.duration_ms if report else None
    return ColdStart(
        request_id=invocation.request_id,
        function=invocation.function,
        version=invocation.version,
        stream=invocation.stream,
        group=invocation.group,
        at_ms=invocation.at_ms,
        kind=kind,
        init_ms=invocation.init_ms,
        duration_ms=duration_ms,
        first_total_ms=_first_total_ms(invocation, kind, duration_ms),
        billed_ms=report.billed_ms if report else None,
        memory_mb=report.memory_mb if report else None,
        max_memory_mb=report.max_memory_mb if report else None,
        status=report.status if report else None,
        error_type=invocation.error.error_type if invocation.error else None,
        trace_id=invocation.trace_id,
        segment_id=report.segment_id if report else None,
        runtime_version=invocation.runtime_version,
        architecture=record.architecture if record else None,
        cost_usd=cost_usd,
        init_record=record,
        failed_init_ms=invocation.failed_init_ms,
    )


def _first_total_ms(invocation: Invocation, kind: InitKind, duration_ms: float | None) -> float | None:
    """What the caller waited for. A suppressed init, and the repeat of a failed one, is inside the duration."""
    before_ms = (invocation.failed_init_ms or 0.0) if kind.inside else invocation.init_ms
    return None if duration_ms is None or before_ms is None else before_ms + duration_ms
