"""The checks of a budget as annotations of GitHub Actions: workflow commands on stdout.

Escapes as actions/toolkit does (packages/core/src/command.ts), so that no name or message can end its command.
"""

from monitor.budget.model import BudgetReport, Verdict
from monitor.budget.render import sentence, slow_imports, summary
from monitor.console.text import clean


def render_github(report: BudgetReport) -> str:
    """One annotation for each check that is over its limit or undecided, and a notice with the sum."""
    imports = dict(slow_imports(report))
    lines = []
    for one in (*report.failed, *report.unclear):
        level = "error" if one.verdict is Verdict.OVER else "warning"
        slow = f". Slowest imports: {imports[one.function]}" if one.function in imports else ""
        place = f"file={_property(report.file)},line={one.line},title=Budget of {_property(one.function)}"
        lines.append(f"::{level} {place}::{_data(sentence(one) + slow)}")
    lines.append(f"::notice title=Budget::{_data(f'{report.file}: {summary(report)}')}")
    return "\n".join(lines)


def _data(text: str) -> str:
    return clean(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
