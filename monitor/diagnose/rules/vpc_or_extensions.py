"""Init time outside the process: extensions in layers, and wrapper scripts.

Init Duration in REPORT includes time outside the process: extensions start before and beside the runtime, a wrapper
script before Python. Reports a large gap if an extension or wrapper is configured. A VPC adds nothing to Init Duration:
its network interfaces are created when the function is deployed. How much of the gap an extension causes is not known.
"""

from collections.abc import Iterator

from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.facts.starts import function_of, middle, ordinary, quoted
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import NotTried, Rule
from monitor.kernel.statistics import distribution

_LARGE_MS = 100.0
_LARGE_SHARE = 0.2
_FEWEST = 3
# Parts of the names of layers that are known to bring an extension.
_EXTENSIONS = (
    "appconfig", "coralogix", "datadog-extension", "dash0", "dynatrace", "elastic-apm", "epsagon", "insightsextension",
    "lumigo", "newrelic", "opentelemetry", "otel", "parameters-and-secrets", "sentry", "splunk", "sumologic",
    "thundra", "vault",
)  # fmt: skip


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """At most one finding."""
    gaps = [
        max(0.0, one.init_ms - one.init_record.observed_init_ms)
        for one in ordinary(evidence)
        if one.init_ms is not None and one.init_record is not None
    ]
    if len(gaps) < _FEWEST:
        return
    gap, init_ms = distribution(gaps), middle(one.init_ms for one in ordinary(evidence)) or 0.0
    gap_ms = gap.p50 or 0.0
    suspects = list(_suspects(evidence))
    if gap_ms < max(_LARGE_MS, _LARGE_SHARE * init_ms) or not suspects:
        return
    named = any(known for _, known in suspects)
    facts = [
        Evidence(
            f"init in REPORT is {format_ms(gap_ms)} longer than inside the process (median of {gap.count} starts)",
            f"monitor coldstarts {quoted(evidence.name)} --list",
        )
    ]
    facts += [Evidence(text) for text, _ in suspects]
    yield Finding(
        rule="vpc-or-extensions",
        subject="outside the process",
        title=f"{format_ms(gap_ms)} of init pass outside the process, in {_where(suspects)}",
        evidence=tuple(facts),
        changes=(
            Change(
                ChangeKind.COMMAND,
                "Compare with a copy of the function that has fewer layers",
                f"monitor function show {quoted(evidence.name)}",
            ),
        ),
        saving=Saving(0.0, gap_ms / 2, gap.p90 or gap_ms, "between none and all of the gap; half is a guess"),
        affected=gap.count,
        risk=Grade.MEDIUM,
        confidence=Grade.MEDIUM if named else Grade.LOW,
        risk_text="You lose what the extension sends or caches.",
    )


def _where(suspects: list[tuple[str, bool]]) -> str:
    """What takes the time, if only one thing is known to."""
    if len(suspects) > 1 or not suspects[0][1]:
        return "extensions or a wrapper"
    text = suspects[0][0]
    return "the script of AWS_LAMBDA_EXEC_WRAPPER" if text.startswith("AWS_LAMBDA") else text.partition(" brings")[0]


def _suspects(evidence: FunctionEvidence) -> Iterator[tuple[str, bool]]:
    """What could take time outside the process, and whether it is known to bring an extension."""
    function = function_of(evidence)
    for layer in function.layers if function else ():
        name = layer.arn.rpartition(":layer:")[2] or layer.arn
        known = any(part in name.lower() for part in _EXTENSIONS)
        yield f"layer {name}{' brings an extension' if known else ' may bring an extension'}", known
    if not is_missing(evidence.settings) and evidence.settings.exec_wrapper:
        yield "AWS_LAMBDA_EXEC_WRAPPER runs a script before Python", True


RULE = Rule("vpc-or-extensions", find, trial=NotTried("this machine has neither a VPC nor extensions"))
