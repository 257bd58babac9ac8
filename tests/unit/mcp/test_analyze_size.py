"""Answers to assistants stay small and harmless, whatever is in them."""

import json

from hypothesis import given
from hypothesis import strategies as st

from monitor.console.text import UNSAFE
from monitor.mcp.analyze_size import MOST_CHARACTERS, bounded

LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=40))
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=6), st.dictionaries(st.text(max_size=8), inner, max_size=6)),
)


def texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (key, *texts(item))]
    return [text for item in value for text in texts(item)] if isinstance(value, list) else []


@given(DOCUMENTS)
def test_a_small_document_keeps_its_shape_and_loses_what_a_terminal_could_act_on(document: object) -> None:
    found = bounded(document)  # type: ignore[arg-type]
    assert type(found) is type(document)
    assert not any(UNSAFE.search(text.replace("\n", "")) for text in texts(found))


@given(st.lists(st.tuples(st.characters(), st.integers(0, 3_000)), max_size=12), st.integers(1, 100))
def test_a_long_list_is_shortened_until_it_fits_and_says_by_how_many(lines: list[tuple[str, int]], times: int) -> None:
    events = [{"log_text": character * length} for character, length in lines] * times
    found = bounded({"lines": events})
    assert isinstance(found, dict)
    kept, left_out = found["lines"], found.get("lines_left_out", 0)
    assert isinstance(kept, list)
    assert isinstance(left_out, int)
    assert len(json.dumps(found, ensure_ascii=False)) <= MOST_CHARACTERS
    assert len(kept) + left_out == len(events)


def test_what_cannot_be_shortened_is_left_out_and_said() -> None:
    found = bounded({str(number): "x" * 500 for number in range(1_000)})
    assert isinstance(found, dict)
    assert found.keys() == {"left_out"}


def test_the_first_items_are_the_ones_that_stay() -> None:
    found = bounded({"findings": [{"title": f"{number} " + "x" * 500} for number in range(100)]})
    assert isinstance(found, dict)
    assert found["findings"][0]["title"].startswith("0 ")  # type: ignore[index, call-overload, union-attr]
