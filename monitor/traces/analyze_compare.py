"""Cold traces against warm ones: each step's time on either side, as a tree."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from monitor.records.xray.trace import SpanKind
from monitor.traces.analyze_invocations import MeasuredTrace, to_ms
from monitor.traces.analyze_waterfall import View, build_views
from monitor.traces.model import Comparison, Figures, StepDifference

Path = tuple[str, ...]
# Names can hold ids; beyond this many different steps new ones are counted with what contains them.
_MOST_STEPS = 5_000
_DEEPEST = 30
_MOST_SHOWN = 30
# What is smaller tells nobody anything.
_LEAST_MS, _LEAST_SHARE = 0.5, 0.02
_NAMES = {
    SpanKind.FUNCTION: "function",
    SpanKind.INIT: "Init",
    SpanKind.RESTORE: "Restore",
    SpanKind.INVOCATION: "handler",
}


@dataclass(slots=True)
class _Step:
    kind: SpanKind
    cold: "array[float]" = field(default_factory=lambda: array("d"))
    warm: "array[float]" = field(default_factory=lambda: array("d"))
    best_ms: float = 0.0
    best_id: str = ""


class TraceComparison:
    """Takes traces in one at a time and keeps 8 bytes a step of each."""

    def __init__(self, function: str) -> None:
        self._function = function
        self._steps: dict[Path, _Step] = {}
        self._totals: dict[bool, array[float]] = {True: array("d"), False: array("d")}
        self._ids: list[tuple[float, str]] = []

    @property
    def counts(self) -> tuple[int, int]:
        """How many cold and warm traces were taken in."""
        return len(self._totals[True]), len(self._totals[False])

    def add(self, measured: MeasuredTrace, figures: Figures) -> bool:
        """Take in one invocation of a trace, `figures`; whether it could be used (it has ended)."""
        trace = measured.trace
        root = _invocation_view(measured, figures)
        if root is None or figures.total_ms is None or figures.handler_ms is None:
            return False
        self._totals[figures.cold].append(figures.total_ms)
        if figures.cold:
            self._ids.append((figures.total_ms, trace.id))
        times: dict[Path, tuple[SpanKind, float]] = {}
        for path, kind, duration_ms in _steps(root):
            known = times.get(path, (kind, 0.0))
            times[path] = (kind, known[1] + duration_ms)
        for path, (kind, duration_ms) in times.items():
            if path not in self._steps and len(self._steps) >= _MOST_STEPS:
                continue
            step = self._steps.setdefault(path, _Step(kind))
            (step.cold if figures.cold else step.warm).append(duration_ms)
            if figures.cold and duration_ms > step.best_ms:
                step.best_ms, step.best_id = duration_ms, trace.id
        return True

    def result(self, notes: tuple[str, ...] = ()) -> Comparison:
        """The comparison so far; without steps while one of the sides is empty."""
        cold, warm = self.counts
        if not cold or not warm:
            return Comparison(self._function, cold, warm, notes=notes)
        cold_ms, warm_ms = median(self._totals[True]), median(self._totals[False])
        difference_ms = cold_ms - warm_ms
        best = min(self._ids, key=lambda one: abs(one[0] - cold_ms))
        return Comparison(
            self._function,
            cold,
            warm,
            round(cold_ms, 3),
            round(warm_ms, 3),
            round(difference_ms, 3),
            tuple(self._differences(difference_ms)),
            best[1],
            notes,
        )

    def _differences(self, difference_ms: float) -> Iterator[StepDifference]:
        found = {path: self._difference(path, step, difference_ms) for path, step in self._steps.items()}
        least_ms = max(_LEAST_MS, abs(difference_ms) * _LEAST_SHARE)
        telling = [path for path, one in found.items() if abs(one.difference_ms) >= least_ms]
        telling.sort(key=lambda path: -abs(found[path].difference_ms))
        chosen: set[Path] = set()
        for path in telling[:_MOST_SHOWN]:
            chosen.update(path[:length] for length in range(1, len(path) + 1) if path[:length] in found)
        below: dict[Path, list[Path]] = {}
        for path in chosen:
            above = next((path[:length] for length in range(len(path) - 1, 0, -1) if path[:length] in chosen), ())
            below.setdefault(above, []).append(path)
        pending = sorted(below.get((), []), key=lambda path: found[path].difference_ms)
        while pending:
            path = pending.pop()
            yield found[path]
            pending += sorted(below.get(path, []), key=lambda one: found[one].difference_ms)

    def _difference(self, path: Path, step: _Step, total_ms: float) -> StepDifference:
        cold, warm = self.counts
        cold_ms, warm_ms = _median(step.cold, cold), _median(step.warm, warm)
        share = (cold_ms - warm_ms) / total_ms if total_ms > 0 else None
        return StepDifference(
            name=path[-1],
            kind=step.kind,
            depth=len(path) - 1,
            cold_ms=round(cold_ms, 3),
            warm_ms=round(warm_ms, 3),
            difference_ms=round(cold_ms - warm_ms, 3),
            share=None if share is None else round(share, 4),
            cold_seen=len(step.cold),
            warm_seen=len(step.warm),
            example_id=step.best_id,
            example_ms=round(step.best_ms, 3) if step.best_id else None,
        )


def _median(seen: "array[float]", of: int) -> float:
    """The median over `of` traces, of which those that lack the step spent nothing on it."""
    return median([*seen, *([0.0] * (of - len(seen)))])


def _invocation_view(measured: MeasuredTrace, figures: Figures) -> View | None:
    """The topmost view of the invocation: Lambda's own segment, else the function's."""
    ids = {
        span.id
        for span in measured.trace.spans()
        if span.aws is not None and span.aws.request_id and span.aws.request_id == figures.request_id
    }
    kinds = (SpanKind.SERVICE, SpanKind.FUNCTION)
    views = [view for root in build_views(measured.trace, measured.parts) for view in root.walk() if view.kind in kinds]
    mine = [view for view in views if view.name == figures.function]
    return next((view for view in mine if view.span_id in ids), mine[0] if mine else None)


def _steps(root: View) -> Iterator[tuple[Path, SpanKind, float]]:
    """Every step that has a time and a place, with its path below the invocation."""
    pending: list[tuple[View, Path]] = [(child, ()) for child in root.children]
    if root.kind is SpanKind.FUNCTION:
        pending = [(root, ())]
    while pending:
        view, above = pending.pop()
        path = above if len(above) >= _DEEPEST else (*above, _name(view))
        if view.placed and view.end_s is not None and path != above:
            yield path, view.kind, to_ms(max(0.0, view.end_s - view.start_s))
        pending += [(child, path) for child in view.children]


def _name(view: View) -> str:
    if view.kind is SpanKind.DOWNSTREAM and view.detail:
        # The operation, the method, the verb of a query: what follows names one resource or row.
        return f"{view.name} {view.detail.split(maxsplit=1)[0]}"
    return _NAMES.get(view.kind, view.name)
