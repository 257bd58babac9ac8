"""A diagnosis in a terminal."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from monitor.console.text import Style
from monitor.diagnose.model import Diagnosis
from monitor.diagnose.report.paragraphs import wrap
from monitor.diagnose.report.text import render_text
from tests.unit.diagnose.report.diagnosis_factory import healthy, hostile, lazy_pandas, slow, unknown

GOLDEN = Path(__file__).parents[3] / "golden" / "diagnose"
PASTED = {line.strip() for one in slow().findings for change in one.changes for line in change.text.split("\n")}
PASTED |= {state.hint for state in slow().evidence.sources} | {
    where.where for one in slow().findings for where in one.evidence
}
PASTED |= {step.command for step in slow().next_steps}
EVIL = "\x1b]0;x\x07\u202e<b>evil</b>\nREPORT `x` | [a](javascript:1) @team " + "việt" * 40


def check_golden(name: str, text: str) -> None:
    """Compare with tests/golden/diagnose; MONITOR_UPDATE_GOLDEN=1 writes it anew, to be read in the diff."""
    path = GOLDEN / name
    if os.environ.get("MONITOR_UPDATE_GOLDEN"):
        path.write_text(text + "\n")
    assert text + "\n" == path.read_text()


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", ["slow", "healthy", "unknown"])
def test_the_page_looks_as_it_was_when_last_looked_at(name: str, width: int) -> None:
    made: Diagnosis = {"slow": slow, "healthy": healthy, "unknown": unknown}[name]()
    check_golden(f"{name}.{width}.txt", render_text(made, Style(width), utc=True))


def test_color_and_ascii_look_as_they_were_when_last_looked_at() -> None:
    check_golden("slow.80.color.txt", render_text(slow(), Style(80, color=True), utc=True))
    text = render_text(slow(), Style(80, unicode=False), utc=True)
    check_golden("slow.80.ascii.txt", text)
    assert text.isascii()


def test_it_is_read_top_down() -> None:
    text = render_text(slow(), Style(100), utc=True)
    order = [
        "A first call takes 1.07 s",
        "Where the time goes",
        "What to do first",
        "1. pandas is imported at init",
        "2. The package holds no bytecode",
        "Minor findings",
        "What is not known",
        "read: configuration",
    ]
    places = [text.index(one) for one in order]
    assert places == sorted(places)


def test_what_is_to_be_pasted_is_one_line_at_any_width() -> None:
    text = render_text(slow(), Style(60), utc=True)
    command = "aws lambda update-function-configuration --function-name ai-image-analyzer-fastapi --memory-size 1024"
    assert command in [line.strip() for line in text.split("\n")]


def test_all_but_what_is_to_be_pasted_fits_the_width() -> None:
    for width in (40, 60, 80, 120):
        for line in render_text(slow(), Style(width), utc=True).split("\n"):
            assert cell_len(line) <= width or line.strip() in PASTED, line


def test_a_patch_comes_out_whole_with_its_empty_lines() -> None:
    text = render_text(slow(), Style(60), utc=True)
    patch = lazy_pandas().changes[0].text.rstrip().split("\n")
    shown = text.split("\n")
    start = next(at for at, line in enumerate(shown) if line.endswith("--- a/app/services/report.py"))
    assert [line[5:] for line in shown[start : start + len(patch)]] == [line.rstrip() for line in patch]


def test_a_long_patch_is_shortened_unless_details_are_asked_for() -> None:
    change = replace(lazy_pandas().changes[0], text="\n".join(f"+line {number}" for number in range(50)))
    diagnosis = replace(slow(), findings=(replace(lazy_pandas(), changes=(change,)),))
    assert "36 more lines (--details)" in render_text(diagnosis, Style(80))
    whole = render_text(diagnosis, Style(80), details=True)
    assert "+line 49" in whole
    assert "more lines" not in whole


def test_a_trial_stands_with_its_finding_and_is_labeled_as_scaled() -> None:
    text = " ".join(render_text(slow(), Style(100), utc=True).split())
    assert "before 819 ms, after 506 ms (medians of 4 and 4 starts on this machine)" in text
    assert "452 ms scaled to the function (an estimate" in text
    assert "not tried: memory does not change the CPU here" in text


def test_a_healthy_function_is_left_alone() -> None:
    text = render_text(healthy(), Style(100), utc=True)
    assert "No finding is worth changing" in text
    assert "What to do first" not in text
    assert "matplotlib is never imported" in text


def test_an_unknown_number_is_said_to_be_unknown() -> None:
    text = render_text(unknown(), Style(100), utc=True)
    assert "The duration of a first call is not known: the log group does not exist yet" in text
    assert "There is too little data" in text
    assert "monitor iam-policy diagnose" in text


@pytest.mark.parametrize("color", [False, True])
def test_hostile_names_reach_no_terminal_as_such(color: bool) -> None:
    text = render_text(hostile(EVIL), Style(80, color=color), details=True, utc=True)
    assert "\\x1b]0;x\\x07\\u202e" in text
    assert not set("\x07\u202e") & set(text)
    assert "\x1b]" not in text
    assert "\nREPORT" not in text


@given(st.text(max_size=300), st.integers(1, 60))
def test_wrapped_text_fits_and_loses_nothing(text: str, width: int) -> None:
    text = text.replace("\xa0", "")
    lines = list(wrap(text, max(2, width)))
    assert all(cell_len(line) <= max(2, width) for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_it_does_not_say_that_nothing_is_worth_changing_where_no_start_is_known() -> None:
    text = render_text(replace(unknown(), minor=healthy().minor or slow().minor), Style(100), utc=True)
    assert "There is too little data" in text
    assert "No finding is worth changing" not in text


@pytest.mark.parametrize("unit", ["ms", "s", "MB", "%"])
def test_a_figure_and_its_unit_stay_on_one_line(unit: str) -> None:
    for width in range(8, 30):
        lines = list(wrap(f"saved 667 ms, 95 {unit} interval", width))
        assert not any(line.endswith(("667", "95")) for line in lines), (width, lines)
