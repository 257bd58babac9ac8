"""Judges measured values by their limits, with fewer than one false alarm in a hundred runs.

A duration is judged by its median: a check fails only if the lower end of the median's confidence interval is above
the limit. The ends are order statistics, by the sign test (Conover, Practical Nonparametric Statistics, 3.2): if the
median is within the limit, k or more of n independent starts exceed the limit with a binomial probability, whatever the
distribution of starts. A cost is a mean, judged by Student's t, whose lower end is
cautious where few invocations cost much more than the others. The checks of a run share one chance of a false alarm.
"""

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist, fmean, median, stdev

from monitor.budget.model import (
    BudgetReport,
    Check,
    FunctionBudget,
    FunctionImports,
    Limit,
    Measure,
    Measured,
    Verdict,
)

# The chance that a run in which all is within its limits fails: half of the promised 1%, since no machine is steady.
FALSE_ALARM = 0.005
# With fewer invocations a mean of skewed costs is not near enough to normal.
FEWEST_COSTS = 30


def judge(budgets: Sequence[FunctionBudget], measured: Mapping[str, Measured], file: str) -> BudgetReport:
    """Check every limit; `measured` is by the function's name."""
    chance = chance_of_each(budgets)
    checks = tuple(
        _check(budget.name, limit, measured[budget.name], chance) for budget in budgets for limit in budget.limits
    )
    imports = tuple(FunctionImports(name, one.imports) for name, one in measured.items() if one.imports)
    references = [one for name in measured for one in measured[name].reference_ms]
    scaled_to_ms = next((one.reference_ms for one in budgets if one.reference_ms), None)
    return BudgetReport(
        file, checks, imports, median(references) if references else None, scaled_to_ms if references else None
    )


def scaled(values_ms: Sequence[float], reference_ms: Sequence[float], to_ms: float) -> tuple[float, ...]:
    """Durations as they would be on a machine on which the reference package starts in `to_ms`.

    Each is divided by the reference's start of the same turn. That takes out how fast the machine is, and how busy it
    was at that moment: without it, the starts of one run are alike, and not independent. `to_ms` of 0 changes nothing.
    """
    if not to_ms:
        return tuple(values_ms)
    return tuple(value * to_ms / reference for value, reference in zip(values_ms, reference_ms, strict=True))


def chance_of_each(budgets: Sequence[FunctionBudget]) -> float:
    """The chance of a false alarm that each check may have, so that all of them together stay below the limit."""
    return FALSE_ALARM / max(1, sum(not limit.measure.is_exact for one in budgets for limit in one.limits))


def fewest_starts(chance: float) -> int:
    """The number of starts below which no check of a median can fail."""
    return max(1, math.ceil(-math.log2(chance) - 1e-9))


def check_values(values: Sequence[float], most: float, measure: Measure, chance: float) -> tuple[Verdict, str]:
    """The verdict on these values, and why. `chance` is that of a false alarm."""
    ordered = sorted(values)
    if measure.is_exact:
        return (Verdict.OVER, "above the limit") if ordered[0] > most else (Verdict.WITHIN, "")
    fewest = FEWEST_COSTS if measure is Measure.COST else fewest_starts(chance)
    noun = "invocations" if measure is Measure.COST else "starts"
    if len(ordered) < fewest:
        return Verdict.UNKNOWN, f"not enough {noun}: {len(ordered)} of at least {fewest}"
    low, _ = interval(ordered, measure, chance)
    if low > most:
        return Verdict.OVER, f"above the limit in {sum(one > most for one in ordered)} of {len(ordered)} {noun}"
    if _middle(ordered, measure) > most:
        return Verdict.UNDECIDED, f"above the limit, but {len(ordered)} {noun} do not show that it is more than chance"
    return Verdict.WITHIN, ""


def interval(ordered: Sequence[float], measure: Measure, chance: float) -> tuple[float, float]:
    """The confidence interval of the median, or of the mean of costs; each end is wrong with at most `chance`."""
    if measure is Measure.COST:
        margin = _t_quantile(1 - chance, len(ordered) - 1) * stdev(ordered) / math.sqrt(len(ordered))
        mean = fmean(ordered)
        return mean - margin, mean + margin
    rank = _lower_rank(len(ordered), chance)
    return ordered[rank - 1], ordered[-rank]


def _check(function: str, limit: Limit, measured: Measured, chance: float) -> Check:
    values = sorted(measured.values.get(limit.measure, ()))
    value = low = high = None
    if values:
        verdict, why = check_values(values, limit.most, limit.measure, chance)
        value = _middle(values, limit.measure)
        if not limit.measure.is_exact and verdict is not Verdict.UNKNOWN:
            low, high = interval(values, limit.measure, chance)
    elif measured.failed:
        verdict, why = Verdict.OVER, measured.failed
    else:
        verdict, why = Verdict.UNKNOWN, "nothing was measured"
    return Check(function, limit.measure, limit.most, value, low, high, len(values), verdict, limit.line, why)


def _middle(ordered: Sequence[float], measure: Measure) -> float:
    if measure.is_exact:
        return ordered[0]
    return fmean(ordered) if measure is Measure.COST else median(ordered)


def _lower_rank(count: int, chance: float) -> int:
    """The largest k for which at most k - 1 of `count` fair coins show heads with at most `chance`; 0 if none."""
    # In logarithms: 2 to the power of a long log's starts is too large for a float.
    below = 0.0
    for rank in range(count + 1):
        ways = math.lgamma(count + 1) - math.lgamma(rank + 1) - math.lgamma(count - rank + 1)
        below += math.exp(ways - count * math.log(2))
        if below > chance * (1 + 1e-9):
            return rank
    return count


def _t_quantile(share: float, freedom: int) -> float:
    """Student's quantile by Fisher's expansion of the normal one, right to 0.2% from 29 degrees of freedom on."""
    z = NormalDist().inv_cdf(share)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3
