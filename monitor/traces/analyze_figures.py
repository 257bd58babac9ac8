"""What each Lambda invocation of a trace spent its time on."""

from collections.abc import Iterable, Sequence

from monitor.records.invocation import InitKind
from monitor.records.xray.layout import (
    HORIZON_S,
    REPORTED,
    STARTUP,
    Parts,
    annotation,
    invocations,
    to_ms,
    union_s,
)
from monitor.records.xray.trace import Span, SpanKind, Trace
from monitor.traces.model import Figures, Mark


def trace_figures(trace: Trace) -> tuple[Figures, ...]:
    """One `Figures` for each Lambda invocation in the trace, in order of time."""
    return tuple(map(_figures, invocations(trace)))


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


def _figures(parts: Parts) -> Figures:
    main = parts.function or parts.service
    assert main is not None
    inits = [span for span in parts.children(SpanKind.INIT) if not parts.is_early(span)]
    restores = [span for span in parts.children(SpanKind.RESTORE) if not parts.is_early(span)]
    early = [span for span in parts.children(*STARTUP) if parts.is_early(span)]
    start_s, end_s = _bounds(parts, [*inits, *restores])
    calls = [span.aws for span in (parts.service, parts.function) if span is not None and span.aws]
    total_ms = None if end_s is None else _span_ms(start_s, end_s)
    return Figures(
        function=main.name,
        request_id=next((call.request_id for call in calls if call.request_id), ""),
        start_ms=None if end_s is not None and total_ms is None else to_ms(start_s),
        total_ms=total_ms,
        queue_ms=_queue_ms(parts),
        environment_ms=_environment_ms(parts, [*inits, *restores]),
        init_ms=_sum_ms(inits),
        early_init_ms=_sum_ms(early),
        restore_ms=_sum_ms(restores),
        handler_ms=_handler_ms(parts),
        downstream_ms=_downstream_ms(parts),
        overhead_ms=_overhead_ms(parts),
        cold=bool(inits or restores),
        marks=_marks(parts),
        qualifiers=_qualifiers(parts),
        kind=InitKind.SNAP_START if restores else InitKind.ON_DEMAND if inits else None,
    )


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


def _sum_ms(spans: Iterable[Span]) -> float | None:
    """Together how long; None when there are none, when one has no end, or when the sum is absurd."""
    durations = [None if span.end_s is None else _span_ms(span.start_s, span.end_s) for span in spans]
    known = [duration for duration in durations if duration is not None]
    total_ms = round(sum(known), 3)
    return total_ms if durations and len(known) == len(durations) and total_ms <= HORIZON_S * 1000 else None


def _bounds(parts: Parts, startups: Sequence[Span]) -> tuple[float, float | None]:
    starts = [span.start_s for span in (parts.service, *startups) if span is not None]
    handler_s = parts.handler_start_s()
    if not starts and handler_s is not None:
        starts.append(handler_s)
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


def _environment_ms(parts: Parts, startups: Sequence[Span]) -> float | None:
    if parts.begin_s is None or parts.function is None:
        return None
    begun = min((span.start_s for span in startups), default=parts.handler_start_s())
    return None if begun is None else _span_ms(parts.begin_s, begun)


def _handler_ms(parts: Parts) -> float | None:
    if parts.function is None:
        return None
    old = list(parts.children(SpanKind.INVOCATION))
    if old:
        return _sum_ms(old)
    start_s = parts.handler_start_s()
    overhead = next(parts.children(SpanKind.OVERHEAD), None)
    end_s = overhead.start_s if overhead is not None else parts.function.end_s
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
    start_s = parts.handler_start_s()
    if not calls or start_s is None:
        return None
    return _span_ms(0.0, union_s(calls, start_s, parts.function.end_s))


def _overhead_ms(parts: Parts) -> float | None:
    spans = list(parts.children(SpanKind.OVERHEAD))
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
