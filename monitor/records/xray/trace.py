"""An X-Ray trace: spans in a tree, and what of it could not be read.

X-Ray sends segments and subsegments; both are a `Span` here. Times are epoch seconds, as X-Ray
writes them; a span in progress has no end.
Format: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class SpanKind(StrEnum):
    """What a span measures."""

    SERVICE = "service"  # Lambda's own segment of an invocation (origin AWS::Lambda)
    FUNCTION = "function"  # the function's segment (origin AWS::Lambda::Function)
    INIT = "init"  # Initialization (old layout), Init (new layout)
    RESTORE = "restore"  # SnapStart
    INVOCATION = "invocation"  # the handler, in the old layout
    OVERHEAD = "overhead"  # runtime and extensions, after the handler
    DWELL = "dwell"  # waiting in a queue: Dwell Time of an asynchronous invocation, QueueTime
    ATTEMPT = "attempt"  # one try of an asynchronous invocation
    DOWNSTREAM = "downstream"  # a call to AWS, another service or a database, as the caller saw it
    INFERRED = "inferred"  # the same call, as X-Ray draws it on the callee's side
    HANDLER = "handler"  # the subsegment that Powertools opens around the handler (`## name`)
    IMPORT = "import"  # sent by this project's entry point, from the init record
    PHASE = "phase"  # the same
    SEGMENT = "segment"  # any other service's segment
    LOCAL = "local"  # any other subsegment


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a stack; the innermost comes first."""

    path: str
    line: int | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class SpanException:
    """One exception of a span's cause; `remote` when the callee raised it."""

    type: str = ""
    message: str = ""
    stack: tuple[Frame, ...] = ()
    remote: bool = False
    id: str = ""
    truncated: int = 0  # frames that the SDK left out


@dataclass(frozen=True, slots=True)
class Http:
    """A request and its answer, as far as they were recorded."""

    method: str = ""
    url: str = ""
    status: int | None = None


@dataclass(frozen=True, slots=True)
class AwsCall:
    """What a span says of AWS: an operation that was called, or the resource that ran."""

    operation: str = ""
    region: str = ""
    resource_names: tuple[str, ...] = ()
    request_id: str = ""
    retries: int | None = None
    function_arn: str = ""
    log_groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sql:
    """A database call; X-Ray holds the query only when the SDK was told to send it."""

    url: str = ""
    database_type: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Another trace that this span continues or starts (`reference_type` parent or child)."""

    trace_id: str
    span_id: str = ""
    reference_type: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A segment or subsegment. `cause_id` names an exception that another segment holds."""

    id: str
    name: str
    start_s: float
    end_s: float | None
    kind: SpanKind = SpanKind.LOCAL
    parent_id: str = ""
    origin: str = ""
    namespace: str = ""
    resource_arn: str = ""
    inferred: bool = False
    fault: bool = False
    error: bool = False
    throttle: bool = False
    cause_message: str = ""
    cause_id: str = ""
    exceptions: tuple[SpanException, ...] = ()
    http: Http | None = None
    aws: AwsCall | None = None
    sql: Sql | None = None
    annotations: Mapping[str, str | float | bool] = field(default_factory=dict)
    metadata: Mapping[str, object] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    children: tuple["Span", ...] = ()

    @property
    def in_progress(self) -> bool:
        """No end was recorded: it still runs, or its end was lost."""
        return self.end_s is None

    @property
    def duration_ms(self) -> float | None:
        """Its length, never negative (clocks disagree); None while in progress."""
        return None if self.end_s is None else max(0.0, (self.end_s - self.start_s) * 1000)

    def walk(self) -> Iterator["Span"]:
        """This span and all below it, parents first, in order of time."""
        stack = [self]
        while stack:
            span = stack.pop()
            yield span
            stack.extend(reversed(span.children))


class AbsenceKind(StrEnum):
    """Why a part of a trace is not in its tree."""

    UNREADABLE = "unreadable"  # not JSON, or no document
    CUT = "cut"  # too deep, or X-Ray's limit on the size of a trace
    DOUBLED = "doubled"  # the same id twice: merged into one
    NO_TIME = "no time"  # without a start there is no place for it
    NO_PARENT = "no parent"  # its parent is in no document: shown at the top
    FRAGMENT = "fragment"  # subsegments without their segment: shown at the top
    NOT_FOUND = "not found"  # X-Ray does not have this trace (yet)


@dataclass(frozen=True, slots=True)
class Absence:
    """Something that the documents lack: what kind, which one, and a reason for a person."""

    kind: AbsenceKind
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Trace:
    """The spans of one trace id. `duration_s` is X-Ray's own figure, None when it gave none."""

    id: str
    duration_s: float | None = None
    roots: tuple[Span, ...] = ()
    absent: tuple[Absence, ...] = ()

    def spans(self) -> Iterator[Span]:
        """Every span, parents first."""
        for root in self.roots:
            yield from root.walk()


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """A line of GetTraceSummaries. `start_ms` falls back on the time in the trace id (whole seconds).

    `partial` is X-Ray's IsPartial: more segments may follow.
    """

    id: str
    start_ms: float | None = None
    duration_ms: float | None = None
    response_ms: float | None = None
    has_fault: bool = False
    has_error: bool = False
    has_throttle: bool = False
    partial: bool = False
    url: str = ""
    method: str = ""
    status: int | None = None
    annotations: Mapping[str, tuple[str | float | bool, ...]] = field(default_factory=dict)
    services: tuple[str, ...] = ()
    resource_arns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TraceFilter:
    """Which traces of a function are wanted. `expression` is X-Ray's own language, for its server alone.

    `faulty`: with a fault, an error or a throttle. `annotations` must all be there with these values.
    """

    cold: bool = False
    slower_than_ms: float | None = None
    faulty: bool = False
    annotations: tuple[tuple[str, str | float | bool], ...] = ()
    expression: str = ""

    @property
    def at_server(self) -> bool:
        """Whether X-Ray itself leaves traces out: how many there are in all is then not seen."""
        return bool(self.slower_than_ms is not None or self.faulty or self.annotations or self.expression)
