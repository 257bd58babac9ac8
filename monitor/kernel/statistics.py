"""Distributions and histograms over streams of values, in bounded memory."""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import mul, truediv

EXACT_UP_TO = 100_000
# Bucket i of the sketch covers (γ^(i-1), γ^i]. Its geometric middle is wrong by at most √γ - 1.
_GAMMA = 1.01
_LOG_GAMMA = math.log(_GAMMA)
# Smaller values count as zero. This is a millionth of a millisecond.
_SMALLEST = 1e-6
# So many standard deviations below its mean, a normal variable lies in 1% of all cases.
_WITHIN = 2.34


@dataclass(frozen=True, slots=True)
class Distribution:
    """The distribution of values. All figures are None if `count` is 0.

    Percentiles interpolate linearly between the two nearest values, at position (count - 1) × p / 100
    counted from 0 (numpy's default, Hyndman and Fan's type 7). `exact` is False if they come from a
    sketch; count, min, max, and mean are always exact.
    """

    count: int
    min: float | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None
    mean: float | None = None
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of a histogram: the number of values v with low ≤ v < high (the last bar includes `high`)."""

    low: float
    high: float
    count: int


def percentile(ordered: list[float], share: float) -> float:
    """The value at `share` (0 to 1) of ascending values, interpolated linearly at (count - 1) × share.

    numpy's default ("linear"), Hyndman and Fan's type 7. Raises ValueError for no values.
    """
    if not ordered:
        raise ValueError("no values")
    position = (len(ordered) - 1) * share
    below = math.floor(position)
    part = position - below
    if part == 0:
        return ordered[below]
    low, high = ordered[below], ordered[below + 1]
    # As in numpy, interpolate from the nearer end, so that the result never exceeds either end.
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part)


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """An interval of at least 98% for the median of what `values` are samples of; all of them if they are too few.

    The ends are order statistics: the median lies below the k-th of n values as often as fewer than k of n fair coins
    show heads (David and Nagaraja, Order Statistics, section 7.1). Their number is taken as normal, rounded outwards.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("a median needs values")
    ordered = sorted(values)
    outside = max(0, math.floor(len(ordered) / 2 - _WITHIN * math.sqrt(len(ordered)) / 2) - 1)
    return ordered[outside], ordered[-1 - outside]


def distribution(values: Iterable[float]) -> Distribution:
    """The distribution of `values`, exact up to EXACT_UP_TO of them."""
    spread = Quantiles()
    for value in values:
        spread.add(value)
    return spread.result()


