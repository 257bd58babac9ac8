"""Metric math as the embedded stack evaluates it: the guide's rules, on numbers that a person can check."""

import pytest

from monitor.local.metrics.metric_math import Line, Result, World, evaluate
from monitor.local.metrics.metric_math_syntax import MathError, ids

COLD = Line({0: 1.0, 120: 2.0}, "ColdStart")
ALL = Line({0: 10.0, 60: 4.0, 120: 0.0}, "Invocations")
LINES: dict[str, Line] = {"cold": COLD, "invocations": ALL}


def value(text: str) -> Result:
    return evaluate(text, World(LINES, LINES, lambda search, stat, period: [COLD, ALL]))


def points(text: str) -> dict[int, float]:
    found = value(text)
    assert isinstance(found, Line)
    return dict(found.points)


def test_two_series_meet_where_both_have_a_point() -> None:
    assert points("cold + invocations") == {0: 11.0, 120: 2.0}
    assert points("cold > 1") == {0: 0.0, 120: 1.0}
    assert points("-cold ^ 2 + 1") == {0: 0.0, 120: -3.0}


def test_a_division_by_zero_has_no_point() -> None:
    assert points("100 * cold / invocations") == {0: 10.0}


def test_fill_fills_the_periods_that_the_request_has() -> None:
    assert points("100 * FILL(cold, 0) / invocations") == {0: 10.0, 60: 0.0}
    assert points("FILL(cold, REPEAT)") == {0: 1.0, 60: 1.0, 120: 2.0}


def test_of_one_series_a_statistic_is_a_number_and_of_several_a_series() -> None:
    assert value("SUM(cold)") == 3.0
    assert value("MAX(invocations) - MIN(invocations)") == 10.0
    assert points("SUM(METRICS())") == {0: 11.0, 60: 4.0, 120: 2.0}
    assert points('AVG(METRICS("invoc"))') == {0: 10.0, 60: 4.0, 120: 0.0}
    assert points("SUM([cold, invocations]) / 2") == {0: 5.5, 60: 2.0, 120: 1.0}


def test_an_array_stays_one() -> None:
    found = value("SEARCH('{AWS/Lambda,FunctionName} Errors', 'Sum', 60) * 2")
    assert isinstance(found, list)
    assert [line.points for line in found] == [{0: 2.0, 120: 4.0}, {0: 20.0, 60: 8.0, 120: 0.0}]


def test_if_and_the_functions_of_points() -> None:
    assert points("IF(invocations > 5, invocations, 0)") == {0: 10.0, 60: 0.0, 120: 0.0}
    assert points("IF(invocations > 5 AND cold == 1, cold)") == {0: 1.0}
    assert points("DIFF(invocations)") == {60: -6.0, 120: -4.0}
    assert points("RATE(invocations)") == {60: -0.1, 120: pytest.approx(-4 / 60)}
    assert points("RUNNING_SUM(invocations)") == {0: 10.0, 60: 14.0, 120: 14.0}
    assert value("CEIL(1.2) + FLOOR(1.8) + ABS(0 - 3)") == 6.0
    assert points("invocations / PERIOD(invocations) * 60") == {0: 10.0, 60: 4.0, 120: 0.0}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ANOMALY_DETECTION_BAND(cold, 2)", "ANOMALY_DETECTION_BAND() is not evaluated by the embedded stack"),
        ("nothing + 1", "no query has the id 'nothing'"),
        ("cold +", "something is missing"),
        ("SUM(3)", "a number stands where a time series should"),
        ("cold; 1", "has no meaning"),
        ("FILL(cold, LINEAR)", "FILL with LINEAR"),
        ("(" * 500, "nested too deeply"),
        ("SUM(cold, 1)", "SUM() has 2 arguments"),
    ],
)
def test_what_is_not_evaluated_is_named(text: str, said: str) -> None:
    with pytest.raises(MathError) as caught:
        value(text)
    assert said in str(caught.value)


def test_ids_are_those_that_an_expression_uses() -> None:
    assert ids("100 * FILL(m1, 0) / SUM([m2, m1])") == {"m1", "m2"}
