"""Heavy imports at init that not every call needs: they can wait until a function that uses them is called.

Evidence: the application's import statements whose names are used in functions only, the import tree of init, and the
calls that lead from the handler to those functions. An import that makes a value at the top of a file (a client, a
session) counts too, if functions alone read the value. An import is not a finding if every call reaches such a
function, if another file needs it while it is imported, or if another library imports or requires it. A module of the
application that can wait takes along what only it imports. What cannot be resolved counts as reached. The saving is the
import's self time in the tree. Limit: which route or branch the first request takes is not known. A start whose first
request makes the import saves nothing: it is outside of the range. Without the CPU boost of init the import can take
longer there, which the risk says.
"""

from collections.abc import Iterator, Sequence

from monitor.callgraph.model import Reached
from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence, MadeValue, ModuleUse, is_missing
from monitor.diagnose.facts.common import (
    INSTRUMENTATION,
    SDK_TOPS,
    WHOLE_VCPU_MB,
    affected_starts,
    chain_text,
    module_names,
)
from monitor.diagnose.facts.import_cost import Waiting, least_ms, most_ms, waiting_imports
from monitor.diagnose.facts.lazy_patch import lazy_change
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import Rule, Trial

_LEAST_MS = 5.0


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """Each import that can wait; of nested imports, the one that accounts for most of the time."""
    every = [one for one in waiting_imports(evidence) if one.likely_ms >= _LEAST_MS and not _is_of_other_rules(one)]
    yield from (_finding(evidence, one, every) for one in every if not _explained(one, every))


def _is_of_other_rules(one: Waiting) -> bool:
    """Instruments, and clients of the AWS SDK."""
    return one.name in INSTRUMENTATION or (one.name in SDK_TOPS and bool(_made_of(one)))


def _explained(one: Waiting, every: Sequence[Waiting]) -> bool:
    for other in every:
        if one.name in other.chain and other.likely_ms >= 0.5 * one.likely_ms:
            return True
        if other.name in one.chain and one.likely_ms < 0.5 * other.likely_ms:
            return True
    return False


def _finding(evidence: FunctionEvidence, one: Waiting, every: Sequence[Waiting]) -> Finding:
    functions = sorted({_user(name, use) for use in one.uses for name in use.used_in})
    used = ", ".join(functions[:4]) + ("" if len(functions) <= 4 else f" and {len(functions) - 4} more")
    made = _made_of(one)
    values = ", ".join(dict.fromkeys(value.name for value in made))
    makes = f" to make {values}" if made else ""
    brings = f", which brings {one.brings}," if one.brings not in ("", one.name) else ""
    where = ", ".join(f"{use.file}:{use.line}" for use in one.uses[:3])
    shared_ms = max(0.0, one.cumulative_ms - one.own_ms - one.stdlib_ms)
    return Finding(
        rule="eager-imports",
        subject=one.name,
        title=f"{one.name}{brings} is imported at init{makes}, but only {used} use{'s' * (len(functions) == 1)} it",
        evidence=(
            *(
                Evidence(f"`{value.statement or value.name}` is made while {value.file} is imported", _place(value))
                for value in made[:3]
            ),
            Evidence(
                f"`{one.uses[0].statement}` is used {'by' if made else 'in'} {used}, and not while files are imported"
                + (f", but for {values}" if made else ""),
                where,
            ),
            Evidence(_reached_text(one)),
            Evidence(
                f"it takes {format_ms(one.cumulative_ms)} of init: {format_ms(one.own_ms)} for itself and what "
                f"only it needs, "
                f"{format_ms(one.stdlib_ms)} in the standard library, {format_ms(shared_ms)} in what others need too",
                f"monitor coldstarts {evidence.name} --imports",
            ),
            Evidence(f"imported by {chain_text((*one.chain, one.nodes[0].module))}"),
        ),
        changes=(_change(evidence, one, every),),
        saving=_saving(evidence, one),
        affected=affected_starts(evidence),
        risk=Grade.LOW,
        confidence=_confidence(evidence, one),
        risk_text=_risk_text(evidence, one),
    )


def _change(evidence: FunctionEvidence, one: Waiting, every: Sequence[Waiting]) -> Change:
    """Its patch; else that of a module of the application that can wait, and with it all that imports this."""
    patches = () if is_missing(evidence.code) else evidence.code.patches
    change = lazy_change(one.name, one.uses, patches)
    importers = frozenset[str]().union(*(module_names(evidence, use.file) for use in one.uses))
    for other in every if change.kind is not ChangeKind.PATCH else ():
        if other is not one and importers <= other.gone:
            around = lazy_change(other.name, other.uses, patches)
            if around.kind is ChangeKind.PATCH:
                return around
    return change


def _made_of(one: Waiting) -> tuple[MadeValue, ...]:
    return tuple(dict.fromkeys(value for use in one.uses for value in use.makes))


def _place(value: MadeValue) -> str:
    return f"{value.file}:{value.line}"


def _user(function: str, use: ModuleUse) -> str:
    return f"a branch of {function}()" if use.in_branch else f"{function}()"


def _reached_text(one: Waiting) -> str:
    routes = list(dict.fromkeys(route for use in one.uses for route in use.routes))
    if any(use.reached is None for use in one.uses):
        return "which calls reach it is not known, because the handler was not found in the files that were read"
    if routes:
        more = f" and {len(routes) - 3} more" if len(routes) > 3 else ""
        return f"some calls reach it, and others do not: {'; '.join(routes[:3])}{more}"
    return "no call of the handler reaches it"


def _confidence(evidence: FunctionEvidence, one: Waiting) -> Grade:
    """High where no call needs it, medium where some routes do, low where the calls are not known."""
    if any(use.reached is None for use in one.uses):
        return Grade.LOW
    unread = is_missing(evidence.package) or is_missing(evidence.code) or evidence.code.unread > 0
    some = any(use.reached is not Reached.NO_CALL for use in one.uses)
    return Grade.MEDIUM if unread or some else Grade.HIGH


def _saving(evidence: FunctionEvidence, one: Waiting) -> Saving:
    return Saving(
        least_ms(one),
        one.likely_ms,
        most_ms(evidence, one),
        f"the import's self time in the recorded starts, without what others import too, plus {one.stdlib_text}",
        "its first request imports it",
    )


def _risk_text(evidence: FunctionEvidence, one: Waiting) -> str:
    text = "The first call of such a function waits for the import, without the CPU boost of init"
    if not is_missing(evidence.function) and evidence.function.memory_mb < WHOLE_VCPU_MB:
        slower = WHOLE_VCPU_MB / max(1, evidence.function.memory_mb)
        text += f": up to {format_ms(one.cumulative_ms * slower)} with {evidence.function.memory_mb:,} MB"
    return f"{text}. If the import fails, it fails then instead of at init."


RULE = Rule("eager-imports", find, trial=Trial.DEFER_IMPORT)
