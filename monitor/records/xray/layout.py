"""Lambda's part of a trace: which spans make one invocation, in both of Lambda's layouts.

Old layout: `Initialization` lies before the function segment, the handler in `Invocation`.
New layout: `Init` lies inside the function segment, the handler's spans directly under it; with
provisioned concurrency or a proactive init, minutes can lie between Init and the invocation.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from monitor.records.xray.trace import Span, SpanKind, Trace

# Clocks of Lambda's services differ by milliseconds; an init over before that is not this request's.
CLOCK_SKEW_S = 0.1
# Without Lambda's own segment: an on-demand init is followed by its invocation within milliseconds.
EARLY_GAP_S = 1.0

STARTUP = frozenset({SpanKind.INIT, SpanKind.RESTORE})
# What spans may lie apart and still be drawn on one axis: hostile or broken clocks must not stretch it.
HORIZON_S = 7 * 86_400.0
REPORTED = frozenset({SpanKind.IMPORT, SpanKind.PHASE})


@dataclass(frozen=True, slots=True)
class Parts:
    """The spans of one invocation: Lambda's segment, its attempt if asynchronous, the function's."""

    service: Span | None
    attempt: Span | None
    function: Span | None

    @property
    def begin_s(self) -> float | None:
        """When Lambda took the request up: its segment's start, the attempt's if it waited in a queue."""
        first = self.attempt or self.service
        return None if first is None else first.start_s

    def children(self, *kinds: SpanKind) -> Iterator[Span]:
        """The function segment's own children of these kinds."""
        return (span for span in (self.function.children if self.function else ()) if span.kind in kinds)

    def is_early(self, init: Span) -> bool:
        """Whether an init (or restore) was over before the request came."""
        if init.end_s is None or self.function is None:
            return False
        request_s = self.begin_s
        if request_s is None:
            request_s = self.invoked_s()
        if request_s is not None:
            return init.end_s < request_s - CLOCK_SKEW_S
        return self.function.start_s - init.end_s > EARLY_GAP_S

    def invoked_s(self) -> float | None:
        """The handler's start as Lambda's annotations tell it: its response less its latency."""
        latency_ms = annotation(self.function, "responseLatency")
        overhead = next(self.children(SpanKind.OVERHEAD), None)
        return None if latency_ms is None or overhead is None else overhead.start_s - latency_ms / 1000

    def handler_start_s(self) -> float | None:
        """When the handler began: after the function segment's start and the init it waited for."""
        if self.function is None:
            return None
        startups = list(self.children(*STARTUP))
        awaited = [span.end_s for span in startups if span.end_s is not None and not self.is_early(span)]
        starts = [self.function.start_s, *awaited]
        if any(map(self.is_early, startups)):
            starts += [start for start in (self.begin_s, self.invoked_s()) if start is not None]
        return max(starts)


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
    lonely: list[Parts] = []
    for service in (span for span in trace.spans() if span.kind is SpanKind.SERVICE):
        attempts = [child for child in service.children if child.kind is SpanKind.ATTEMPT]
        made = [Parts(service, attempt, f) for attempt in attempts for f in _functions(attempt.children)]
        made += [Parts(service, None, function) for function in _functions(service.children)]
        found += made
        if not made:
            lonely.append(Parts(service, attempts[-1] if attempts else None, None))
    taken = {id(parts.function) for parts in found}
    free = [s for s in trace.spans() if s.kind is SpanKind.FUNCTION and id(s) not in taken]
    for parts in lonely:
        # Documents without ids do not say who belongs to whom: the name and the time do.
        function = next((function for function in free if _fits(parts.service, function)), None)
        if function is not None:
            free.remove(function)
        found.append(Parts(parts.service, parts.attempt, function))
    found += [Parts(None, None, function) for function in free]
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


def _fits(service: Span | None, function: Span) -> bool:
    if service is None or service.name != function.name:
        return False
    begun = service.end_s is None or function.start_s <= service.end_s
    return begun and (function.end_s is None or service.start_s <= function.end_s)


def _start_s(parts: Parts) -> float:
    return min(span.start_s for span in (parts.service, parts.function) if span is not None)
