"""What a trace list and a waterfall hold: the values that `monitor traces` and `monitor show` print. Times in ms."""

from dataclasses import dataclass, field
from enum import StrEnum

from monitor.kernel.missing import Missing
from monitor.records.invocation import InitKind, Invocation
from monitor.records.xray.trace import Absence, SpanException, SpanKind, Trace, TraceSummary


@dataclass(frozen=True, slots=True)
class StepDifference:
    """One step of the invocation over many traces; a trace without it counts as 0 ms.

    Medians are of the step's whole time in a trace, with what it contains (all calls of one name together), so
    the steps below one are part of it. `share` is of the difference between the median totals. `example_id` is the
    cold trace that spent most on it, `example_ms` how much; "" and None where no cold trace has the step.
    """

    name: str
    kind: SpanKind
    depth: int
    cold_ms: float
    warm_ms: float
    difference_ms: float
    share: float | None
    cold_seen: int
    warm_seen: int
    example_id: str = ""
    example_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A function's cold traces against its warm ones, each side's median; `best_id` shows the difference best.

    `best_id` is the cold trace whose total lies nearest to the median of the cold ones.
    """

    function: str
    cold: int
    warm: int
    cold_ms: float | None = None
    warm_ms: float | None = None
    difference_ms: float | None = None
    steps: tuple[StepDifference, ...] = ()
    best_id: str = ""
    notes: tuple[str, ...] = ()


class Mark(StrEnum):
    """What a person should notice about a row."""

    FAULT = "fault"
    ERROR = "error"
    THROTTLE = "throttle"
    IN_PROGRESS = "in progress"
    EARLY = "early"  # an init that was over before the request came: provisioned or proactive
    DERIVED = "derived"  # no span of the trace: a gap between spans, named for what Lambda does in it
    CLOCK = "clock"  # its times lie a week or more from all others and are not drawn


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the waterfall.

    `offset_ms` counts from the start of the trace; None where the span has no place on the axis
    (early, clock). `duration_ms` is None while in progress; `self_ms` is the part in no child.
    """

    span_id: str
    name: str
    kind: SpanKind
    depth: int
    offset_ms: float | None
    duration_ms: float | None
    self_ms: float | None = None
    critical: bool = False
    marks: tuple[Mark, ...] = ()
    detail: str = ""  # the operation and its resource, the query, the url
    status: int | None = None  # HTTP


@dataclass(frozen=True, slots=True)
class Problem:
    """An exception, once, with every span that it passed through, the innermost first."""

    exception: SpanException
    spans: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waterfall:
    """A whole trace, parents before children in order of time.

    `total_ms` spans all that is drawn; `reported_ms` is X-Ray's own Duration, longer when segments
    are missing. `start_ms` is epoch ms.
    """

    trace_id: str
    start_ms: float | None
    total_ms: float
    reported_ms: float | None = None
    rows: tuple[Row, ...] = ()
    problems: tuple[Problem, ...] = ()
    absent: tuple[Absence, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """Where one invocation of a Lambda function spent its time. None: the trace does not say.

    total_ms        from Lambda's acceptance of the request to its end, queue included
    queue_ms        waiting as an asynchronous event
    environment_ms  from the request (or the end of the queue) until init or invocation starts:
                    Lambda finds or makes an execution environment and loads the package
    init_ms         the init that this request waited for before its handler; restore_ms likewise (SnapStart)
    early_init_ms   an init that was over before the request came (provisioned or proactive)
    handler_ms      the handler; downstream_ms is the part of it with a call under way
    overhead_ms     runtime and extensions after the handler
    cold            the request waited for an init or a restore
    kind            of start, where it is known: by the trace (on-demand, snap-start), or by the log, which alone
                    tells an init that failed or ran inside the invocation: handler_ms then includes it, and init_ms
                    is the one that failed before
    qualifiers      the versions and aliases that the segments' ARNs name (none: they name the function alone)
    """

    function: str
    request_id: str = ""
    start_ms: float | None = None
    total_ms: float | None = None
    queue_ms: float | None = None
    environment_ms: float | None = None
    init_ms: float | None = None
    early_init_ms: float | None = None
    restore_ms: float | None = None
    handler_ms: float | None = None
    downstream_ms: float | None = None
    overhead_ms: float | None = None
    cold: bool = False
    marks: tuple[Mark, ...] = field(default=())
    qualifiers: tuple[str, ...] = ()
    kind: InitKind | None = None

    @property
    def state(self) -> str:
        """How it started, in a word or few; "" where nobody knows."""
        if self.kind is InitKind.FAILED:
            return "cold, init failed"
        if self.kind is InitKind.SUPPRESSED:
            return "cold, init inside the handler"
        # Without the function's segment nobody knows whether it was warm.
        return "cold" if self.cold else "warm" if self.handler_ms is not None else ""


@dataclass(frozen=True, slots=True)
class ListedTrace:
    """A line of the list: X-Ray's summary, and the figures of the function's invocation (None: not in the trace)."""

    summary: TraceSummary
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class Sampling:
    """How many of a window's invocations have a trace at all.

    `invocations` is CloudWatch's metric, over whole minutes and one to three minutes late; None where it could not
    be read. `traces` counts those of the same window.
    """

    invocations: float | None
    traces: int

    @property
    def share(self) -> float | None:
        """Traces of invocations, 0 to 1; None where unknown, or where the metric lags behind the traces."""
        if not self.invocations or self.traces > self.invocations:
            return None
        return self.traces / self.invocations


@dataclass(frozen=True, slots=True)
class TraceList:
    """The newest traces that match, newest first.

    `found` counts those that X-Ray named for the window, `examined` those whose documents were read for it. `sampling`
    is None where filters keep X-Ray from naming all of them.
    """

    items: tuple[ListedTrace, ...]
    found: int
    examined: int
    sampling: Sampling | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownTrace:
    """One trace, laid out. `invocation` is there when its log was asked for, or read for its init record."""

    trace: Trace
    waterfall: Waterfall
    figures: tuple[Figures, ...]
    invocation: Invocation | Missing | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownInvocation:
    """An invocation and its trace, or why there is none."""

    invocation: Invocation
    trace: ShownTrace | Missing
