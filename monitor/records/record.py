"""The record types of a log message: Lambda's platform, the function, an instrument, or plain text.

Names are Lambda's own. A field is None if the message does not contain it. Lambda's text and JSON log formats give the
same records.
"""

from dataclasses import field
from typing import Any, ClassVar

from monitor.kernel.values import dataclass
from monitor.records.emf import MetricDatum
from monitor.records.init_record import InitImports, InitRecord


@dataclass(frozen=True, slots=True)
class Start:
    """Start of an invocation (`START RequestId: …`, `platform.start`)."""

    record_kind: ClassVar[str] = "start"
    request_id: str
    version: str | None = None
    trace_id: str | None = None
    tenant_id: str | None = None


@dataclass(frozen=True, slots=True)
class End:
    """End of the function's code (`END RequestId: …`, `platform.end`); REPORT follows.

    `request_id` is None if an emulator prints figures after END instead.
    """

    record_kind: ClassVar[str] = "end"
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """The platform's summary of one invocation (`REPORT RequestId: …`, `platform.report`).

    In text, `status` is None for a success, otherwise timeout, error or failure. `billed_ms` can include the init and
    can exceed the time-out. Managed instances report only `duration_ms`.
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
        """Whether the platform reports a failure; in text format, an exception of the handler is not reported here."""
        return self.status in ("timeout", "error", "failure")


@dataclass(frozen=True, slots=True)
class InitStart:
    """Start of an execution environment's init (`INIT_START`, `platform.initStart`)."""

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
    """Result of an init (`INIT_REPORT`, `platform.initReport`, `platform.initRuntimeDone`).

    In text format it is written for a failed init (twice: phase init, then invoke), provisioned concurrency and
    SnapStart. `final` is False for initRuntimeDone, which has no duration and precedes the report.
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
    """Start of restoring a SnapStart snapshot (`RESTORE_START`, `platform.restoreStart`)."""

    record_kind: ClassVar[str] = "restore_start"
    runtime_version: str | None = None
    runtime_version_arn: str | None = None
    function_name: str | None = None
    function_version: str | None = None
    instance_id: str | None = None


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """Result of a restore (`RESTORE_REPORT`, `platform.restoreReport`, `platform.restoreRuntimeDone`)."""

    record_kind: ClassVar[str] = "restore_report"
    restore_ms: float | None = None
    billed_restore_ms: float | None = None
    status: str | None = None
    error_type: str | None = None
    final: bool = True


@dataclass(frozen=True, slots=True)
class RuntimeDone:
    """The runtime's response (`platform.runtimeDone`); the counterpart of END in JSON format."""

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
    """The runtime process exited (`Runtime exited with error: …`, `platform.fault`).

    `reason` is Lambda's text, such as "signal: killed" or "exit status 1"; `error_type` is a name such as
    Runtime.ExitError if the message contains one.
    """

    record_kind: ClassVar[str] = "exit"
    request_id: str | None
    reason: str
    error_type: str | None = None


@dataclass(frozen=True, slots=True)
class XrayLine:
    """The trace of an invocation, written on its own line."""

    record_kind: ClassVar[str] = "xray"
    trace_id: str
    segment_id: str | None = None
    sampled: bool | None = None


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension's state, or its subscription to telemetry or logs if `subscription` is true."""

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
    """A platform event without a record type of its own; `raw` is the whole object."""

    record_kind: ClassVar[str] = "platform_other"
    type: str
    raw: dict[str, Any]

    @property
    def of_web_function(self) -> bool:
        """Whether it is of a web function, whose requests have their own events (`platform.invokeReport`)."""
        return self.type.startswith("platform.invoke")


@dataclass(frozen=True, slots=True)
class Metrics:
    """An EMF line: one datum for each metric in each dimension set; `timestamp_ms` is the time in the line.

    `request_id` is set if the line contains one. `fields` is the whole line. `skipped` counts definitions that could
    not be read.
    """

    record_kind: ClassVar[str] = "metrics"
    data: tuple[MetricDatum, ...]
    timestamp_ms: int | None = None
    request_id: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class InitRecordEvent:
    """The init record, which the instrumented entry point logs at the first invocation."""

    record_kind: ClassVar[str] = "init_record"
    init_record: InitRecord


@dataclass(frozen=True, slots=True)
class LateImports:
    """Imports of the first invocation after init, logged by the instrumented entry point as `monitor_imports`."""

    record_kind: ClassVar[str] = "late_imports"
    request_id: str | None
    imports: InitImports
    roots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportTime:
    """A line of CPython's import profile (`import time: self [us] | cumulative | name`); depth 0 is the top level."""

    record_kind: ClassVar[str] = "import_time"
    self_us: int
    cumulative_us: int
    depth: int
    module: str


@dataclass(frozen=True, slots=True)
class ExceptionText:
    """A logged exception: its type, its message, and its stack with one line per entry, outermost first."""

    type: str
    message: str
    stack: tuple[str, ...] = ()


# How Node.js's runtime names an exception that left the handler.
NODE_UNHANDLED = ("Invoke Error", "Uncaught Exception", "Unhandled Promise Rejection")


@dataclass(frozen=True, slots=True)
class Application:
    """A message that the function logged in a known format: Powertools, Lambda's JSON or awslambdaric's text.

    `fields` is the JSON object (empty for text). `message` is text; an object or list is converted to JSON.
    `timestamp` is as logged.
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
        """Whether the runtime logged an exception that the handler, or its import, did not catch.

        In text it is `[ERROR]` without a time and a request id. In JSON it has an errorType and, unlike an exception
        that the function logged, no message.
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
    """A message in no known format."""

    record_kind: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """A message that begins like a record of `kind` but cannot be read; `reason` says why."""

    record_kind: ClassVar[str] = "malformed"
    kind: str
    text: str
    reason: str

    @property
    def is_fact(self) -> bool:
        """Whether a record of this kind affects the invocation as a whole; metrics and late imports do not."""
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
