"""One invocation of a function, joined from the lines that its execution environment wrote."""

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
