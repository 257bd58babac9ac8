"""The checks of a budget as GitHub Markdown, for a job summary or a comment. Text from outside is always escaped."""

import hashlib

from monitor.budget.model import BudgetReport
from monitor.budget.render import WORDS, figure, in_order, machine_text, measured_text, summary
from monitor.console.text import clean_lines, format_count, format_ms
from monitor.diagnose.report.markdown import cell, code, prose

_SIGNS = {"over": "❌", "undecided": "❔", "not known": "❔", "within": "✅"}
# A comment on GitHub holds 65,536 characters.
_ROOM = 60_000
_LEFT_OUT = "\n\n_The rest is in `-o json`._"


def render_markdown(report: BudgetReport, changes: str = "") -> str:
    """The checks as a table, worst first, and the slowest imports of functions that are over a limit.

    `changes` is what `monitor diagnose --compare` printed.
    """
    lines = [f"### Budget of {code(report.file)}: {summary(report)}", ""]
    lines += ["| | function | measure | measured | limit | |", "|---|---|---|--:|--:|---|"]
    for one in in_order(report):
        word = WORDS[one.verdict]
        row = (
            f"{_SIGNS[word]} {word}",
            code(one.function),
            one.measure.label,
            measured_text(one),
            figure(one.measure, one.limit),
            prose(one.why),
        )
        lines.append("| " + " | ".join(map(cell, row)) + " |")
    if machine := machine_text(report):
        lines += ["", machine]
    over = {one.function for one in report.failed}
    for function in report.imports:
        if function.function in over:
            lines += ["", f"Slowest imports of {code(function.function)}:", ""]
            lines += ["| package | ms | modules |", "|---|--:|--:|"]
            lines += [
                f"| {cell(code(row.package))} | {format_ms(row.self_ms)} | {format_count(row.modules)} |"
                for row in function.imports
            ]
    if changes.strip():
        # Indented lines are code in Markdown, and no line of code can end that.
        lines += ["", "#### Changes since the main branch", "", *(f"    {line}" for line in clean_lines(changes))]
    return _within_room(lines)


def _within_room(lines: list[str]) -> str:
    used = 0
    kept: list[str] = []
    for line in lines:
        used += len(line) + 1
        if used > _ROOM:
            return "\n".join(kept) + _LEFT_OUT
        kept.append(line)
    return "\n".join(kept)


def marker(file: str) -> str:
    """A comment of HTML, which nobody sees: by it the comment of this budget file is found again."""
    return f"<!-- lambda-monitor:budget:{hashlib.sha256(file.encode('utf-8', 'replace')).hexdigest()[:16]} -->"
