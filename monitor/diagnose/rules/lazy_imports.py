"""Imports that run during first invocations, without the CPU boost of init.

Evidence: late imports of recorded cold starts, and the memory size. An on-demand init has at least one vCPU at any
memory size (third-party measurements; AWS does not document it). A handler has only its share, so the same import is
slower there. At init the import would be faster for starts that need it, and a cost for those that do not. Limit: more
CPU does not help an import that waits for the disk.
"""

from collections.abc import Iterator

from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence, LateImport, is_missing
from monitor.diagnose.facts.common import WHOLE_VCPU_MB, affected_starts
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import Rule

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
    # Half of the import's time may be spent waiting, which more CPU does not shorten.
    likely_ms = share * 0.5 * (late.cumulative_ms - at_init_ms) - (1 - share) * at_init_ms
    low_ms = -(1 - share) * late.cumulative_ms
    return Saving(
        min(low_ms, likely_ms),
        likely_ms,
        max(high_ms, likely_ms),
        f"with {cpu:.0%} of a vCPU in the handler and a whole one at init, the import may take {format_ms(at_init_ms)} "
        f"instead of {format_ms(late.cumulative_ms)}; {1 - share:.0%} of the starts do not need it",
    )


def _finding(evidence: FunctionEvidence, late: LateImport, saving: Saving, cpu: float) -> Finding:
    return Finding(
        rule="lazy-imports",
        subject=late.package,
        title=f"First invocations import {late.package}, which takes {format_ms(late.cumulative_ms)}",
        evidence=(
            Evidence(
                f"in {late.seen} of {late.of} recorded starts, at {cpu:.0%} of a vCPU",
                f"monitor coldstarts {evidence.name} --imports",
            ),
        ),
        changes=(
            Change(
                ChangeKind.CODE,
                "Import it at init, at the top of the handler's file",
                f"import {late.package}  # imported at init, which has more CPU",
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
        risk_text="Starts whose first request does not need the import get slower.",
    )


RULE = Rule("lazy-imports", find)
