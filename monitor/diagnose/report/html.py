"""A diagnosis as one HTML file without external references.

Every text is escaped; it is readable without its script.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Template

from monitor.coldstarts.render_profile import covered
from monitor.console.page import TIMES_SCRIPT, asset, page_template, page_time, source_hash, style_sheet
from monitor.console.text import clean, clean_lines, format_ms
from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.model import Diagnosis
from monitor.diagnose.model_finding import Change, ChangeKind
from monitor.diagnose.report import words
from monitor.diagnose.report.colors import COLORS, Colors, by_package, top_of
from monitor.diagnose.report.start import Block, Span, flame, profile_span, ruler, start_span, waterfall
from monitor.diagnose.report.times import times_of
from monitor.diagnose.report.treemap import Tile, by_size, by_time
from monitor.diagnose.report.view import FindingView, view_of
from monitor.diagnose.report.words import known_ms
from monitor.packages.model import PackageReport, PartKind
from monitor.records.imports import ImportProfile
from monitor.records.invocation import ColdStart

_TEMPLATES = Path(__file__).parent / "templates"
_MOST_SLICES, _MOST_FINDINGS, _MOST_EVIDENCE, _MOST_MINOR, _MOST_TRIALS = 40, 60, 60, 100, 20
_LONGEST_TEXT, _LONGEST_CHANGE = 2_000, 40_000


@dataclass(frozen=True, slots=True)
class _Start:
    """A choice of the start's picture."""

    label: str
    flame: list[Block]
    flame_ruler: list[tuple[float, str]]
    flame_depth: int
    rows: list[Block]
    rows_ruler: list[tuple[float, str]]


@cache
def _template() -> Template:
    return page_template(_TEMPLATES / "diagnose.html.j2", {"pieces": words.pieces})


def render_html(diagnosis: Diagnosis, *, utc: bool = True) -> str:
    """The page of a diagnosis; unless `utc`, its window is shown in the reader's zone. All other times are UTC.

    Charts are drawn here, as SVG: they show and print without the page's script, which only adds zooming, choices and
    arrow keys. The content security policy lets nothing be fetched, and no script or style run but the page's own,
    told by their hashes: whatever a name, a log line or a patch holds stays text even if an escape were missing.
    """
    evidence, headline = diagnosis.evidence, diagnosis.headline
    style, script = style_sheet(_TEMPLATES / "diagnose.css"), asset(_TEMPLATES / "diagnose.js") + TIMES_SCRIPT
    colors = _colors(evidence)
    view = view_of(diagnosis, utc=True)
    known = headline.first_total_p50_ms is not None
    return _template().render(
        policy=(
            f"default-src 'none'; img-src data:; style-src {source_hash(style)}; script-src {source_hash(script)}; "
            "base-uri 'none'; form-action 'none'"
        ),
        style=style,
        script=script,
        name=_text(view.name) or "a function",
        where=_text(view.region),
        window=[page_time(one) for one in words.window_ms(evidence)],
        fixed=utc,
        number=format_ms(headline.first_total_p50_ms) if known else "",
        sentence=_text(view.headline),
        starts=_text(view.starts),
        latest=_text(view.latest),
        slices=[
            (_text(one.label), format_ms(one.ms), share * 100, _text(one.measured), _slice_css(one.label, colors))
            for one, share in view.slices[:_MOST_SLICES]
        ],
        verdict=view.verdict,
        overlap=view.overlap,
        findings=list(_ranked(view.findings)),
        minor=[(_text(one.finding.title), _text(_minor(one)), _finding(one)) for one in view.minor[:_MOST_MINOR]],
        trials=[_text(f"{one.change} ({one.subject}): {one.result}") for one in view.other_trials[:_MOST_TRIALS]],
        refuted=[
            (_text(one.finding.title), _text(one.finding.refuted), _finding(one)) for one in view.refuted[:_MOST_MINOR]
        ],
        start_views=list(_starts(evidence, colors)),
        maps=list(_maps(evidence, colors)),
        legend=_legend(evidence, colors),
        times=times_of(evidence, utc=True),
        sources=[
            (_text(one.name), _text(one.state), format_ms(one.took_ms), _text(one.detail), _text(one.lost),
             _text(one.hint), one.state == "read")
            for one in evidence.sources[:60]
        ],
        steps=[(_text(one.lacking), _text(one.command)) for one in diagnosis.next_steps[:60]],
    )  # fmt: skip


def _text(text: str) -> str:
    text = clean(text[: _LONGEST_TEXT + 1])
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "…"


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
    return [(f"c{number}", _text(name)[:60]) for number, name in numbered[:COLORS]]


