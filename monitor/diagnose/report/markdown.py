"""A diagnosis as GitHub Markdown for a pull request. Text from outside is always escaped."""

import html
import re
from collections.abc import Iterator, Sequence

from monitor.console.text import clean, clean_lines, format_ms
from monitor.diagnose.model import Diagnosis, NextStep
from monitor.diagnose.model_finding import Change, ChangeKind, Finding
from monitor.diagnose.report.code_spans import code_spans
from monitor.diagnose.report.finding_view import KINDS, FindingView
from monitor.diagnose.report.view import ReportView, view_of

# A comment on GitHub holds 65,536 characters.
_ROOM, _FINDINGS_ROOM = 65_000, 40_000
_SLICES, _EVIDENCE, _MINOR, _LINES, _CHARACTERS = 40, 12, 20, 120, 6_000
_LONGEST_PROSE = 600
_LEFT_OUT = "_The rest is in `-o json`._"
_PUNCTUATION = re.compile(r"([\\`*_\[\]|~$])")
# What would begin a list, a heading or an underline, were it the first of a line.
_BEGINNING = re.compile(r"^(\d+(?=[.)](?:\s|$))|(?=[#+=-](?!\d)))")
# What GitHub makes of plain text: mentions, issue numbers, links. A space of no width keeps them text.
_LIVELY = re.compile(
    r"(?<=@)(?=\w)|(?<=#)(?=\d)|(?<=GH-)(?=\d)|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=mailto)(?=:)|(?<=xmpp)(?=:)",
    re.IGNORECASE,
)
_LANGUAGES = {ChangeKind.PATCH: "diff", ChangeKind.COMMAND: "sh", ChangeKind.CODE: "python", ChangeKind.SETTING: ""}


def render_markdown(diagnosis: Diagnosis, *, utc: bool = True) -> str:
    """The diagnosis as one comment with collapsible findings.

    Names, log text and patches cannot form headings, links, mentions, HTML or the end of a code block. The text stays
    below GitHub's limit for a comment: further findings are listed by title.
    """
    view = view_of(diagnosis, utc=utc)
    parts = [
        f"## Cold starts of {code(view.name)}",
        f"**{prose(view.headline)}.**  \n{_sentence(view.starts)}{_sentence(view.latest)}"
        f"{prose(view.region)}, {prose(view.window)}.",
        *_slices(view),
        *_findings(view),
        *_minor(view.minor),
        *_trials(view),
        *_refuted(view),
        *_unread(view, diagnosis.next_steps),
    ]
    kept: list[str] = []
    used = len(_LEFT_OUT)
    for part in filter(None, parts):
        used += len(part) + 2
        if used > _ROOM:
            kept.append(_LEFT_OUT)
            break
        kept.append(part)
    return "\n\n".join(kept)


def prose(text: str) -> str:
    """Text of any origin as text of one line: nothing in it is markup but pairs of backticks."""
    text = clean(text).strip()
    text = text if len(text) <= _LONGEST_PROSE else text[:_LONGEST_PROSE] + "…"
    return "".join(code(part) if is_code else _plain(part) for part, is_code in code_spans(text))


def _plain(text: str) -> str:
    text = _LIVELY.sub("\u200b", text)
    text = html.escape(text, quote=False)
    return _BEGINNING.sub(r"\1\\", _PUNCTUATION.sub(r"\\\1", text))


def code(text: str) -> str:
    """Text of any origin in a code span, fit for a table's cell, too."""
    text = clean(text)
    text = text if len(text) <= _LONGEST_PROSE else text[:_LONGEST_PROSE] + "…"
    if not text.strip():
        return "–"
    fence = "`" * (_longest_run(text) + 1)
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def cell(marked: str) -> str:
    """Marked text in a table: a bar would end the cell, even inside a code span."""
    return re.sub(r"(?<!\\)\|", r"\\|", marked)


def block(text: str, language: str = "") -> str:
    """Text of any origin in a fence that it cannot close; what is too long is cut, and said to be."""
    lines = clean_lines(text[:_CHARACTERS])
    cut = len(text) > _CHARACTERS or len(lines) > _LINES
    lines = lines[:_LINES]
    fence = "`" * max(3, _longest_run("\n".join(lines)) + 1)
    more = f"\n\n{_LEFT_OUT}" if cut else ""
    return f"{fence}{language}\n" + "\n".join(lines) + f"\n{fence}{more}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _sentence(text: str) -> str:
    return f"{prose(text)}. " if text else ""


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "|".join("--:" if "ms" in one else "---" for one in heads) + "|"]
    lines += ["| " + " | ".join(map(cell, row)) + " |" for row in rows]
    return "\n".join(lines)


