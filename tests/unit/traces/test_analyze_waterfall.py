import json
from pathlib import Path

import pytest

from monitor.records.init_record import ImportedModule, InitImports, InitRecord
from monitor.records.xray.documents import parse_trace, parse_traces
from monitor.records.xray.trace import Span, SpanKind, Trace
from monitor.traces.analyze_imports import with_imports
from monitor.traces.analyze_invocations import measure
from monitor.traces.analyze_waterfall import build_waterfall
from monitor.traces.model import Mark, Row, Waterfall

SAMPLES = Path(__file__).parents[2] / "samples" / "traces"


def waterfall_of(path: Path) -> Waterfall:
    saved = json.loads(path.read_text())
    if isinstance(saved, dict):
        saved = saved.get("trace", saved.get("segment", saved))
    return build_waterfall(parse_traces(saved)[0])


def own(name: str) -> Waterfall:
    return waterfall_of(SAMPLES / f"{name}.json")


def real(corpus: Path, name: str) -> Waterfall:
    return waterfall_of(corpus / "xray_traces" / f"{name}.json")


def row(waterfall: Waterfall, name: str, kind: SpanKind | None = None) -> Row:
    return next(row for row in waterfall.rows if row.name == name and kind in (None, row.kind))


def rounded(*values: float | None) -> tuple[float | None, ...]:
    return tuple(None if value is None else round(value, 1) for value in values)


def span(name: str, start_s: float, end_s: float | None, **fields: object) -> dict[str, object]:
    document = {"id": name, "name": name, "start_time": start_s, "end_time": end_s, **fields}
    return {key: value for key, value in document.items() if value is not None}


def test_a_cold_start_lies_in_the_waterfall_before_its_function(corpus: Path) -> None:
    waterfall = real(corpus, "servibench_thumbnail_app")
    init = row(waterfall, "Initialization")
    assert rounded(init.offset_ms, init.duration_ms, init.critical) == (471, 2956, True)
    gap = row(waterfall, "environment")
    assert rounded(gap.offset_ms, gap.duration_ms) == (37, 434)
    assert Mark.DERIVED in gap.marks
    assert waterfall.total_ms == pytest.approx(14963, abs=0.01)


def test_xrays_mirrored_segments_are_folded_into_their_calls(corpus: Path) -> None:
    waterfall = real(corpus, "grafana_ddb_conditional_error")
    assert [(r.name, r.kind) for r in waterfall.rows] == [
        ("myfrontend-dev", SpanKind.SEGMENT),
        ("DynamoDB", SpanKind.DOWNSTREAM),
    ]
    assert waterfall.rows[1].marks == (Mark.ERROR, Mark.FAULT)
    assert waterfall.rows[1].status == 400


def test_what_a_mirrored_segment_holds_is_kept(corpus: Path) -> None:
    waterfall = real(corpus, "servibench_event_processing_app")
    assert row(waterfall, "QueueTime").kind is SpanKind.DWELL


def test_imports_and_phases_are_shown_inside_init() -> None:
    waterfall = own("cold_old_layout_imports")
    names = [(r.depth, r.name) for r in waterfall.rows]
    init = names.index((2, "Initialization"))
    assert names[init : init + 7] == [
        (2, "Initialization"),
        (3, "runtime"),
        (3, "application"),
        (4, "app.main"),
        (5, "fastapi"),
        (6, "pydantic"),
        (5, "boto3"),
    ]
    # 640 ms, of which 32 in runtime and 520 in application
    assert row(waterfall, "Initialization").self_ms == pytest.approx(88, abs=0.01)


def test_the_new_layouts_handler_is_named_and_holds_its_spans() -> None:
    waterfall = own("cold_new_layout")
    assert [(r.depth, r.name) for r in waterfall.rows] == [
        (0, "ai-image-analyzer-fastapi"),
        (1, "environment"),
        (1, "ai-image-analyzer-fastapi"),
        (2, "Init"),
        (2, "handler"),
        (3, "DynamoDB"),
        (2, "Overhead"),
    ]
    handler = row(waterfall, "handler")
    assert handler.marks == (Mark.DERIVED,)
    assert rounded(handler.duration_ms, handler.self_ms) == (480, 330)
    assert row(waterfall, "DynamoDB").detail == "GetItem results (2 retries)"


def test_the_sdks_subsegments_are_shown_inside_invocation() -> None:
    function = span(
        "f",
        10,
        11,
        origin="AWS::Lambda::Function",
        subsegments=[span("Invocation", 10, 10.9), span("## h", 10.1, 10.8)],
    )
    waterfall = build_waterfall(parse_trace([function]))
    assert [(r.depth, r.name) for r in waterfall.rows] == [(0, "f"), (1, "Invocation"), (2, "## h")]


def test_an_init_before_the_request_has_no_place_on_the_axis_and_does_not_stretch_it() -> None:
    waterfall = own("provisioned_new_layout")
    init = row(waterfall, "Init")
    assert (init.offset_ms, init.duration_ms, init.marks, init.critical) == (None, 900.0, (Mark.EARLY,), False)
    assert waterfall.total_ms == pytest.approx(250)
    assert waterfall.reported_ms == 180250
    function = row(waterfall, "ai-image-analyzer-fastapi", SpanKind.FUNCTION)
    assert rounded(function.offset_ms, function.duration_ms) == (15, 225)


