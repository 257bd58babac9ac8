"""Tables leave out what matters least on a narrow terminal, and say so."""

import pytest

from monitor.coldstarts.render_profile import _COLUMNS as _PROFILE_COLUMNS
from monitor.coldstarts.render_tables import _GROUP_COLUMNS, _RANKING_COLUMNS
from monitor.console.fitting import FittingColumn, fitting_table
from monitor.console.text import Style
from monitor.measure.render import _COLUMNS as _SIZE_COLUMNS
from monitor.metrics.render import _COLUMNS as _METRIC_COLUMNS

COLUMNS = (FittingColumn("a", "alpha", 2), FittingColumn("b", "beta", 1), FittingColumn("c", "gamma", 3))
ROWS = [("one", ("1" * 10, "2" * 10, "3" * 10)), ("two", ("no data",))]


def test_what_fits_is_shown_whole_in_its_own_order() -> None:
    text = fitting_table("name", COLUMNS, ROWS, Style(60))
    assert text.splitlines()[0].split() == ["name", "a", "b", "c"]
    assert "no room" not in text
    assert text.splitlines()[2].split() == ["two", "no", "data"]


def test_the_least_important_goes_first_and_is_named() -> None:
    text = fitting_table("name", COLUMNS, ROWS, Style(40))
    assert text.splitlines()[0].split() == ["name", "a", "b", "c"]
    narrow = fitting_table("a very long name of a table", COLUMNS, ROWS, Style(44))
    assert narrow.splitlines()[0].split()[-1:] == ["b"]
    assert "(no room for alpha, gamma" in narrow


@pytest.mark.parametrize("columns", [_GROUP_COLUMNS, _RANKING_COLUMNS])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal_and_no_figure_is_cut(
    columns: tuple[FittingColumn, ...], width: int
) -> None:
    rows = [
        (f"function-with-a-long-name-{at}", tuple(f"{at + n * 111:,} ms" for n in range(len(columns))))
        for at in range(9)
    ]
    text = fitting_table("function", columns, rows, Style(width))
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text


TABLES = (_PROFILE_COLUMNS, _GROUP_COLUMNS, _RANKING_COLUMNS, _SIZE_COLUMNS, _METRIC_COLUMNS)


@pytest.mark.parametrize("columns", TABLES)
def test_a_column_that_is_left_out_is_named_as_in_its_heading(columns: tuple[FittingColumn, ...]) -> None:
    assert [one.name for one in columns if one.heading not in one.name] == []
