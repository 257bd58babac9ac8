"""Whether inits became noticeably slower between two groups of starts, by more than noise."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.coldstarts.analyze_compare import FEWEST, MANN_WHITNEY, mann_whitney
from monitor.console.text import format_ms
from monitor.diagnose.model_finding import Evidence, Saving
from monitor.kernel.statistics import Distribution, distribution
from monitor.records.invocation import ColdStart

_LEVEL = 0.01
_FELT_MS = 25.0
_FELT_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Slower:
    """The inits before and after, and the p value of the difference."""

    before: Distribution
    after: Distribution
    p_value: float

    @property
    def by_ms(self) -> float:
        """The difference of the medians."""
        return (self.after.p50 or 0.0) - (self.before.p50 or 0.0)

    def saving(self, what: str) -> Saving:
        """The saving of a rollback: the difference of the medians, with a range by the slowest 10%."""
        low = max(0.0, (self.after.p50 or 0.0) - (self.before.p90 or 0.0))
        high = (self.after.p90 or 0.0) - (self.before.p50 or 0.0)
        basis = f"the difference of the median inits {what}, with a range by the slowest 10% of either"
        return Saving(min(low, self.by_ms), self.by_ms, max(high, self.by_ms), basis)

    def evidence(self, before: str, after: str, where: str) -> Evidence:
        """The figures in one line."""
        return Evidence(
            f"init p50 is {format_ms(self.before.p50)} over {self.before.count} starts of {before}, "
            f"and {format_ms(self.after.p50)} over {self.after.count} of {after} "
            f"({MANN_WHITNEY}, p = {self.p_value:.2g})",
            where,
        )


def slower(before: Sequence[ColdStart], after: Sequence[ColdStart]) -> Slower | None:
    """The change for the worse between two groups of starts; None if there is none or too little data."""
    old = [one.init_ms for one in before if one.init_ms is not None]
    new = [one.init_ms for one in after if one.init_ms is not None]
    if min(len(old), len(new)) < FEWEST:
        return None
    p_value, superiority = mann_whitney(Counter(old), Counter(new))
    found = Slower(distribution(old), distribution(new), p_value)
    felt_ms = max(_FELT_MS, _FELT_SHARE * (found.before.p50 or 0.0))
    return found if p_value < _LEVEL and superiority > 0.5 and found.by_ms >= felt_ms else None
