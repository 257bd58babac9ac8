"""The imports of an init record put into a trace's Init, where X-Ray was sent none."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from monitor.records.init_record import ImportedModule, InitRecord
from monitor.records.xray.trace import Span, SpanKind
from monitor.traces.analyze_invocations import REPORTED, MeasuredTrace, Parts, invocations

# Enough for a reader: a record contains the slowest imports.
_MOST_SPANS = 2_000
_DEEPEST = 40
SOURCE = "init record"


def lacks_imports(parts: Sequence[Parts]) -> bool:
    """Whether one of the invocations waited for an init for which X-Ray has no phases and no imports."""
    return any(map(_lacks_imports, parts))


def _lacks_imports(parts: Parts) -> bool:
    """Whether the invocation waited for an init for which X-Ray has no phases and no imports."""
    if parts.function is None or not parts.startups:
        return False
    init = parts.startups[0]
    reported = (span for above in (parts.function, init) for span in above.children if span.kind in REPORTED)
    return next(reported, None) is None


def with_imports(measured: MeasuredTrace, record: InitRecord, request_id: str = "") -> MeasuredTrace:
    """The trace with the record's phases and imports as spans below the init that they belong to.

    The invocation is the one of `request_id`, else the first that lacks imports. A record without a time of its own
    is laid so that its init ends with the trace's. The trace is given back as it is when nothing lacks imports.
    """
    for parts in measured.parts:
        if request_id and request_id not in _request_ids(parts):
            continue
        if not _lacks_imports(parts):
            continue
        init = parts.startups[0]
        spans = tuple(_spans(record, init))
        if not spans:
            return measured
        known = {id(init): replace(init, children=(*init.children, *spans))}
        trace = replace(measured.trace, roots=tuple(_rebuilt(root, known) for root in measured.trace.roots))
        return replace(measured, trace=trace, parts=invocations(trace))
    return measured


def _request_ids(parts: Parts) -> set[str]:
    spans = (parts.service, parts.function)
    found = {span.aws.request_id for span in spans if span is not None and span.aws is not None and span.aws.request_id}
    return found or {""}


def _rebuilt(span: Span, known: dict[int, Span]) -> Span:
    if id(span) in known:
        return known[id(span)]
    children = tuple(_rebuilt(child, known) for child in span.children)
    same = all(one is other for one, other in zip(children, span.children, strict=True))
    return span if same else replace(span, children=children)


def _spans(record: InitRecord, init: Span) -> Iterator[Span]:
    if record.started_at_ms is not None:
        origin_ms = record.started_at_ms
    elif init.end_s is not None:
        origin_ms = init.end_s * 1000 - record.observed_init_ms
    else:
        origin_ms = init.start_s * 1000
    tree = record.imports.tree if record.imports else ()
    numbers = iter(range(1, _MOST_SPANS))
    left = list(tree)
    for phase in sorted(record.phases, key=lambda one: one.start_ms):
        end_ms = phase.start_ms + phase.duration_ms
        inside = [module for module in left if phase.start_ms <= module.start_ms < end_ms]
        left = [module for module in left if module not in inside]
        yield _span(
            f"init: {phase.name}",
            SpanKind.PHASE,
            (origin_ms + phase.start_ms, phase.duration_ms),
            next(numbers, 0),
            tuple(_imports(inside, origin_ms, numbers, 0)),
        )
    yield from _imports(left, origin_ms, numbers, 0)


def _imports(modules: Iterable[ImportedModule], origin_ms: float, numbers: Iterator[int], depth: int) -> Iterator[Span]:
    for module in modules:
        number = next(numbers, 0)
        if not number:
            return
        below = tuple(_imports(module.children, origin_ms, numbers, depth + 1)) if depth < _DEEPEST else ()
        times = (origin_ms + module.start_ms, module.cumulative_ms)
        yield _span(module.module, SpanKind.IMPORT, times, number, below, {"self_ms": module.self_ms})


def _span(
    name: str,
    kind: SpanKind,
    times_ms: tuple[float, float],
    number: int,
    children: tuple[Span, ...],
    more: Mapping[str, float] | None = None,
) -> Span:
    start_ms, duration_ms = times_ms
    return Span(
        id=f"init-record-{number}",
        name=name,
        start_s=start_ms / 1000,
        end_s=(start_ms + max(0.0, duration_ms)) / 1000,
        kind=kind,
        metadata={"monitor": {"kind": kind.value, "source": SOURCE, **(more or {})}},
        children=children,
    )
