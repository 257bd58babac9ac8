"""The charts of the HTML report: the parts of a start, flame graphs, waterfalls, treemaps and figures over time."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.coldstarts.render_profile import covered
from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.model import Slice
from monitor.diagnose.report.colors import COLORS, Colors, by_package, top_of
from monitor.diagnose.report.start import Block, Span, flame, profile_span, ruler, start_span, waterfall
from monitor.diagnose.report.times import Times, times_of
from monitor.diagnose.report.treemap import Tile, by_size, by_time
from monitor.diagnose.report.words import median_start
from monitor.packages.model import PackageReport, PartKind
from monitor.records.imports import ImportProfile
from monitor.records.invocation import ColdStart


@dataclass(frozen=True, slots=True)
class StartChart:
    """A choice of the start's picture."""

    label: str
    flame: list[Block]
    flame_ruler: list[tuple[float, str]]
    flame_depth: int
    rows: list[Block]
    rows_ruler: list[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Charts:
    """A package has the same color, a CSS class, in every chart.

    `slices` are the classes of the parts of the median start. `maps` are treemaps: of what, a note, and the tiles.
    """

    slices: list[str]
    starts: list[StartChart]
    maps: list[tuple[str, str, list[Tile]]]
    legend: list[tuple[str, str]]
    times: Times | None


def charts_of(evidence: FunctionEvidence, slices: Sequence[Slice]) -> Charts:
    """Every chart that the evidence allows."""
    colors = _colors(evidence)
    return Charts(
        slices=[_slice_css(one.label, colors) for one in slices],
        starts=list(_starts(evidence, colors)),
        maps=list(_maps(evidence, colors)),
        legend=_legend(evidence, colors),
        times=times_of(evidence, utc=True),
    )


def _colors(evidence: FunctionEvidence) -> Colors:
    names: list[str] = []
    if isinstance(evidence.imports, ImportProfile):
        names += list(by_package(evidence.imports.tree)) or [row.package for row in evidence.imports.rows]
    tops: dict[str, tuple[str, ...]] = {}
    if isinstance(evidence.package, PackageReport):
        parts = sorted(evidence.package.parts, key=lambda one: -one.unzipped_bytes)
        names += [one.name for one in parts]
        tops = {one.name: one.tops[:20] for one in parts if one.kind is PartKind.DISTRIBUTION}
        tops["application"] = tuple(top for one in parts if one.kind is PartKind.APPLICATION for top in one.tops[:20])
    return Colors(names, tops)


def _slice_css(label: str, colors: Colors) -> str:
    """A part that names a package has its color, here too."""
    if "invocation" in label or "handler" in label:
        return "invocation"
    found = [colors.of(top_of(word)) for word in re.findall(r"[\w.-]+", label[:200])]
    number = next(filter(None, found), None)
    return "phase" if number is None and "import" not in label else f"c{number or 0}"


def _legend(evidence: FunctionEvidence, colors: Colors) -> list[tuple[str, str]]:
    """The packages that have a color of their own, in its order."""
    names = list(by_package(evidence.imports.tree)) if isinstance(evidence.imports, ImportProfile) else []
    numbered = sorted((colors.of(name), name) for name in names if colors.of(name))
    return [(f"c{number}", name[:60]) for number, name in numbered[:COLORS]]


def _starts(evidence: FunctionEvidence, colors: Colors) -> Iterator[StartChart]:
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


def _maps(evidence: FunctionEvidence, colors: Colors) -> Iterator[tuple[str, str, list[Tile]]]:
    profile = evidence.imports if isinstance(evidence.imports, ImportProfile) else None
    if profile is not None and (tiles := by_time(profile, colors)):
        note = f"Import time of each package's own modules in a mean cold start, from {profile.source}."
        if part := covered(profile.row_coverage, profile.total_ms):
            note += f" {part.capitalize()}."
        yield "time", note, tiles
    if isinstance(evidence.package, PackageReport):
        late = [one.package for one in evidence.late_imports]
        if tiles := by_size(evidence.package, profile, late, colors):
            note = "The unzipped size of each distribution."
            note += " Hatched: not imported in any measured start." if any(one.idle for one in tiles) else ""
            yield "size", note, tiles
