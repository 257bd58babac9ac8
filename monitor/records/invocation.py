"""One invocation of a function, built from the log of its execution environment, and its cold start."""

from dataclasses import dataclass
from enum import Enum

from monitor.kernel.missing import Missing
from monitor.records.event import LogEvent
from monitor.records.init_record import InitRecord
from monitor.records.record import ExceptionText, Report


class InitKind(Enum):
    """The kind of init before an invocation, as `records.start_kinds` classifies it for every command.

    ON_DEMAND, SNAP_START: an init, or the restore of a snapshot, succeeded before the invocation. SUPPRESSED: the init
    succeeded inside the invocation, after a crash or time-out in the environment or after a failed init. FAILED: the
    init failed, also when it was repeated inside the invocation, and the invocation failed with it. PROACTIVE: Lambda
    created the environment in advance. PROVISIONED, MANAGED: the environment was paid for in advance. REPLAY: a durable
    execution was resumed in a new environment.
    """

    ON_DEMAND = "on-demand"
    SNAP_START = "snap-start"
    PROVISIONED = "provisioned-concurrency"
    SUPPRESSED = "suppressed"
    FAILED = "failed"
    MANAGED = "managed-instances"
    PROACTIVE = "proactive"
    REPLAY = "durable-replay"

    @property
    def waited_for(self) -> bool:
        """Whether a caller waited for this init, which makes the invocation a cold start."""
        return self not in (InitKind.PROVISIONED, InitKind.MANAGED, InitKind.PROACTIVE, InitKind.REPLAY)

    @property
    def inside(self) -> bool:
        """Whether the init, or its repetition, is part of the invocation's duration."""
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
    """Why an invocation failed; `error_type` is Lambda's or Python's name (Runtime.ExitError, ValueError)."""

    kind: FailureKind
    error_type: str | None
    message: str
    exception: ExceptionText | None = None


@dataclass(frozen=True, slots=True)
class Invocation:
    """An invocation, with everything known about it and a reason for each unknown figure.

    `at_ms` is the time of its first event, `start_ms` that of START and `end_ms` that of REPORT, in epoch milliseconds.
    `kind` is set for the first invocation of an execution environment, and for one that waited for a new init. `cold`
    is true if its caller waited for that init. `init_ms` is the platform's figure if there is one: Init or Restore
    Duration of REPORT, or the duration of the init report (provisioned concurrency, and a failed or suppressed init,
    which is then part of the duration). `failed_init_ms` is the duration of an init that failed before the invocation
    and was repeated inside it; the caller waited for both. `request_id` is "" if no event contains it, `function` is ""
    if neither group nor stream contains it. `malformed` counts platform records that could not be read. `ignored`
    counts lines that contradict Lambda's order: the function printed them. `notes` lists these and other unusual facts.
    `events` is empty unless requested. `execution` is the durable execution (`NAME/ID`) that a line of the invocation
    names; `resumes` is true if the invocation is known to resume it. `web_function` is true if its init started a web
    server.
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
    ignored: int = 0
    notes: tuple[str, ...] = ()
    failed_init_ms: float | None = None
    tenant_id: str | None = None
    execution: str | None = None
    resumes: bool = False
    web_function: bool = False


@dataclass(frozen=True, slots=True)
class ColdStart:
    """One cold start.

    `at_ms` is the epoch time of its first event. `init_ms` is the platform's Init Duration, or Restore Duration for
    SnapStart; for a suppressed or failed init it is the init's share of the duration, None if the platform does not
    report it (a suppressed init in text format). `failed_init_ms` is the duration of an init that failed before the
    invocation and was repeated inside it. `first_total_ms` is how long the first caller waited: `before_ms` plus the
    duration, None if one of them is unknown. `cost_usd` is the cost of the whole invocation, None if a price or a
    figure is unknown. `region` and `profile` are where the log was read, "" for a saved log.
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
    region: str = ""
    profile: str = ""

    @property
    def before_ms(self) -> float | None:
        """How long the caller waited before the invocation: for the init, or for the init that failed."""
        return self.failed_init_ms if self.kind.inside else self.init_ms


# Lambda ends an on-demand init then, and repeats it inside the invocation.
INIT_LIMIT_MS = 10_000.0


def is_timed_out(start: ColdStart) -> bool:
    """Whether Lambda ended its init for taking too long, and repeated it inside the invocation."""
    return start.kind.inside and start.failed_init_ms is not None and start.failed_init_ms >= 0.98 * INIT_LIMIT_MS


def cold_start(invocation: Invocation, cost_usd: float | None = None) -> ColdStart | None:
    """The cold start of an invocation, None if its caller did not wait for an init; `cost_usd` is its cost."""
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
    """How long the caller waited. The duration includes a suppressed init and the repetition of a failed one."""
    before_ms = (invocation.failed_init_ms or 0.0) if kind.inside else invocation.init_ms
    return None if duration_ms is None or before_ms is None else before_ms + duration_ms
