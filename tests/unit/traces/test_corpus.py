"""Every real trace: its figures as read from the documents by hand, and what a person reads at any width."""

import json
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from monitor.console.text import Style
from monitor.records.xray.documents import parse_traces
from monitor.records.xray.trace import Trace
from monitor.traces.analyze_invocations import trace_figures
from monitor.traces.analyze_waterfall import build_waterfall
from monitor.traces.render import render_waterfall

# Name of the trace: what the first line says it took, and spans that have to be seen at every width (as far as a
# narrow column shows them) with their durations.
# fmt: off
SHOWN: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "docs_batchgettraces_scorekeep": ("3.23 s", [("Scorekeep", "3.23 s"), ("Initialization", "755 ms"),
                                                 ("SNS", "959 ms"), ("DynamoDB", "79.0 ms")]),
    "docs_segment_http_subsegment": ("29.0 ms", [("www.example.com", "29.0 ms"), ("api.example.com", "26.1 ms")]),
    "docs_segment_in_progress": ("0 ms so far", [("example.com", "-")]),
    "docs_segment_metadata": ("32.0 ms", [("## UserModel.s", "32.0 ms"), ("DynamoDB", "32.0 ms")]),
    "docs_segment_minimal": ("178 ms", [("example.com", "178 ms")]),
    "docs_segment_other": ("370 ms", [("names.example.com", "370 ms")]),
    "docs_segment_other2": ("370 ms", [("names.example.com", "370 ms")]),
    "docs_segment_sql": ("1.00 ms", [("ebdb@", "1.00 ms")]),
    "grafana_ddb_conditional_error": ("48.0 ms", [("myfrontend-dev", "48.0 ms"), ("DynamoDB", "47.0 ms")]),
    "iatk_eventbridge_consumer": ("1.00 s", [("Initialization", "352 ms"), ("Invocation", "626 ms"),
                                             ("Events", "500 ms"), ("Overhead", "21.6 ms")]),
    "iatk_segment_apigateway_stage": ("488 ms", [("some-app/Prod", "488 ms"), ("Lambda", "482 ms")]),
    "iatk_segment_eventbridge_inferred": ("500 ms", [("Events", "500 ms")]),
    "iatk_segment_lambda_dwell_attempt": ("550 ms", [("my-function", "15.0 ms"), ("Dwell Time", "45.0 ms"),
                                                     ("Attempt #1", "505 ms")]),
    "iatk_trace01_big": ("6.41 s", [("GetLogType", "-")]),
    "iatk_trace_with_links": ("781 ms", [("(environment)", "160 ms"), ("Initialization", "355 ms"),
                                         ("Invocation", "256 ms"), ("Overhead", "0.30 ms")]),
    "newstyle_2024_telemetry_udp": ("663 ms", [("(environment)", "8.20 ms"), ("(handler)", "263 ms"),
                                               ("Overhead", "388 ms")]),
    "newstyle_init_shape_synthetic": ("2.03 s", [("Init", "308 ms"), ("(handler)", "305 ms"),
                                                 ("Overhead", "0.50 ms")]),
    "otel_cause_is_exception_id": ("517 ms", [("CauseIsExceptio", "517 ms")]),
    "powertools_ts_2026_fragment": ("79.6 ms", [("GET /user", "39.0 ms"), ("Overhead", "19.6 ms")]),
    "servibench_event_processing_app": ("125 ms", [("Dwell Time", "32.0 ms"), ("Attempt #1", "40.0 ms"),
                                                   ("Invocation", "30.4 ms"), ("Invocation", "26.3 ms")]),
    "servibench_event_processing_subgraph_sql": ("18.0 ms", [("Invocation", "10.6 ms"), ("annotations", "0 ms"),
                                                             ("auroradev@", "5.00 ms")]),
    "servibench_hello_retail_app_error": ("169 ms", [("Invocation", "151 ms"), ("S3", "94.0 ms"),
                                                     ("stepfunctions", "36.0 ms"), ("DynamoDB", "15.0 ms")]),
    "servibench_image_processing_app_error": ("1.14 s", [("Invocation", "1.04 s"), ("rekognition", "1.03 s"),
                                                         ("Invocation", "0.52 ms")]),
    "servibench_matrix_app_same_end_time": ("1.62 s", [("Invocation", "655 ms"), ("Invocation", "227 ms"),
                                                       ("Invocation", "156 ms")]),
    "servibench_model_training_app": ("9.03 s", [("Invocation", "9.01 s"), ("S3", "122 ms"), ("S3", "74.3 ms")]),
    "servibench_realworld_app_margin": ("50.0 ms", [("Invocation", "35.4 ms"), ("DynamoDB", "14.0 ms"),
                                                    ("DynamoDB", "6.00 ms")]),
    "servibench_realworld_app_missing_coldstart": ("1.16 s", [("Initialization", "541 ms"), ("Invocation", "166 ms"),
                                                              ("(environment)", "424 ms"), ("Overhead", "4.59 ms")]),
    "servibench_thumbnail_app": ("15.0 s", [("Initialization", "2.96 s"), ("Initialization", "1.19 s"),
                                            ("Dwell Time", "59.0 ms"), ("Attempt #1", "8.13 s")]),
    "servibench_thumbnail_app_error_fault_throttle": ("7.12 s", [("S3", "6.98 s"), ("function", "7.09 s")]),
    "servibench_thumbnail_app_fault": ("10.0 ms", [("dev-thumbnail", "10.0 ms"), ("Lambda", "6.00 ms")]),
    "servibench_thumbnail_app_in_progress": ("1.47 s", [("Dwell Time", "-"), ("Attempt #1", "150 ms"),
                                                        ("function", "115 ms"), ("S3", "32.0 ms")]),
    "servibench_thumbnail_app_missing_root": ("1.12 s", [("Dwell Time", "49.0 ms"), ("Attempt #1", "193 ms"),
                                                         ("function", "184 ms"), ("S3", "72.0 ms")]),
    "todo_app_apigw_lambda_lambda_ddb": ("1.45 s", [("Initialization", "852 ms"), ("DynamoDB", "82.0 ms"),
                                                    ("Invocation", "197 ms"), ("Overhead", "32.8 ms")]),
}
# What tests/unit/traces/test_analyze_figures.py does not hold yet; of the matrix every invocation, by its start.
FIGURES: dict[str, list[dict[str, float]]] = {
    "servibench_hello_retail_app_error": [
        {"total": 160, "environment": 6, "handler": 151.4, "downstream": 145, "overhead": 0.7}],
    "servibench_image_processing_app_error": [
        {"total": 1042, "environment": 5.2, "handler": 1035.1, "downstream": 1031, "overhead": 0.4},
        {"total": 7, "environment": 4.8, "handler": 0.5, "overhead": 0.3}],
    "servibench_realworld_app_margin": [
        {"total": 43, "environment": 6, "handler": 35.4, "downstream": 31, "overhead": 0.3}],
    "servibench_thumbnail_app_error_fault_throttle": [
        {"total": 7105, "environment": 10, "handler": 7093, "downstream": 6978}],
    "servibench_thumbnail_app_missing_root": [
        {"total": 85, "environment": 8, "handler": 76, "downstream": 72},
        {"total": 242, "queue": 49, "environment": 7, "handler": 184, "downstream": 64}],
    "servibench_matrix_app_same_end_time": [
        {"total": 80, "environment": 7.23, "handler": 70.6, "downstream": 67.64, "overhead": 0.22},
        {"total": 239, "environment": 10.39, "handler": 226.75, "downstream": 216.9, "overhead": 0.19},
        {"total": 168, "environment": 9.82, "handler": 155.61, "downstream": 149.14, "overhead": 0.18},
        {"total": 161, "environment": 5.47, "handler": 153.1, "downstream": 146.78, "overhead": 0.16},
        {"total": 155, "environment": 14.29, "handler": 138.18, "downstream": 132.07, "overhead": 0.17},
        {"total": 149, "environment": 7.23, "handler": 139.19, "downstream": 132.35, "overhead": 0.29},
        {"total": 143, "environment": 8.3, "handler": 130.65, "downstream": 124.14, "overhead": 0.23},
        {"total": 224, "environment": 7.17, "handler": 215.03, "downstream": 199.67, "overhead": 0.26},
        {"total": 662, "environment": 4.39, "handler": 655.14, "downstream": 644, "overhead": 0.22}],
}
# No invocation of a Lambda function in them.
NONE = [name for name in SHOWN if name.startswith("docs_segment")] + [
    "grafana_ddb_conditional_error", "iatk_segment_apigateway_stage", "iatk_segment_eventbridge_inferred",
    "otel_cause_is_exception_id", "powertools_ts_2026_fragment", "servibench_thumbnail_app_fault",
    "iatk_trace01_big"]
