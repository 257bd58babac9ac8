"""A diagnosis as text: the headline, the parts of a start, the findings, and what is not known."""

from collections.abc import Sequence

from rich.cells import cell_len

from monitor.console.text import Style, clean, clip, format_ms, pad
from monitor.diagnose.model import Diagnosis, NextStep, Slice
from monitor.diagnose.model_finding import Change, ChangeKind, Finding
from monitor.diagnose.report.finding_view import KINDS, FindingView
from monitor.diagnose.report.paragraphs import Paragraphs
from monitor.diagnose.report.view import ReportView, view_of

_FIRST = 3
_EVIDENCE, _LINES, _MINOR = 4, 14, 12
_MEASURED_FROM = 76
_FIGURE = 9


def render_text(diagnosis: Diagnosis, style: Style, *, details: bool = False, utc: bool = False) -> str:
    """The page. With `details`, evidence, patches and minor findings are shown in full.

    Lines are at most `style.width` cells wide, except commands and patches, which are not wrapped.
    """
    page = Paragraphs(style)
    view = view_of(diagnosis, utc=utc)
    page.prose(f"{view.name}  {view.region}  {view.window}", look="dim")
    page.blank()
    page.prose(view.headline + ".", look="bold")
    for sentence in filter(None, (view.starts, view.latest)):
        page.prose(sentence + ".")
    _slices(page, view.slices, style)
    _first(page, view)
    for rank, finding in enumerate(view.findings, 1):
        _finding(page, rank, finding, details)
    _minor(page, view.minor, details)
    _trials(page, view)
    _refuted(page, view)
    _unread(page, view, diagnosis.next_steps)
    return str(page)


def _slices(page: Paragraphs, parts: Sequence[tuple[Slice, float]], style: Style) -> None:
    if not parts:
        return
    page.head("Where the time goes (median start)")
    measured = style.width >= _MEASURED_FROM
    labels = min(max(cell_len(clean(one.label)) for one, _ in parts), style.width * 2 // 5)
    notes = min(max(cell_len(clean(one.measured)) for one, _ in parts), style.width // 4) if measured else 0
    room = style.width - 2 - labels - 2 - _FIGURE - 7 - (notes + 2 if notes else 0)
    room = max(4, min(40, room))
    most = max((share for _, share in parts), default=0.0) or 1.0
    for one, share in parts:
        bar = "█" * max(1 if one.ms > 0 else 0, round(room * share / most))
        page.row(
            [
                ("  " + pad(clean(one.label), labels, ellipsis=style.ellipsis) + "  ", ""),
                (bar, "cyan"),
                (" " * (room - len(bar)) + f"{format_ms(one.ms):>{_FIGURE}}{share:>6.0%}", ""),
                (("  " + clip(clean(one.measured), notes, style.ellipsis)) if notes else "", "dim"),
            ]
        )


def _first(page: Paragraphs, view: ReportView) -> None:
    """The first changes with their savings, or the verdict."""
    if view.verdict:
        page.blank()
        page.prose(view.verdict, look="bold")
        return
    page.head("What to do first")
    for rank, one in enumerate(view.findings[:_FIRST], 1):
        page.prose(one.what, 2, mark=f"{rank}  ", look="bold")
        share = f", {one.share}" if one.share else ""
        spread = f"{one.between}{one.unless}" if one.finding.share >= 1 else one.unless
        parts = [f"saves {one.likely}{share}{spread}" if one.likely else "", one.money]
        page.prose(" · ".join(filter(None, parts)) or "the saving is not known", 5, look="green")
    if view.overlap:
        page.prose(view.overlap, 2, look="dim")


def _finding(page: Paragraphs, rank: int, one: FindingView, details: bool) -> None:
    finding = one.finding
    page.blank()
    page.prose(finding.title, mark=f"{rank}. ", look="bold")
    page.prose(one.saving + ".", 3, look="green")
    if finding.saving is not None and finding.saving.basis:
        page.prose(f"estimate: {finding.saving.basis}", 3, look="dim")
    page.prose(" · ".join([*one.facts, finding.rule]), 3, look="dim")
    if finding.risk_text:
        page.prose(f"risk: {finding.risk_text}", 3)
    _evidence(page, finding, details)
    for change in finding.changes:
        _change(page, change, details)
    for trial in one.trials:
        where = "" if trial.failed else "tried on this machine, "
        page.prose(f"{where}{trial.change}: {trial.result}", 3, mark="● ")


def _evidence(page: Paragraphs, finding: Finding, details: bool) -> None:
    every = finding.evidence
    shown = every if details or len(every) <= _EVIDENCE + 1 else every[:_EVIDENCE]
    for at, one in enumerate(shown):
        page.prose(one.text, 3, mark="● ")
        # Where several have one source, it is named after the last of them.
        if one.where and (at + 1 == len(shown) or shown[at + 1].where != one.where):
            page.code(one.where, 5)
    if len(every) > len(shown):
        page.prose(f"and {len(every) - len(shown)} more (--details)", 5, look="dim")


def _change(page: Paragraphs, change: Change, details: bool) -> None:
    page.prose(f"{change.title} ({KINDS[change.kind]})", 3, mark="→ ")
    if not change.text:
        return
    is_command = change.kind is ChangeKind.COMMAND
    most = None if details or is_command else _LINES
    left = page.code(change.text, 5, most=most, diff=change.kind is ChangeKind.PATCH)
    if left:
        page.prose(f"{left} more lines (--details)", 5, look="dim")


def _minor(page: Paragraphs, minor: Sequence[FindingView], details: bool) -> None:
    if not minor:
        return
    page.head("Minor findings")
    shown = minor if details else minor[:_MINOR]
    for one in shown:
        share = f"{one.share} of a start" if one.share not in ("", "0%") else ""
        facts = " · ".join(filter(None, (one.figures, share, one.money, one.finding.rule)))
        page.prose(f"{one.finding.title} · {facts}", 2, mark="● ")
    if len(minor) > len(shown):
        page.prose(f"and {len(minor) - len(shown)} more (--details)", 4, look="dim")


def _trials(page: Paragraphs, view: ReportView) -> None:
    if view.other_trials:
        page.head("Other trials on this machine")
    for trial in view.other_trials:
        page.prose(f"{trial.change} ({trial.subject}): {trial.result}", 2, mark="● ")


def _refuted(page: Paragraphs, view: ReportView) -> None:
    """The findings that trials refuted: their changes are not advised."""
    if view.refuted:
        page.head("Tried on this machine and refuted")
    for one in view.refuted:
        page.prose(f"{one.finding.title} · {one.finding.refuted} · {one.finding.rule}", 2, mark="● ")
        for trial in one.trials:
            page.prose(f"{trial.change}: {trial.result}", 4, look="dim")


def _unread(page: Paragraphs, view: ReportView, steps: Sequence[NextStep]) -> None:
    """The sources that were not read, how to get them, and the sources that were read."""
    if view.unread or steps:
        page.head("What is not known, and how to find out")
    for one in view.unread:
        lost = f"; {one.lost}" if one.lost else ""
        detail = f" ({one.detail})" if one.detail else ""
        page.prose(f"{one.name}: {one.state}{detail}{lost}", 2, mark="● ")
        if one.hint:
            page.code(one.hint, 4)
    for step in steps:
        page.prose(step.lacking, 2, mark="● ")
        if step.command:
            page.code(step.command, 4)
    if view.read:
        page.blank()
        page.prose(f"read: {', '.join(f'{one.name} {format_ms(one.took_ms)}' for one in view.read)}", look="dim")
