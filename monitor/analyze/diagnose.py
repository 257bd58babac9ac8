"""From evidence to a diagnosis: every rule asked, what it found ranked by the milliseconds that it would save."""

from collections.abc import Callable, Iterable

from monitor.analyze.rules import (
    architecture,
    concurrency_limits,
    init_failed_or_retried,
    memory_too_small,
    network_calls_in_init,
    provisioned_concurrency,
    recent_deployment,
    runtime_version,
    snapstart,
    suppressed_init,
    timeouts_cause_cold_starts,
    vpc_or_extensions,
)
from monitor.model.evidence import FunctionEvidence
from monitor.model.finding import Finding

Rule = Callable[[FunctionEvidence], Iterable[Finding]]

RULES: tuple[Rule, ...] = (
    architecture.find,
    concurrency_limits.find,
    init_failed_or_retried.find,
    memory_too_small.find,
    network_calls_in_init.find,
    provisioned_concurrency.find,
    recent_deployment.find,
    runtime_version.find,
    snapstart.find,
    suppressed_init.find,
    timeouts_cause_cold_starts.find,
    vpc_or_extensions.find,
)

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
