"""From evidence to a diagnosis: applies every rule, and ranks the findings."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from monitor.diagnose.analyze_next_steps import next_steps
from monitor.diagnose.analyze_slices import slices
from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.model import Diagnosis, Headline, Trial
from monitor.diagnose.model_finding import ChangeKind, Finding, Grade
from monitor.diagnose.model_rule import Rule
from monitor.diagnose.rules import (
    architecture,
    classes_at_import,
    concurrency_limits,
    debug_logging,
    double_import,
    eager_imports,
    garbage_collection,
    import_work,
    init_failed_or_retried,
    instrumentation_overhead,
    lazy_imports,
    library_subtrees,
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
    unused_imports,
    version_lookups,
    vpc_or_extensions,
)
from monitor.kernel.origin import Origin

# By name.
RULES: tuple[Rule, ...] = (
    architecture.RULE,
    classes_at_import.RULE,
    concurrency_limits.RULE,
    debug_logging.RULE,
    double_import.RULE,
    eager_imports.RULE,
    garbage_collection.RULE,
    import_work.RULE,
    init_failed_or_retried.RULE,
    instrumentation_overhead.RULE,
    lazy_imports.RULE,
    library_subtrees.RULE,
    memory_too_small.RULE,
    missing_bytecode.RULE,
    network_calls_in_init.RULE,
    package_size.RULE,
    profiling_left_on.RULE,
    provisioned_concurrency.RULE,
    recent_deployment.RULE,
    runtime_version.RULE,
    sdk_client_at_init.RULE,
    sdk_shipped.RULE,
    snapstart.RULE,
    suppressed_init.RULE,
    timeouts_cause_cold_starts.RULE,
    unused_distributions.RULE,
    unused_imports.RULE,
    version_lookups.RULE,
    vpc_or_extensions.RULE,
)

# A change that saves less than both is listed as minor.
WORTH_MS = 25.0
WORTH_SHARE = 0.05
# What happened less often in the window may be an accident.
_FEW_EVENTS = 3


def ranked(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Failures first, then by `rank_ms`, then by money, then by name, so that the order is stable."""

    def key(one: Finding) -> tuple[bool, float, float, str, str]:
        return not one.urgent, -one.rank_ms, -(one.saves_usd_month or 0.0), one.rule, one.subject

    return tuple(sorted(findings, key=key))


def counted(finding: Finding, starts: int) -> Finding:
    """The finding with the number of starts in the window. What few or no starts show is not certain."""
    confidence = finding.confidence
    if finding.saving is not None and (finding.affected < _FEW_EVENTS or not starts):
        confidence = Grade.LOW
    return replace(finding, starts=starts, confidence=confidence)


def as_typed(finding: Finding, origin: Origin) -> Finding:
    """The finding, its commands with the options of the command line that gathered the evidence."""
    return replace(
        finding,
        evidence=tuple(replace(one, where=origin.carried(one.where)) for one in finding.evidence),
        changes=tuple(
            one if one.kind is ChangeKind.PATCH else replace(one, text=origin.carried(one.text))
            for one in finding.changes
        ),
    )


def is_worth(finding: Finding, first_total_ms: float | None) -> bool:
    """Whether the change would make starts noticeably faster on average, and more than one start shows it."""
    if finding.urgent:
        return True
    if finding.affected < 2 < finding.starts:
        return False
    return finding.mean_ms >= max(WORTH_MS, WORTH_SHARE * (first_total_ms or 0.0))


def diagnose(evidence: FunctionEvidence, trials: Sequence[Trial] = (), rules: Sequence[Rule] = RULES) -> Diagnosis:
    """The headline, the parts of the median start, the ranked findings, and the next steps."""
    number = headline(evidence)
    judged = replace(evidence, cold_starts=evidence.judged_starts) if evidence.latest else evidence
    found = ranked(
        as_typed(counted(finding, number.starts), evidence.origin)
        for rule in rules
        for finding in rule.find(evidence if rule.compares_over_time else judged)
    )
    worth = tuple(one for one in found if is_worth(one, number.first_total_p50_ms))
    return Diagnosis(
        evidence=evidence,
        headline=number,
        slices=slices(judged),
        findings=worth,
        minor=tuple(one for one in found if one not in worth),
        next_steps=tuple(replace(step, command=evidence.origin.carried(step.command)) for step in next_steps(evidence)),
        trials=tuple(trials),
    )


def headline(evidence: FunctionEvidence) -> Headline:
    """The headline figures, or the reason why there are none."""
    starts = evidence.starts
    if is_missing(starts):
        return Headline(None, None, None, 0, 0, None, starts.reason)
    why = ""
    if not starts.invocations:
        why = "there were no invocations in the window"
    elif not starts.cold_starts:
        why = f"no caller waited for a cold start in {starts.invocations:,} invocations"
    elif starts.first_total.p50 is None:
        why = "no cold start in the window has both an init duration and an invocation duration"
    return Headline(
        first_total_p50_ms=starts.first_total.p50,
        first_total_p95_ms=starts.first_total.p95,
        init_p50_ms=starts.init.p50,
        starts=starts.cold_starts,
        invocations=starts.invocations,
        share=starts.share,
        why=why,
    )
