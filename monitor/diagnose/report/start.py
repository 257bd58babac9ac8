"""Cold starts, one or the mean of many, as flame graphs and waterfalls: the place of each block in percent."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from monitor.coldstarts.render_profile import covered
from monitor.console.text import clean, format_ms
from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.report.colors import Colors, top_of
from monitor.diagnose.report.figures import known_ms, median_start, round_step
from monitor.records.imports import NOT_ITEMISED, ImportNode, ImportProfile
from monitor.records.init_record import ImportedModule, InitPhase, InitRecord
from monitor.records.invocation import ColdStart
from monitor.records.xray.trace import SpanKind, Trace

_MOST_BLOCKS, _MOST_ROWS, _MOST_CALLS = 600, 60, 20
_LEAST_SHARE = 0.0008
_ROUNDING_MS = 0.05
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Span:
    """Something that took time: `own_ms` is without `children`; `css` names its color."""

    name: str
    css: str
    start_ms: float
    total_ms: float
    own_ms: float | None = None
    note: str = ""
    children: tuple["Span", ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A span drawn: `left` and `width` in per cent of the picture, `text` says all of it in a sentence."""

    name: str
    text: str
    css: str
    depth: int
    left: float
    width: float
    duration: str


@dataclass(frozen=True, slots=True)
class StartChart:
    """A start that the reader can choose: its flame graph and its waterfall."""

    label: str
    flame: list[Block]
    flame_ruler: list[tuple[float, str]]
    flame_depth: int
    rows: list[Block]
    rows_ruler: list[tuple[float, str]]


def start_charts(evidence: FunctionEvidence, colors: Colors) -> Iterator[StartChart]:
    """The median start and the slowest one, of those with an init record; and the mean of all imports."""
    recorded = [one for one in evidence.judged_starts if one.init_record is not None]
    traces = {trace.id: trace for trace in evidence.traces}
    middle = median_start(recorded)
    slowest = max(recorded, key=lambda one: one.first_total_ms or 0.0, default=None)
    chosen: list[tuple[str, ColdStart]] = []
    if middle is not None:
        chosen.append((f"median start, {format_ms(middle.first_total_ms)}", middle))
    if slowest is not None and slowest is not middle:
        chosen.append((f"slowest start, {format_ms(slowest.first_total_ms)}", slowest))
    for label, start in chosen:
        span = start_span(start, colors, traces.get(start.trace_id or ""))
        if span is not None:
            yield _view(f"{label} · request {start.request_id[:120]}", span)
    if isinstance(evidence.imports, ImportProfile):
        mean = profile_span(evidence.imports, colors)
        if mean is not None:
            count = f"{evidence.imports.cold_starts:,}"
            part = covered(evidence.imports.tree_coverage, evidence.imports.total_ms)
            label = f"mean imports of {count} starts, longest first"
            yield _view(f"{label}; {part}" if part else label, mean, ordered=False)


def _view(label: str, span: Span, *, ordered: bool = True) -> StartChart:
    """The flame graph is of init alone; the waterfall holds the first invocation, too."""
    init = span.children[0] if span.css == "whole" else span
    blocks = flame(init)
    return StartChart(
        label=label,
        flame=blocks,
        flame_ruler=ruler(init.total_ms),
        flame_depth=max((one.depth for one in blocks), default=0) + 1,
        rows=waterfall(span)[1 if span.css == "whole" else 0 :] if ordered else [],
        rows_ruler=ruler(span.total_ms),
    )


def start_span(start: ColdStart, colors: Colors, trace: Trace | None = None) -> Span | None:
    """A cold start as a tree: init with its phases and imports, the time outside the process, and the first invocation.

    None without an init record. Times count from the start of init in REPORT.
    """
    record = start.init_record
    if record is None:
        return None
    observed_ms = known_ms(record.observed_init_ms)
    init_ms = max(known_ms(start.init_ms), observed_ms)
    outside_ms = init_ms - observed_ms
    parts = [Span("outside the process", "outside", 0.0, outside_ms, note="REPORT less the init record")]
    parts = (parts if outside_ms >= 1 else []) + _phases(record, outside_ms, colors)
    init = Span("init", "init", 0.0, init_ms, note="REPORT" if start.init_ms else "init record", children=tuple(parts))
    if start.duration_ms is None:
        return init
    duration_ms = known_ms(start.duration_ms)
    calls = tuple(_calls(trace, init_ms, init_ms + duration_ms)) if trace else ()
    first = Span("first invocation", "invocation", init_ms, duration_ms, note="REPORT", children=calls)
    return Span("first call", "whole", 0.0, init_ms + duration_ms, children=(init, first))


def profile_span(profile: ImportProfile, colors: Colors) -> Span | None:
    """The mean of all imports, the longest first: a mean has no order in time."""
    if not profile.tree:
        return None
    children = tuple(_means(profile.tree, 0.0, colors))
    reached_ms = sum(known_ms(one.total_ms) for one in children)
    children += _rest(profile.not_itemised_ms, reached_ms)
    total_ms = sum(known_ms(one.total_ms) for one in children)
    return Span("imports", "init", 0.0, total_ms, note=f"mean of {profile.cold_starts} cold starts", children=children)


def flame(root: Span) -> list[Block]:
    """Every block that can be seen, parents first; at most 600, the longest."""
    drawn = [one for one in _blocks(root, root.total_ms) if one.width >= _LEAST_SHARE * 100]
    return _longest(drawn, _MOST_BLOCKS)


