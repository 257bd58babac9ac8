"""A trace's spans as they are shown: mirrored ones folded, imports inside Init, gaps named."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from monitor.records.xray.layout import REPORTED, STARTUP, Parts, invocations
from monitor.records.xray.trace import Span, SpanKind, Trace
from monitor.traces.model import Mark

# Clocks differ by about as much: nothing shorter is a row of its own.
_GAP_S = 0.001


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


def build_views(trace: Trace) -> list[View]:
    """The top views of a trace, all below them in order of time."""
    by_span: dict[int, View] = {}
    roots = [_view_tree(root, by_span) for root in trace.roots]
    for parts in invocations(trace):
        _gather_imports(parts, by_span)
        _set_early_apart(parts, by_span)
        _name_gaps(parts, by_span)
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
    init = next(parts.children(SpanKind.INIT), None)
    if init is None or parts.function is None:
        return
    function, inside = by_span[id(parts.function)], by_span[id(init)]
    moved = [view for view in function.children if view.kind in REPORTED]
    function.children = [view for view in function.children if view.kind not in REPORTED]
    inside.children += moved


def _set_early_apart(parts: Parts, by_span: dict[int, View]) -> None:
    early = [span for span in parts.children(*STARTUP) if parts.is_early(span)]
    for span in early:
        for view in by_span[id(span)].walk():
            view.placed = False
            view.add(Mark.EARLY)
    begun = parts.handler_start_s()
    if early and begun is not None and parts.function is not None:
        # In the new layout the function segment starts with Init, be it minutes before.
        by_span[id(parts.function)].start_s = begun


def _name_gaps(parts: Parts, by_span: dict[int, View]) -> None:
    if parts.function is None:
        return
    function = by_span[id(parts.function)]
    startups = [span for span in parts.children(*STARTUP) if not parts.is_early(span)]
    holder = parts.attempt or parts.service
    if holder is not None:
        begun = min([function.start_s, *(span.start_s for span in startups)])
        if begun - holder.start_s >= _GAP_S:
            gap = _derived("environment", SpanKind.SERVICE, holder.start_s, begun)
            by_span[id(holder)].children.append(gap)
    _name_handler(parts, function, startups)


def _name_handler(parts: Parts, function: View, startups: Sequence[Span]) -> None:
    """Put the handler's spans inside a span of the handler.

    X-Ray does so in the old layout once it has indexed a trace; a daemon's raw documents hang them
    under the function segment. The new layout has no such span: it lies between Init and Overhead.
    """
    apart = {*STARTUP, *REPORTED, SpanKind.INVOCATION, SpanKind.OVERHEAD}
    handler = next((view for view in function.children if view.kind is SpanKind.INVOCATION), None)
    if handler is None:
        handler = _derived_handler(parts, function, startups)
    if handler is not None:
        handler.children += [view for view in function.children if view.kind not in apart]
        function.children = [view for view in function.children if view.kind in apart]


def _derived_handler(parts: Parts, function: View, startups: Sequence[Span]) -> View | None:
    overhead = next(parts.children(SpanKind.OVERHEAD), None)
    inside = any(span.start_s >= function.start_s for span in startups)
    if any(parts.children(SpanKind.HANDLER)) or (overhead is None and not inside):
        return None
    start_s = parts.handler_start_s()
    end_s = overhead.start_s if overhead is not None else function.end_s
    if start_s is None or end_s is None or end_s - start_s < _GAP_S:
        return None
    handler = _derived("handler", SpanKind.INVOCATION, start_s, end_s)
    function.children.append(handler)
    return handler


def _derived(name: str, kind: SpanKind, start_s: float, end_s: float) -> View:
    return View("", name, kind, start_s, end_s, marks=[Mark.DERIVED])
