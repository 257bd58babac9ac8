"""One row for each function in each profile and region, and deployments as boundaries."""

from collections import Counter
from dataclasses import replace
from itertools import chain, permutations

import pytest

from monitor.coldstarts.analyze_report import named, report_of, runtime_changes
from monitor.coldstarts.analyze_tally import Tally
from monitor.coldstarts.model import By, ColdStartGroup, FunctionFacts
from monitor.coldstarts.render import render_imports, render_summary
from monitor.coldstarts.workflow_compare import around
from monitor.console.text import Style
from monitor.errors import UsageError
from monitor.kernel.place import Place, place_names
from monitor.kernel.window import Window
from monitor.records.event import LogEvent
from monitor.records.imports import ImportRow
from monitor.records.pairing import pair
from monitor.records.quick.columns import QuickColumns
from monitor.records.quick.sink import Warm
from tests.fakes.saved_logs import read_text

_START = "START RequestId: r{0} Version: $LATEST"
_REPORT = (
    "REPORT RequestId: r{0}\tDuration: 10.00 ms\tBilled Duration: 10 ms\tMemory Size: 512 MB\t"
    "Max Memory Used: 90 MB\tInit Duration: {1:.2f} ms"
)


def tally(region: str, inits: list[tuple[int, float]], *, by: By | None = None, profile: str = "") -> Tally:
    facts = FunctionFacts(region, "x86_64", changed_ms=5_000)
    found = Tally(functions={"shop": facts}, by=by, place=Place(profile, region))
    for number, (at_ms, init_ms) in enumerate(inits):
        stream = f"2026/11/23/[$LATEST]{number:032x}"
        lines = (_START.format(number), _REPORT.format(number, init_ms))
        for invocation in pair(LogEvent(at_ms, line, stream, "/aws/lambda/shop") for line in lines):
            found.add(invocation)
    return found


def test_one_function_in_two_regions_is_two_rows_each_at_its_own_price() -> None:
    report = report_of([tally("us-east-1", [(1_000, 300.0)]), tally("af-south-1", [(2_000, 900.0)])], "scan")
    assert [(one.function, one.region, one.init.p50) for one in report.summaries] == [
        ("shop", "us-east-1", 300.0), ("shop", "af-south-1", 900.0),
    ]  # fmt: skip
    first, second = (one.cost_usd for one in report.summaries)
    # The price of one region is known, that of the other is not: neither is the other's.
    assert first is not None
    assert second is None
    assert [one.region for one in report.cold_starts] == ["us-east-1", "af-south-1"]
    assert [one.function for one in named(report).summaries] == ["shop (us-east-1)", "shop (af-south-1)"]


@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_summary_fits_the_terminal_and_parts_no_figure_from_its_unit(width: int) -> None:
    report = report_of([tally("us-east-1", [(at * 1_000, 170.55 * at) for at in range(1, 30)])], "scan")
    rows = [ImportRow(f"a_package_{at}", 99.5 * at, 0.1, 3, 3, 99.5, 110.5, 130.5, 9, 140.5) for at in range(1, 9)]
    text = f"{render_summary(report.summaries[0], Style(width), utc=True)}\n{render_imports(rows, Style(width))}"
    tables = [line for line in text.splitlines() if not line.startswith("  ")]
    assert max(map(len, tables)) <= width
    assert [line for line in tables if "…" in line or line.strip() in ("ms", "s")] == []
    # The figures that matter most are there at any width, and what is left out is said.
    assert all(name in text for name in ("p50", "count", "slowest at", "self"))
    assert ("(no room for" in text) is (width < 80)


def test_one_region_needs_no_region_in_its_names() -> None:
    assert place_names([("a", Place("", "us-east-1")), ("b", Place("", "us-east-1"))]) == ["a", "b"]
    assert place_names([("a", Place("x", "r")), ("a", Place("", "r"))]) == ["a (x)", "a (default)"]


def test_latest_is_split_at_its_last_change() -> None:
    report = report_of([tally("us-east-1", [(1_000, 300.0), (6_000, 500.0)], by=By.DEPLOYMENT)], "scan")
    assert [(one.label, one.init.p50) for one in report.groups] == [
        ("$LATEST before 5000", 300.0), ("$LATEST since 5000", 500.0),
    ]  # fmt: skip


