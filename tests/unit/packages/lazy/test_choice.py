"""The file of a choice is checked before its names become source."""

import json
from typing import Any

import pytest

from monitor.errors import UsageError
from monitor.packages.lazy.choice import FORMAT, parse_choice

BAD_NAMES = ["a=1); import os; (b", "a b", "", "class", "None", "1a", "a-b", "a.b", "__debug__"]


def document(**more: Any) -> str:
    file = {"file": "p/__init__.py", "sha256": "0", "lines": [1], "submodules": ["part"]} | more
    return json.dumps({"format": FORMAT, "python": "3.13", "handler": "a.b", "bytecode": True, "files": [file]})


def test_a_name_of_a_module_is_read() -> None:
    assert parse_choice(document(), "f").files[0].submodules == ("part",)
    assert parse_choice(document(submodules=["match", "é"]), "f").files[0].submodules == ("match", "é")


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_would_become_other_source_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="does not hold optimizations"):
        parse_choice(document(submodules=["part", name]), "f")


def test_a_line_that_is_no_number_of_a_line_is_refused() -> None:
    for line in (float("inf"), float("nan"), None, "x", True, 1.5):
        with pytest.raises(UsageError, match="does not hold optimizations"):
            parse_choice(document(lines=[line]), "f")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "it is not JSON (Expecting property name enclosed in double quotes, line 1, column 2)"),
        ("{}", "it has no member 'files'"),
        ("[" * 100_000, "it is nested too deeply"),
        ('{"files": 3}', "a member has a value of another kind"),
    ],
)
def test_the_reason_for_a_refusal_is_in_words(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_choice(text, "saved.json")
    assert error.value.message == f"saved.json does not hold optimizations: {reason}"
