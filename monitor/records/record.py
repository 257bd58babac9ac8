"""What one log message is: a line of Lambda's platform, of the function, of an instrument, or plain text.

The names are Lambda's own. A field is None where the line does not hold it. Both of Lambda's log
formats (text, JSON) give the same records.
"""

from dataclasses import field
from typing import Any, ClassVar

from monitor.kernel.values import dataclass
from monitor.records.emf import MetricDatum
from monitor.records.init_record import InitImports, InitRecord


@dataclass(frozen=True, slots=True)
class Start:
    """An invocation begins (`START RequestId: …`, `platform.start`)."""

    record_kind: ClassVar[str] = "start"
    request_id: str
    version: str | None = None
    trace_id: str | None = None
    tenant_id: str | None = None


@dataclass(frozen=True, slots=True)
class End:
    """The function's part is over (`END RequestId: …`, `platform.end`); REPORT follows.

    `request_id` is None for the emulators that print figures after END instead.
    """

    record_kind: ClassVar[str] = "end"
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """The platform's account of one invocation (`REPORT RequestId: …`, `platform.report`).

    `status` is None in text for a success, else timeout, error or failure. `billed_ms` may include the
    init and may exceed the time-out. Managed instances report `duration_ms` alone.
    """

    record_kind: ClassVar[str] = "report"
    request_id: str | None
    duration_ms: float | None = None
    billed_ms: float | None = None
    memory_mb: int | None = None
    max_memory_mb: int | None = None
    init_ms: float | None = None
    restore_ms: float | None = None
    billed_restore_ms: float | None = None
    status: str | None = None
    error_type: str | None = None
    trace_id: str | None = None
    segment_id: str | None = None
    sampled: bool | None = None
    tenant_id: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the platform calls it a failure; a handler's own exception does not show here in text."""
        return self.status in ("timeout", "error", "failure")


@dataclass(frozen=True, slots=True)
class InitStart:
    """An execution environment begins its init (`INIT_START`, `platform.initStart`)."""

    record_kind: ClassVar[str] = "init_start"
    runtime_version: str | None = None
    runtime_version_arn: str | None = None
    initialization_type: str | None = None
    phase: str | None = None
    function_name: str | None = None
    function_version: str | None = None
    instance_id: str | None = None


@dataclass(frozen=True, slots=True)
class InitReport:
    """How an init went (`INIT_REPORT`, `platform.initReport`, `platform.initRuntimeDone`).

    Text has it for a failed init (twice: phase init, then invoke), for provisioned concurrency and SnapStart.
    `final` is False for initRuntimeDone, which has no duration and is followed by the report.
    """

    record_kind: ClassVar[str] = "init_report"
    init_ms: float | None = None
    phase: str | None = None
    status: str | None = None
    error_type: str | None = None
    initialization_type: str | None = None
    final: bool = True


@dataclass(frozen=True, slots=True)
class RestoreStart:
    """A SnapStart snapshot begins to be restored (`RESTORE_START`, `platform.restoreStart`)."""

    record_kind: ClassVar[str] = "restore_start"
    runtime_version: str | None = None
    runtime_version_arn: str | None = None
    function_name: str | None = None
    function_version: str | None = None
    instance_id: str | None = None


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """How a restore went (`RESTORE_REPORT`, `platform.restoreReport`, `platform.restoreRuntimeDone`)."""

    record_kind: ClassVar[str] = "restore_report"
    restore_ms: float | None = None
    billed_restore_ms: float | None = None
    status: str | None = None
    error_type: str | None = None
    final: bool = True


@dataclass(frozen=True, slots=True)
class RuntimeDone:
    """The runtime answered (`platform.runtimeDone`); the JSON format's counterpart of END."""

    record_kind: ClassVar[str] = "runtime_done"
    request_id: str | None
    status: str | None = None
    error_type: str | None = None
    duration_ms: float | None = None
    produced_bytes: int | None = None
    trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class TimedOut:
    """`Task timed out after 3.00 seconds`; `after_s` is the function's time-out."""

    record_kind: ClassVar[str] = "timeout"
    request_id: str | None
    after_s: float


@dataclass(frozen=True, slots=True)
class Exited:
    """The runtime's process ended (`Runtime exited with error: …`, `platform.fault`).

    `reason` is Lambda's text, such as "signal: killed" or "exit status 1"; `error_type` such as
    Runtime.ExitError, where a line names it.
    """

    record_kind: ClassVar[str] = "exit"
    request_id: str | None
    reason: str
    error_type: str | None = None


