"""A trace laid out in time: rows in order, mirrored ones folded, imports inside Init, gaps named, the critical path."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from monitor.kernel.missing import Missing
from monitor.records.invocation import Invocation
from monitor.records.xray.trace import Span, SpanException, SpanKind, Trace
from monitor.traces.analyze_invocations import (
    HORIZON_S,
    REPORTED,
    STARTUP,
    MeasuredTrace,
    Parts,
    invocations,
    to_ms,
    union_s,
)
from monitor.traces.model import Mark, Problem, Row, ShownTrace, Waterfall

MAX_PROBLEMS = 100  # what a person could read; a trace can hold one a subsegment

# Clocks differ by milliseconds between services: so much may a step overlap the one before it, and nothing shorter is a
# row of its own.
_SKEW_S = 0.001


def lay_out(measured: MeasuredTrace, invocation: Invocation | Missing | None = None) -> ShownTrace:
    """A measured trace as it is shown; `invocation` where its log is shown too, or why it cannot be."""
    waterfall = build_waterfall(measured.trace, measured.parts)
    return ShownTrace(measured.trace, waterfall, measured.figures, invocation, measured.notes)


def build_waterfall(trace: Trace, parts: Sequence[Parts] | None = None) -> Waterfall:
    """Every span of `trace` as a row on one axis; `parts` are its invocations, where they are known.

    The axis starts at the earliest span and ends with the latest. Inits that were over before the
    request, and spans whose clocks are a week off, are rows without a place on it. X-Ray's inferred
    segments are folded into the call that they mirror; imports and phases are shown inside Init.
    """
    roots = build_views(trace, parts)
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


@dataclass(slots=True)
class View:
    """A row in the making. `placed`: it has a place on the axis."""

    span_id: str
    name: str
    kind: SpanKind
    start_s: float
    end_s: float | None
    detail: str = ""
    status: int | None = None
    marks: list[Mark] = field(default_factory=list)
    children: list["View"] = field(default_factory=list)
    placed: bool = True
    critical: bool = False
    own_ms: float | None = None
    """What the span itself says is in no child: children may have been left out."""

    def add(self, mark: Mark) -> None:
        """Mark it, once."""
        if mark not in self.marks:
            self.marks.append(mark)

    def walk(self) -> Iterator["View"]:
        """This view and all below it, parents first."""
        pending = [self]
        while pending:
            view = pending.pop()
            yield view
            pending.extend(reversed(view.children))


def build_views(trace: Trace, parts: Sequence[Parts] | None = None) -> list[View]:
    """The top views of a trace, all below them in order of time; `parts` as for `build_waterfall`."""
    by_span: dict[int, View] = {}
    roots = [_view_tree(root, by_span) for root in trace.roots]
    for one in invocations(trace) if parts is None else parts:
        _gather_imports(one, by_span)
        _set_early_apart(one, by_span)
        _name_gaps(one, by_span)
    for root in roots:
        for view in root.walk():
            view.children.sort(key=lambda child: child.start_s)
    return roots


def _view_tree(root: Span, by_span: dict[int, View]) -> View:
    top = _view(root)
    pending = [(root, top)]
    while pending:
        span, view = pending.pop()
        by_span[id(span)] = view
        for child in span.children:
            if child.kind is SpanKind.INFERRED and span.kind is SpanKind.DOWNSTREAM:
                for mark in _marks(child):
                    view.add(mark)
                pending.append((child, view))
            else:
                below = _view(child)
                view.children.append(below)
                pending.append((child, below))
    return top


def _view(span: Span) -> View:
    return View(
        span_id=span.id,
        name=span.name or "(no name)",
        kind=span.kind,
        start_s=span.start_s,
        end_s=None if span.end_s is None else max(span.start_s, span.end_s),
        detail=_detail(span),
        status=span.http.status if span.http else None,
        marks=_marks(span),
        own_ms=_own_ms(span),
    )


def _own_ms(span: Span) -> float | None:
    """What the entry point says an import took itself: the imports that it caused are not all among the children."""
    said = span.metadata.get("monitor") if span.kind is SpanKind.IMPORT else None
    value = said.get("self_ms") if isinstance(said, dict) else None
    known = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")
    return float(value) if known and value is not None else None


def _marks(span: Span) -> list[Mark]:
    flags = [
        (Mark.FAULT, span.fault),
        (Mark.ERROR, span.error),
        (Mark.THROTTLE, span.throttle),
        (Mark.IN_PROGRESS, span.in_progress),
    ]
    return [mark for mark, holds in flags if holds]


def _detail(span: Span) -> str:
    if span.sql is not None:
        return span.sql.query or span.sql.database_type or span.sql.url
    if span.aws is not None and span.aws.operation:
        resources = ", ".join(name.rpartition("/")[2] for name in span.aws.resource_names[:2])
        retried = f"{span.aws.retries} retries" if (span.aws.retries or 0) > 1 else "1 retry"
        retries = f" ({retried})" if span.aws.retries else ""
        return f"{span.aws.operation} {resources}".rstrip() + retries
    if span.http is not None and span.http.url:
        return f"{span.http.method} {span.http.url}".lstrip()
    return ""


def _gather_imports(parts: Parts, by_span: dict[int, View]) -> None:
    """What the entry point reported of its init hangs under the function segment: show it in Init."""
    if parts.function is None:
        return
    init = next((span for span in parts.function.children if span.kind is SpanKind.INIT), None)
    if init is None:
        return
    function, inside = by_span[id(parts.function)], by_span[id(init)]
    moved = [view for view in function.children if view.kind in REPORTED]
    function.children = [view for view in function.children if view.kind not in REPORTED]
    inside.children += moved


def _set_early_apart(parts: Parts, by_span: dict[int, View]) -> None:
    for span in parts.early:
        for view in by_span[id(span)].walk():
            view.placed = False
            view.add(Mark.EARLY)
    if parts.early and parts.handler_start_s is not None:
        # In the new layout the function segment starts with Init, be it minutes before.
        by_span[id(parts.function)].start_s = parts.handler_start_s


def _name_gaps(parts: Parts, by_span: dict[int, View]) -> None:
    if parts.function is None:
        return
    function = by_span[id(parts.function)]
    holder = parts.attempt or parts.service
    if holder is not None:
        begun = min([function.start_s, *(span.start_s for span in parts.startups)])
        if begun - holder.start_s >= _SKEW_S:
            gap = _derived("environment", SpanKind.SERVICE, holder.start_s, begun)
            by_span[id(holder)].children.append(gap)
    _name_handler(parts, function)


def _name_handler(parts: Parts, function: View) -> None:
    """Put the handler's spans inside a span of the handler.

    X-Ray does so in the old layout once it has indexed a trace; a daemon's raw documents hang them
    under the function segment. The new layout has no such span: it lies between Init and Overhead.
    """
    apart = {*STARTUP, *REPORTED, SpanKind.INVOCATION, SpanKind.OVERHEAD}
    handler = next((view for view in function.children if view.kind is SpanKind.INVOCATION), None)
    if handler is None:
        handler = _derived_handler(parts, function)
    if handler is not None:
        handler.children += [view for view in function.children if view.kind not in apart]
        function.children = [view for view in function.children if view.kind in apart]


def _derived_handler(parts: Parts, function: View) -> View | None:
    inside = any(span.start_s >= function.start_s for span in parts.startups)
    has_handler = any(view.kind is SpanKind.HANDLER for view in function.children)
    if has_handler or (parts.overhead is None and not inside):
        return None
    start_s = parts.handler_start_s
    end_s = function.end_s if parts.overhead is None else parts.overhead.start_s
    if start_s is None or end_s is None or end_s - start_s < _SKEW_S:
        return None
    handler = _derived("handler", SpanKind.INVOCATION, start_s, end_s)
    function.children.append(handler)
    return handler


def _derived(name: str, kind: SpanKind, start_s: float, end_s: float) -> View:
    return View("", name, kind, start_s, end_s, marks=[Mark.DERIVED])


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
