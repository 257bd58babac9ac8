"""JSON values as no sane client sends them: any part of a document replaced, removed, or of another type."""

import copy
from typing import Any

from hypothesis import strategies as st

HUGE = 10**400
GARBAGE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, -1e300, 1e300, HUGE, -HUGE, float("nan"), float("inf"), float("-inf")),
    *("", "x", "\ud800", "é\0\x1b[2J", "1", "NaN", "x" * 3000, [], {}, [[]], [None], {"": None}, {"id": {}}),
)
json_values = st.recursive(
    st.sampled_from(GARBAGE) | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3),
    max_leaves=12,
)


def paths(value: Any) -> list[tuple[Any, ...]]:
    """The places of all parts of a document, itself included."""
    found: list[tuple[Any, ...]] = [()]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += [(key, *rest) for rest in paths(inner)]
    return found


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """`document` with one part replaced, or all of it."""
    if not path:
        return value
    found = copy.deepcopy(document)
    place = found
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return found


@st.composite
def mutated(draw: st.DrawFn, document: Any) -> Any:
    """`document` with one to three parts replaced or removed."""
    value = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(paths(value)))
        if not path:
            return copy.deepcopy(draw(json_values))
        place = value
        for key in path[:-1]:
            place = place[key]
        if draw(st.booleans()):
            place[path[-1]] = copy.deepcopy(draw(st.sampled_from(GARBAGE) | json_values))
        elif isinstance(place, dict):
            del place[path[-1]]
        else:
            place.append(copy.deepcopy(draw(st.sampled_from(GARBAGE))))
    return value