def waterfall(root: Span) -> list[Block]:
    """A row for each span that took at least a hundredth of the whole, in order of time; at most 60, the longest."""
    rows = [one for one in _blocks(root, root.total_ms) if one.width >= 1 or one.css == "call"]
    return _longest(rows, _MOST_ROWS)


def ruler(total_ms: float) -> list[tuple[float, str]]:
    """Four to eight round times on the axis, in per cent."""
    if total_ms <= 0:
        return []
    step = round_step(total_ms / 5)
    return [(at * step / total_ms * 100, format_ms(at * step)) for at in range(int(total_ms / step) + 1)]


def _phases(record: InitRecord, offset_ms: float, colors: Colors) -> list[Span]:
    """The phases, each with the imports that began in it; imports outside of all of them stand beside them."""
    imports = list(record.imports.tree) if record.imports else []
    spans = []
    for phase in record.phases:
        inside = [one for one in imports if _within(one, phase)]
        imports = [one for one in imports if not _within(one, phase)]
        children = tuple(_modules(inside, record.roots, offset_ms, colors))
        own_ms = max(0.0, phase.duration_ms - sum(one.total_ms for one in children))
        start_ms = offset_ms + phase.start_ms
        spans.append(Span(phase.name, "phase", start_ms, phase.duration_ms, own_ms, "phase of init", children))
    return sorted([*spans, *_modules(imports, record.roots, offset_ms, colors)], key=lambda one: one.start_ms)


def _within(module: ImportedModule, phase: InitPhase) -> bool:
    return phase.start_ms <= module.start_ms < phase.start_ms + phase.duration_ms


def _modules(
    modules: Iterable[ImportedModule], roots: Sequence[str], offset_ms: float, colors: Colors
) -> Iterator[Span]:
    for one in sorted(modules, key=lambda each: each.start_ms):
        children = tuple(_modules(one.children, roots, offset_ms, colors))
        left_ms = one.cumulative_ms - one.self_ms - sum(child.cumulative_ms for child in one.children)
        if left_ms >= _ROUNDING_MS:
            children += _rest(left_ms, offset_ms + one.start_ms + one.cumulative_ms - left_ms)
        root = roots[one.root] if 0 <= one.root < len(roots) else ""
        css = f"c{colors.of(top_of(one.module))}"
        yield Span(one.module, css, offset_ms + one.start_ms, one.cumulative_ms, one.self_ms, root, children)


def _means(nodes: Sequence[ImportNode], start_ms: float, colors: Colors) -> Iterator[Span]:
    for one in nodes:
        children = tuple(_means(one.children, start_ms, colors))
        children += _rest(one.not_itemised_ms, start_ms + sum(child.total_ms for child in children))
        css = f"c{colors.of(top_of(one.module))}"
        yield Span(one.module, css, start_ms, one.cumulative_ms, one.self_ms, one.root, children)
        start_ms += known_ms(one.cumulative_ms)


def _rest(left_ms: float, start_ms: float) -> tuple[Span, ...]:
    """The time that is counted and not listed, after what is listed."""
    return (Span(NOT_ITEMISED, "c0", start_ms, left_ms, left_ms),) if left_ms else ()


def _calls(trace: Trace, from_ms: float, until_ms: float) -> Iterator[Span]:
    """What the first invocation called, as X-Ray saw it, counted from the beginning of init."""
    zero_s = next((span.start_s for span in trace.spans() if span.kind is SpanKind.INIT), None)
    if zero_s is None:
        return
    calls = [span for span in trace.spans() if span.kind is SpanKind.DOWNSTREAM and span.duration_ms is not None]
    for span in calls[:_MOST_CALLS]:
        at_ms = (span.start_s - zero_s) * 1000
        if from_ms <= at_ms < until_ms:
            operation = span.aws.operation if span.aws else ""
            name = f"{span.name} {operation}".strip()
            yield Span(name, "call", at_ms, span.duration_ms or 0.0, note="X-Ray")


def _blocks(root: Span, whole_ms: float) -> Iterator[Block]:
    """Parents first. Clocks and rounding must not let a child stick out of its parent, or lie on its neighbor."""
    if whole_ms <= 0:
        return
    waiting = [(root, 0, 0.0, whole_ms)]
    while waiting:
        span, depth, low_ms, high_ms = waiting.pop()
        start_ms = min(max(known_ms(span.start_ms), low_ms), high_ms)
        end_ms = min(start_ms + max(0.0, known_ms(span.total_ms)), high_ms)
        share = (end_ms - start_ms) / whole_ms
        own = f", itself {format_ms(span.own_ms)}" if span.own_ms is not None else ""
        note = f" · {clean(span.note)[:_LONGEST_NAME]}" if span.note else ""
        name = clean(span.name)[:_LONGEST_NAME]
        yield Block(
            name=name,
            text=f"{name}: {format_ms(span.total_ms)}{own}, {share:.1%}{note}",
            css=span.css,
            depth=depth,
            left=start_ms / whole_ms * 100,
            width=share * 100,
            duration=format_ms(span.total_ms),
        )
        # Calls run side by side; imports follow each other.
        reached, below = start_ms, []
        for child in span.children:
            below.append((child, depth + 1, start_ms if child.css == "call" else reached, end_ms))
            reached = max(reached, min(end_ms, max(reached, known_ms(child.start_ms)) + known_ms(child.total_ms)))
        waiting += reversed(below)


def _longest(blocks: list[Block], most: int) -> list[Block]:
    """Parents are as wide as their children, and come first: none is kept without them."""
    kept = sorted(sorted(range(len(blocks)), key=lambda at: (-blocks[at].width, at))[:most])
    return [blocks[at] for at in kept]
