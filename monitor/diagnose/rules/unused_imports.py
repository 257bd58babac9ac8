"""Imports of the application whose names nothing uses.

Evidence: import statements at the top of the application's files whose names no file loads, and the import tree of
init. The saving is the time of the modules that only this import brings. Of the standard library's modules below it,
those count that nothing else imports, or half if that is not known; the high end has all of them, at the slowest
recorded starts. Limits: an import can be there for its effect (it registers something, or patches another module); the
risk says so. Names that are looked up while the code runs leave nothing certain, and such a file has no finding.
"""

from collections.abc import Iterator

from monitor.callgraph.model import UnusedImport
from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.facts.common import INSTRUMENTATION, affected_starts, own_tops, top_of
from monitor.diagnose.facts.import_cost import Waiting, least_ms, most_ms, time_alone
from monitor.diagnose.facts.lazy_patch import removed_change
from monitor.diagnose.model_finding import Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import Rule, Trial

_LEAST_MS = 3.0


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """One finding for each library that only unused imports bring in."""
    if is_missing(evidence.code):
        return
    ours = own_tops(evidence)
    unused: dict[str, list[UnusedImport]] = {}
    for one in evidence.code.unused:
        if top_of(one.module) not in ours:
            unused.setdefault(top_of(one.module), []).append(one)
    for top, found in sorted(unused.items()):
        lines = {(one.file, one.line) for one in found}
        others = [use for use in evidence.code.uses if top_of(use.module) == top and (use.file, use.line) not in lines]
        if top in INSTRUMENTATION or any(use.at_import for use in others):
            continue
        cost = time_alone(evidence, top)
        if cost is not None and cost.likely_ms >= _LEAST_MS:
            yield _finding(evidence, top, found, cost, later=bool(others))


def _finding(evidence: FunctionEvidence, top: str, found: list[UnusedImport], cost: Waiting, *, later: bool) -> Finding:
    guarded = any(one.guarded for one in found)
    facts = [Evidence(f"nothing uses what `{one.statement}` binds", f"{one.file}:{one.line}") for one in found[:6]]
    facts.append(
        Evidence(
            f"the modules that only it imports take {format_ms(cost.own_ms)} of init, and "
            f"{format_ms(cost.stdlib_ms)} in the standard library",
            f"monitor coldstarts {evidence.name} --imports",
        )
    )
    if later:
        facts.append(Evidence(f"functions import {top} themselves where they use it"))
    return Finding(
        rule="unused-imports",
        subject=top,
        title=f"{top} is imported at init, and nothing uses it",
        evidence=tuple(facts),
        changes=(removed_change(top, found, () if is_missing(evidence.code) else evidence.code.patches),),
        saving=Saving(
            least_ms(cost),
            cost.likely_ms,
            most_ms(evidence, cost),
            f"the import's self time in the recorded starts, without what others import too, plus {cost.stdlib_text}",
            "something else imports it after all",
        ),
        affected=affected_starts(evidence),
        risk=Grade.LOW,
        confidence=Grade.LOW if guarded else Grade.MEDIUM,
        risk_text="An import can be there for its side effects: it registers something, or patches another module. Run "
        "your tests without it.",
    )


RULE = Rule("unused-imports", find, trial=Trial.REMOVE_IMPORT)
