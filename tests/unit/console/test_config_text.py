"""One setting is changed in a file of settings, and nothing else."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.console.config_text import with_setting

NAMES = st.sampled_from(("region", "since", "utc", "ask_above_usd", "profile"))
VALUES = st.one_of(
    st.booleans(), st.floats(0, 10_000), st.text(st.characters(codec="utf-8", categories=("L", "N", "P")))
)
LINES = st.sampled_from(
    ("# a comment", "", 'output = "json"  # machines', 'region="eu-west-1"', "  utc = false # here", 'since = "1d"')
)


@given(st.lists(LINES, unique=True), st.booleans(), NAMES, VALUES)
def test_the_setting_has_its_value_and_every_other_line_stays(
    lines: list[str], with_stage: bool, name: str, value: str | float | bool
) -> None:
    text = "\n".join([*lines, *(['[stage.prod]  # region = "x"', 'profile = "p"'] if with_stage else [])])
    found = with_setting(text, name, value)
    assert tomllib.loads(found) == {**tomllib.loads(text), name: value}
    kept = [line for line in text.splitlines() if line and not line.strip().startswith(name)]
    assert [line for line in found.splitlines() if line in kept] == kept
    assert with_setting(found, name, value) == found


@pytest.mark.parametrize("text", ['since = """\n1d\n"""\n', "since = [\n1]\n"])
def test_a_setting_over_several_lines_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="since"):
        with_setting(text, "since", "2d")