def _ranked(findings: Sequence[FindingView]) -> Iterator[dict[str, object]]:
    """Each with the bar of its range, all on one scale from nothing (or a loss) to the greatest saving."""
    shown = findings[:_MOST_FINDINGS]
    savings = [one.finding.saving for one in shown if one.finding.saving is not None]
    low = min([0.0, *(known_ms(one.low_ms) for one in savings)])
    high = max([1.0, *(known_ms(one.high_ms) for one in savings)])

    def place(value_ms: float) -> float:
        return (min(max(known_ms(value_ms), low), high) - low) / (high - low) * 100

    for one in shown:
        saving = one.finding.saving
        bar = None
        if saving is not None:
            left, right = sorted((place(saving.low_ms), place(saving.high_ms)))
            bar = {"zero": place(0.0), "left": left, "width": max(0.8, right - left), "at": place(saving.likely_ms)}
        yield _finding(one) | {
            "bar": bar,
            "what": _text(one.what),
            "likely": one.likely,
            "range": one.range,
            "share": one.share,
        }


def _finding(one: FindingView) -> dict[str, object]:
    finding = one.finding
    return {
        "title": _text(finding.title),
        "rule": _text(finding.rule),
        "saving": _text(one.saving),
        "basis": _text(finding.saving.basis) if finding.saving is not None else "",
        "affected": one.affected,
        "confidence": finding.confidence.value,
        "risk": finding.risk.value,
        "risk_text": _text(finding.risk_text),
        "money": one.money,
        "evidence": [(_text(fact.text), _text(fact.where)) for fact in finding.evidence[:_MOST_EVIDENCE]],
        "more_evidence": max(0, len(finding.evidence) - _MOST_EVIDENCE),
        "changes": [_change(change) for change in finding.changes[:20]],
        "trials": [_text(f"{trial.change}: {trial.result}") for trial in one.trials[:_MOST_TRIALS]],
    }


def _change(change: Change) -> dict[str, object]:
    lines = clean_lines(change.text[:_LONGEST_CHANGE])
    marks = {"+": "plus", "-": "minus", "@": "at"} if change.kind is ChangeKind.PATCH else {}
    return {
        "title": _text(change.title),
        "kind": words.KINDS[change.kind],
        "lines": [(line, marks.get(line[:1], "")) for line in lines] if change.text else [],
        "cut": len(change.text) > _LONGEST_CHANGE,
    }


def _minor(one: FindingView) -> str:
    return " · ".join(filter(None, (one.figures, one.money)))


def _starts(evidence: FunctionEvidence, colors: Colors) -> Iterator[_Start]:
    """The median start and the slowest one, of those with an init record; and the mean of all imports."""
    recorded = [one for one in evidence.judged_starts if one.init_record is not None]
    traces = {trace.id: trace for trace in evidence.traces}
    middle = words.median_start(recorded)
    slowest = max(recorded, key=lambda one: one.first_total_ms or 0.0, default=None)
    chosen: list[tuple[str, ColdStart]] = []
    if middle is not None:
        chosen.append((f"median start, {format_ms(middle.first_total_ms)}", middle))
    if slowest is not None and slowest is not middle:
        chosen.append((f"slowest start, {format_ms(slowest.first_total_ms)}", slowest))
    for label, start in chosen:
        span = start_span(start, colors, traces.get(start.trace_id or ""))
        if span is not None:
            yield _view(f"{label} · request {_text(start.request_id)[:120]}", span)
    if isinstance(evidence.imports, ImportProfile):
        mean = profile_span(evidence.imports, colors)
        if mean is not None:
            count = f"{evidence.imports.cold_starts:,}"
            part = covered(evidence.imports.tree_coverage, evidence.imports.total_ms)
            label = f"mean imports of {count} starts, longest first"
            yield _view(f"{label}; {part}" if part else label, mean, ordered=False)


def _view(label: str, span: Span, *, ordered: bool = True) -> _Start:
    """The flame graph is of init alone; the waterfall holds the first invocation, too."""
    init = span.children[0] if span.css == "whole" else span
    blocks = flame(init)
    return _Start(
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
        note = f"Import time of each package's own modules in a mean cold start, from {_text(profile.source)}."
        if part := covered(profile.row_coverage, profile.total_ms):
            note += f" {part.capitalize()}."
        yield "time", note, tiles
    if isinstance(evidence.package, PackageReport):
        late = [one.package for one in evidence.late_imports]
        if tiles := by_size(evidence.package, profile, late, colors):
            note = "The unzipped size of each distribution."
            note += " Hatched: not imported in any measured start." if any(one.idle for one in tiles) else ""
            yield "size", note, tiles
