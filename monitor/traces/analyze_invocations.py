"""Lambda's part of a trace: which spans make one invocation, in both of Lambda's layouts, and where its time went.

Old layout: `Initialization` lies before the function segment, the handler in `Invocation`.
New layout: `Init` lies inside the function segment, the handler's spans directly under it; with
provisioned concurrency or a proactive init, minutes can lie between Init and the invocation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.records.invocation import InitKind
from monitor.records.xray.trace import Span, SpanKind, Trace
from monitor.traces.model import Figures, Mark

# Clocks of Lambda's services differ by milliseconds; an init over before that is not this request's.
CLOCK_SKEW_S = 0.1
# Without Lambda's own segment: an on-demand init is followed by its invocation within milliseconds.
EARLY_GAP_S = 1.0

STARTUP = frozenset({SpanKind.INIT, SpanKind.RESTORE})
# Annotations of a function's span: OpenTelemetry's semantic conventions, and Powertools.
_COLD_START = ("faas.coldstart", "ColdStart")
# What spans may lie apart and still be drawn on one axis: hostile or broken clocks must not stretch it.
HORIZON_S = 7 * 86_400.0
REPORTED = frozenset({SpanKind.IMPORT, SpanKind.PHASE})


@dataclass(frozen=True, slots=True)
class Parts:
    """The spans of one invocation: Lambda's segment, its attempt if asynchronous, the function's, and what they tell.

    `begin_s` is when Lambda took the request up: its segment's start, the attempt's if it waited in a queue.
    `startups` are the inits and restores that the request waited for, `early` those that were over before it came.
    `handler_start_s` is when the handler began: after the function segment's start and the startups.
    """

    service: Span | None
    attempt: Span | None
    function: Span | None
    begin_s: float | None
    startups: tuple[Span, ...]
    early: tuple[Span, ...]
    overhead: Span | None
    handler_start_s: float | None


def _parts(service: Span | None, attempt: Span | None, function: Span | None) -> Parts:
    first = attempt or service
    begin_s = None if first is None else first.start_s
    if function is None:
        return Parts(service, attempt, None, begin_s, (), (), None, None)
    overhead = next((span for span in function.children if span.kind is SpanKind.OVERHEAD), None)
    invoked_s = _invoked_s(function, overhead)
    request_s = invoked_s if begin_s is None else begin_s
    startups: list[Span] = []
    early: list[Span] = []
    for span in function.children:
        if span.kind in STARTUP:
            (early if _is_early(span, function, request_s) else startups).append(span)
    starts = [function.start_s, *(span.end_s for span in startups if span.end_s is not None)]
    if early:
        starts += [start_s for start_s in (begin_s, invoked_s) if start_s is not None]
    return Parts(service, attempt, function, begin_s, tuple(startups), tuple(early), overhead, max(starts))


def _invoked_s(function: Span, overhead: Span | None) -> float | None:
    """The handler's start as Lambda's annotations tell it: its response less its latency."""
    latency_ms = annotation(function, "responseLatency")
    return None if latency_ms is None or overhead is None else overhead.start_s - latency_ms / 1000


def _is_early(init: Span, function: Span, request_s: float | None) -> bool:
    """Whether an init (or restore) was over before the request came."""
    if init.end_s is None:
        return False
    if request_s is not None:
        return init.end_s < request_s - CLOCK_SKEW_S
    return function.start_s - init.end_s > EARLY_GAP_S


def annotation(span: Span | None, name: str) -> float | None:
    """One of the numbers that Lambda annotates a function segment with (`aws:name` or `aws.name`)."""
    if span is None:
        return None
    for key in (f"aws:{name}", f"aws.{name}"):
        value = span.annotations.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return float(value)
    return None


def invocations(trace: Trace) -> tuple[Parts, ...]:
    """Every invocation of a Lambda function in the trace, in order of time."""
    found: list[Parts] = []
    lonely: list[tuple[Span, Span | None]] = []
    for service in (span for span in trace.spans() if span.kind is SpanKind.SERVICE):
        attempts = [child for child in service.children if child.kind is SpanKind.ATTEMPT]
        made = [_parts(service, attempt, f) for attempt in attempts for f in _functions(attempt.children)]
        made += [_parts(service, None, function) for function in _functions(service.children)]
        found += made
        if not made:
            lonely.append((service, attempts[-1] if attempts else None))
    taken = {id(parts.function) for parts in found}
    free = [s for s in trace.spans() if s.kind is SpanKind.FUNCTION and id(s) not in taken]
    for service, attempt in lonely:
        # Documents without ids do not say who belongs to whom: the name and the time do.
        function = next((function for function in free if _fits(service, function)), None)
        if function is not None:
            free.remove(function)
        found.append(_parts(service, attempt, function))
    found += [_parts(None, None, function) for function in free]
    return tuple(sorted(found, key=_start_s))


def union_s(intervals: Iterable[tuple[float, float]], low: float, high: float) -> float:
    """The time within [low, high] that at least one interval covers, in seconds."""
    total, reached = 0.0, low
    for start, end in sorted(intervals):
        start, end = max(start, reached), min(end, high)
        if end > start:
            total += end - start
            reached = end
    return total


def to_ms(time_s: float) -> float:
    """Seconds as ms, to the microsecond: a double holds an epoch time no finer."""
    return round(time_s * 1000, 3)


def _functions(spans: Iterable[Span]) -> list[Span]:
    return [span for span in spans if span.kind is SpanKind.FUNCTION]


def _fits(service: Span, function: Span) -> bool:
    if service.name != function.name:
        return False
    begun = service.end_s is None or function.start_s <= service.end_s
    return begun and (function.end_s is None or service.start_s <= function.end_s)


def _start_s(parts: Parts) -> float:
    return min(span.start_s for span in (parts.service, parts.function) if span is not None)


@dataclass(frozen=True, slots=True)
class MeasuredTrace:
    """A trace, its Lambda invocations in order of time, and what each spent its time on.

    `notes` say how it was read. Imports that are put into its Init later change none of the figures.
    """

    trace: Trace
    parts: tuple[Parts, ...]
    figures: tuple[Figures, ...]
    notes: tuple[str, ...] = ()


def measure(trace: Trace, notes: tuple[str, ...] = ()) -> MeasuredTrace:
    """A trace's invocations and their figures."""
    parts = invocations(trace)
    return MeasuredTrace(trace, parts, tuple(map(_figures, parts)), notes)


