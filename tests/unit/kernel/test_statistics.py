"""Percentiles and histograms against figures worked out by hand and by another implementation."""

import math
import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.kernel.statistics import Bin, Distribution, Quantiles, distribution, histogram, median_interval, percentile
from tests.examples import examples

values = st.floats(0, 1e9, allow_nan=False)


def test_figures_worked_out_by_hand() -> None:
    # Position (4 - 1) × 0.9 = 2.7 from 0: 30 + 0.7 × (40 - 30).
    found = distribution([40, 10, 30, 20])
    assert (found.count, found.min, found.p50, found.max, found.mean, found.exact) == (4, 10, 25, 40, 25, True)
    assert (found.p90, found.p95, found.p99) == pytest.approx((37.0, 38.5, 39.7))


def test_one_value_is_every_percentile_and_no_value_is_none() -> None:
    assert distribution([7.5]) == Distribution(1, 7.5, 7.5, 7.5, 7.5, 7.5, 7.5, 7.5)
    assert distribution([]) == Distribution(0)
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


@pytest.mark.parametrize("count", [1, 2, 7, 9, 10, 11, 16, 25, 50, 99, 200, 1_000])
def test_the_interval_of_a_median_holds_it_in_98_of_100_samples(count: int) -> None:
    """The exact chance that it lies outside is that of so few heads in so many fair coins, at either end."""
    low, high = median_interval([float(value) for value in reversed(range(count))])
    assert high == count - 1 - low
    if low > 0:
        assert 2 * sum(math.comb(count, heads) for heads in range(int(low) + 1)) * 100 <= 2 * 2**count
    # It is not wider than it needs to be by more than two values at each end.
    assert 2 * sum(math.comb(count, heads) for heads in range(int(low) + 3)) * 100 > 2 * 2**count


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(values, min_size=2, max_size=60))
def test_percentiles_are_those_of_the_standard_library_s_inclusive_method(numbers: list[float]) -> None:
    found = distribution(numbers)
    expected = statistics.quantiles(numbers, n=100, method="inclusive")
    for ours, theirs in ((found.p50, 49), (found.p90, 89), (found.p95, 94), (found.p99, 98)):
        assert ours == pytest.approx(expected[theirs], rel=1e-9, abs=1e-6)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(values, min_size=1, max_size=60))
def test_percentiles_are_ordered_and_within_the_extremes(numbers: list[float]) -> None:
    found = distribution(numbers)
    figures = [found.min, found.p50, found.p90, found.p95, found.p99, found.max]
    assert figures == sorted(figures)  # type: ignore[type-var]


def test_beyond_the_bound_percentiles_are_within_the_stated_error_and_said_to_be_estimates() -> None:
    rng = random.Random(5)
    numbers = [rng.lognormvariate(6, 1) for _ in range(20_000)]
    sketch = Quantiles(exact_up_to=1_000)
    for number in numbers:
        sketch.add(number)
    found, exact = sketch.result(), distribution(numbers)
    assert (found.exact, exact.exact) == (False, True)
    assert (found.count, found.min, found.max) == (exact.count, exact.min, exact.max)
    assert found.mean == pytest.approx(exact.mean)
    for name in ("p50", "p90", "p95", "p99"):
        # Between neighbors of 20,000 values there is next to nothing: the sketch's own error rules.
        assert getattr(found, name) == pytest.approx(getattr(exact, name), rel=0.006)
    assert sum(bar.count for bar in sketch.histogram(12)) == 20_000


def test_the_sketch_takes_zeroes_and_tiny_values() -> None:
    sketch = Quantiles(exact_up_to=2)
    for number in (0.0, 0.0, 0.0, 1e-9, 5.0):
        sketch.add(number)
    found = sketch.result()
    assert (found.p50, found.max) == (0.0, 5.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_figure_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="is not finite"):
        Quantiles().add(value)


def test_a_histogram_counts_every_value_once_a_border_in_the_bar_it_begins() -> None:
    assert histogram([0, 1, 2, 2.5, 4], 4) == (Bin(0, 1, 1), Bin(1, 2, 1), Bin(2, 3, 2), Bin(3, 4, 1))


def test_equal_values_are_one_bar_and_none_are_none() -> None:
    assert histogram([3, 3, 3]) == (Bin(3, 3, 3),)
    assert histogram([]) == ()
    with pytest.raises(ValueError, match="at least one bar"):
        histogram([1, 2], 0)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(values, min_size=1, max_size=60), st.integers(1, 20))
def test_a_histogram_loses_nothing_and_spans_everything(numbers: list[float], bins: int) -> None:
    bars = histogram(numbers, bins)
    assert sum(bar.count for bar in bars) == len(numbers)
    assert (bars[0].low, bars[-1].high) == (min(numbers), max(numbers))
