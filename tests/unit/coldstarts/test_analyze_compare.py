"""Whether two windows differ: figures worked out by hand or taken from the tables of the test's literature."""

import random

import pytest

from monitor.coldstarts.analyze_compare import compare, durations_differ, mann_whitney
from monitor.coldstarts.analyze_totals import ColdStarts
from monitor.coldstarts.render_tables import render_comparison
from monitor.console.text import Style
from monitor.kernel.statistics import Quantiles
from monitor.records.invocation import InitKind
from tests.unit.coldstarts.test_analyze_tally import invocation


def spread(values: list[float], exact_up_to: int = 1000) -> Quantiles:
    found = Quantiles(exact_up_to)
    for value in values:
        found.add(value)
    return found


def test_u_by_counting_pairs() -> None:
    before, after = [1.0, 2.0, 2.0, 5.0], [2.0, 3.0, 6.0, 7.0, 8.0]
    pairs = sum((b > a) + (a == b) / 2 for a in before for b in after)
    _, superiority = mann_whitney(spread(before).counted(), spread(after).counted())
    assert superiority == pairs / 20


def test_a_textbook_example_with_ties() -> None:
    # n = 5 and 5, no ties: U = 2, mean 12.5, variance 22.917; with continuity z = 10 / 4.787 = 2.089, p = 0.0367.
    p_value, _ = mann_whitney(dict.fromkeys((1, 2, 3, 4, 7), 1), dict.fromkeys((5, 6, 8, 9, 10), 1))
    assert p_value == pytest.approx(0.0367, abs=0.0005)
    assert mann_whitney({5.0: 10}, {5.0: 12}) == (1.0, 0.5)


def test_noise_is_called_noise_and_a_change_a_change() -> None:
    chance = random.Random(1)
    false_alarms = 0
    for _ in range(200):
        one = spread([chance.lognormvariate(6, 0.3) for _ in range(40)])
        two = spread([chance.lognormvariate(6, 0.3) for _ in range(40)])
        false_alarms += bool(durations_differ(one, two).is_more_than_noise)
    assert false_alarms <= 8  # 2 are expected at the 1% level
    slower = durations_differ(
        spread([chance.lognormvariate(6, 0.3) for _ in range(60)]),
        spread([chance.lognormvariate(6.4, 0.3) for _ in range(60)]),
    )
    assert slower.is_more_than_noise
    assert slower.superiority is not None
    assert slower.superiority > 0.7


def test_a_sketch_is_compared_with_exact_values_in_the_same_buckets() -> None:
    values = [100.0 + step % 50 for step in range(600)]
    same = durations_differ(spread(values), spread(values, exact_up_to=100))
    assert same.p_value == pytest.approx(1.0)
    assert same.superiority == pytest.approx(0.5)


def test_too_little_is_not_judged() -> None:
    before, after = ColdStarts("f"), ColdStarts("f")
    for number in range(7):
        before.add(invocation(f"a{number}", kind=InitKind.ON_DEMAND, init_ms=100.0))
        after.add(invocation(f"b{number}", kind=InitKind.ON_DEMAND, init_ms=900.0))
    found = compare("f", before, after)
    assert found.init.is_more_than_noise is None
    assert found.init.why == "fewer than 8 cold starts in one of the two"
    assert found.share.p_value is None


def test_a_share_that_trebles_is_more_than_noise() -> None:
    before, after = ColdStarts("f"), ColdStarts("f")
    for number in range(400):
        before.add(invocation(f"a{number}", kind=InitKind.ON_DEMAND if number < 20 else None, init_ms=100.0))
        after.add(invocation(f"b{number}", kind=InitKind.ON_DEMAND if number < 60 else None, init_ms=100.0))
    found = compare("f", before, after).share
    # z = (0.15 - 0.05) / sqrt(0.1 * 0.9 * 2 / 400) = 4.714
    assert found.p_value == pytest.approx(2.4e-6, rel=0.1)
    assert found.is_more_than_noise


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_comparison_fits_and_gives_each_reason_once_on_a_narrow_terminal(width: int) -> None:
    text = render_comparison(compare("f", ColdStarts("f"), ColdStarts("f")), Style(width))
    lines = text.split("\n")
    assert max(map(len, lines)) <= width
    # A row of the table stays one line.
    (row,) = [line for line in lines if line.startswith("init p50  ")]
    assert "not known" in row
    if width < 100:
        joined = " ".join(line.strip() for line in lines)
        assert joined.count("fewer than 8") == 1
        assert "init p50, first call p50: not known: fewer than 8" in joined