def trace_figures(trace: Trace) -> tuple[Figures, ...]:
    """One `Figures` for each Lambda invocation in the trace, in order of time."""
    return measure(trace).figures


def choose_figures(figures: Sequence[Figures], *, function: str = "", request_id: str = "") -> Figures | None:
    """The invocation that was asked for: by request id, by function (name, name:alias or ARN), else the first."""
    name, _, qualifier = function.rpartition(":function:")[2].partition(":")
    for one in figures:
        if request_id and one.request_id != request_id:
            continue
        if name and one.function != name:
            continue
        if qualifier and one.qualifiers and qualifier not in one.qualifiers:
            continue
        return one
    return None


def has_qualifier(figures: Figures, wanted: Sequence[str]) -> bool:
    """Whether the invocation ran as one of these versions or aliases; ARNs without one stand for $LATEST."""
    found = figures.qualifiers or ("$LATEST",)
    return any(one in wanted for one in found)


def cold_ms(figures: Figures | None) -> float:
    """What of an invocation the function itself decides: init or restore, and the handler."""
    if figures is None:
        return 0.0
    return sum(part or 0.0 for part in (figures.init_ms, figures.restore_ms, figures.handler_ms))


def _figures(parts: Parts) -> Figures:
    main = parts.function or parts.service
    assert main is not None
    inits = [span for span in parts.startups if span.kind is SpanKind.INIT]
    restores = [span for span in parts.startups if span.kind is SpanKind.RESTORE]
    start_s, end_s = _bounds(parts)
    is_cold = bool(parts.startups) or (not parts.early and _said_cold(parts))
    calls = [span.aws for span in (parts.service, parts.function) if span is not None and span.aws]
    total_ms = None if end_s is None else _span_ms(start_s, end_s)
    return Figures(
        function=main.name,
        request_id=next((call.request_id for call in calls if call.request_id), ""),
        start_ms=None if end_s is not None and total_ms is None else to_ms(start_s),
        total_ms=total_ms,
        queue_ms=_queue_ms(parts),
        environment_ms=_environment_ms(parts),
        init_ms=_sum_ms(inits),
        early_init_ms=_sum_ms(parts.early),
        restore_ms=_sum_ms(restores),
        handler_ms=_handler_ms(parts),
        downstream_ms=_downstream_ms(parts),
        overhead_ms=_overhead_ms(parts),
        cold=is_cold,
        marks=_marks(parts),
        qualifiers=_qualifiers(parts),
        kind=InitKind.SNAP_START if restores else InitKind.ON_DEMAND if is_cold else None,
    )


def _said_cold(parts: Parts) -> bool:
    """Whether the function's own span says so, in a trace without Lambda's segments.

    Where Lambda's segments are there, they tell: Powertools annotates starts that nobody waited for as well.
    """
    if parts.service is not None or parts.function is None:
        return False
    own = [parts.function, *(span for span in parts.function.children if span.kind is SpanKind.HANDLER)]
    return any(span.annotations.get(name) is True for span in own for name in _COLD_START)


