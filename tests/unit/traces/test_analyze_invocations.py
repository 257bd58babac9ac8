"""Figures of real traces, expected as read from the documents by hand (end minus start, in ms)."""

import json
from pathlib import Path

import pytest

from monitor.records.invocation import InitKind
from monitor.records.xray.documents import parse_trace, parse_traces
from monitor.traces.analyze_invocations import choose_figures, trace_figures
from monitor.traces.model import Figures, Mark

SAMPLES = Path(__file__).parents[2] / "samples" / "traces"
FIELDS = ("total", "queue", "environment", "init", "early_init", "restore", "handler", "downstream", "overhead")


def figures_of(path: Path) -> tuple[Figures, ...]:
    saved = json.loads(path.read_text())
    if isinstance(saved, dict):
        saved = saved.get("trace", saved.get("segment", saved))
    return trace_figures(parse_traces(saved)[0])


def known(figures: Figures) -> dict[str, float]:
    values = {field: getattr(figures, f"{field}_ms") for field in FIELDS}
    return {field: round(value, 2) for field, value in values.items() if value is not None}


# fmt: off
REAL: dict[str, list[tuple[bool, dict[str, float]]]] = {
    # 2017: no Invocation, no Overhead; Initialization 412.064-412.819, function 412.830-414.570
    "docs_batchgettraces_scorekeep": [
        (True, {"total": 2895, "environment": 387, "init": 755, "handler": 1740, "downstream": 959})],
    "iatk_eventbridge_consumer": [
        (True, {"total": 1001.56, "init": 352.09, "handler": 625.96, "downstream": 500, "overhead": 21.62})],
    "iatk_segment_lambda_dwell_attempt": [(False, {"total": 550, "queue": 45})],
    "iatk_trace_with_links": [
        (True, {"total": 781, "environment": 160.32, "init": 354.71, "handler": 256.4, "overhead": 0.3})],
    # new layout: Overhead starts 271.0 after Lambda's segment, the function segment 8.2 after it
    "newstyle_2024_telemetry_udp": [
        (False, {"total": 663, "environment": 8.2, "handler": 262.8, "overhead": 388.28})],
    # new layout with Init 10.3-10.6082, Overhead 10.9128-10.9133
    "newstyle_init_shape_synthetic": [
        (True, {"total": 1017, "environment": 300, "init": 308.2, "handler": 304.6, "overhead": 0.5}),
        (False, {"total": 33.1, "handler": 32.5, "overhead": 0.6})],
    "servibench_event_processing_app": [
        (False, {"total": 39, "environment": 5.62, "handler": 30.42, "downstream": 29, "overhead": 0.42}),
        (False, {"total": 72, "queue": 32, "environment": 10.59, "handler": 26.32, "downstream": 25,
                 "overhead": 0.67})],
    # three SQL calls: 6-7, 8-13, 13-15
    "servibench_event_processing_subgraph_sql": [
        (False, {"total": 18, "environment": 5.48, "handler": 10.6, "downstream": 8, "overhead": 0.24})],
    "servibench_model_training_app": [
        (False, {"total": 9020.45, "environment": 5.98, "handler": 9014.16, "downstream": 196.24,
                 "overhead": 0.2})],
    # the function's segment ends 3.57 after Lambda's own: clocks
    "servibench_realworld_app_missing_coldstart": [
        (True, {"total": 1137.57, "environment": 423.84, "init": 540.72, "handler": 166.17, "downstream": 153,
                "overhead": 4.59})],
    "servibench_thumbnail_app": [
        (True, {"total": 5727, "environment": 434, "init": 2956, "handler": 2333, "downstream": 1821}),
        (True, {"total": 8187, "queue": 59, "environment": 337, "init": 1186, "handler": 6558,
                "downstream": 1484})],
    # the Dwell Time's end is lost: it was over when Attempt #1 began
    "servibench_thumbnail_app_in_progress": [
        (False, {"total": 41, "environment": 5, "handler": 35, "downstream": 32}),
        (False, {"total": 228, "queue": 78, "environment": 8, "handler": 115, "downstream": 53})],
    "todo_app_apigw_lambda_lambda_ddb": [
        (True, {"total": 1425, "environment": 374.09, "init": 851.51, "handler": 196.88, "downstream": 167,
                "overhead": 0.54}),
        (False, {"total": 49.15, "environment": 12.93, "handler": 3.09, "overhead": 32.77})],
    # the call to Lambda itself failed: no invocation was recorded
    "servibench_thumbnail_app_fault": [],
    "iatk_trace01_big": [],
}
OWN: dict[str, list[tuple[bool, dict[str, float]]]] = {
    "cold_old_layout_imports": [
        (True, {"total": 1500, "environment": 250, "init": 640, "handler": 569, "downstream": 190,
                "overhead": 18})],
    "cold_new_layout": [
        (True, {"total": 1000, "environment": 100, "init": 400, "handler": 480, "downstream": 150,
                "overhead": 10})],
    "snapstart_restore": [
        (True, {"total": 700, "environment": 60, "restore": 395, "handler": 219, "overhead": 8})],
    "in_progress": [(False, {"environment": 12})],
    "fault": [
        (False, {"total": 403, "environment": 8, "handler": 379, "downstream": 320, "overhead": 10})],
    # Init ended three minutes before the request: it is no part of it, nor is the gap
    "provisioned_new_layout": [
        (False, {"total": 250, "environment": 15, "early_init": 900, "handler": 200, "downstream": 120,
                 "overhead": 24})],
}
# fmt: on


