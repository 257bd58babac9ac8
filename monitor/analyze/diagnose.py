"""From evidence to a diagnosis: every rule asked, what it found ranked by the milliseconds that it would save."""

from collections.abc import Callable, Iterable

from monitor.analyze.rules import (
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
from monitor.model.evidence import FunctionEvidence
from monitor.model.finding import Finding

Rule = Callable[[FunctionEvidence], Iterable[Finding]]

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
