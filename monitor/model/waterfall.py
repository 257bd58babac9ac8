"""A trace laid out in time, and what an invocation in it spent its time on. All times are in ms."""

from dataclasses import dataclass, field
from enum import StrEnum

from monitor.records.invocation import InitKind
from monitor.records.xray.trace import Absence, SpanException, SpanKind


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
                    tells an init that failed or ran inside the invocation: handler_ms then holds it, and init_ms
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