class Quantiles:
    """Quantiles of non-negative values: exact up to a number of values, and from buckets of 1% width beyond it.

    Percentiles are exact up to `exact_up_to` values, and beyond that within 0.5% of a value at that rank. Count, min,
    max, and mean are always exact. Negative values, which durations do not have, count as zero in buckets. Memory:
    8 bytes a value, then about 2,000 counters.
    """

    __slots__ = ("_buckets", "_exact_up_to", "_max", "_min", "_sum", "_values", "count")

    def __init__(self, exact_up_to: int = EXACT_UP_TO) -> None:
        self.count = 0
        self._exact_up_to = exact_up_to
        self._values: array[float] | None = array("d")
        self._buckets: dict[int, int] = {}
        self._sum = 0.0
        self._min = math.inf
        self._max = -math.inf

    def add(self, value: float) -> None:
        """Add one value. Raises ValueError for NaN and infinities."""
        if not math.isfinite(value):
            raise ValueError(f"{value} is not finite")
        self.count += 1
        self._sum += value
        # Faster than min() and max(): this runs for every invocation of a long log.
        if value < self._min:
            self._min = value
        if value > self._max:
            self._max = value
        if self._values is None:
            self._count(value)
        else:
            self._values.append(value)
            if self.count > self._exact_up_to:
                for kept in self._values:
                    self._count(kept)
                self._values = None

    def add_counted(self, counted: Counter[float]) -> None:
        """Add many values at once, each as often as counted, which is several times as fast."""
        if not counted:
            return
        total = sum(map(mul, counted, counted.values()))
        if not math.isfinite(total):
            raise ValueError("a value is not finite")
        self.count += counted.total()
        self._sum += total
        self._min, self._max = min(self._min, min(counted)), max(self._max, max(counted))
        if self._values is not None:
            if self.count <= self._exact_up_to:
                self._values.extend(counted.elements())
                return
            counted, self._values = counted + Counter(self._values), None
        for index, count in zip(_buckets_of(list(counted)), counted.values(), strict=True):
            self._buckets[index] = self._buckets.get(index, 0) + count

    def absorb(self, other: "Quantiles") -> None:
        """Add all values of another instance, which does not change."""
        if other._values is not None:
            self.add_counted(Counter(other._values))
            return
        if self._values is not None:
            for kept in self._values:
                self._count(kept)
            self._values = None
        for index, count in other._buckets.items():
            self._buckets[index] = self._buckets.get(index, 0) + count
        self.count += other.count
        self._sum += other._sum
        self._min, self._max = min(self._min, other._min), max(self._max, other._max)

    def result(self) -> Distribution:
        """The distribution so far."""
        if self.count == 0:
            return Distribution(0)
        ordered = sorted(self._values) if self._values is not None else None
        p50, p90, p95, p99 = (
            percentile(ordered, share) if ordered is not None else self._estimate(share)
            for share in (0.50, 0.90, 0.95, 0.99)
        )
        mean = (math.fsum(ordered) if ordered is not None else self._sum) / self.count
        return Distribution(self.count, self._min, p50, p90, p95, p99, self._max, mean, ordered is not None)

    @property
    def exact(self) -> bool:
        """Whether all values are still in memory."""
        return self._values is not None

    def counted(self, *, sketched: bool = False) -> dict[float, int]:
        """How often each value occurred. With `sketched`, or if not exact, a bucket's middle replaces its values."""
        if self._values is not None and not sketched:
            return dict(Counter(self._values))
        if self._values is None:
            return {_middle(index): count for index, count in self._buckets.items()}
        found: Counter[float] = Counter()
        for value in self._values:
            found[_middle(_bucket(value))] += 1
        return dict(found)

    def histogram(self, bins: int = 10) -> tuple[Bin, ...]:
        """Counts in `bins` bars of equal width from min to max; one bar if all values are equal.

        Beyond the exact bound each value counts at its bucket's middle.
        """
        if self._values is not None:
            return histogram(self._values, bins)
        middles = {self._middle(index): count for index, count in self._buckets.items()}
        return _bars(middles.items(), self._min, self._max, bins)

    def _count(self, value: float, count: int = 1) -> None:
        index = _bucket(value)
        self._buckets[index] = self._buckets.get(index, 0) + count

    def _middle(self, index: int) -> float:
        return min(max(_middle(index), self._min), self._max)

    def _estimate(self, share: float) -> float:
        rank = (self.count - 1) * share
        seen = 0
        for index in sorted(self._buckets):
            seen += self._buckets[index]
            if seen > rank:
                return self._middle(index)
        return self._max


def _bucket(value: float) -> int:
    return math.ceil(math.log(value) / _LOG_GAMMA) if value > _SMALLEST else -(10**9)


def _buckets_of(values: list[float]) -> Iterable[int]:
    """`_bucket` of each value; most calls are made without the interpreter."""
    if min(values) <= _SMALLEST:
        return map(_bucket, values)
    return map(math.ceil, map(truediv, map(math.log, values), repeat(_LOG_GAMMA)))


def _middle(index: int) -> float:
    return _GAMMA ** (index - 0.5) if index > -(10**9) else 0.0


def joined(parts: Sequence[Distribution]) -> Distribution:
    """Several distributions as one. Percentiles are weighted means; count, min, max, and mean are exact."""
    parts = [part for part in parts if part.count]
    if len(parts) <= 1:
        return parts[0] if parts else Distribution(0)
    count = sum(part.count for part in parts)

    def weighted(name: str) -> float:
        return sum((getattr(part, name) or 0.0) * part.count for part in parts) / count

    return Distribution(
        count=count,
        min=min(part.min for part in parts if part.min is not None),
        p50=weighted("p50"),
        p90=weighted("p90"),
        p95=weighted("p95"),
        p99=weighted("p99"),
        max=max(part.max for part in parts if part.max is not None),
        mean=weighted("mean"),
        exact=False,
    )


def histogram(values: Iterable[float], bins: int = 10) -> tuple[Bin, ...]:
    """Counts in `bins` bars of equal width from the smallest to the largest value; empty without values.

    One bar where all values are equal. A value on a border counts in the bar that begins there, the greatest
    in the last. Raises ValueError for less than one bar.
    """
    kept = list(values)
    return _bars(((value, 1) for value in kept), min(kept), max(kept), bins) if kept else ()


def _bars(counted: Iterable[tuple[float, int]], low: float, high: float, bins: int) -> tuple[Bin, ...]:
    if bins < 1:
        raise ValueError("a histogram has at least one bar")
    width = (high - low) / bins
    if low == high or width == 0:
        return (Bin(low, high, sum(count for _, count in counted)),)
    counts = [0] * bins
    for value, count in counted:
        counts[min(int((value - low) / width), bins - 1)] += count
    return tuple(
        Bin(low + index * width, high if index == bins - 1 else low + (index + 1) * width, count)
        for index, count in enumerate(counts)
    )
