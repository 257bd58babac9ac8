"""JSON that may be anything: what is not of its type is None or empty, or named by an error."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.kernel import json_fields
from monitor.kernel.json_fields import FieldError

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)


@given(ANYTHING)
def test_the_lenient_readers_answer_for_whatever_there_is(value: Any) -> None:
    assert json_fields.text_of(value) == (value if isinstance(value, str) else None)
    assert json_fields.object_of(value) == (value if isinstance(value, dict) else {})
    assert json_fields.list_of(value) is value or (json_fields.list_of(value) == [] and not isinstance(value, list))
    assert all(isinstance(one, str) for one in json_fields.texts_of(value))
    number = json_fields.number_of(value)
    assert number is None or (math.isfinite(number) and not isinstance(value, bool) and number == value)
    figure = json_fields.figure_of(value)
    assert figure is None or 0 <= figure < 1e15


@given(ANYTHING)
def test_a_strict_reader_takes_what_the_lenient_one_takes_and_names_all_else(value: Any) -> None:
    holder = {"member": value}
    for need, lenient, kind in (
        (json_fields.need_text, json_fields.text_of, "a string"),
        (json_fields.need_figure, json_fields.figure_of, "a number"),
    ):
        expected = lenient(value)
        if expected is None:
            with pytest.raises(FieldError, match=f"^member is not {kind}$"):
                need(holder, "member")
        else:
            assert need(holder, "member") == expected
    for need_container, wanted, kind in (
        (json_fields.need_object, dict, "an object"),
        (json_fields.need_list, list, "a list"),
    ):
        if isinstance(value, wanted):
            assert need_container(holder, "member") is value
        else:
            with pytest.raises(FieldError, match=f"^member is not {kind}$"):
                need_container(holder, "member")


def test_a_list_may_be_absent_and_nothing_else_may() -> None:
    assert json_fields.need_list({}, "member") == []
    for need in (json_fields.need_text, json_fields.need_object, json_fields.need_figure):
        with pytest.raises(FieldError):
            need({}, "member")
