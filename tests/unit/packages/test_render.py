"""What the package commands print, at any width, with nothing hostile in it."""

from dataclasses import replace

import pytest

from monitor.console.text import Style
from monitor.packages.model import Basis, Container, PackageFile, PackageFinding, PackageReport, Part, PartKind, Reading
from monitor.packages.model_plan import Change, PackageDiff, PackageTimes, PartChange, PartTime, StartFigures
from monitor.packages.render import render_files, render_package
from monitor.packages.render_compare import render_diff, render_times
from monitor.packages.render_tree import render_tree

EVIL = "evil\x1b[31m\n‮name"


def part(name: str, size: int, **rest: object) -> Part:
    made = Part(name, "1.0", PartKind.DISTRIBUTION, Basis.RECORD, "package", 3, size, size * 3, size / 1_000_000)
    return replace(made, **rest)  # type: ignore[arg-type]


FILES = (
    PackageFile("botocore/data/s3.json", 700_000, 2_100_000, "botocore"),
    PackageFile("app/main.py", 100_000, 300_000, "application"),
    PackageFile(f"{EVIL}/x.py", 200_000, 600_000, EVIL),
)
REPORT = PackageReport(
    EVIL,
    "3.11",
    "x86_64",
    (Container("package", "/var/task", 1_000_000, 3_000_000, FILES, Reading(12, 25_000, 1_000_000)),),
    (
        part("botocore", 700_000, pulled_in_by=("boto3", "s3transfer", "aws-xray-sdk", "x"), in_runtime=True),
        part(EVIL, 200_000, version=EVIL, basis=Basis.TOP_LEVEL, requires=(EVIL,)),
        part("application", 100_000, kind=PartKind.APPLICATION, version=None, tops=("app", EVIL)),
    ),
    (PackageFinding("secrets", f"2 files {EVIL}", 2, 5000, (".env", EVIL)),),
)


@pytest.mark.parametrize("width", [40, 60, 100, 160])
@pytest.mark.parametrize("unicode", [True, False])
def test_nothing_is_wider_than_asked_or_acts_on_the_terminal(width: int, unicode: bool) -> None:
    style = Style(width=width, unicode=unicode)
    for text in (render_package(REPORT, style), render_tree(REPORT, style, 3), render_files(REPORT, style)):
        assert "\x1b" not in text
        assert "‮" not in text
        assert "evil\\x1b[31m" in text or width < 60
    table = render_package(REPORT, style)
    assert "700" in table or "683.6 KB" in table
    assert unicode or "█" not in table


def test_what_the_entry_point_brings_is_said_to_be_for_it() -> None:
    entry = part("lambda-monitor", 500, basis=Basis.TOP_LEVEL, version=None)
    tools = (part("aws-lambda-powertools", 2_000_000), part("aws-xray-sdk", 300_000, requested=True))
    lines = render_package(replace(REPORT, parts=(*tools, entry)), Style(width=140)).splitlines()
    reasons = {line.split()[0]: line for line in lines if line.startswith("aws-")}
    assert reasons["aws-lambda-powertools"].endswith("for monitor's entry point")
    assert reasons["aws-xray-sdk"].endswith("required by you")
    plain = render_package(replace(REPORT, parts=tools), Style(width=140))
    assert "entry point" not in plain


def test_the_breakdown_has_its_four_lines() -> None:
    lines = render_package(REPORT, Style(width=100)).splitlines()
    assert lines[2].split()[:5] == ["AWS", "SDK", "683.6", "KB", "70.0%"]
    assert lines[4].split()[:4] == ["application", "97.7", "KB", "10.0%"]
    assert "in the runtime" in "\n".join(lines)
    assert "Read: 24.4 KB in 12 requests (2.5% of the zip)" in lines[-1]


def test_a_diff_has_its_signs_and_the_measured_ratio() -> None:
    starts = (StartFigures("a", (100.0,), 100.0), StartFigures("b", (40.0,), 40.0))
    changes = (PartChange("boto3", Change.REMOVED, "1.0", None, -2048, -4096, -5),)
    diff = PackageDiff("a", EVIL, 4096, 2048, 8192, 4096, changes, 3, 0, "faster", starts)
    text = render_diff(diff, Style(width=100))
    assert "-  boto3" in text
    assert "(-2.0 KB, 0.50 x)" in text
    assert "ratio 0.40" in text
    assert "\x1b" not in text


def test_what_is_shipped_and_never_imported_is_listed() -> None:
    rows = (PartTime("fastapi", "1", 10, 20, 12.5, 0.5, 7), PartTime("boto3", "2", 4096, 8192, 0.0, 0.0, 0))
    text = render_times(PackageTimes("x", "a profile", 1, True, rows, 12.5, 25.0, "app.main"), Style(width=100))
    assert "does not time the handler's own file (app.main)" in text
    assert "never imported at init: 1 part, 4.0 KB" in text
    assert "12.5 ms" in text
