"""How much a change saves by starts in turn, and how sure that is."""

import random

import pytest

from monitor.diagnose.trials.paired import paired_saving


def test_a_saving_that_every_turn_shows_is_more_than_noise() -> None:
    found = paired_saving([500, 520, 700, 510, 505], [400, 425, 600, 405, 410])
    assert found.saved_ms == 100
    assert 95 <= found.low_ms <= 100 <= found.high_ms <= 105
    assert found.is_more_than_noise


def test_a_busy_moment_that_meets_both_does_not_count() -> None:
    assert paired_saving([500, 1500, 500], [490, 1490, 490]).saved_ms == 10


def test_noise_around_nothing_is_no_saving() -> None:
    found = paired_saving([500, 480, 530, 490, 510, 500], [490, 500, 510, 505, 500, 495])
    assert found.low_ms <= 0 <= found.high_ms
    assert not found.is_more_than_noise


def test_a_slower_start_is_a_negative_saving() -> None:
    found = paired_saving([100, 101, 102], [150, 149, 153])
    assert found.saved_ms == -50
    assert found.is_more_than_noise


def test_the_interval_is_the_one_of_the_textbook() -> None:
    # Nine differences 1 to 9: of their 45 means, the rank sum of 3 leaves three out at each end (chance 5 of 512).
    found = paired_saving([float(one) for one in range(1, 10)], [0.0] * 9)
    means = sorted((one + other) / 2 for one in range(1, 10) for other in range(one, 10))
    assert (found.low_ms, found.high_ms) == (means[3], means[-4])
    # Seven pairs that all go one way are the fewest that chance rarely makes (1 of 128).
    assert paired_saving([2.0] * 7, [1.0] * 7).is_more_than_noise


def test_equal_pairs_are_rarely_called_slower_and_a_large_change_is_found() -> None:
    chance = random.Random(20)
    slower = found = 0
    for _ in range(400):
        before = [chance.lognormvariate(6, 0.1) for _ in range(9)]
        after = [chance.lognormvariate(6, 0.1) for _ in range(9)]
        slower += paired_saving(before, after).high_ms < 0
        found += paired_saving(before, [one * 0.75 for one in after]).low_ms > 0
    assert slower <= 8  # 4 are expected
    assert found >= 390


def test_the_same_figures_give_the_same_interval() -> None:
    before, after = [100.0, 140, 90, 120], [80.0, 90, 85, 130]
    assert paired_saving(before, after) == paired_saving(before, after)


@pytest.mark.parametrize(("before", "after"), [([], []), ([1.0], [1.0, 2.0])])
def test_unpaired_starts_are_refused(before: list[float], after: list[float]) -> None:
    with pytest.raises(ValueError, match="pairs"):
        paired_saving(before, after)
