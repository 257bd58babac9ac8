"""Figures over many values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Distribution:
    """How values are spread; None throughout where `count` is 0.

    Percentiles interpolate linearly between the two nearest values, at position (count - 1) × p / 100
    counted from 0 (numpy's default, Hyndman and Fan's type 7). `exact` is False where they come from a
    sketch; count, min, max and mean are exact in either case.
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
    """One bar of a histogram: how many values v have low ≤ v < high (the last bar includes `high`)."""

    low: float
    high: float
    count: int