def _qualifiers(parts: Parts) -> tuple[str, ...]:
    spans = [span for span in (parts.service, parts.function) if span is not None]
    arns = [span.resource_arn for span in spans]
    arns += [span.aws.function_arn for span in spans if span.aws is not None]
    return tuple(dict.fromkeys(found for arn in arns if (found := arn_qualifier(arn))))


def arn_qualifier(arn: str) -> str:
    """The version or alias at the end of a function's ARN; "" where it has none."""
    return arn.rpartition(":function:")[2].partition(":")[2] if ":function:" in arn else ""


def _span_ms(start_s: float, end_s: float) -> float | None:
    """From start to end: 0 where clocks disagree on their order, None where by more than a week."""
    return to_ms(max(0.0, end_s - start_s)) if abs(end_s - start_s) <= HORIZON_S else None


def _sum_ms(spans: Sequence[Span]) -> float | None:
    """Together how long; None when there are none, when one has no end, or when the sum is absurd."""
    durations = [None if span.end_s is None else _span_ms(span.start_s, span.end_s) for span in spans]
    known = [duration for duration in durations if duration is not None]
    total_ms = round(sum(known), 3)
    return total_ms if durations and len(known) == len(durations) and total_ms <= HORIZON_S * 1000 else None


def _bounds(parts: Parts) -> tuple[float, float | None]:
    starts = [span.start_s for span in (parts.service, *parts.startups) if span is not None]
    if not starts and parts.handler_start_s is not None:
        starts.append(parts.handler_start_s)
    spans = [span for span in (parts.service, parts.attempt, parts.function) if span is not None]
    ends = [span.end_s for span in spans if span.end_s is not None]
    running = parts.function is not None and parts.function.end_s is None
    return min(starts), max(ends) if ends and not running else None


def _queue_ms(parts: Parts) -> float | None:
    dwells = [span for span in (parts.service.children if parts.service else ()) if span.kind is SpanKind.DWELL]
    if not dwells:
        return None
    # The end of a wait can get lost: it was over when the attempt began.
    end_s = parts.attempt.start_s if parts.attempt and dwells[-1].end_s is None else dwells[-1].end_s
    return None if end_s is None else _span_ms(dwells[0].start_s, end_s)


def _environment_ms(parts: Parts) -> float | None:
    if parts.begin_s is None or parts.function is None:
        return None
    begun = min((span.start_s for span in parts.startups), default=parts.handler_start_s)
    return None if begun is None else _span_ms(parts.begin_s, begun)


def _handler_ms(parts: Parts) -> float | None:
    if parts.function is None:
        return None
    old = [span for span in parts.function.children if span.kind is SpanKind.INVOCATION]
    if old:
        return _sum_ms(old)
    start_s = parts.handler_start_s
    end_s = parts.overhead.start_s if parts.overhead is not None else parts.function.end_s
    return None if start_s is None or end_s is None else _span_ms(start_s, end_s)


def _downstream_ms(parts: Parts) -> float | None:
    if parts.function is None or parts.function.end_s is None:
        return None
    calls: list[tuple[float, float]] = []
    pending = list(parts.function.children)
    while pending:
        span = pending.pop()
        if span.kind is SpanKind.DOWNSTREAM:
            if span.end_s is not None:
                calls.append((span.start_s, span.end_s))
        elif span.kind not in STARTUP and span.kind not in REPORTED:
            pending.extend(span.children)
    start_s = parts.handler_start_s
    if not calls or start_s is None:
        return None
    return _span_ms(0.0, union_s(calls, start_s, parts.function.end_s))


def _overhead_ms(parts: Parts) -> float | None:
    spans = [span for span in (parts.function.children if parts.function else ()) if span.kind is SpanKind.OVERHEAD]
    if spans:
        return _sum_ms(spans)
    shares = [annotation(parts.function, name) for name in ("runtimeOverhead", "extensionOverhead")]
    known = [share for share in shares if share is not None]
    return _span_ms(0.0, sum(known) / 1000) if known else None


def _marks(parts: Parts) -> tuple[Mark, ...]:
    spans = [span for span in (parts.service, parts.attempt, parts.function) if span is not None]
    flags = {
        Mark.FAULT: any(span.fault for span in spans),
        Mark.ERROR: any(span.error for span in spans),
        Mark.THROTTLE: any(span.throttle for span in spans),
        Mark.IN_PROGRESS: any(span.in_progress for span in spans),
    }
    return tuple(mark for mark, holds in flags.items() if holds)
