"""One invocation of a function, joined from the lines that its execution environment wrote."""

from dataclasses import dataclass
from enum import Enum

from monitor.model.event import LogEvent
from monitor.model.init_record import InitRecord
from monitor.model.record import ExceptionText, Report


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that is not there, and why."""

    reason: str


class InitKind(Enum):
    """What kind of start the first invocation of an execution environment had behind it."""

    ON_DEMAND = "on-demand"
    SNAP_START = "snap-start"
    PROVISIONED = "provisioned-concurrency"
    SUPPRESSED = "suppressed"
    FAILED = "failed"
    MANAGED = "managed-instances"

    @property
    def waited_for(self) -> bool:
        """Whether a caller had to wait for it: what makes an invocation a cold start."""
        return self not in (InitKind.PROVISIONED, InitKind.MANAGED)


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
    there is one: REPORT's Init or Restore Duration, else the init report's (provisioned concurrency, failed
    and suppressed init). `request_id` is "" where no line names it, `function` "" where neither group nor
    stream does. `malformed` counts its platform records that could not be read; `notes` names what else is
    missing or odd. `events` is empty unless they were asked for.
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
