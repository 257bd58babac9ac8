"""Deprecated runtimes, and inits that became slower with a new runtime version.

AWS rolls out new versions of a runtime on its own; INIT_START names the version. Starts of one function version on two
runtime versions are compared by the Mann-Whitney U test. A deprecation has no saving; its dates are in runtimes.py.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from monitor.coldstarts.analyze_compare import FEWEST
from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.facts.slower import slower
from monitor.diagnose.facts.starts import configure, function_of, ordinary, quoted
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade
from monitor.diagnose.model_rule import Rule
from monitor.diagnose.model_runtimes import AS_OF, NEWEST, Support, support_of
from monitor.records.invocation import ColdStart

_SOON = timedelta(days=180)


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """One finding for a deprecated runtime, and one for a slower runtime version."""
    function = function_of(evidence)
    runtime = function.runtime if function else None
    support = support_of(runtime) if runtime else None
    today = datetime.fromtimestamp(evidence.gathered_at_ms / 1000, UTC).date()
    if runtime and support and support.deprecated <= today + _SOON:
        yield _ends(evidence, runtime, support, today)
    yield from _slower(evidence)


def _ends(evidence: FunctionEvidence, runtime: str, support: Support, today: date) -> Finding:
    over = support.deprecated <= today
    return Finding(
        rule="runtime-version",
        subject=runtime,
        title=f"{runtime} {'is' if over else 'will be'} deprecated{'' if over else f' on {support.deprecated}'}",
        evidence=(
            Evidence(
                f"no security updates since {support.deprecated}" if over else f"deprecated on {support.deprecated}",
                f"AWS Lambda developer guide, as of {AS_OF}",
            ),
            Evidence(f"functions on it can no longer be updated from {support.frozen} on"),
        ),
        changes=(
            Change(
                ChangeKind.COMMAND,
                f"Build the package for Python {NEWEST.removeprefix('python')}, then",
                configure(evidence, f"--runtime {NEWEST}"),
            ),
        ),
        saving=None,
        affected=0,
        risk=Grade.MEDIUM,
        confidence=Grade.HIGH,
        risk_text="Compiled dependencies and bytecode must be built for the new Python version.",
    )


def _slower(evidence: FunctionEvidence) -> Iterator[Finding]:
    starts = [one for one in ordinary(evidence) if one.runtime_version]
    if not starts:
        return
    (version, _), *_ = Counter(one.version for one in starts).most_common(1)
    groups: dict[str, list[ColdStart]] = {}
    for start in sorted(starts, key=lambda one: one.at_ms):
        if start.version == version and start.runtime_version:
            groups.setdefault(start.runtime_version, []).append(start)
    judged = [name for name, group in groups.items() if len(group) >= FEWEST]
    if len(judged) < 2:
        return
    before, after = judged[-2:]
    found = slower(groups[before], groups[after])
    if found is None:
        return
    name = quoted(evidence.name)
    pin = f"aws lambda put-runtime-management-config --function-name {name} --update-runtime-on FunctionUpdate"
    yield Finding(
        rule="runtime-version",
        subject=after,
        title=f"Inits take {format_ms(found.by_ms)} longer on {after}",
        evidence=(found.evidence(before, after, f"monitor coldstarts {name} --by runtime"),),
        changes=(
            Change(ChangeKind.COMMAND, "Update the runtime only with deployments, so that tests cover it", pin),
            Change(
                ChangeKind.COMMAND,
                f"Or go back to {before} for a while (its ARN is in INIT_START)",
                f"{pin.replace('FunctionUpdate', 'Manual')} --runtime-version-arn ARN",
            ),
        ),
        saving=found.saving(f"on {before} and on {after}"),
        affected=found.after.count,
        risk=Grade.MEDIUM,
        confidence=Grade.MEDIUM if version not in (None, "$LATEST") else Grade.LOW,
        risk_text="An older runtime version lacks security patches.",
    )


RULE = Rule("runtime-version", find, compares_over_time=True)
