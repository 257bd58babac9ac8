"""Files of environment variables."""

import pytest

from monitor.errors import UsageError
from monitor.kernel.dotenv import parse_dotenv


def test_names_values_quotes_and_comments() -> None:
    text = (
        "\ufeff# what\n\nTABLE=images\nexport NAME = two words  # why\nPASSWORD=a#b\nQUOTED='x # y'\nEMPTY=\n"
        'DOUBLE="a b" # c\nURL=https://a.test/?x=1\nBROKEN="a\n'
    )
    assert parse_dotenv(text, ".env") == {
        "TABLE": "images",
        "NAME": "two words",
        "PASSWORD": "a#b",
        "QUOTED": "x # y",
        "EMPTY": "",
        "DOUBLE": "a b",
        "URL": "https://a.test/?x=1",
        "BROKEN": '"a',
    }


@pytest.mark.parametrize("line", ["SECRET", "1A=x", "=secret", "a secret=x"])
def test_a_line_that_is_no_variable_is_named_without_its_text(line: str) -> None:
    with pytest.raises(UsageError, match=r"\.env:2 is not NAME=VALUE") as caught:
        parse_dotenv(f"A=1\n{line}\n", ".env")
    assert "secret" not in caught.value.message.lower()
