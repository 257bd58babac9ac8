"""Starts with and without a change, taking turns: how much less, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

# With fewer turns, even if all go one way, chance does that too often.
FEWEST = 7
_TAIL = 0.01


@dataclass(frozen=True, slots=True)
class PairedSaving:
    """The median of the turns' differences (before - after, ms), and an interval for the difference.

    With `FEWEST` turns or more it is the 98% interval: chance puts it above zero in 1 of 100 equal pairs, and below
    zero in another. With fewer turns it is the smallest and the greatest difference.
    """

    saved_ms: float
    low_ms: float
    high_ms: float

    @property
    def is_more_than_noise(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low_ms > 0 or self.high_ms < 0


def paired_saving(before_ms: Sequence[float], after_ms: Sequence[float]) -> PairedSaving:
    """The saving that the pairs show; each turn's two starts are one pair, so that a busy moment meets both.

    The interval is the exact one of the Wilcoxon signed-rank test (Hollander and Wolfe, Nonparametric Statistical
    Methods, section 3.3), from the ordered means of every two differences. It assumes no distribution but that equal
    starts differ as often in one direction as in the other.

    Raises:
        ValueError: no pairs, or not as many of one as of the other.
    """
    if not before_ms or len(before_ms) != len(after_ms):
        raise ValueError("starts come in pairs")
    differences = [before - after for before, after in zip(before_ms, after_ms, strict=True)]
    if len(differences) < FEWEST:
        return PairedSaving(median(differences), min(differences), max(differences))
    means = sorted((one + other) / 2 for at, one in enumerate(differences) for other in differences[at:])
    skipped = _skipped(len(differences))
    return PairedSaving(median(differences), means[skipped], means[-1 - skipped])


def _skipped(count: int) -> int:
    """How many of the ordered means lie outside at each end: as many as the rank sum exceeds with a chance of 1%."""
    ways = [1]
    for rank in range(1, count + 1):
        longer = [*ways, *([0] * rank)]
        for at, held in enumerate(ways):
            longer[at + rank] += held
        ways = longer
    below = 0
    for total, held in enumerate(ways):
        below += held
        if below > _TAIL * 2**count:
            return max(0, total - 1)
    return 0