def test_the_critical_path_takes_the_later_of_two_parallel_calls_and_goes_on_before_it() -> None:
    calls = [span("first", 0.0, 0.2), span("long", 0.25, 0.9), span("beside", 0.3, 0.5), span("last", 0.92, 1.0)]
    waterfall = build_waterfall(parse_trace([span("root", 0, 1.0, subsegments=calls)]))
    assert {r.name for r in waterfall.rows if r.critical} == {"root", "first", "long", "last"}
    # in no child: 0.2-0.25, 0.9-0.92
    assert waterfall.rows[0].self_ms == pytest.approx(70)


def test_the_critical_path_follows_what_was_set_off_asynchronously() -> None:
    late = span("late", 0.6, 3.0, parent_id="call")
    root = span("root", 0, 1.0, subsegments=[span("call", 0.4, 0.5, namespace="aws"), span("after", 0.5, 0.9)])
    waterfall = build_waterfall(parse_trace([root, late]))
    assert {r.name for r in waterfall.rows if r.critical} == {"root", "call", "late"}


def test_a_clock_that_is_off_by_years_is_left_off_the_axis() -> None:
    good = [span(f"s{i}", 1.7e9 + i, 1.7e9 + i + 1) for i in range(3)]
    waterfall = build_waterfall(parse_trace([*good, span("lost", 0, 5), span("endless", 1.7e9, 2.5e9)]))
    assert waterfall.total_ms == pytest.approx(3000)
    lost, endless = row(waterfall, "lost"), row(waterfall, "endless")
    assert (lost.offset_ms, lost.duration_ms, lost.marks) == (None, None, (Mark.CLOCK,))
    assert (endless.duration_ms, endless.marks) == (None, (Mark.CLOCK,))


def test_an_end_before_the_start_is_no_time_at_all() -> None:
    waterfall = build_waterfall(parse_trace([span("root", 100.5, 100.2)]))
    assert (waterfall.rows[0].duration_ms, waterfall.total_ms) == (0.0, 0.0)


def test_an_exception_is_told_once_with_the_spans_it_passed() -> None:
    (problem,) = own("fault").problems
    assert problem.exception.type == "ClientError"
    assert problem.spans == ("DynamoDB", "ai-image-analyzer-fastapi")
    assert [frame.path for frame in problem.exception.stack] == ["client.py", "storage.py", "main.py", "bootstrap.py"]


def test_exceptions_of_real_traces(corpus: Path) -> None:
    slow_down = real(corpus, "servibench_thumbnail_app_error_fault_throttle").problems
    assert [(p.exception.type, p.exception.remote, p.spans) for p in slow_down] == [
        ("com.amazonaws.services.s3.model.AmazonS3Exception", True, ("S3", "thumbnail-generator-dev-upload"))
    ]
    faces = real(corpus, "servibench_image_processing_app_error").problems
    assert [(p.exception.type, p.exception.message) for p in faces] == [
        ("Caught error", "PhotoDoesNotMeetRequirementError"),
        ("PhotoDoesNotMeetRequirementError", "Detected 0 faces in the photo."),
    ]
    conditional = real(corpus, "grafana_ddb_conditional_error").problems
    assert [p.exception.type for p in conditional] == ["ConditionalCheckFailedException", "UndefinedStackException"]
    by_id = real(corpus, "otel_cause_is_exception_id").problems
    assert by_id[0].exception.message == "caused by exception abcdefghijklmnop, which no segment of this trace holds"


def test_a_cause_id_joins_the_exception_it_names() -> None:
    cause = {"exceptions": [{"id": "e1", "type": "E", "message": "m"}]}
    caller = span("caller", 0, 2, cause="e1")
    waterfall = build_waterfall(parse_trace([caller, span("callee", 0.5, 1, parent_id="caller", cause=cause)]))
    assert [(p.exception.type, p.spans) for p in waterfall.problems] == [("E", ("callee", "caller"))]


def test_no_time_of_any_real_trace_is_negative_or_beyond_the_trace(corpus: Path) -> None:
    paths = sorted((corpus / "xray_traces").glob("*.json"))
    assert len(paths) == 33
    for path in paths:
        waterfall = waterfall_of(path)
        assert waterfall.rows, path.name
        assert 0 <= waterfall.total_ms < 60_000
        for r in waterfall.rows:
            assert r.offset_ms is not None, path.name
            assert -1e-6 <= r.offset_ms <= waterfall.total_ms + 1e-3
            if r.duration_ms is None:
                assert Mark.IN_PROGRESS in r.marks
            else:
                assert 0 <= r.duration_ms <= waterfall.total_ms - r.offset_ms + 1e-3
                assert r.self_ms is not None
                assert 0 <= r.self_ms <= r.duration_ms + 1e-6
        assert any(r.critical for r in waterfall.rows)


def test_an_import_s_own_time_is_what_its_record_says_though_children_are_left_out() -> None:
    record = InitRecord(
        version=1,
        observed_init_ms=100.0,
        started_at_ms=1_790_000_000_000.0,
        imports=InitImports(3, 50.0, 1.0, 0, (ImportedModule("app", 0, 10.0, 12.5, 50.0, (
            ImportedModule("boto3", 0, 15.0, 30.0, 30.0),
        )),)),
    )  # fmt: skip
    init = Span("3", "Initialization", 1_790_000_000.0, 1_790_000_000.1, SpanKind.INIT)
    function = Span("1", "f", 1_790_000_000.1, 1_790_000_000.2, SpanKind.FUNCTION, children=(init,))
    trace = with_imports(measure(Trace("1-6ab13b80-000000000000000000000000", None, (function,))), record).trace
    rows = {row.name: row for row in build_waterfall(trace).rows}
    # 7.5 ms went to imports below the record's threshold: they are nobody's own time.
    assert (rows["app"].duration_ms, rows["app"].self_ms) == (50.0, 12.5)
    assert rows["boto3"].self_ms == 30.0
