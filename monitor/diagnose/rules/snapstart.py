"""Long inits that SnapStart could replace with a restore, and what prevents that.

SnapStart for Python: 3.12 and later, zip packages and container images, published versions, without provisioned
concurrency, EFS or more than 512 MB of /tmp (AWS Lambda developer guide, "Improving startup performance with Lambda
SnapStart"). Reports inits of one second or more. If the function has restores of its own, the saving is the median init
less the median restore. Otherwise a restore time is assumed, with a wide range. Cached snapshots and restores cost
money.
"""

import re
from collections.abc import Iterator

from monitor.coldstarts.model import ColdStartSummary
from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.facts.starts import (
    configure,
    function_of,
    init_p50_ms,
    kind_count,
    middle,
    quoted,
    summary_of,
    windows_a_month,
)
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import NEEDS_LAMBDA_LIFECYCLE, Rule
from monitor.kernel.function import FunctionInfo
from monitor.records.cost import snap_start_usd_month
from monitor.records.invocation import InitKind

LONG_MS = 1000.0
# AWS says "sub-second"; published measurements of Python functions lie between these.
RESTORE_LOW_MS, RESTORE_MS, RESTORE_HIGH_MS = 200.0, 500.0, 1000.0
_TMP_MB = 512
_OLDEST = (3, 12)
ON = "PublishedVersions"


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """At most one finding."""
    function, summary = function_of(evidence), summary_of(evidence)
    inits = [one.init_ms for one in evidence.cold_starts if one.kind is InitKind.ON_DEMAND]
    init_ms = middle(inits) or init_p50_ms(evidence)
    if function is None or summary is None or init_ms is None or init_ms < LONG_MS:
        return
    starts = kind_count(evidence, InitKind.ON_DEMAND)
    if not starts:
        return
    blocked = tuple(_blockers(evidence, function))
    is_on = function.snap_start == ON
    title = f"SnapStart could replace inits of {format_ms(init_ms)}"
    if is_on:
        title = f"SnapStart is on, but {starts} starts of $LATEST had an init of {format_ms(init_ms)}"
    elif blocked:
        title = f"SnapStart could replace inits of {format_ms(init_ms)}, but {blocked[0]}"
    facts = [
        Evidence(
            f"init p50 is {format_ms(init_ms)} over {starts} starts", f"monitor coldstarts {quoted(evidence.name)}"
        )
    ]
    facts += [Evidence(f"not possible now: {text}") for text in blocked]
    if function.package_type == "Image":
        facts.append(Evidence("the image needs Python 3.12 or later, from AWS's base image or with its own hooks"))
    yield Finding(
        rule="snapstart",
        subject="SnapStart",
        title=title,
        evidence=tuple(facts),
        changes=_changes(evidence, is_on=is_on),
        saving=None if blocked else _saving(evidence, init_ms, summary),
        affected=0 if blocked else starts,
        risk=Grade.MEDIUM,
        confidence=Grade.MEDIUM if is_on else Grade.LOW,
        saves_usd_month=None if blocked or is_on else _saves_usd_month(evidence, function, summary),
        risk_text="All environments share what init creates: create seeds, ids, connections and credentials after the "
        "restore. Callers must use a published version or its alias.",
    )


def _blockers(evidence: FunctionEvidence, function: FunctionInfo) -> Iterator[str]:
    version = re.fullmatch(r"python(\d)\.(\d{1,3})", function.runtime or "", re.ASCII)
    # SnapStart takes container images since July 2026. The Python version of an image is not known here.
    if function.package_type != "Image" and (version is None or (int(version[1]), int(version[2])) < _OLDEST):
        yield f"it needs Python 3.12 or later (the runtime is {function.runtime or 'custom'})"
    if function.ephemeral_mb > _TMP_MB:
        yield f"it allows at most {_TMP_MB} MB of /tmp (the function has {function.ephemeral_mb} MB)"
    if not is_missing(evidence.settings) and evidence.settings.has_efs:
        yield "it cannot be used with EFS"
    if not is_missing(evidence.concurrency) and evidence.concurrency.provisioned:
        yield "it cannot be used with provisioned concurrency"


def _saving(evidence: FunctionEvidence, init_ms: float, summary: ColdStartSummary) -> Saving | None:
    restores = [one.init_ms for one in evidence.cold_starts if one.kind is InitKind.SNAP_START]
    own_ms = middle(restores)
    slow_ms = summary.init.p90 or init_ms
    if own_ms is not None:
        likely = init_ms - own_ms
        known = sorted(value for value in restores if value is not None)
        if likely <= 0:
            return None
        basis = f"the median init less this function's median restore of {format_ms(own_ms)}"
        return Saving(min(likely, max(0.0, init_ms - known[-1])), likely, max(likely, slow_ms - known[0]), basis)
    basis = (
        f"the median init less an assumed restore of {format_ms(RESTORE_MS)} "
        f"({format_ms(RESTORE_LOW_MS)} to {format_ms(RESTORE_HIGH_MS)}); this function has no restores yet"
    )
    low = max(0.0, init_ms - RESTORE_HIGH_MS)
    return Saving(low, init_ms - RESTORE_MS, max(init_ms, slow_ms) - RESTORE_LOW_MS, basis)


def _saves_usd_month(evidence: FunctionEvidence, function: FunctionInfo, summary: ColdStartSummary) -> float | None:
    """The saved cost of init, less the cost of snapshots and restores."""
    factor = windows_a_month(evidence)
    if factor is None:
        return None
    costs = snap_start_usd_month(function.memory_mb, summary.cold_starts * factor, evidence.region)
    return None if costs is None else (summary.init_cost_usd or 0.0) * factor - costs


def _changes(evidence: FunctionEvidence, *, is_on: bool) -> tuple[Change, ...]:
    name = quoted(evidence.name)
    alias = f"aws lambda update-alias --function-name {name} --name live --function-version VERSION"
    if is_on:
        return (Change(ChangeKind.COMMAND, "Point callers to an alias of a published version", alias),)
    turn_on = configure(evidence, f"--snap-start ApplyOn={ON}")
    publish = f"aws lambda publish-version --function-name {name}"
    return (
        Change(
            ChangeKind.COMMAND,
            "Turn it on, publish a version, and point an alias to it",
            f"{turn_on}\n{publish}\n{alias}",
        ),
        Change(
            ChangeKind.CODE,
            "Recreate after a restore what must not be shared",
            "from snapshot_restore_py import register_after_restore\n\n"
            "@register_after_restore\ndef refresh() -> None:\n    ...",
        ),
    )


RULE = Rule("snapstart", find, trial=NEEDS_LAMBDA_LIFECYCLE)
