"""Failed inits, and inits close to the limit of ten seconds.

Lambda gives an on-demand init 10 s. If it fails or takes longer, Lambda repeats it inside the invocation (AWS Lambda
developer guide, "Lambda execution environment lifecycle"). The caller of a failed init waits for an error. Inits that
fail after a timeout, kill or crash, mostly because the function's own timeout ends them, are reported with those. Inits
that failed before the latest deployment whose starts work are history, and not reported. A failure has no saving in ms:
a start that works takes its own time. While the newest start or a tenth of
all starts fail, the finding comes before all others.
"""

from collections.abc import Iterator, Sequence

from monitor.console.text import format_ms
from monitor.diagnose.evidence.analyze_latest import LATEST
from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.facts.starts import counted, kind_count, quoted, show, summary_of, then_cold
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade
from monitor.diagnose.model_rule import NEEDS_LAMBDA_LIFECYCLE, Rule
from monitor.records.invocation import INIT_LIMIT_MS, ColdStart, FailureKind, InitKind

_NEAR_MS = 8_000.0
_CAUSES = 3
# From this share of starts on, failures come before everything else.
_OFTEN = 0.1
_TOLD_ELSEWHERE = (FailureKind.TIMEOUT, FailureKind.OUT_OF_MEMORY, FailureKind.EXIT)


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """One finding for failed inits, one for inits that are close to the limit."""
    # Failed inits after a timeout, kill or crash are reported with those.
    made = then_cold(evidence, *_TOLD_ELSEWHERE) - kind_count(evidence, InitKind.SUPPRESSED)
    starts = [one for one in evidence.cold_starts if one.kind is InitKind.FAILED and not _is_history(evidence, one)]
    failed = len(starts) - max(0, made)
    if failed > 0:
        yield _failed(evidence, starts, failed)
    summary = summary_of(evidence)
    slowest_ms = summary.init.p95 if summary else None
    if slowest_ms is not None and slowest_ms >= _NEAR_MS and kind_count(evidence, InitKind.ON_DEMAND):
        yield _near(evidence, slowest_ms)


def _is_history(evidence: FunctionEvidence, failed: ColdStart) -> bool:
    """Whether a deployment after the failed start has starts that work."""
    return any(
        deployed.at_ms > failed.at_ms
        and any(
            one.at_ms >= deployed.at_ms
            and one.kind is not InitKind.FAILED
            and (one.version or LATEST) == deployed.version
            for one in evidence.cold_starts
        )
        for deployed in evidence.deployments
    )


def _failed(evidence: FunctionEvidence, starts: Sequence[ColdStart], failed: int) -> Finding:
    example = next((one.request_id for one in starts if one.request_id), "")
    where = show(evidence, example)
    facts = [Evidence(f"{counted(failed, 'start')} ended with a failed init", where)]
    types = dict.fromkeys(one.error_type for one in starts if one.error_type)
    if types:
        facts.append(Evidence(f"errors: {', '.join(list(types)[:_CAUSES])}"))
    errors = [one.init_record.error for one in starts if one.init_record is not None and one.init_record.error]
    facts += [Evidence(f"{error.type}: {error.message}"[:300], error.module or "") for error in errors[:1]]
    if broken := sum(one.count for one in evidence.failures if one.kind is FailureKind.INIT):
        facts.append(Evidence(f"{counted(broken, 'invocation')} failed because of it"))
    newest = max(evidence.cold_starts, key=lambda one: one.at_ms, default=None)
    return Finding(
        rule="init-failed-or-retried",
        subject="failed inits",
        title=f"{counted(failed, 'init')} failed",
        evidence=tuple(facts),
        changes=(
            Change(ChangeKind.COMMAND, "See the errors", f"monitor errors {quoted(evidence.name)}"),
            Change(ChangeKind.COMMAND, "See one of them", where),
        ),
        saving=None,
        affected=failed,
        risk=Grade.LOW,
        confidence=Grade.HIGH,
        urgent=(newest is not None and newest.kind is InitKind.FAILED) or failed >= _OFTEN * len(evidence.cold_starts),
    )


def _near(evidence: FunctionEvidence, slowest_ms: float) -> Finding:
    return Finding(
        rule="init-failed-or-retried",
        subject="the init limit",
        title=f"1 init in 20 takes {format_ms(slowest_ms)} or more, and Lambda ends an init after 10 s",
        evidence=(
            Evidence(
                f"init p95 is {format_ms(slowest_ms)}; Lambda repeats a longer init than {format_ms(INIT_LIMIT_MS)} "
                f"inside the "
                "invocation, with less CPU",
                f"monitor coldstarts {quoted(evidence.name)}",
            ),
        ),
        changes=(Change(ChangeKind.CODE, "Make init shorter (see the other findings), or move work to its first use"),),
        saving=None,
        affected=0,
        risk=Grade.LOW,
        confidence=Grade.MEDIUM,
    )


RULE = Rule("init-failed-or-retried", find, trial=NEEDS_LAMBDA_LIFECYCLE)
