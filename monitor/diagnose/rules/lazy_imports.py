"""Imports that first invocations make themselves, outside of init's CPU boost.

Looks at late imports of recorded cold starts and at the function's memory. Init on demand has at least a whole vCPU
whatever the memory size (third-party measurements; AWS does not document it), a handler only its share: the same import
is slower there. Moved to init it would be faster for the starts that need it, and a cost for those that do not. Limits:
an import that waits for the disk gains nothing by CPU.
"""

from collections.abc import Iterator

from monitor.diagnose.evidence.model import FunctionEvidence, LateImport, is_missing
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import Rule
from monitor.diagnose.rules.common import WHOLE_VCPU_MB, affected_starts

_LEAST_MS = 25.0


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """A finding for each package whose late import costs starts more than it saves others."""
    if is_missing(evidence.function) or evidence.function.memory_mb <= 0:
        return
    cpu = min(1.0, evidence.function.memory_mb / WHOLE_VCPU_MB)
    for late in evidence.late_imports:
        if late.of <= 0 or late.cumulative_ms < _LEAST_MS:
            continue
        saving = _saving(late, cpu)
        if saving.likely_ms > 0:
            yield _finding(evidence, late, saving, cpu)


def _saving(late: LateImport, cpu: float) -> Saving:
    """Mean over all starts: what those save that import it, without what it costs the others at init."""
    share = late.seen / late.of
    at_init_ms = late.cumulative_ms * cpu
    high_ms = share * (late.cumulative_ms - at_init_ms) - (1 - share) * at_init_ms
    # Half of the import's time may be waiting, which more CPU does not shorten.
    likely_ms = share * 0.5 * (late.cumulative_ms - at_init_ms) - (1 - share) * at_init_ms
    low_ms = -(1 - share) * late.cumulative_ms
    return Saving(
        min(low_ms, likely_ms),
        likely_ms,
        max(high_ms, likely_ms),
        f"with {cpu:.0%} of a vCPU in the handler and a whole one at init, the import may take {at_init_ms:.0f} ms "
        f"there instead of {late.cumulative_ms:.0f}; {1 - share:.0%} of the starts would pay for it in vain",
    )


def _finding(evidence: FunctionEvidence, late: LateImport, saving: Saving, cpu: float) -> Finding:
    return Finding(
        rule="lazy-imports",
        subject=late.package,
        title=f"First invocations import {late.package} themselves, in {late.cumulative_ms:.0f} ms",
        evidence=(
            Evidence(
                f"in {late.seen} of {late.of} recorded starts, at {cpu:.0%} of a vCPU",
                f"monitor coldstarts {evidence.name} --imports",
            ),
        ),
        changes=(
            Change(
                ChangeKind.CODE,
                "Import it at the top of the handler's file, so that init does",
                f"import {late.package}  # for init: used later",
            ),
            Change(
                ChangeKind.COMMAND,
                "Or give the handler more CPU",
                f"aws lambda update-function-configuration --function-name {evidence.name} "
                f"--memory-size {WHOLE_VCPU_MB}",
            ),
        ),
        saving=saving,
        affected=affected_starts(evidence),
        risk=Grade.LOW,
        confidence=Grade.LOW,
        risk_text="Starts whose first request does not need it get slower.",
    )


RULE = Rule("lazy-imports", find)
