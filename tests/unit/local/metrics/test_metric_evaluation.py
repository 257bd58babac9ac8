"""Metric math as the embedded stack evaluates it: the guide's rules, on numbers that a person can check."""

import contextlib
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from monitor.kernel.expressions.metric_math import Expression, parse
from monitor.local.metrics.metric_evaluation import EvaluationContext, MathError, Result, TimeSeries, evaluate
from tests.examples import examples
from tests.fakes.expressions import expressions

COLD = TimeSeries({0: 1.0, 120: 2.0}, "ColdStart")
ALL = TimeSeries({0: 10.0, 60: 4.0, 120: 0.0}, "Invocations")
LINES: dict[str, TimeSeries] = {"cold": COLD, "invocations": ALL}


def value(text: str) -> Result:
    return evaluate(parse(text), EvaluationContext(LINES, LINES, lambda search, stat, period: [COLD, ALL]))


def points(text: str) -> dict[int, float]:
    found = value(text)
    assert isinstance(found, TimeSeries)
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
    assert points("FILL(cold, LINEAR)") == {0: 1.0, 60: 1.5, 120: 2.0}
    # Nothing is known before the first point.
    assert points("FILL(DIFF(cold), LINEAR)") == {120: 1.0}


@pytest.mark.parametrize("at", [0, 1_796_017_500, 1_709_164_740])
def test_the_parts_of_the_time_of_a_point_are_those_of_utc(at: int) -> None:
    lines = {"m1": TimeSeries({at: 5.0})}
    known = datetime.fromtimestamp(at, UTC)
    parts = {"MINUTE": known.minute, "HOUR": known.hour, "DAY": known.isoweekday(), "DATE": known.day,
             "MONTH": known.month, "YEAR": known.year, "EPOCH": at}  # fmt: skip
    for name, part in parts.items():
        found = evaluate(parse(f"{name}(m1)"), EvaluationContext(lines, lines, lambda *_: []))
        assert isinstance(found, TimeSeries)
        assert found.points == {at: float(part)}, name


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


def test_series_are_sorted_cut_and_counted() -> None:
    def labels(text: str) -> list[str]:
        found = value(text)
        assert isinstance(found, list)
        return [line.label for line in found]

    assert labels("SORT(METRICS(), AVG, DESC)") == ["Invocations", "ColdStart"]
    assert labels("SORT(METRICS(), MIN, DESC, 1)") == ["ColdStart"]
    assert labels("SORT(METRICS(), STDDEV, ASC)") == ["ColdStart", "Invocations"]
    assert labels("SLICE(SORT(METRICS(), SUM, ASC), 1)") == ["Invocations"]
    assert labels("SLICE(METRICS(), 0, 1)") == ["ColdStart"]
    assert labels("REMOVE_EMPTY([cold, LOG(cold * 0)])") == ["ColdStart"]
    assert points("FIRST(SORT(METRICS(), MAX, DESC))") == ALL.points
    assert points("LAST(METRICS()) - cold") == {0: 9.0, 120: -2.0}
    assert points("cold * METRIC_COUNT(METRICS())") == {0: 2.0, 120: 4.0}
    assert points("cold + DATAPOINT_COUNT(invocations)") == {0: 4.0, 120: 5.0}
    assert points("DATAPOINT_COUNT(METRICS())") == {0: 2.0, 60: 1.0, 120: 2.0}


def test_signs_logarithms_and_constant_series() -> None:
    assert points("+cold") == dict(COLD.points)
    assert points("cold / -2 * 4") == {0: -2.0, 120: -4.0}
    assert points("2 ^ -cold") == {0: 0.5, 120: 0.25}
    assert points("LOG(cold)") == {0: 0.0, 120: pytest.approx(math.log(2))}
    assert points("LOG10(invocations)") == {0: 1.0, 60: pytest.approx(math.log10(4))}
    assert points("DIFF_TIME(cold)") == {120: 120.0}
    assert points("TIME_SERIES(MAX(cold))") == {0: 2.0, 60: 2.0, 120: 2.0}
    assert points("IF(cold > 1 || invocations > 5, 1, 0)") == {0: 1.0, 120: 1.0}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ANOMALY_DETECTION_BAND(cold, 2)", "ANOMALY_DETECTION_BAND() is not evaluated by the embedded stack"),
        ("SERVICE_QUOTA(cold)", "SERVICE_QUOTA() is not evaluated by the embedded stack"),
        ("AVERAGE(cold)", "AVERAGE() is not a function of metric math"),
        ("SELECT AVG(Duration) FROM x", "a Metrics Insights query (SELECT …) is not evaluated by the embedded stack"),
        ("nothing + 1", "no query has the id 'nothing'"),
        ("SUM(3)", "expected a time series, found a number"),
        ("TIME_SERIES(cold)", "expected a number, found a time series"),
        ("FILL(cold, invocations)", "FILL with a time series"),
        ("SUM(cold, 1)", "SUM() has 2 arguments, not 1"),
        ("SORT(METRICS(), MEDIAN, ASC)", "argument 2 of SORT() is not"),
        ("SEARCH('{a,b}', 'Sum', 5 * 60)", "SEARCH takes a search, a statistic and a period here"),
        ("PERIOD(REMOVE_EMPTY([LOG(cold * 0)]))", "PERIOD() needs a time series"),
    ],
)
def test_what_is_not_evaluated_is_named(text: str, said: str) -> None:
    with pytest.raises(MathError) as caught:
        value(text)
    assert said in str(caught.value)


@settings(max_examples=examples(200), deadline=None)
@given(expressions)
def test_whatever_can_be_read_has_a_result_or_is_named_as_not_evaluated(tree: Expression) -> None:
    context = EvaluationContext(
        {"m1": ALL, "m2": COLD, "e1": [ALL, COLD]}, {"m1": ALL, "m2": COLD}, lambda *_: [COLD, TimeSeries({})]
    )
    with contextlib.suppress(MathError):
        assert isinstance(evaluate(tree, context), float | TimeSeries | list)