def check(found: tuple[Figures, ...], expected: list[tuple[bool, dict[str, float]]]) -> None:
    assert [one.cold for one in found] == [cold for cold, _ in expected]
    for one, (_, values) in zip(found, expected, strict=True):
        measured = known(one)
        assert measured.keys() == values.keys()
        assert measured == pytest.approx(values, abs=0.02)


@pytest.mark.parametrize("name", REAL)
def test_figures_of_real_traces(corpus: Path, name: str) -> None:
    check(figures_of(corpus / "xray_traces" / f"{name}.json"), REAL[name])


@pytest.mark.parametrize("name", OWN)
def test_figures_of_our_own_samples(name: str) -> None:
    check(figures_of(SAMPLES / f"{name}.json"), OWN[name])


def test_a_fan_out_gives_every_invocation(corpus: Path) -> None:
    found = figures_of(corpus / "xray_traces" / "servibench_matrix_app_same_end_time.json")
    assert sum(one.function == "matrix-mul-dev-mul_worker" for one in found) == 5
    assert not any(one.cold for one in found)
    assert len({one.request_id for one in found}) == len(found)


def test_figures_name_the_function_its_request_and_how_it_ended(corpus: Path) -> None:
    (one,) = figures_of(corpus / "xray_traces" / "servibench_thumbnail_app_error_fault_throttle.json")
    assert one.function == "thumbnail-generator-dev-upload"
    assert one.request_id == "d363b574-e443-46d0-9bb0-ed357b4d2eea"
    assert one.marks == (Mark.ERROR,)
    (running,) = figures_of(SAMPLES / "in_progress.json")
    assert running.marks == (Mark.IN_PROGRESS,)


def test_the_invocation_asked_for_is_found_by_request_or_function(corpus: Path) -> None:
    found = figures_of(corpus / "xray_traces" / "todo_app_apigw_lambda_lambda_ddb.json")
    arn = "arn:aws:lambda:us-east-1:123456789012:function:todo-list-app-dev-sendNotification:live"
    second = found[1]
    assert choose_figures(found, function=arn) is second
    assert choose_figures(found, function="todo-list-app-dev-sendNotification") is second
    assert choose_figures(found, request_id="1a61d1e3-4df6-4c2e-9beb-e150bc55ff34") is second
    assert choose_figures(found) is found[0]
    assert choose_figures(found, function="another") is None


