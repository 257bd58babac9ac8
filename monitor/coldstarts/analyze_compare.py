"""Whether two windows differ by more than noise.

Durations are compared by the Mann-Whitney U test (normal approximation, corrected for ties). It does not assume that
durations follow a certain distribution, and tests whether values of one window tend to be greater than those of the
other. Shares are compared by the two-proportion z test with pooled variance. Both tests are two-sided, and need enough
data.
"""

import math
from collections.abc import Mapping

from monitor.coldstarts.analyze_totals import ColdStarts
from monitor.coldstarts.model import ColdStartSummary, Comparison, Difference
from monitor.kernel.statistics import Quantiles

MANN_WHITNEY = "Mann-Whitney U"
TWO_PROPORTIONS = "two-proportion z"
# With fewer values on either side, the normal approximation is not accurate.
FEWEST = 8
_FEWEST_EXPECTED = 5


def compare(function: str, before: ColdStarts | None, after: ColdStarts | None) -> Comparison:
    """A function's cold starts in two windows; None for a window without invocations."""
    before, after = before or ColdStarts(function), after or ColdStarts(function)
    old, new = before.result(), after.result()
    return Comparison(
        function,
        old,
        new,
        durations_differ(before.init, after.init),
        durations_differ(before.first_total, after.first_total),
        shares_differ(old, new),
    )


def durations_differ(before: Quantiles, after: Quantiles) -> Difference:
    """Whether durations changed. If one side is a sketch, both are counted in buckets of 1% width."""
    medians = before.result().p50, after.result().p50
    if min(before.count, after.count) < FEWEST:
        return Difference(MANN_WHITNEY, *medians, None, None, f"fewer than {FEWEST} cold starts in one of the two")
    sketched = not (before.exact and after.exact)
    p_value, superiority = mann_whitney(before.counted(sketched=sketched), after.counted(sketched=sketched))
    return Difference(MANN_WHITNEY, *medians, p_value, superiority)


def mann_whitney(before: Mapping[float, int], after: Mapping[float, int]) -> tuple[float, float]:
    """The two-sided p value, and the chance that a value of `after` exceeds one of `before` (a tie counts half).

    Args:
        before, after: how often each value occurred. Neither may be empty.
    """
    m, n = sum(before.values()), sum(after.values())
    below = u = ties = 0.0
    for value in sorted(before.keys() | after.keys()):
        ours, theirs = after.get(value, 0), before.get(value, 0)
        u += ours * (below + theirs / 2)
        below += theirs
        tied = ours + theirs
        ties += tied**3 - tied
    total = m + n
    variance = m * n / 12 * (total + 1 - ties / (total * (total - 1)))
    if variance <= 0:
        return 1.0, 0.5
    # U changes in steps of at least one half: the usual continuity correction.
    z = max(0.0, abs(u - m * n / 2) - 0.5) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2)), u / (m * n)


def shares_differ(before: ColdStartSummary, after: ColdStartSummary) -> Difference:
    """Whether the share of cold starts changed."""
    shares = before.share, after.share
    total = before.invocations + after.invocations
    pooled = (before.cold_starts + after.cold_starts) / total if total else 0.0
    smallest = min(before.invocations, after.invocations)
    if smallest * min(pooled, 1 - pooled) < _FEWEST_EXPECTED:
        why = "there are too few cold or too few warm invocations for the test"
        return Difference(TWO_PROPORTIONS, *shares, None, None, why)
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / before.invocations + 1 / after.invocations))
    z = abs((after.share or 0.0) - (before.share or 0.0)) / deviation
    return Difference(TWO_PROPORTIONS, *shares, math.erfc(z / math.sqrt(2)))
