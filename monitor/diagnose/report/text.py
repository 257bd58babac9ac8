"""A diagnosis as text: the headline, the parts of a start, the findings, and what is not known."""

from rich.cells import cell_len

from monitor.console.text import Style, clean, clip, format_ms, pad
from monitor.diagnose.model import Diagnosis, Headline
from monitor.diagnose.model_finding import Change, ChangeKind, Finding, Grade
from monitor.diagnose.report.paragraphs import Paragraphs
from monitor.diagnose.report.words import (
    KINDS,
    OVERLAP,
    between_text,
    facts_text,
    first_change,
    headline_text,
    latest_text,
    likely_text,
    money_text,
    other_trials,
    range_text,
    saving_text,
    share_text,
    slice_shares,
    starts_text,
    trial_text,
    trials_of,
    unseen,
    verdict_text,
    window_text,
)

_FIRST = 3
_EVIDENCE, _LINES, _MINOR = 4, 14, 12
_MEASURED_FROM = 76
_FIGURE = 9
_CONFIDENCE = {Grade.HIGH: "green", Grade.MEDIUM: "yellow", Grade.LOW: "yellow"}
_RISK = {Grade.HIGH: "red", Grade.MEDIUM: "yellow", Grade.LOW: "green"}


def render_text(diagnosis: Diagnosis, style: Style, *, details: bool = False, utc: bool = False) -> str:
    """The page. With `details`, evidence, patches and minor findings are shown in full.

    Lines are at most `style.width` cells wide, except commands and patches, which are not wrapped.
    """
    page = Paragraphs(style)
    evidence, headline = diagnosis.evidence, diagnosis.headline
    page.prose(f"{clean(evidence.name)}  {clean(evidence.region)}  {window_text(evidence, utc=utc)}", look="dim")
    page.blank()
    page.prose(headline_text(headline) + ".", look="bold")
    if said := starts_text(headline):
        page.prose(said + ".")
    if since := latest_text(evidence, utc=utc):
        page.prose(since + ".")
    _slices(page, diagnosis, style)
    _first(page, diagnosis)
    for rank, finding in enumerate(diagnosis.findings, 1):
        _finding(page, rank, finding, diagnosis, details)
    _minor(page, diagnosis, details)
    _trials(page, diagnosis)
    _refuted(page, diagnosis)
    _unseen(page, diagnosis)
    return str(page)


def _slices(page: Paragraphs, diagnosis: Diagnosis, style: Style) -> None:
    parts = list(slice_shares(diagnosis.slices, diagnosis.headline))
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


def _first(page: Paragraphs, diagnosis: Diagnosis) -> None:
    """The first changes with their savings, or the verdict."""
    if verdict := verdict_text(diagnosis):
        page.blank()
        page.prose(verdict, look="bold")
        return
    page.head("What to do first")
    for rank, finding in enumerate(diagnosis.findings[:_FIRST], 1):
        saves = likely_text(finding)
        share = share_text(finding, diagnosis.headline)
        page.prose(clean(first_change(finding)), 2, mark=f"{rank}  ", look="bold")
        spread = between_text(finding.saving) if finding.saving is not None and finding.share >= 1 else ""
        parts = [f"saves {saves}{f', {share}' if share else ''}{spread}" if saves else "", money_text(finding)]
        page.prose(" · ".join(filter(None, parts)) or "the saving is not known", 5, look="green")
    if len(diagnosis.findings) > 1:
        page.prose(OVERLAP, 2, look="dim")


def _finding(page: Paragraphs, rank: int, finding: Finding, diagnosis: Diagnosis, details: bool) -> None:
    page.blank()
    page.prose(clean(finding.title), mark=f"{rank}. ", look="bold")
    page.prose(saving_text(finding) + ".", 3, look="green")
    if finding.saving is not None and finding.saving.basis:
        page.prose(f"estimate: {clean(finding.saving.basis)}", 3, look="dim")
    page.prose(" · ".join([*facts_text(finding), clean(finding.rule)]), 3, look="dim")
    if finding.risk_text:
        page.prose(f"risk: {clean(finding.risk_text)}", 3)
    _evidence(page, finding, details)
    for change in finding.changes:
        _change(page, change, details)
    for trial in trials_of(finding, diagnosis.trials):
        where = "" if trial.failed else "tried on this machine, "
        page.prose(f"{where}{clean(trial.change)}: {clean(trial_text(trial))}", 3, mark="● ")