# fmt: on
FIELDS = ("total", "queue", "environment", "init", "early_init", "restore", "handler", "downstream", "overhead")


def load(corpus: Path, name: str) -> Trace:
    saved = json.loads((corpus / "xray_traces" / f"{name}.json").read_text())
    (trace,) = parse_traces(saved["trace"] if "trace" in saved else saved["segment"])
    return trace


def test_every_real_trace_is_expected_here(corpus: Path) -> None:
    assert {path.stem for path in (corpus / "xray_traces").glob("*.json")} == set(SHOWN)


@pytest.mark.parametrize("width", [60, 100, 160])
@pytest.mark.parametrize("name", SHOWN)
def test_a_person_reads_the_same_at_every_width(corpus: Path, name: str, width: int) -> None:
    trace = load(corpus, name)
    lines = render_waterfall(build_waterfall(trace), trace_figures(trace), Style(width), utc=True).split("\n")
    total, spans = SHOWN[name]
    head = "  ".join(lines[:2]) if width == 60 else lines[0]
    assert re.search(rf"(?<![\d.]){re.escape(total)}(?! so far)(  |$)", head), head
    assert max(map(cell_len, lines)) <= width
    for label, duration in spans:
        # Of 60 cells the name column has about twenty, less the indentation.
        start = re.escape(label[: 5 if width == 60 else 10])
        row = re.compile(rf"^ *{start}.*(?<![\d.]) {re.escape(duration)}(?![\d.])")
        assert any(map(row.search, lines)), (label, duration)


@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_the_remaining_real_traces(corpus: Path, name: str) -> None:
    found = trace_figures(load(corpus, name))
    measured = [{field: getattr(one, f"{field}_ms") for field in FIELDS} for one in found]
    known = [{field: value for field, value in one.items() if value is not None} for one in measured]
    assert [set(one) for one in known] == [set(one) for one in FIGURES[name]]
    for one, expected in zip(known, FIGURES[name], strict=True):
        assert one == pytest.approx(expected, abs=0.11)
    assert not any(one.cold for one in found)


@pytest.mark.parametrize("name", NONE)
def test_what_holds_no_invocation_has_no_figures(corpus: Path, name: str) -> None:
    assert trace_figures(load(corpus, name)) == ()
