"""A trace laid out in time: rows in order, gaps named, the critical path marked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from monitor.records.xray.layout import HORIZON_S, to_ms, union_s
from monitor.records.xray.trace import Span, SpanException, Trace
from monitor.traces.analyze_view import View, build_views
from monitor.traces.model import Mark, Problem, Row, Waterfall

MAX_PROBLEMS = 100  # what a person could read; a trace can hold one a subsegment

# Clocks differ by milliseconds between services: so much may a step overlap the one before it.
_SKEW_S = 0.001


def build_waterfall(trace: Trace) -> Waterfall:
    """Every span of `trace` as a row on one axis.

    The axis starts at the earliest span and ends with the latest. Inits that were over before the
    request, and spans whose clocks are a week off, are rows without a place on it. X-Ray's inferred
    segments are folded into the call that they mirror; imports and phases are shown inside Init.
    """
    roots = build_views(trace)
    views = [view for root in roots for view in root.walk()]
    _unplace_strangers(views)
    placed = [view for view in views if view.placed]
    zero_s = min((view.start_s for view in placed), default=0.0)
    last_s = max((view.end_s or view.start_s for view in placed), default=zero_s)
    _mark_critical(roots, last_s)
    return Waterfall(
        trace_id=trace.id,
        start_ms=to_ms(zero_s) if placed else None,
        total_ms=to_ms(last_s - zero_s),
        reported_ms=None if trace.duration_s is None else to_ms(trace.duration_s),
        rows=tuple(row for root in roots for row in _rows(root, zero_s)),
        problems=problems(trace),
        absent=trace.absent,
    )


def _unplace_strangers(views: Sequence[View]) -> None:
    if not views:
        return
    middle_s = median(view.start_s for view in views)
    for view in views:
        if abs(view.start_s - middle_s) > HORIZON_S:
            view.placed, view.end_s = False, None
            view.add(Mark.CLOCK)
        elif view.end_s is not None and view.end_s - middle_s > HORIZON_S:
            view.end_s = None
            view.add(Mark.CLOCK)


def _rows(root: View, zero_s: float) -> Iterator[Row]:
    pending = [(root, 0)]
    while pending:
        view, depth = pending.pop()
        yield Row(
            span_id=view.span_id,
            name=view.name,
            kind=view.kind,
            depth=depth,
            offset_ms=to_ms(view.start_s - zero_s) if view.placed else None,
            duration_ms=None if view.end_s is None else to_ms(max(0.0, view.end_s - view.start_s)),
            self_ms=_self_ms(view),
            critical=view.critical,
            marks=tuple(view.marks),
            detail=view.detail,
            status=view.status,
        )
        pending += [(child, depth + 1) for child in reversed(view.children)]


def _self_ms(view: View) -> float | None:
    if view.end_s is None or not view.placed:
        return None
    if view.own_ms is not None:
        return to_ms(min(view.own_ms / 1000, max(0.0, view.end_s - view.start_s)))
    # Grandchildren too: the old layout's Initialization sticks out of its function segment.
    below = [*view.children, *(grandchild for child in view.children for grandchild in child.children)]
    inside = [(v.start_s, v.end_s) for v in below if v.placed and v.end_s is not None]
    length_s = max(0.0, view.end_s - view.start_s)
    return to_ms(max(0.0, length_s - union_s(inside, view.start_s, view.end_s)))


def _mark_critical(roots: Sequence[View], last_s: float) -> None:
    """Mark the chain of spans that decides when the trace ends.

    From the end backwards: of all steps over by then, the one that ended last, and again from its
    start. A span reaches as far as the latest thing it set off, so that what it started
    asynchronously is on the path when the trace waited for it.
    """
    reach, dawn = _extents(roots, last_s)
    pending: list[tuple[Sequence[View], float]] = [(roots, last_s)]
    while pending:
        steps, cursor_s = pending.pop()
        candidates = [view for view in steps if view.placed]
        for view in sorted(candidates, key=lambda v: (reach[id(v)], v.start_s), reverse=True):
            if reach[id(view)] > cursor_s + _SKEW_S:
                continue
            view.critical = True
            pending.append((view.children, min(cursor_s, reach[id(view)])))
            cursor_s = dawn[id(view)]


def _extents(roots: Sequence[View], last_s: float) -> tuple[dict[int, float], dict[int, float]]:
    """How far each view reaches with all below it, and when the first of it began."""
    ordered = [(root, True) for root in roots]
    for view, above_runs in ordered:
        runs = above_runs and view.end_s is None
        ordered += [(child, runs) for child in view.children]
    reach: dict[int, float] = {}
    dawn: dict[int, float] = {}
    for view, above_runs in reversed(ordered):
        below = [child for child in view.children if child.placed]
        # A step in progress lasts as long as what contains it; else its end is merely lost.
        own = view.end_s if view.end_s is not None else (last_s if above_runs else view.start_s)
        reach[id(view)] = max([own, *(reach[id(child)] for child in below)])
        dawn[id(view)] = min([view.start_s, *(dawn[id(child)] for child in below)])
    return reach, dawn


@dataclass(slots=True)
class _Found:
    exception: SpanException
    spans: list[str]


def problems(trace: Trace) -> tuple[Problem, ...]:
    """One `Problem` an exception, in order of time, the first hundred.

    The SDKs record an exception on every span it passes; they are one when type and message agree.
    A cause that is only a message is its own problem unless an exception says the same; one that
    names an exception of another segment joins it, and is said to be missing when there is none.
    """
    found: dict[tuple[str, str], _Found] = {}
    by_id: dict[str, _Found] = {}
    spans = list(trace.spans())
    for span in spans:
        for exception in span.exceptions:
            if exception.type or exception.message:
                known = _note(found, exception, span)
                by_id.setdefault(exception.id, known)
    for span in spans:
        if span.cause_id and (named := by_id.get(span.cause_id)) is not None:
            if span.name not in named.spans:
                named.spans.append(span.name)
        elif span.cause_id:
            message = f"caused by exception {span.cause_id}, which no segment of this trace holds"
            _note(found, SpanException(message=message, id=span.cause_id), span)
        elif span.cause_message and not span.exceptions:
            told = any(span.cause_message in one.exception.message for one in found.values())
            if not told:
                _note(found, SpanException(message=span.cause_message), span)
    return tuple(Problem(one.exception, tuple(one.spans)) for one in found.values())


def _note(found: dict[tuple[str, str], _Found], exception: SpanException, span: Span) -> _Found:
    key = (exception.type, exception.message)
    if len(found) >= MAX_PROBLEMS and key not in found:
        return _Found(exception, [])
    known = found.setdefault(key, _Found(exception, []))
    if span.name in known.spans:
        known.spans.remove(span.name)
    known.spans.insert(0, span.name)  # parents come first: the innermost ends up in front
    if len(exception.stack) > len(known.exception.stack):
        known.exception = replace(exception, remote=known.exception.remote or exception.remote)
    return known
