"""How often the comparison of two windows is wrong, on starts that were really measured.

The sample has 120 inits of one function on the embedded stack of a busy machine: their standard deviation is 16% of
their mean, more than most functions have on Lambda. Windows are drawn from it with replacement, and each value differs
by up to 1%, since the sample is small: the windows are simulated, their distribution is measured.
"""

import json
import random
from pathlib import Path

import pytest

from monitor.coldstarts.analyze_compare import durations_differ
from monitor.coldstarts.model import Difference
from monitor.kernel.statistics import Quantiles

SAMPLE = Path(__file__).resolve().parents[2] / "samples/starts/inits_ms.json"
PAIRS = 200
# With so many starts in each window, 5% of this spread can be told from noise.
STARTS = 400


def window(chance: random.Random, factor: float = 1.0) -> Quantiles:
    values = json.loads(SAMPLE.read_text())
    found = Quantiles(STARTS + 1)
    for _ in range(STARTS):
        found.add(factor * chance.choice(values) * chance.uniform(0.99, 1.01))
    return found


def is_slower(found: Difference) -> bool:
    return bool(found.is_more_than_noise and found.superiority is not None and found.superiority > 0.5)


@pytest.mark.slow
def test_of_200_equal_pairs_at_most_two_are_called_slower() -> None:
    chance = random.Random(52)
    assert sum(is_slower(durations_differ(window(chance), window(chance))) for _ in range(PAIRS)) <= 2


@pytest.mark.slow
def test_a_planted_five_percent_is_found_in_190_of_200_pairs() -> None:
    chance = random.Random(53)
    assert sum(is_slower(durations_differ(window(chance), window(chance, 1.05))) for _ in range(PAIRS)) >= 190
