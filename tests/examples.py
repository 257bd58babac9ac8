"""How many examples a test generates: a fifth in `make test`, others each time; all of them in `make check-slow`.

And which cases of a test with several axes `make test` runs; `make check-slow` runs the others.
"""

import os
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

import pytest

_ALL = bool(os.environ.get("MONITOR_ALL_EXAMPLES"))
_LEAST, _ONE_IN = 20, 5


def examples(most: int) -> int:
    """The number of examples, of at most `most`."""
    return most if _ALL else min(most, max(_LEAST, most // _ONE_IN))


def sample(*axes: Sequence[Any]) -> list[Any]:
    """All combinations of the axes' values, marked as slow but for a few, in which each value occurs."""
    few = {
        tuple((turn + place * (turn // len(axis))) % len(axis) for place, axis in enumerate(axes))
        for turn in range(max(map(len, axes)))
    }
    return [
        _combined([axis[one] for axis, one in zip(axes, indexes, strict=True)], slow=indexes not in few)
        for indexes in product(*(range(len(axis)) for axis in axes))
    ]


def one_in(count: int, values: Iterable[Any]) -> list[Any]:
    """The values, marked as slow but for one in `count`."""
    return [_combined([value], slow=bool(number % count)) for number, value in enumerate(values)]


def _combined(values: list[Any], *, slow: bool) -> Any:
    marks: list[Any] = [pytest.mark.slow] if slow else []
    flat: list[Any] = []
    for value in values:
        is_param = hasattr(value, "marks") and hasattr(value, "values") and hasattr(value, "id")
        flat += value.values if is_param else [value]
        marks += value.marks if is_param else []
    return pytest.param(*flat, marks=marks)
