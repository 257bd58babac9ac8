"""From evidence to a diagnosis: every rule asked, what it found ranked by the milliseconds that it would save."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from monitor.diagnose.analyze_next_steps import next_steps
from monitor.diagnose.analyze_slices import slices
from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.model import Diagnosis, Headline, Trial
from monitor.diagnose.model_finding import Finding
from monitor.diagnose.rules import (
    architecture,
    concurrency_limits,
    debug_logging,
    double_import,
    eager_imports,
    garbage_collection,
    init_failed_or_retried,
    instrumentation_overhead,
    lazy_imports,
    memory_too_small,
    missing_bytecode,
    network_calls_in_init,
    package_size,
    profiling_left_on,
    provisioned_concurrency,
    recent_deployment,
    runtime_version,
    sdk_client_at_init,
    sdk_shipped,
    snapstart,
    suppressed_init,
    timeouts_cause_cold_starts,
    unused_distributions,
    vpc_or_extensions,
)

Rule = Callable[[FunctionEvidence], Iterable[Finding]]

# Each rule's `find`, by the alphabet.
RULES: tuple[Rule, ...] = (
    architecture.find,
    concurrency_limits.find,
    debug_logging.find,
    double_import.find,
    eager_imports.find,
    garbage_collection.find,
    init_failed_or_retried.find,
    instrumentation_overhead.find,
    lazy_imports.find,
    memory_too_small.find,
    missing_bytecode.find,
    network_calls_in_init.find,
    package_size.find,
    profiling_left_on.find,
    provisioned_concurrency.find,
    recent_deployment.find,
    runtime_version.find,
    sdk_client_at_init.find,
    sdk_shipped.find,
    snapstart.find,
    suppressed_init.find,
    timeouts_cause_cold_starts.find,
    unused_distributions.find,
    vpc_or_extensions.find,
)

# Those that hold what was before the latest change against what came after it; all others see what came after alone.
_OVER_TIME: tuple[Rule, ...] = (recent_deployment.find, runtime_version.find)

# A change below both is not worth its review: it is listed as minor.
WORTH_MS = 25.0
WORTH_SHARE = 0.05


def ranked(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The most window milliseconds first; then the most money, then by name so that the order is stable."""
    return tuple(
        sorted(findings, key=lambda one: (-one.window_ms, -(one.saves_usd_month or 0.0), one.rule, one.subject))
    )


def is_worth(finding: Finding, first_total_ms: float | None) -> bool:
    """Whether a start would become faster by something that can be felt."""
    if finding.saving is None:
        return False
    return finding.saving.likely_ms >= max(WORTH_MS, WORTH_SHARE * (first_total_ms or 0.0))


def diagnose(evidence: FunctionEvidence, trials: Sequence[Trial] = (), rules: Sequence[Rule] = RULES) -> Diagnosis:
    """What the evidence says: the number, where it goes, what to change, and how to know more."""
    number = headline(evidence)
    judged = replace(evidence, cold_starts=evidence.judged_starts) if evidence.latest else evidence
    found = ranked(finding for rule in rules for finding in rule(evidence if rule in _OVER_TIME else judged))
    worth = tuple(one for one in found if is_worth(one, number.first_total_p50_ms))
    return Diagnosis(
        evidence=evidence,
        headline=number,
        slices=slices(judged),
        findings=worth,
        minor=tuple(one for one in found if one not in worth),
        next_steps=next_steps(evidence),
        trials=tuple(trials),
    )


def headline(evidence: FunctionEvidence) -> Headline:
    """The number, or why there is none."""
    starts = evidence.starts
    if is_missing(starts):
        return Headline(None, None, None, 0, 0, None, starts.reason)
    why = ""
    if not starts.invocations:
        why = "it was not invoked in the window"
    elif not starts.cold_starts:
        why = f"none of {starts.invocations:,} invocations in the window was a cold start that a caller waited for"
    elif starts.first_total.p50 is None:
        why = "no cold start of the window has both its init's and its invocation's duration"
    return Headline(
        first_total_p50_ms=starts.first_total.p50,
        first_total_p95_ms=starts.first_total.p95,
        init_p50_ms=starts.init.p50,
        starts=starts.cold_starts,
        invocations=starts.invocations,
        share=starts.share,
        why=why,
    )