@dataclass(frozen=True, slots=True)
class XrayLine:
    """The invocation's trace, where it stands on a line of its own."""

    record_kind: ClassVar[str] = "xray"
    trace_id: str
    segment_id: str | None = None
    sampled: bool | None = None


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension's state, or its subscription to telemetry or logs (`subscription` tells)."""

    record_kind: ClassVar[str] = "extension"
    name: str | None
    state: str | None
    events: tuple[str, ...] = ()
    error_type: str | None = None
    subscription: bool = False

    @property
    def failed(self) -> bool:
        """Whether the extension crashed, or could not be launched or registered."""
        return self.error_type is not None or (self.state or "").endswith(("Error", "Failed"))


@dataclass(frozen=True, slots=True)
class LogsDropped:
    """Log records that the platform did not deliver to an extension (`platform.logsDropped`), and its reason."""

    record_kind: ClassVar[str] = "logs_dropped"
    reason: str
    records: int | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class PlatformOther:
    """A platform event that is not modelled; `type` as written, `raw` its whole object."""

    record_kind: ClassVar[str] = "platform_other"
    type: str
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Metrics:
    """An EMF line: one datum for each metric of each dimension set; `timestamp_ms` as the line gives it.

    `request_id` where the line happens to hold one. `fields` is the whole line. `skipped` counts the
    definitions that could not be read, so that nothing disappears unseen.
    """

    record_kind: ClassVar[str] = "metrics"
    data: tuple[MetricDatum, ...]
    timestamp_ms: int | None = None
    request_id: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class InitRecordEvent:
    """The init record that the instrumented entry point logs at its first invocation."""

    record_kind: ClassVar[str] = "init_record"
    init_record: InitRecord


@dataclass(frozen=True, slots=True)
class LateImports:
    """What the first invocation itself imported, after init: the instrumented entry point's `monitor.imports`."""

    record_kind: ClassVar[str] = "late_imports"
    request_id: str | None
    imports: InitImports
    roots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportTime:
    """A line of CPython's import profile (`import time: self [us] | cumulative | name`); depth 0: top."""

    record_kind: ClassVar[str] = "import_time"
    self_us: int
    cumulative_us: int
    depth: int
    module: str


@dataclass(frozen=True, slots=True)
class ExceptionText:
    """An exception as logged: its type and message, and its stack, one entry a line, outermost first."""

    type: str
    message: str
    stack: tuple[str, ...] = ()


# How Node.js's runtime names an exception that left the handler.
NODE_UNHANDLED = ("Invoke Error", "Uncaught Exception", "Unhandled Promise Rejection")


@dataclass(frozen=True, slots=True)
class Application:
    """A line that the function itself logged, in a form that is understood.

    Powertools, Lambda's JSON format, or awslambdaric's text. `fields` is the raw JSON object (empty for
    text); `message` is text, a structured one being written out as JSON; `timestamp` as logged.
    """

    record_kind: ClassVar[str] = "application"
    level: str | None
    message: str | None
    request_id: str | None = None
    timestamp: str | None = None
    trace_id: str | None = None
    cold_start: bool | None = None
    exception: ExceptionText | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    # A line of a logger that is not Lambda's: it is printed as it was logged.
    as_logged: bool = False

    @property
    def unhandled(self) -> bool:
        """Whether this is the runtime's own account of an exception that left the handler, or its import.

        In text it is `[ERROR]` without a time and a request id; in JSON an errorType and, unlike a logged one, no
        message.
        """
        if self.exception is None or self.as_logged:
            return False
        if self.fields:
            message = self.fields.get("message")
            return "errorType" in self.fields and (
                "message" not in self.fields or (isinstance(message, str) and message.startswith(NODE_UNHANDLED))
            )
        return self.level == "ERROR" and (self.timestamp is None or (self.message or "").startswith(NODE_UNHANDLED))


@dataclass(frozen=True, slots=True)
class Text:
    """A line of which nothing is known."""

    record_kind: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """A line that begins as a record of `kind` and cannot be read as one; `reason` says why."""

    record_kind: ClassVar[str] = "malformed"
    kind: str
    text: str
    reason: str

    @property
    def is_fact(self) -> bool:
        """Whether what it was to be bears on an invocation as a whole, as metrics and late imports do not."""
        return self.kind not in (Metrics.record_kind, LateImports.record_kind)


Record = (
    Start
    | End
    | Report
    | InitStart
    | InitReport
    | RestoreStart
    | RestoreReport
    | RuntimeDone
    | TimedOut
    | Exited
    | XrayLine
    | Extension
    | LogsDropped
    | PlatformOther
    | Metrics
    | InitRecordEvent
    | LateImports
    | ImportTime
    | Application
    | Text
    | Malformed
)
