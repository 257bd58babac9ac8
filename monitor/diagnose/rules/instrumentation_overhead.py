"""The import time of observability libraries: Powertools, the X-Ray SDK, Datadog, OpenTelemetry and others.

Evidence: their part of the import tree, with their dependencies, if the application imports them. What a framework
imports itself (FastAPI imports OpenTelemetry's API) cannot be avoided and is not reported. Functions with monitor's
entry point load Powertools and the X-Ray SDK in a trimmed form, and are not reported for these. Limit: other costs of
such a library (patching, a wrapper, an extension) are not measured here.
"""

from collections.abc import Iterator

from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.facts.common import INSTRUMENTATION, affected_starts, own_tops, top_of, tree_of, walk
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import Rule
from monitor.records.imports import ImportNode

_LEAST_MS = 15.0
# monitor's entry point loads these in a trimmed form.
_OURS = frozenset(("aws_lambda_powertools", "aws_xray_sdk"))
# The share of stock Powertools' and X-Ray's cost that the entry point saves, measured with benchmarks/runtime.py: it
# adds 0.28 of their cost (docs/runtime.md). At the low end, other code needs most of their dependencies.
_LOW, _LIKELY, _HIGH = 0.2, 0.7, 1.1


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """One finding for Powertools and X-Ray together, one for each other library."""
    instrumented = evidence.instrumented is True
    ours = own_tops(evidence)
    costs: dict[str, list[ImportNode]] = {}
    for node, chain in walk(tree_of(evidence)):
        top = top_of(node.module)
        if top in INSTRUMENTATION and (not chain or top_of(chain[-1]) in ours):
            costs.setdefault("Powertools" if top in _OURS else top, []).append(node)
    for name, nodes in sorted(costs.items()):
        total_ms = sum(node.cumulative_ms for node in nodes)
        if total_ms < _LEAST_MS or (name == "Powertools" and instrumented):
            continue
        yield _finding(evidence, name, nodes, total_ms)


def _finding(evidence: FunctionEvidence, name: str, nodes: list[ImportNode], total_ms: float) -> Finding:
    stock = name == "Powertools"
    modules = ", ".join(sorted({node.module for node in nodes})[:4])
    if stock:
        change = Change(
            ChangeKind.COMMAND,
            "Use monitor's entry point: it loads the same Logger, Metrics and Tracer in a trimmed form",
            f"monitor instrument {evidence.name}",
        )
        basis = f"{_LIKELY:.0%} of their import time: the entry point adds 0.28 of their cost (benchmarks/runtime.py)"
        saving = Saving(_LOW * total_ms, _LIKELY * total_ms, _HIGH * total_ms, basis)
    else:
        change = Change(
            ChangeKind.CODE,
            f"Remove {name} from the start, or load only the parts that you use",
            f"look for settings that turn integrations off, and compare: monitor coldstarts {evidence.name}",
        )
        basis = "between nothing, if all of it is needed, and its whole import time; half is a guess"
        saving = Saving(0.0, 0.5 * total_ms, _HIGH * total_ms, basis)
    return Finding(
        rule="instrumentation-overhead",
        subject=name,
        title=f"{name} takes {format_ms(total_ms)} of init for observability",
        evidence=(
            Evidence(
                f"importing {modules} takes {format_ms(total_ms)} with dependencies",
                f"monitor coldstarts {evidence.name} --imports",
            ),
        ),
        changes=(change,),
        saving=saving,
        affected=affected_starts(evidence),
        risk=Grade.LOW if stock else Grade.MEDIUM,
        confidence=Grade.MEDIUM if stock else Grade.LOW,
        risk_text="" if stock else "You lose what it reports: decide what you need before you remove it.",
    )


RULE = Rule("instrumentation-overhead", find)
