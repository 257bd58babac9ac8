"""From evidence to a diagnosis: every rule asked, what it found ranked by the milliseconds that it would save."""

from collections.abc import Callable, Iterable

from monitor.analyze.rules import (
    debug_logging,
    double_import,
    eager_imports,
    garbage_collection,
    instrumentation_overhead,
    lazy_imports,
    missing_bytecode,
    package_size,
    profiling_left_on,
    sdk_client_at_init,
    sdk_shipped,
    unused_distributions,
)
from monitor.model.evidence import FunctionEvidence
from monitor.model.finding import Finding

Rule = Callable[[FunctionEvidence], Iterable[Finding]]

RULES: tuple[Rule, ...] = (
    debug_logging.find,
    double_import.find,
    eager_imports.find,
    garbage_collection.find,
    instrumentation_overhead.find,
    lazy_imports.find,
    missing_bytecode.find,
    package_size.find,
    profiling_left_on.find,
    sdk_client_at_init.find,
    sdk_shipped.find,
    unused_distributions.find,
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
