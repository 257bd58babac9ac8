"""A diagnosis as one HTML file without external references.

Every text is escaped; it is readable without its script.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Template

from monitor.console.page import TIMES_SCRIPT, asset, page_template, page_time, source_hash, style_sheet
from monitor.console.text import clean_lines, format_ms
from monitor.diagnose.model import Diagnosis
from monitor.diagnose.model_finding import Change, ChangeKind
from monitor.diagnose.report.charts import charts_of
from monitor.diagnose.report.code_spans import code_spans
from monitor.diagnose.report.figures import known_ms
from monitor.diagnose.report.finding_view import KINDS, FindingView
from monitor.diagnose.report.view import view_of

_TEMPLATES = Path(__file__).parent / "templates"
_MOST_SLICES, _MOST_FINDINGS, _MOST_EVIDENCE, _MOST_MINOR, _MOST_TRIALS = 40, 60, 60, 100, 20
_LONGEST_TEXT, _LONGEST_CHANGE = 2_000, 40_000


@cache
def _template() -> Template:
    return page_template(
        _TEMPLATES / "diagnose.html.j2",
        {"code_spans": code_spans, "duration": format_ms, "time": page_time},
        longest=_LONGEST_TEXT,
    )


def render_html(diagnosis: Diagnosis, *, utc: bool = True) -> str:
    """The page of a diagnosis; unless `utc`, its window is shown in the reader's zone. All other times are UTC.

    Charts are drawn here, as SVG: they show and print without the page's script, which only adds zooming, choices and
    arrow keys. The content security policy lets nothing be fetched, and no script or style run but the page's own,
    told by their hashes: whatever a name, a log line or a patch holds stays text even if an escape were missing.
    """
    evidence, headline = diagnosis.evidence, diagnosis.headline
    style, script = style_sheet(_TEMPLATES / "diagnose.css"), asset(_TEMPLATES / "diagnose.js") + TIMES_SCRIPT
    view = view_of(diagnosis, utc=True)
    slices = view.slices[:_MOST_SLICES]
    charts = charts_of(evidence, [one for one, _ in slices])
    return _template().render(
        policy=(
            f"default-src 'none'; img-src data:; style-src {source_hash(style)}; script-src {source_hash(script)}; "
            "base-uri 'none'; form-action 'none'"
        ),
        style=style,
        script=script,
        name=view.name or "a function",
        where=view.region,
        window=view.window_ms,
        fixed=utc,
        first_ms=headline.first_total_p50_ms,
        sentence=view.headline,
        starts=view.starts,
        latest=view.latest,
        slices=[
            (one.label, one.ms, share * 100, one.measured, css)
            for (one, share), css in zip(slices, charts.slices, strict=True)
        ],
        verdict=view.verdict,
        overlap=view.overlap,
        findings=list(_ranked(view.findings)),
        minor=[(one.finding.title, _minor(one), _finding(one)) for one in view.minor[:_MOST_MINOR]],
        trials=[f"{one.change} ({one.subject}): {one.result}" for one in view.other_trials[:_MOST_TRIALS]],
        refuted=[(one.finding.title, one.finding.refuted, _finding(one)) for one in view.refuted[:_MOST_MINOR]],
        start_views=charts.starts,
        maps=charts.maps,
        legend=charts.legend,
        times=charts.times,
        sources=evidence.sources[:60],
        steps=diagnosis.next_steps[:60],
    )


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
            "what": one.what,
            "likely": one.likely,
            "range": one.range,
            "share": one.share,
        }


def _finding(one: FindingView) -> dict[str, object]:
    finding = one.finding
    return {
        "title": finding.title,
        "rule": finding.rule,
        "saving": one.saving,
        "basis": finding.saving.basis if finding.saving is not None else "",
        "affected": one.affected,
        "confidence": finding.confidence.value,
        "risk": finding.risk.value,
        "risk_text": finding.risk_text,
        "money": one.money,
        "evidence": [(fact.text, fact.where) for fact in finding.evidence[:_MOST_EVIDENCE]],
        "more_evidence": max(0, len(finding.evidence) - _MOST_EVIDENCE),
        "changes": [_change(change) for change in finding.changes[:20]],
        "trials": [f"{trial.change}: {trial.result}" for trial in one.trials[:_MOST_TRIALS]],
    }


def _change(change: Change) -> dict[str, object]:
    lines = clean_lines(change.text[:_LONGEST_CHANGE])
    marks = {"+": "plus", "-": "minus", "@": "at"} if change.kind is ChangeKind.PATCH else {}
    return {
        "title": change.title,
        "kind": KINDS[change.kind],
        "lines": [(line, marks.get(line[:1], "")) for line in lines] if change.text else [],
        "cut": len(change.text) > _LONGEST_CHANGE,
    }


def _minor(one: FindingView) -> str:
    return " · ".join(filter(None, (one.figures, one.money)))
