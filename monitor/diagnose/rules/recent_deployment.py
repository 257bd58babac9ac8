"""Inits that became slower with a deployment.

Compares the starts of the two latest versions with enough starts, or of $LATEST before and after a change, by the
Mann-Whitney U test at the 1% level (as `monitor coldstarts --compare`). The rule reports when starts became slower,
not why: the saving is that of a rollback, and other findings may report the same milliseconds by their cause.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.coldstarts.analyze_compare import FEWEST
from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.facts.slower import Slower, slower
from monitor.diagnose.facts.starts import ordinary, quoted
from monitor.diagnose.model_finding import Change, ChangeKind, Finding, Grade
from monitor.diagnose.model_rule import Rule
from monitor.records.invocation import ColdStart

LATEST = "$LATEST"


@dataclass(frozen=True, slots=True)
class _Step:
    """A change for the worse; `previous` is the version before, "" if there is no version to go back to."""

    found: Slower
    before: str
    after: str
    previous: str


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """At most one finding, for the latest deployment that can be judged."""
    starts = sorted(ordinary(evidence), key=lambda one: one.at_ms)
    step = _by_version(starts) or _by_change(evidence, starts)
    if step is None:
        return
    name = quoted(evidence.name)
    yield Finding(
        rule="recent-deployment",
        subject=step.after,
        title=f"Inits take {format_ms(step.found.by_ms)} longer since {step.after}",
        evidence=(step.found.evidence(step.before, step.after, f"monitor coldstarts {name} --by version"),),
        changes=tuple(_changes(evidence, step)),
        saving=step.found.saving(f"of {step.before} and of {step.after}"),
        affected=step.found.after.count,
        risk=Grade.MEDIUM,
        confidence=Grade.MEDIUM,
        risk_text="A rollback also undoes the purpose of the deployment. Another finding may name the cause.",
    )


def _by_version(starts: Sequence[ColdStart]) -> _Step | None:
    """Compare the latest version with the one before it, in the order of their first starts."""
    groups: dict[str, list[ColdStart]] = {}
    for start in starts:
        if start.version and start.version != LATEST:
            groups.setdefault(start.version, []).append(start)
    judged = [version for version, group in groups.items() if len(group) >= FEWEST]
    if len(judged) < 2:
        return None
    before, after = judged[-2:]
    found = slower(groups[before], groups[after])
    return _Step(found, f"version {before}", f"version {after}", before) if found else None


def _by_change(evidence: FunctionEvidence, starts: Sequence[ColdStart]) -> _Step | None:
    """Compare $LATEST before and after its last change that has enough starts on either side."""
    latest = [start for start in starts if start.version in (None, LATEST)]
    times = sorted({one.at_ms for one in evidence.deployments}, reverse=True)
    for index, at_ms in enumerate(times):
        until_ms = times[index - 1] if index else None
        since_ms = times[index + 1] if index + 1 < len(times) else 0
        before = [one for one in latest if since_ms <= one.at_ms < at_ms]
        after = [one for one in latest if at_ms <= one.at_ms and (until_ms is None or one.at_ms < until_ms)]
        if min(len(before), len(after)) < FEWEST:
            continue
        found = slower(before, after)
        when = f"the deployment of {datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
        return _Step(found, "the code before", when, "") if found else None
    return None


def _changes(evidence: FunctionEvidence, step: _Step) -> Iterator[Change]:
    name = quoted(evidence.name)
    if step.previous:
        now = step.after.removeprefix("version ")
        there = quoted(f"{evidence.name}:{step.previous}"), quoted(f"{evidence.name}:{now}")
        yield Change(
            ChangeKind.COMMAND, "See what changed in the package", f"monitor package diff {there[0]} {there[1]}"
        )
        back = f"aws lambda update-alias --function-name {name} --name ALIAS --function-version {quoted(step.previous)}"
        yield Change(ChangeKind.COMMAND, "Meanwhile, use the version before", back)
        return
    imports = f"monitor coldstarts {name} --imports"
    yield Change(ChangeKind.COMMAND, "See the imports during init now", imports)


RULE = Rule("recent-deployment", find, compares_over_time=True)