def test_warm_invocations_are_on_their_side_of_the_last_change() -> None:
    found = tally("us-east-1", [(1_000, 300.0), (6_000, 500.0)], by=By.DEPLOYMENT)
    warm = Warm(3, [b"2000", b"7000", b"8000"], [b""] * 3, [b"10.0"] * 3, Counter({512: 3}), 90)
    found.warm("shop", "$LATEST", warm, int)
    assert [(one.label, one.invocations, one.cold_starts) for one in report_of([found], "scan").groups] == [
        ("$LATEST before 5000", 2, 1), ("$LATEST since 5000", 3, 1),
    ]  # fmt: skip


def test_groups_of_several_regions_are_counted_together() -> None:
    parts = [tally(region, [(1_000, 300.0)], by=By.VERSION) for region in ("us-east-1", "eu-west-1")]
    (group,) = report_of(parts, "scan").groups
    assert (group.label, group.invocations, group.cold_starts) == ("$LATEST", 2, 2)


def test_a_window_is_cut_where_the_function_was_deployed() -> None:
    before, after = around(Window(1_000, 9_000, open_ended=True), 5_000)
    assert (before.start_ms, before.end_ms, after.start_ms, after.end_ms) == (1_000, 5_000, 5_000, 9_000)
    assert not before.open_ended
    for outside in (500, 9_500):
        with pytest.raises(UsageError, match="not in the window"):
            around(replace(after, start_ms=1_000), outside)


def test_a_new_version_of_the_runtime_is_a_boundary() -> None:
    """AWS updates a managed runtime between two cold starts without a deployment."""
    found = Tally(functions={}, by=By.DEPLOYMENT, place=Place())
    for number, (at_ms, patch) in enumerate(((1_000, "v45"), (2_000, "v45"), (3_000, "v46"))):
        stream = f"2026/11/23/[$LATEST]{number:032x}"
        init = (
            f"INIT_START Runtime Version: python:3.12.{patch}\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:1"
        )
        lines = (init, _START.format(number), _REPORT.format(number, 300.0))
        for invocation in pair(LogEvent(at_ms, line, stream, "/aws/lambda/shop") for line in lines):
            found.add(invocation)
    report = report_of([found], "scan")
    assert [(one.label, one.cold_starts) for one in report.groups] == [
        ("$LATEST", 2), ("runtime python:3.12.v46, $LATEST", 1),
    ]  # fmt: skip
    starts = report.cold_starts
    assert runtime_changes(starts) == {"shop": (("python:3.12.v45", 1_000), ("python:3.12.v46", 3_000))}
    assert runtime_changes(starts[:2]) == {}


def test_versions_of_the_runtime_that_overlap_are_told_apart_in_any_order() -> None:
    """Lambda changes the runtime of a few environments at a time: each invocation has that of its environment."""
    figures = "\tDuration: 5 ms\tBilled Duration: 5 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB"
    lines: list[list[str]] = []
    for number, patch in enumerate(("v45", "v46", "v45", "v46", "v45")):
        head = f"2026-11-23T02:0{number}:{{:02d}}.000001+00:00 2026/11/23/[$LATEST]{number:032x} "
        init = f"INIT_START Runtime Version: python:3.12.{patch}\tRuntime Version ARN: arn:aws:lambda:x"
        ids = [f"{10 * number + one:036x}" for one in range(5)]
        texts = [init]
        for one in ids:
            cold = "\tInit Duration: 300.5 ms" if one == ids[0] else ""
            texts += [f"START RequestId: {one} Version: $LATEST", f"REPORT RequestId: {one}{figures}{cold}"]
        lines.append([head.format(second) + text for second, text in enumerate(texts)])
    warm = "2026-11-23T02:00:01.000001+00:00 2026/11/23/[$LATEST]" + f"{9:032x} "
    request_id = f"{99:036x}"
    lines.append(
        [f"{warm}START RequestId: {request_id} Version: $LATEST", f"{warm}REPORT RequestId: {request_id}{figures}"]
    )
    expected = [("$LATEST", 16, 3), ("runtime python:3.12.v46, $LATEST", 10, 2)]
    for order in permutations(lines):
        text = "\n".join(chain.from_iterable(order))
        for groups in (read_in_full(text), read_quickly(text)):
            assert [(one.label, one.invocations, one.cold_starts) for one in groups] == expected


def read_in_full(text: str) -> tuple[ColdStartGroup, ...]:
    found = Tally(by=By.DEPLOYMENT)
    for invocation in pair(read_text(text, "aws-tail")[1]):
        found.add(invocation)
    return found.groups()


def read_quickly(text: str) -> tuple[ColdStartGroup, ...]:
    found = Tally(by=By.DEPLOYMENT)
    reader = QuickColumns(found, least_bytes=1)
    reader.take(text.encode())
    reader.finish()
    return found.groups()
