"""Links in a terminal: where they are, and that no name can end the escape sequence."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.console.fitting import FittingColumn, fitting_table
from monitor.console.links import link, takes_links
from monitor.console.text import Style, clean
from monitor.kernel.console_pages import function_page

LINKED = Style(width=80, color=True, links=True)
SEQUENCE = re.compile(r"\x1b\]8;(?:id=\d+)?;(?P<address>[!-~]*)\x1b\\")
COLOR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize(
    ("environment", "taken"),
    [
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM_PROGRAM": "vscode"}, True),
        ({"TERM_PROGRAM": "Apple_Terminal"}, False),
        ({"VTE_VERSION": "5000"}, False),
        ({"VTE_VERSION": "7600"}, True),
        ({"WT_SESSION": "x"}, True),
        ({"WT_SESSION": "x", "TMUX": "/tmp/x"}, False),
        ({"TERM_PROGRAM": "vscode", "CI": "true"}, False),
        ({"TERM": "xterm", "FORCE_HYPERLINK": "1"}, True),
        ({"TERM": "xterm-kitty", "FORCE_HYPERLINK": "0"}, False),
    ],
)
def test_only_terminals_that_are_known_to_have_links_get_them(environment: dict[str, str], taken: bool) -> None:
    assert takes_links(environment) is taken


@given(st.text(st.characters(exclude_categories=())))
def test_no_name_ends_the_sequence(name: str) -> None:
    page = function_page("eu-west-1", name)
    table = fitting_table("Function", [FittingColumn("n", "n", 1)], [(clean(name), ("1",))], LINKED, [page])
    for text in (link(clean(name), page, LINKED), table):
        assert {found["address"] for found in SEQUENCE.finditer(text)} <= {page, ""}
        assert "\x1b" not in COLOR.sub("", SEQUENCE.sub("", text))


@pytest.mark.parametrize("address", ["", "javascript:alert(1)", "https://a\x1b\\b", "https://a b", "http://a"])
def test_only_addresses_of_https_are_links(address: str) -> None:
    assert link("name", address, LINKED) == "name"


def test_without_links_the_same_text_is_left() -> None:
    rows = [("api", ("1",)), ("worker", ("22",))]
    pages = [function_page("eu-west-1", name) for name, _ in rows]
    linked = fitting_table("Function", [FittingColumn("n", "n", 1)], rows, LINKED, pages)
    plain = fitting_table("Function", [FittingColumn("n", "n", 1)], rows, Style(width=80, color=True), pages)
    assert len(SEQUENCE.findall(linked)) == 4
    assert SEQUENCE.sub("", linked) == plain
