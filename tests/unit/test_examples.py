"""A sample of combinations has each value of each axis, and marks the others as slow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import one_in, sample


def quick(cases: list[object]) -> list[tuple[object, ...]]:
    return [case.values for case in cases if pytest.mark.slow not in case.marks]  # type: ignore[attr-defined]


@given(st.lists(st.integers(1, 7), min_size=1, max_size=4))
def test_each_value_is_in_the_sample_and_no_combination_is_lost(sizes: list[int]) -> None:
    axes = [[f"{place}-{one}" for one in range(size)] for place, size in enumerate(sizes)]
    cases = sample(*axes)
    assert len({case.values for case in cases}) == len(cases)
    total = 1
    for size in sizes:
        total *= size
    assert len(cases) == total
    chosen = quick(cases)
    assert len(chosen) <= max(sizes)
    assert all({case[place] for case in chosen} == set(axis) for place, axis in enumerate(axes))


def test_the_marks_of_a_value_are_those_of_its_combinations() -> None:
    skipped = pytest.param("uv", marks=pytest.mark.skip)
    cases = sample(["a", "b"], ["pip", skipped])
    assert [pytest.mark.skip in case.marks for case in cases] == [case.values[1] == "uv" for case in cases]


def test_one_of_several_is_quick() -> None:
    assert quick(one_in(3, "abcdefg")) == [("a",), ("d",), ("g",)]
