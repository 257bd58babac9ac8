"""Charts in a terminal: as wide as they may be, zero told from nothing, ASCII where there is no Unicode."""

from monitor.console.plot import render_plot
from monitor.console.text import Style, format_count
from monitor.records.metric import MetricSeries

MINUTE_MS = 60_000


def drawn(values: dict[int, float], periods: int, style: Style, height: int = 2) -> list[str]:
    series = MetricSeries("errors", "", tuple((at * MINUTE_MS, value) for at, value in values.items()))
    return render_plot(series, (0, periods * MINUTE_MS), 60, style, format_count, height=height, utc=True).split("\n")


def test_a_zero_has_a_mark_and_a_gap_has_none() -> None:
    lines = drawn({0: 0.0, 1: 4.0, 3: 2.0}, 4, Style(width=16))
    assert lines[0] == "errors"
    # Four periods in 13 cells: three cells each.
    assert lines[1] == "4 │   ███"
    assert lines[2] == "0 │▁▁▁███   ███"


def test_without_unicode_all_is_ascii() -> None:
    lines = drawn({0: 1.0, 1: 4.0}, 2, Style(width=30, unicode=False), height=3)
    assert "\n".join(lines).isascii()
    assert lines[1].endswith("#" * 8)


def test_a_spike_is_not_lost_on_a_narrow_terminal() -> None:
    values = dict.fromkeys(range(1000), 1.0) | {501: 100.0}
    lines = drawn(values, 1000, Style(width=40), height=4)
    assert all(len(line) <= 40 for line in lines[:-1])
    assert lines[1].count("█") == 1
    assert lines[-1].split() == ["1970-01-01", "00:00", "1970-01-01", "16:40"]


def test_nothing_is_said_to_be_nothing() -> None:
    assert drawn({}, 5, Style()) == ["errors: no data"]
