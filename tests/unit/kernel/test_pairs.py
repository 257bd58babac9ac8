"""NAME=VALUE as options take it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import UsageError
from monitor.kernel.pairs import parse_pair, parse_pairs


@given(name=st.text(min_size=1).filter(lambda text: "=" not in text), value=st.text())
def test_all_behind_the_first_equals_sign_is_the_value(name: str, value: str) -> None:
    assert parse_pair(f"{name}={value}", "--env", "A=b") == (name, value)
    assert parse_pair(f"{name}={value}", "--tag", "A=b", needs_value=False) == (name, value)
    assert parse_pair(name, "--tag", "A=b", needs_value=False) == (name, None)


@pytest.mark.parametrize("text", ["", "NAME", "=secret", "="])
def test_what_is_no_pair_is_refused_without_its_value(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_pair(text, "--env", "TABLE=images")
    assert raised.value.message.startswith("--env takes NAME=VALUE, not ")
    assert "secret" not in raised.value.message
    assert raised.value.hint == "for example --env TABLE=images"


def test_of_two_pairs_with_one_name_the_last_counts() -> None:
    assert parse_pairs(["A=1", "B=2", "A=3"], "--env", "A=b") == {"A": "3", "B": "2"}
