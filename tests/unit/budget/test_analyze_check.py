"""How often a budget fails that is kept, and how often one that is not."""

import json
import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.budget.analyze_check import (
    FALSE_ALARM,
    check_values,
    fewest_starts,
    interval,
    judge,
    scaled,
)
from monitor.budget.model import FunctionBudget, Limit, Measure, Measured, Verdict
from tests.examples import examples

SAMPLE = Path(__file__).parents[2] / "samples" / "start_times.json"
REAL = json.loads(SAMPLE.read_text(encoding="utf-8"))["init_ms"]
TURNS = json.loads(SAMPLE.read_text(encoding="utf-8"))["turns"]
RUNS = 2_000
PROMISED = 0.01
Draw = Callable[[random.Random], float]


def half_above(values: list[float]) -> float:
    """The least limit that half of the values keep: a median that is exactly within."""
    return sorted(values)[(len(values) - 1) // 2]


def alarms(runs: int, starts: int, functions: int, draw: Draw, limit: float) -> int:
    """In how many runs of a budget with so many functions a check fails."""
    generator = random.Random(7)
    budgets = [FunctionBudget(f"f{n}", 1, (Limit(Measure.INIT, limit, 2),), package="p.zip") for n in range(functions)]
    found = 0
    for _ in range(runs):
        measured = {
            one.name: Measured({Measure.INIT: tuple(draw(generator) for _ in range(starts))}) for one in budgets
        }
        found += bool(judge(budgets, measured, "budget.toml").failed)
    return found


@pytest.mark.parametrize(("starts", "functions"), [(8, 1), (15, 1), (15, 4), (25, 3), (60, 1)])
def test_real_starts_at_their_limit_fail_in_fewer_than_1_percent_of_runs(starts: int, functions: int) -> None:
    found = alarms(RUNS // functions, starts, functions, lambda generator: generator.choice(REAL), half_above(REAL))
    assert found <= RUNS // functions * PROMISED


def failing_windows(values: Sequence[float], starts: int) -> float:
    """The share of runs of neighboring starts that fail, with the median of all as their limit."""
    runs = [values[at : at + starts] for at in range(len(values) - starts + 1)]
    limit = half_above(list(values))
    return sum(check_values(one, limit, Measure.INIT, FALSE_ALARM)[0] is Verdict.OVER for one in runs) / len(runs)


@pytest.mark.parametrize("starts", [8, 15, 25])
def test_a_machine_that_is_busy_for_a_while_fails_no_run_if_starts_are_scaled(starts: int) -> None:
    package, reference = TURNS
    assert failing_windows(package, starts) > PROMISED
    assert failing_windows(scaled(package, reference, 500.0), starts) <= PROMISED


@settings(max_examples=examples(50), deadline=None)
@given(st.lists(st.tuples(st.floats(1, 1e5), st.floats(1, 1e5)), min_size=1, max_size=20), st.floats(0.01, 100))
def test_a_machine_that_is_slower_by_any_factor_gives_the_same_figures(
    turns: list[tuple[float, float]], factor: float
) -> None:
    values, references = zip(*turns, strict=True)
    slower = scaled([one * factor for one in values], [one * factor for one in references], 500.0)
    assert slower == pytest.approx(scaled(values, references, 500.0))
    assert scaled(values, references, 0.0) == values


@pytest.mark.parametrize("starts", [10, 15, 25])
def test_a_start_that_takes_twice_as_long_fails_in_nearly_every_run(starts: int) -> None:
    found = alarms(RUNS, starts, 1, lambda generator: 2 * generator.choice(REAL), half_above(REAL))
    assert found >= RUNS * 0.95


@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(lambda generator: generator.lognormvariate(0, 0.5), id="lognormal"),
        pytest.param(lambda generator: generator.paretovariate(3), id="a long tail"),
        pytest.param(lambda generator: 40.0 if generator.random() < 0.05 else 1.0, id="5% cold starts"),
        pytest.param(lambda generator: generator.gauss(10, 2), id="normal"),
    ],
)
@pytest.mark.parametrize("count", [30, 200])
def test_a_cost_at_its_limit_fails_in_fewer_than_1_percent_of_runs(draw: Draw, count: int) -> None:
    generator = random.Random(11)
    # The exact means, of which the nearest is that of the distribution.
    means = [math.exp(0.125), 1.5, 1 + 39 * 0.05, 10.0]
    mean = min(means, key=lambda one: abs(one - sum(draw(generator) for _ in range(200_000)) / 200_000))
    found = sum(
        check_values([draw(generator) for _ in range(count)], mean, Measure.COST, FALSE_ALARM)[0] is Verdict.OVER
        for _ in range(RUNS)
    )
    assert found <= RUNS * PROMISED


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.floats(0, 1e6), st.integers(1, 30))
def test_a_verdict_says_over_only_above_the_limit(values: list[float], most: float, checks: int) -> None:
    chance = FALSE_ALARM / checks
    verdict, why = check_values(values, most, Measure.INIT, chance)
    if len(values) < fewest_starts(chance):
        assert verdict is Verdict.UNKNOWN
        assert why.startswith("not enough starts")
        return
    low, high = interval(sorted(values), Measure.INIT, chance)
    middle = sorted(values)[(len(values) - 1) // 2], sorted(values)[len(values) // 2]
    assert low <= middle[0] <= middle[1] <= high
    assert (verdict is Verdict.OVER) == (low > most)
    if verdict is Verdict.WITHIN:
        assert middle[0] <= most
    # More of the same is never less certain.
    assert interval(sorted(values * 3), Measure.INIT, chance)[0] >= low


@pytest.mark.parametrize(("checks", "fewest"), [(1, 8), (2, 9), (10, 11), (100, 15)])
def test_the_fewest_starts_with_which_a_check_can_fail(checks: int, fewest: int) -> None:
    chance = FALSE_ALARM / checks
    assert fewest_starts(chance) == fewest
    assert 0.5**fewest <= chance < 0.5 ** (fewest - 1)
    assert check_values([2.0] * fewest, 1.0, Measure.INIT, chance)[0] is Verdict.OVER
    assert check_values([2.0] * (fewest - 1), 1.0, Measure.INIT, chance)[0] is Verdict.UNKNOWN


def test_sizes_and_counts_are_exact() -> None:
    assert check_values([600.0], 600, Measure.MODULES, FALSE_ALARM)[0] is Verdict.WITHIN
    assert check_values([601.0], 600, Measure.MODULES, FALSE_ALARM)[0] is Verdict.OVER


def test_a_package_that_does_not_start_fails_its_durations_and_keeps_its_size() -> None:
    limits = (Limit(Measure.INIT, 800, 2), Limit(Measure.ZIPPED, 10, 3))
    budget = FunctionBudget("api", 1, limits, package="api.zip")
    report = judge([budget], {"api": Measured({Measure.ZIPPED: (4.0,)}, failed="No module named 'x'")}, "b.toml")
    assert [(one.measure, one.verdict) for one in report.checks] == [
        (Measure.INIT, Verdict.OVER),
        (Measure.ZIPPED, Verdict.WITHIN),
    ]
    assert "No module named 'x'" in report.failed[0].why


@given(st.integers(8, 400), st.floats(1e-5, 0.02))
@settings(max_examples=examples(60), deadline=None)
def test_the_ends_of_an_interval_are_those_of_the_binomial_distribution(count: int, chance: float) -> None:
    """Counted in whole numbers: the ways in which fewer than k of n coins show heads."""
    ordered = [float(one) for one in range(1, count + 1)]
    fewest = next(n for n in range(1, 60) if 0.5**n <= chance)
    if count < fewest:
        return
    low, high = interval(ordered, Measure.INIT, chance)
    rank = int(low)
    below = sum(math.comb(count, heads) for heads in range(rank)) / 2**count
    assert below <= chance * 1.000001
    assert below + math.comb(count, rank) / 2**count > chance * 0.999999
    assert high == count + 1 - low


@pytest.mark.parametrize(
    ("count", "chance", "quantile"),
    [(30, 0.005, 2.7564), (61, 0.005, 2.6603), (121, 0.001, 3.1595), (30, 0.001, 3.3962)],
)
def test_the_interval_of_a_mean_has_student_s_quantile(count: int, chance: float, quantile: float) -> None:
    """By the tables of Student's t for 29, 60 and 120 degrees of freedom."""
    values = [float(one % 7) for one in range(count)]
    low, high = interval(values, Measure.COST, chance)
    assert (high - low) / 2 / (stdev(values) / math.sqrt(count)) == pytest.approx(quantile, rel=2e-3)
