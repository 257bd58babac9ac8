"""What moved between two diagnoses, as a person reads it."""

from dataclasses import replace

import pytest

from monitor.coldstarts.model import Difference
from monitor.console.text import Style
from monitor.diagnose.model_change import DiagnosisChange, FindingMark, Moved
from monitor.diagnose.report.compare import render_changes
from monitor.records.imports import ImportChange

NOISE = Difference("Mann-Whitney U", 400.0, 410.0, 0.31)
REAL = Difference("Mann-Whitney U", 400.0, 200.0, 0.00001)
FEW = Difference("Mann-Whitney U", 400.0, 200.0, None, None, "fewer than 8 cold starts on a side")

CHANGED = DiagnosisChange(
    before_name="f",
    after_name="f",
    before_ms=1_795_392_000_000,
    after_ms=1_795_395_600_000,
    figures=(
        Moved("init, median", 400.0, 200.0, "ms", REAL),
        Moved("first invocation, median", 400.0, 410.0, "ms", NOISE),
        Moved("share of cold starts", 0.5, 0.25, "share", FEW),
        Moved("package, zipped", 20.0, 20.01, "MB"),
    ),
    slices=(Moved("imports", 300.0, None),),
    imports=(ImportChange("pandas", 180.0, 0.0),),
    gone=(FindingMark("eager-imports", "pandas", "pandas is imported at init", 180.0),),
    new=(),
    kept=(FindingMark("sdk-shipped", "boto3", "The AWS SDK is shipped", None),),
    notes=("the two windows overlap",),
)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_it_fits_any_width(width: int) -> None:
    text = render_changes(CHANGED, Style(width=width, color=False, unicode=True))
    assert max(map(len, text.splitlines())) <= width


def test_each_figure_is_told_with_its_change_and_whether_that_is_noise() -> None:
    text = render_changes(CHANGED, Style(width=120, color=False, unicode=True), utc=True)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[0] == "f: 2026-11-23 00:00 and 2026-11-23 01:00"
    assert "init, median 400 ms 200 ms -200 ms" in lines
    assert "more than noise (Mann-Whitney U, p < 0.0001)" in lines
    assert "not more than noise (Mann-Whitney U, p = 0.3100)" in lines
    assert "share of cold starts 50.0% 25.0% -25.0%" in lines
    assert any(line.startswith("not known") for line in lines)
    assert "package, zipped 20.0 MB 20.0 MB =" in lines
    assert "imports 300 ms -" in lines
    assert "pandas 180 ms 0 ms -180 ms" in lines
    assert "pandas is imported at init (180 ms) [eager-imports]" in lines
    assert "New" not in lines
    assert "note: the two windows overlap" in lines


def test_hostile_names_stay_text() -> None:
    evil = FindingMark("rule", "x", "\x1b]0;gone\x07 title", 1.0)
    hostile = replace(CHANGED, after_name="f\x1b[31m", gone=(evil,), imports=(ImportChange("p\x1b[2J", 1.0, 2.0),))
    text = render_changes(hostile, Style(width=80, color=True, unicode=True))
    assert "\x1b]" not in text
    assert "\x1b[31m" not in text
    assert "\x1b[2J" not in text