def _slices(view: ReportView) -> Iterator[str]:
    rows = [
        (prose(one.label), f"{format_ms(one.ms)} ({share:.0%})", prose(one.measured))
        for one, share in view.slices[:_SLICES]
    ]
    if rows:
        yield _table(("Where the time goes (median start)", "ms", "measured by"), rows)


def _findings(view: ReportView) -> Iterator[str]:
    if view.verdict:
        yield f"**{prose(view.verdict)}**"
        return
    yield "### What to change"
    rows = []
    for rank, one in enumerate(view.findings[:20], 1):
        saves = (one.likely or "not known") + (f" ({one.share})" if one.share else "")
        judged = f"{one.finding.confidence.value} / {one.finding.risk.value}"
        rows.append((str(rank), prose(one.what), prose(saves), prose(one.range), judged))
    yield _table(("", "change", "saves, ms", "between, ms", "confidence / risk"), rows)
    if view.overlap:
        yield prose(view.overlap)
    room = _FINDINGS_ROOM
    for rank, one in enumerate(view.findings, 1):
        text = _finding(rank, one)
        text = text if len(text) <= room else f"{rank}\\. {prose(one.finding.title)}: see `-o json`."
        room -= len(text)
        yield text


def _finding(rank: int, one: FindingView) -> str:
    finding = one.finding
    basis = f" Estimate: {prose(finding.saving.basis)}." if finding.saving is not None and finding.saving.basis else ""
    parts = [
        # GitHub reads no Markdown inside a summary: entities alone keep the title text there.
        f"<details><summary>{rank}. {_in_html(finding.title)}</summary>",
        f"{prose(_capital(one.saving))}.{basis}",
        f"{prose(' · '.join(one.facts))} · rule {code(finding.rule)}",
        f"Risk: {prose(finding.risk_text)}" if finding.risk_text else "",
        "\n".join(_evidence(finding)),
        *(_change(change) for change in finding.changes[:8]),
        *(f"Tried: {prose(trial.change)}: {prose(trial.result)}." for trial in one.trials),
        "</details>",
    ]
    return "\n\n".join(part for part in parts if part)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _in_html(text: str) -> str:
    text = _LIVELY.sub("\u200b", clean(text)[:_LONGEST_PROSE])
    return "".join(one if one.isalnum() or one in " ,;\u200b" else f"&#{ord(one)};" for one in text)


def _evidence(finding: Finding) -> Iterator[str]:
    for one in finding.evidence[:_EVIDENCE]:
        yield f"- {prose(one.text)}" + (f" {code(one.where)}" if one.where else "")
    if len(finding.evidence) > _EVIDENCE:
        yield f"- and {len(finding.evidence) - _EVIDENCE} more"


def _change(change: Change) -> str:
    title = f"**{prose(change.title)}** ({KINDS[change.kind]})"
    return f"{title}\n\n{block(change.text, _LANGUAGES[change.kind])}" if change.text else title


def _minor(minor: Sequence[FindingView]) -> Iterator[str]:
    if not minor:
        return
    lines = []
    for one in minor[:_MINOR]:
        figures = f": {one.figures}" if one.figures else ""
        money = f", {one.money}" if one.money else ""
        lines.append(f"- {prose(one.finding.title)}{prose(figures + money)}")
    if len(minor) > _MINOR:
        lines.append(f"- and {len(minor) - _MINOR} more")
    yield "### Minor findings"
    yield "\n".join(lines)


def _trials(view: ReportView) -> Iterator[str]:
    if others := view.other_trials[:20]:
        yield "### Other trials"
        yield "\n".join(f"- {prose(one.change)} ({prose(one.subject)}): {prose(one.result)}" for one in others)


def _refuted(view: ReportView) -> Iterator[str]:
    if refuted := [one.finding for one in view.refuted[:_MINOR]]:
        yield "### Tried and refuted"
        yield "\n".join(f"- {prose(one.title)}: {prose(one.refuted)}" for one in refuted)


def _unread(view: ReportView, steps: Sequence[NextStep]) -> Iterator[str]:
    lines = []
    for one in view.unread[:20]:
        lost = f"; {prose(one.lost)}" if one.lost else ""
        detail = f" ({prose(one.detail)})" if one.detail else ""
        lines.append(f"- {prose(one.name)}: {prose(one.state)}{detail}{lost}{_hint(one.hint)}")
    lines += [f"- {prose(step.lacking)}{_hint(step.command)}" for step in steps[:20]]
    if lines:
        yield "### What is not known, and how to find out"
        yield "\n".join(lines)


def _hint(command: str) -> str:
    return f": {code(command)}" if command else ""
