"""What libraries that watch the function add to its start: Powertools, the X-Ray SDK, Datadog, OpenTelemetry and more.

Looks at their part of the import tree, with what they bring along, where the application or nobody imports them: what
a framework imports itself (FastAPI does with OpenTelemetry's API) is not to be had without. A function with this
project's entry point is left alone as far as Powertools and the X-Ray SDK go: it loads them trimmed. Limits: what such
a library costs beside its imports (patching, a wrapper, an extension) is not seen here.
"""

from collections.abc import Iterator

from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import Rule
from monitor.diagnose.rules.common import INSTRUMENTATION, affected_starts, own_tops, top_of, tree_of, walk
from monitor.records.imports import ImportNode

_LEAST_MS = 15.0
# Loaded by this project's entry point in a trimmed form.
_OURS = frozenset(("aws_lambda_powertools", "aws_xray_sdk"))
# What the entry point saves of stock Powertools' and X-Ray's cost, measured here with benchmarks/runtime.py: it adds
# 0.28 of what they do (docs/runtime.md). The low end is a start where others need most of what they bring along.
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
            "Use this project's entry point: the same Logger, Metrics and Tracer, loaded trimmed",
            f"monitor instrument {evidence.name}",
        )
        basis = f"{_LIKELY:.0%} of their imports: the entry point adds 0.28 of what they do (benchmarks/runtime.py)"
        saving = Saving(_LOW * total_ms, _LIKELY * total_ms, _HIGH * total_ms, basis)
    else:
        change = Change(
            ChangeKind.CODE,
            f"Do without {name} at start, or load only the parts of it that are used",
            f"look for settings that turn integrations off, and compare: monitor coldstarts {evidence.name}",
        )
        basis = "all of its imports at most; nothing where it has to stay whole, and half is a guess"
        saving = Saving(0.0, 0.5 * total_ms, _HIGH * total_ms, basis)
    return Finding(
        rule="instrumentation-overhead",
        subject=name,
        title=f"{name} takes {total_ms:.0f} ms of init to watch the function",
        evidence=(
            Evidence(
                f"imports of {modules}, {total_ms:.0f} ms with what they bring along",
                f"monitor coldstarts {evidence.name} --imports",
            ),
        ),
        changes=(change,),
        saving=saving,
        affected=affected_starts(evidence),
        risk=Grade.LOW if stock else Grade.MEDIUM,
        confidence=Grade.MEDIUM if stock else Grade.LOW,
        risk_text="" if stock else "What it reports is lost with it: decide what you look at before you take it out.",
    )


RULE = Rule("instrumentation-overhead", find)
