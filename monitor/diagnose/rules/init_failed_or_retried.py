"""Inits that fail, and inits near the ten seconds that Lambda gives them.

Lambda gives an init on demand 10 s; one that fails or takes longer is thrown away and repeated in the invocation (AWS
Lambda developer guide, "Lambda execution environment lifecycle"). Whoever meets a failed one waits for an error: the
likely saving is the whole of that wait, the least nothing (a start that works takes its own time). Inits that fail
after a time-out, kill or crash, mostly cut short by the function's own time-out, are told with those.
"""

from collections.abc import Iterator

from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import NEEDS_LAMBDA_LIFECYCLE, Rule
from monitor.diagnose.rules.starts import counted, kind_count, quoted, summary_of, then_cold
from monitor.kernel.statistics import distribution
from monitor.records.invocation import FailureKind, InitKind

LIMIT_MS = 10_000.0
_NEAR_MS = 8_000.0
_CAUSES = 3
_TOLD_ELSEWHERE = (FailureKind.TIMEOUT, FailureKind.OUT_OF_MEMORY, FailureKind.EXIT)


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """One finding for failed inits, one for inits that are close to the limit."""
    # Inits that a time-out, kill or crash made necessary, and that failed in their turn, are told with those.
    made = then_cold(evidence, *_TOLD_ELSEWHERE) - kind_count(evidence, InitKind.SUPPRESSED)
    failed = kind_count(evidence, InitKind.FAILED) - max(0, made)
    if failed > 0:
        yield _failed(evidence, failed)
    summary = summary_of(evidence)
    slowest_ms = summary.init.p95 if summary else None
    if slowest_ms is not None and slowest_ms >= _NEAR_MS and kind_count(evidence, InitKind.ON_DEMAND):
        yield _near(evidence, slowest_ms)


def _failed(evidence: FunctionEvidence, failed: int) -> Finding:
    starts = [one for one in evidence.cold_starts if one.kind is InitKind.FAILED]
    example = next((one.request_id for one in starts if one.request_id), "")
    where = f"monitor show {quoted(example)}" if example else f"monitor errors {quoted(evidence.name)}"
    facts = [Evidence(f"{counted(failed, 'start')} ended with an init that failed", where)]
    types = dict.fromkeys(one.error_type for one in starts if one.error_type)
    if types:
        facts.append(Evidence(f"what they failed of: {', '.join(list(types)[:_CAUSES])}"))
    errors = [one.init_record.error for one in starts if one.init_record is not None and one.init_record.error]
    facts += [Evidence(f"{error.type}: {error.message}"[:300], error.module or "") for error in errors[:1]]
    if broken := sum(one.count for one in evidence.failures if one.kind is FailureKind.INIT):
        facts.append(Evidence(f"{counted(broken, 'invocation')} failed for it"))
    waited = distribution(one.first_total_ms for one in starts if one.first_total_ms is not None)
    saving = None
    if waited.p50 is not None:
        basis = "the median wait for the error; a start that works takes its own time instead"
        saving = Saving(0.0, waited.p50, max(waited.p50, waited.p90 or 0.0) + LIMIT_MS, basis)
    return Finding(
        rule="init-failed-or-retried",
        subject="failed inits",
        title=f"{counted(failed, 'init')} failed, and so did what waited for {'it' if failed == 1 else 'them'}",
        evidence=tuple(facts),
        changes=(
            Change(ChangeKind.COMMAND, "What they failed of", f"monitor errors {quoted(evidence.name)}"),
            Change(ChangeKind.COMMAND, "Where the time of one went", where),
        ),
        saving=saving,
        affected=failed,
        risk=Grade.LOW,
        confidence=Grade.HIGH,
    )


def _near(evidence: FunctionEvidence, slowest_ms: float) -> Finding:
    return Finding(
        rule="init-failed-or-retried",
        subject="the init limit",
        title=f"One init in twenty takes {slowest_ms / 1000:.1f} s or more of the 10 s that Lambda gives it",
        evidence=(
            Evidence(
                f"init p95 {slowest_ms:,.0f} ms; what takes over {LIMIT_MS:,.0f} ms is thrown away and done again "
                "inside the invocation, with less CPU",
                f"monitor coldstarts {quoted(evidence.name)}",
            ),
        ),
        changes=(Change(ChangeKind.CODE, "Make the init shorter (the other findings), or move work to first use"),),
        saving=None,
        affected=0,
        risk=Grade.LOW,
        confidence=Grade.MEDIUM,
    )


RULE = Rule("init-failed-or-retried", find, trial=NEEDS_LAMBDA_LIFECYCLE)