def function_segment(init: tuple[float, float], start: float, end: float) -> dict[str, object]:
    subsegment = {"id": "2", "name": "Initialization", "start_time": init[0], "end_time": init[1]}
    return {
        "id": "1",
        "name": "f",
        "origin": "AWS::Lambda::Function",
        "start_time": start,
        "end_time": end,
        "subsegments": [subsegment],
    }


def test_an_old_layout_init_minutes_before_its_function_segment_is_not_counted() -> None:
    (early,) = trace_figures(parse_trace([function_segment((1000.0, 1002.0), 1200.0, 1200.5)]))
    assert (early.cold, early.init_ms, early.early_init_ms, early.total_ms) == (False, None, 2000.0, 500.0)
    (cold,) = trace_figures(parse_trace([function_segment((1000.0, 1002.0), 1002.01, 1002.5)]))
    assert (cold.cold, cold.init_ms, cold.early_init_ms) == (True, 2000.0, None)
    assert cold.total_ms == pytest.approx(2500)


def test_calls_in_parallel_count_once_and_what_outlives_the_handler_not_at_all() -> None:
    document = function_segment((99.0, 99.9), 100.0, 101.0)
    calls = [(100.1, 100.5), (100.2, 100.4), (100.3, 100.6), (100.9, 105.0)]
    document["subsegments"] = [
        {"id": f"c{i}", "name": "S3", "namespace": "aws", "start_time": start, "end_time": end}
        for i, (start, end) in enumerate(calls)
    ]
    (one,) = trace_figures(parse_trace([document]))
    assert one.downstream_ms == pytest.approx(600)


def test_a_clock_that_is_years_off_gives_no_figure_rather_than_an_absurd_one() -> None:
    service = {"id": "0", "name": "f", "origin": "AWS::Lambda", "start_time": 0, "end_time": 1}
    function = {**function_segment((1.7e9 - 1, 1.7e9 - 0.1), 1.7e9, 1.7e9 + 1), "parent_id": "0"}
    (one,) = trace_figures(parse_trace([service, function]))
    assert (one.total_ms, one.environment_ms, one.start_ms) == (None, None, None)
    assert one.handler_ms == pytest.approx(1000)


def test_inits_that_together_take_longer_than_a_week_are_no_figure() -> None:
    halves = [{"start_time": 0.0, "end_time": 4.0 * 86_400, "name": "Init"} for _ in range(2)]
    segment = {"name": "f", "start_time": 0.0, "origin": "AWS::Lambda::Function", "subsegments": halves}
    (figures,) = trace_figures(parse_trace([segment]))
    assert figures.init_ms is None


def _saved_otlp(attributes: dict[str, bool | str]) -> str:
    """A saved OTLP request with the function's span, whose parent is Lambda's own segment."""
    at = 1_790_000_000_000_000_000
    pairs = [
        {"key": key, "value": {"boolValue" if isinstance(value, bool) else "stringValue": value}}
        for key, value in {"faas.invocation_id": "r-1", **attributes}.items()
    ]
    span = {"traceId": "6ab3b0e90123456789abcdef01234567", "spanId": "2" * 16, "parentSpanId": "1" * 16, "name": "shop"}
    span |= {"kind": 2, "startTimeUnixNano": str(at), "endTimeUnixNano": str(at + 5_000_000), "attributes": pairs}
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})


SAID = {
    "OpenTelemetry says cold": ({"faas.coldstart": True}, True),
    "OpenTelemetry says warm": ({"faas.coldstart": False}, False),
    "Powertools' annotation": ({"ColdStart": True}, True),
    "nothing is said": ({}, False),
    "a text is no answer": ({"faas.coldstart": "true"}, False),
}


@pytest.mark.parametrize(("attributes", "cold"), SAID.values(), ids=SAID.keys())
def test_a_saved_otlp_trace_without_lambda_s_segments_is_cold_where_its_span_says_so(
    attributes: dict[str, bool | str], cold: bool
) -> None:
    (trace,) = parse_traces(_saved_otlp(attributes))
    (figures,) = trace_figures(trace)
    assert figures.request_id == "r-1"
    assert (figures.cold, figures.kind) == (cold, InitKind.ON_DEMAND if cold else None)