def _evidence(page: Paragraphs, finding: Finding, details: bool) -> None:
    every = finding.evidence
    shown = every if details or len(every) <= _EVIDENCE + 1 else every[:_EVIDENCE]
    for at, one in enumerate(shown):
        page.prose(clean(one.text), 3, mark="● ")
        # Where several have one source, it is named after the last of them.
        if one.where and (at + 1 == len(shown) or shown[at + 1].where != one.where):
            page.code(one.where, 5)
    if len(every) > len(shown):
        page.prose(f"and {len(every) - len(shown)} more (--details)", 5, look="dim")


def _change(page: Paragraphs, change: Change, details: bool) -> None:
    page.prose(f"{clean(change.title)} ({KINDS[change.kind]})", 3, mark="→ ")
    if not change.text:
        return
    is_command = change.kind is ChangeKind.COMMAND
    most = None if details or is_command else _LINES
    left = page.code(change.text, 5, most=most, diff=change.kind is ChangeKind.PATCH)
    if left:
        page.prose(f"{left} more lines (--details)", 5, look="dim")


def _minor(page: Paragraphs, diagnosis: Diagnosis, details: bool) -> None:
    if not diagnosis.minor:
        return
    page.head("Minor findings")
    shown = diagnosis.minor if details else diagnosis.minor[:_MINOR]
    for finding in shown:
        page.prose(minor_text(finding, diagnosis.headline), 2, mark="● ")
    if len(diagnosis.minor) > len(shown):
        page.prose(f"and {len(diagnosis.minor) - len(shown)} more (--details)", 4, look="dim")


def minor_text(finding: Finding, headline: Headline) -> str:
    """A finding in one line."""
    saving = "" if finding.saving is None else f"{likely_text(finding) or 'not known'} ({range_text(finding.saving)})"
    share = f"{share} of a start" if (share := share_text(finding, headline)) not in ("", "0%") else ""
    facts = " · ".join(filter(None, (saving, share, money_text(finding), clean(finding.rule))))
    return f"{clean(finding.title)} · {facts}"


def _trials(page: Paragraphs, diagnosis: Diagnosis) -> None:
    if others := other_trials(diagnosis):
        page.head("Other trials on this machine")
        for trial in others:
            page.prose(f"{clean(trial.change)} ({clean(trial.subject)}): {clean(trial_text(trial))}", 2, mark="● ")


def _refuted(page: Paragraphs, diagnosis: Diagnosis) -> None:
    """The findings that trials refuted: their changes are not advised."""
    if not diagnosis.refuted:
        return
    page.head("Tried on this machine and refuted")
    for finding in diagnosis.refuted:
        page.prose(f"{clean(finding.title)} · {clean(finding.refuted)} · {clean(finding.rule)}", 2, mark="● ")
        for trial in trials_of(finding, diagnosis.trials):
            page.prose(f"{clean(trial.change)}: {clean(trial_text(trial))}", 4, look="dim")


def _unseen(page: Paragraphs, diagnosis: Diagnosis) -> None:
    """The sources that were not read, how to get them, and the sources that were read."""
    states = unseen(diagnosis.evidence)
    if states or diagnosis.next_steps:
        page.head("What is not known, and how to find out")
    for one in states:
        lost = f"; {clean(one.lost)}" if one.lost else ""
        detail = f" ({clean(one.detail)})" if one.detail else ""
        page.prose(f"{clean(one.name)}: {clean(one.state)}{detail}{lost}", 2, mark="● ")
        if one.hint:
            page.code(one.hint, 4)
    for step in diagnosis.next_steps:
        page.prose(clean(step.lacking), 2, mark="● ")
        if step.command:
            page.code(step.command, 4)
    read = [f"{clean(one.name)} {format_ms(one.took_ms)}" for one in diagnosis.evidence.sources if one.state == "read"]
    if read:
        page.blank()
        page.prose(f"read: {', '.join(read)}", look="dim")
