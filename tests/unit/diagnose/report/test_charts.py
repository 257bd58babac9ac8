"""Where the blocks, tiles and dots of a diagnosis' charts lie."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.diagnose.evidence.model import Deployed, LateImport
from monitor.diagnose.report.colors import Colors
from monitor.diagnose.report.start import flame, profile_span, ruler, start_span, waterfall
from monitor.diagnose.report.times import times_of
from monitor.diagnose.report.treemap import ASPECT, by_size, by_time, squarified
from monitor.records.imports import ImportProfile
from monitor.records.init_record import InitRecord
from monitor.records.xray.trace import Span as TraceSpan
from monitor.records.xray.trace import SpanKind, Trace
from tests.unit.diagnose.report.diagnosis_factory import (
    NOW_MS,
    cold_start,
    cold_starts,
    evidence,
    init_record,
    package,
    profile,
)

COLORS = Colors(["pandas", "numpy", "fastapi"])


def test_a_start_is_init_with_its_phases_and_imports_and_then_the_first_invocation() -> None:
    span = start_span(cold_start(1, "8", NOW_MS, 950), COLORS)
    assert span is not None
    rows = {row.name: row for row in waterfall(span)}
    # 950 of init + 285 of the first invocation; 90 ms lie outside the process, pandas begins 90 ms after its start
    assert rows["init"].width == pytest.approx(950 / 1235 * 100)
    assert rows["first invocation"].left == pytest.approx(950 / 1235 * 100)
    assert rows["pandas"].left == pytest.approx((90 + 90) / 1235 * 100)
    assert rows["pandas"].width == pytest.approx(418 / 1235 * 100)
    assert [row.name for row in waterfall(span)][:7] == [
        "first call", "init", "outside the process", "runtime", "entry", "application", "app.main",
    ]  # fmt: skip
    assert "itself 38.0 ms" in rows["pandas"].text
    assert "/var/task" in rows["pandas"].text
    assert rows["pandas"].css == "c1"
    assert rows["boto3"].css == "c0"


def test_no_init_record_is_no_picture() -> None:
    assert start_span(cold_start(1, "8", NOW_MS, 950, record=False), COLORS) is None


def test_calls_of_the_first_invocation_come_from_its_trace() -> None:
    init = TraceSpan("1", "Initialization", 1000.0, 1000.95, SpanKind.INIT)
    call = TraceSpan("2", "DynamoDB", 1001.0, 1001.1, SpanKind.DOWNSTREAM)
    stray = TraceSpan("3", "S3", 5000.0, 5001.0, SpanKind.DOWNSTREAM)
    span = start_span(cold_start(1, "8", NOW_MS, 950), COLORS, Trace("1-a", 1.2, (init, call, stray)))
    assert span is not None
    rows = {row.name: row for row in waterfall(span)}
    assert rows["DynamoDB"].left == pytest.approx(1000 / 1235 * 100)
    assert "S3" not in rows


def test_blocks_nest_whatever_the_record_says() -> None:
    record = init_record()
    assert record.imports is not None
    wild = tuple(replace(one, start_ms=-500, cumulative_ms=9e6) for one in record.imports.tree * 2)
    broken: InitRecord = replace(record, imports=replace(record.imports, tree=wild))
    span = start_span(replace(cold_start(1, "8", NOW_MS, 950), init_record=broken), COLORS)
    assert span is not None
    above: list[tuple[float, float]] = []
    reached: dict[int, float] = {}
    for block in flame(span.children[0]):
        del above[block.depth :]
        right = block.left + block.width
        if above:
            assert above[-1][0] - 1e-9 <= block.left
            assert right <= above[-1][1] + 1e-9
            assert block.left >= reached.get(block.depth, 0.0) - 1e-9
        above.append((block.left, right))
        reached[block.depth] = right


def test_the_mean_of_many_starts_has_the_longest_first() -> None:
    span = profile_span(profile(), COLORS)
    assert span is not None
    assert [block.name for block in flame(span)][:4] == ["imports", "app.main", "pandas", "numpy"]


def test_the_ruler_is_round() -> None:
    assert [label for _, label in ruler(1235)] == ["0 ms", "500 ms", "1.00 s"]
    assert ruler(0) == []


@given(st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=40))
def test_tiles_fill_the_picture_by_their_values(values: list[float]) -> None:
    values.sort(reverse=True)
    places = squarified(values)
    whole = sum(values)
    for value, place in zip(values, places, strict=True):
        assert place.width * place.height / 1e4 == pytest.approx(value / whole, rel=1e-3, abs=1e-6)
        assert -1e-6 <= place.x <= 100.001 - place.width
        assert -1e-6 <= place.y <= 100.001 - place.height


def test_equal_tiles_are_near_squares() -> None:
    for place in squarified([1.0] * 12):
        shape = place.width * ASPECT / place.height
        assert 0.5 < shape < 2


def test_a_distribution_that_nobody_imports_is_told() -> None:
    idle = {tile.name for tile in by_size(package(), profile(), (), COLORS) if tile.idle}
    assert idle == {"matplotlib"}
    late = [one.package for one in (LateImport("mpl_toolkits", 4, 1, 9),)]
    assert not [tile for tile in by_size(package(), profile(), late, COLORS) if tile.idle]
    unprofiled = replace(profile(), tree=())
    assert not [tile for tile in by_size(package(), unprofiled, (), COLORS) if tile.idle]


def test_tiles_by_time_are_packages_with_their_modules() -> None:
    tiles = by_time(profile(), COLORS)
    assert [tile.name for tile in tiles][:3] == ["pandas", "numpy", "botocore"]
    assert len(tiles[0].parts) == 3
    assert "pandas.core.frame" in tiles[0].text
    rows_alone: ImportProfile = replace(profile(), tree=())
    assert [tile.name for tile in by_time(rows_alone, COLORS)][:2] == ["pandas", "numpy"]


def test_a_package_has_one_color_by_all_its_names() -> None:
    colors = Colors(["pydantic_core"])
    assert colors.of("pydantic-core") == colors.of("Pydantic_Core") == 1
    assert colors.of("other") == 0


def test_dots_lie_at_their_time_and_deployments_part_the_medians() -> None:
    times = times_of(evidence(), utc=True)
    assert times is not None
    assert len(times.dots) == 42
    assert times.dots[0].x < times.dots[-1].x
    assert [name for _, name, _ in times.marks] == ["8"]
    assert [level.text for level in times.levels] == ["median 670 ms of 16", "median 1.22 s of 26"]
    assert times.levels[0].y > times.levels[1].y
    assert not times.is_logarithmic
    assert sum(width > 0 for _, _, width in times.bins) > 3


def test_one_start_far_out_makes_the_scale_logarithmic() -> None:
    starts = (*cold_starts(), replace(cold_starts()[0], first_total_ms=60_000.0))
    times = times_of(replace(evidence(), cold_starts=starts), utc=True)
    assert times is not None
    assert times.is_logarithmic
    assert all(-1 <= dot.y <= 101 for dot in times.dots)


def test_a_new_version_of_the_runtime_is_a_mark_on_the_page() -> None:
    starts = tuple(
        replace(one, runtime_version=f"python:3.12.v{40 + (at >= 20)}") for at, one in enumerate(cold_starts())
    )
    times = times_of(replace(evidence(), cold_starts=starts, deployments=()), utc=True)
    assert times is not None
    ((_, name, text),) = times.marks
    assert name == "python:3.12.v41"
    assert text.startswith("runtime python:3.12.v41 since ")
    assert len(times.levels) == 2


def test_fewer_than_two_starts_are_no_distribution() -> None:
    assert times_of(replace(evidence(), cold_starts=cold_starts()[:1]), utc=True) is None


@pytest.mark.parametrize("length_ms", [1, 60_000, 3_600_000, 86_400_000, 14 * 86_400_000, 400 * 86_400_000])
def test_the_time_axis_has_labels_at_any_length(length_ms: int) -> None:
    starts = tuple(replace(one, at_ms=NOW_MS + at * length_ms // 41) for at, one in enumerate(cold_starts()))
    far = (Deployed("1", NOW_MS - 10**12),)
    times = times_of(replace(evidence(), cold_starts=starts, window=None, deployments=far), utc=True)
    assert times is not None
    assert times.marks == ()
    assert 0 <= len(times.x_ticks) <= 8
    assert all(0 <= dot.x <= 100 for dot in times.dots)
