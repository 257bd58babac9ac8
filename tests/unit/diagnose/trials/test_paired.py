"""How much a change saves by starts in turn, and how sure that is."""

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


def test_the_same_figures_give_the_same_interval() -> None:
    before, after = [100.0, 140, 90, 120], [80.0, 90, 85, 130]
    assert paired_saving(before, after) == paired_saving(before, after)


@pytest.mark.parametrize(("before", "after"), [([], []), ([1.0], [1.0, 2.0])])
def test_unpaired_starts_are_refused(before: list[float], after: list[float]) -> None:
    with pytest.raises(ValueError, match="pairs"):
        paired_saving(before, after)
