import unicodedata
from datetime import timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Group
from rich.panel import Panel
from rich.table import Column
from rich.text import Text

from monitor.console.line_text import lines_to_text
from monitor.console.text import (
    Style,
    clean,
    clean_lines,
    clip,
    format_bytes,
    format_count,
    format_ms,
    format_time,
    new_table,
    pad,
    to_text,
)


@pytest.mark.parametrize(
    "text",
    [
        "Phân tích ảnh: độ sáng, tương phản",
        unicodedata.normalize("NFD", "Phân tích ảnh"),
        "日本語 ไทย العربية ខ្មែរ",
        "👩‍👩‍👧 🇻🇳",
        "می‌خواهم",
    ],
)
def test_every_script_comes_through(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mred", "a\\x1b[31mred"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b2J", "\\x9b2J"),
        ("bell\x07\x00\x7f", "bell\\x07\\x00\\x7f"),
        ("evil\u202egnp.exe", "evil\\u202egnp.exe"),
        ("a\u2066b\u200fc", "a\\u2066b\\u200fc"),
        ("one\u2028two\u2029three\x85", "one\\u2028two\\u2029three\\x85"),
        ("one\r\ntwo\tthree", "one\\r\\ntwo three"),
        ("lone \ud800 surrogate", "lone \\ud800 surrogate"),
        ("\U000e0041 tag", "\\U000e0041 tag"),
    ],
)
def test_what_a_terminal_would_act_on_is_spelt_out(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(st.text())
@settings(database=None)
def test_cleaned_text_is_one_inert_line(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned.splitlines()) <= 1
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in cleaned)
    assert cleaned.encode().decode() == cleaned


def test_lines_stay_lines() -> None:
    assert clean_lines("Traceback:\n\tFile x\r\n  y\x1b[0m\n\n") == ["Traceback:", "    File x", "  y\\x1b[0m"]
    assert clean_lines("over\rwritten") == ["over", "written"]


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("Phân tích", 9, "Phân tích"),
        ("Phân tích", 5, "Phân…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_clipping_counts_cells(text: str, width: int, shown: str) -> None:
    assert clip(text, width) == shown


@given(st.text(), st.integers(0, 40))
@settings(database=None)
def test_padded_text_has_the_width_asked_for(text: str, width: int) -> None:
    assert cell_len(clip(clean(text), width)) <= width
    assert cell_len(pad(clean(text), width)) == width


def test_padding_to_the_right_aligns_numbers() -> None:
    assert pad("1.24 s", 8, right=True) == "  1.24 s"


@pytest.mark.parametrize(
    ("duration_ms", "shown"),
    [
        (0, "0 ms"),
        (0.82, "0.82 ms"),
        (2.46, "2.46 ms"),
        (9.996, "10.0 ms"),
        (41.23, "41.2 ms"),
        (412.3, "412 ms"),
        (999.6, "1.00 s"),
        (1240, "1.24 s"),
        (12_400, "12.4 s"),
        (59_960, "1 m 0 s"),
        (125_000, "2 m 5 s"),
        (3_599_600, "1 h 0 m"),
        (11_520_000, "3 h 12 m"),
        (100_000_000, "1 d 4 h"),
        (-412.3, "-412 ms"),
        (None, "-"),
        (float("nan"), "-"),
        (float("inf"), "-"),
    ],
)
def test_durations(duration_ms: float | None, shown: str) -> None:
    assert format_ms(duration_ms) == shown


@pytest.mark.parametrize(
    ("size_bytes", "shown"),
    [
        (0, "0 B"),
        (812, "812 B"),
        (1024, "1.0 KB"),
        (1_048_575, "1.0 MB"),
        (20_447_232, "19.5 MB"),
        (262_144_000, "250.0 MB"),
        (5 * 1024**3, "5.0 GB"),
        (-2048, "-2.0 KB"),
        (None, "-"),
    ],
)
def test_sizes_count_as_lambdas_limits_do(size_bytes: float | None, shown: str) -> None:
    assert format_bytes(size_bytes) == shown


def test_counts_have_their_thousands_apart() -> None:
    assert [format_count(value) for value in (0, 12345, 1.5, None)] == ["0", "12,345", "1.50", "-"]


def test_times_in_the_zone_asked_for() -> None:
    hanoi = timezone(timedelta(hours=7))
    assert format_time(1790000000123, utc=True) == "2026-09-21 14:13:20.123Z"
    assert format_time(1790000000123, tz=hanoi) == "2026-09-21 21:13:20.123"
    assert format_time(1790000000999.6, utc=True, date=False) == "14:13:21.000Z"
    assert [format_time(value) for value in (None, 1e18, -1e18, float("nan"))] == ["-"] * 4


def test_nothing_in_a_renderable_is_interpreted() -> None:
    table = new_table("NAME", Column("TOTAL", justify="right"))
    table.add_row("[red]not markup[/red] :smile:", "412 ms")
    assert to_text(table, Style(60)) == "NAME                            TOTAL\n[red]not markup[/red] :smile:  412 ms"


@pytest.mark.parametrize("style", [Style(60), Style(60, color=True), Style(60, unicode=False)])
def test_an_escape_that_a_renderer_let_through_is_still_harmless(style: Style) -> None:
    shown = to_text(Text("a\x1b[31mb\u202ec\nd"), style)
    assert shown == "a\\x1b[31mb\\u202ec\nd"


def test_color_only_when_asked_for() -> None:
    text = Text("fault", style="red")
    assert to_text(text, Style(60)) == "fault"
    assert to_text(text, Style(60, color=True)) == "\x1b[31mfault\x1b[0m"


def test_boxes_are_ascii_where_asked_and_names_keep_their_script() -> None:
    shown = to_text(Panel(Text("ảnh…")), Style(12, unicode=False))
    assert shown == "+----------+\n| ảnh~     |\n+----------+"
    assert to_text(Panel(Text("x")), Style(12)).startswith("╭")


@pytest.mark.parametrize("style", [Style(20), Style(20, color=True), Style(20, unicode=False), Style(9, color=True)])
def test_the_quick_way_prints_lines_as_the_whole_one_does(style: Style) -> None:
    line = Text("", style="dim", no_wrap=True, overflow="crop")
    line.append("plain ").append("█bold", style="bold red").append("  gap").append(" … ", style="cyan")
    other = Text("ảnh", no_wrap=True, overflow="crop")
    assert lines_to_text([line.copy(), other.copy()], style) == to_text(Group(line, other), style)


def test_the_quick_way_leaves_nothing_that_a_terminal_acts_on() -> None:
    line = Text("a\x1b[2J", style="dim").append("b\u202e", style="red")
    assert lines_to_text([line], Style(80)) == "a\\x1b[2Jb\\u202e"
    assert lines_to_text([line], Style(80, color=True)).count("\x1b") == 4
