import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.records.xray.documents import MAX_DEPTH, parse_summary, parse_trace, parse_traces, trace_id_time_ms
from monitor.records.xray.trace import AbsenceKind, Frame, Link, Span, SpanKind, Trace
from tests.examples import examples

SAMPLES = Path(__file__).parents[3] / "samples" / "traces"


def load(corpus: Path, name: str) -> Trace:
    saved = json.loads((corpus / "xray_traces" / f"{name}.json").read_text())
    traces = parse_traces(saved["trace"] if "trace" in saved else saved["segment"])
    assert len(traces) == 1
    return traces[0]


def find(trace: Trace, name: str, kind: SpanKind) -> Span:
    return next(span for span in trace.spans() if span.name == name and span.kind is kind)


def segment(**fields: object) -> dict[str, object]:
    return {"id": "a" * 16, "name": "svc", "start_time": 100.0, "end_time": 101.0, "trace_id": "1-x", **fields}


@pytest.mark.parametrize(
    ("name", "trace_id", "spans", "roots"),
    [
        ("docs_batchgettraces_scorekeep", "1-59602603-23fc5b688855d396af79b496", 11, 1),
        ("docs_segment_minimal", "1-581cf771-a006649127e371903a2de979", 1, 1),
        ("docs_segment_metadata", "", 2, 1),
        ("iatk_eventbridge_consumer", "1-64de5a99-5d09aa705e56bbd0152548cb", 5, 1),
        ("iatk_trace_with_links", "1-654c0557-5611b044040fc7224c4790b6", 5, 1),
        ("newstyle_2024_telemetry_udp", "1-66bfd54d-6b379b8727b6273f7675338c", 3, 1),
        ("servibench_event_processing_app", "1-608b975f-82c9cf3915cf8d7c1093ada7", 17, 1),
        ("servibench_matrix_app_same_end_time", "1-61bd75b1-6ef5c6f8ec5c4d9022d6e616", 156, 1),
        ("todo_app_apigw_lambda_lambda_ddb", "1-643aca1d-02e095f7341508e00b9b6d2b", 14, 1),
    ],
)
def test_a_saved_trace_becomes_one_tree(corpus: Path, name: str, trace_id: str, spans: int, roots: int) -> None:
    trace = load(corpus, name)
    assert trace.id == trace_id
    assert (sum(1 for _ in trace.spans()), len(trace.roots)) == (spans, roots)


def test_every_shape_reads_the_same(corpus: Path) -> None:
    saved = json.loads((corpus / "xray_traces" / "servibench_thumbnail_app.json").read_text())["trace"]
    documents = [json.loads(segment["Document"]) for segment in saved["Segments"]]
    as_objects = {**saved, "Segments": [{"Id": d["id"], "Document": d} for d in documents]}
    bare = {**saved, "Segments": documents}
    expected = parse_traces(saved)
    assert parse_traces(as_objects) == parse_traces(bare) == expected
    assert parse_traces({"Traces": [saved], "UnprocessedTraceIds": []}) == expected
    assert parse_traces(json.dumps(saved)) == parse_traces(json.dumps(saved, indent=4).encode()) == expected
    header = '{"format": "json", "version": 1}\n'
    datagrams = "".join(header + json.dumps(document) + "\n" for document in documents)
    assert parse_traces(datagrams)[0].roots == expected[0].roots
    assert parse_traces(list(reversed(documents)))[0].roots == expected[0].roots


def test_a_lambda_span_carries_what_lambda_says(corpus: Path) -> None:
    trace = load(corpus, "todo_app_apigw_lambda_lambda_ddb")
    service = find(trace, "todo-list-app-dev-postTask", SpanKind.SERVICE)
    assert service.aws is not None
    assert service.aws.request_id == "372607be-98bc-4960-bcb8-352704034263"
    assert service.http is not None
    assert service.http.status == 200
    assert service.start_s == 1681574429.596
    function = find(trace, "todo-list-app-dev-postTask", SpanKind.FUNCTION)
    assert [child.kind for child in function.children] == [
        SpanKind.INIT,
        SpanKind.INVOCATION,
        SpanKind.OVERHEAD,
    ]
    call = find(trace, "DynamoDB", SpanKind.DOWNSTREAM)
    assert call.aws is not None
    assert (call.aws.operation, call.aws.region, call.aws.resource_names, call.aws.retries) == (
        "PutItem",
        "us-east-1",
        ("todo-list-tasks",),
        0,
    )
    assert call.children[0].kind is SpanKind.INFERRED


def test_numbers_with_an_exponent_are_times(corpus: Path) -> None:
    trace = load(corpus, "newstyle_2024_telemetry_udp")
    function = find(trace, "nodejs-example-telemetry-api-demo-function", SpanKind.FUNCTION)
    assert (function.start_s, function.end_s) == (1723848013.136204, 1723848013.789384)
    assert function.annotations["aws:responseLatency"] == 264.19
    assert function.aws is not None
    assert function.aws.log_groups == ("/aws/lambda/nodejs-example-telemetry-api-demo-function",)


def test_an_asynchronous_invocation_has_its_queue_and_attempt(corpus: Path) -> None:
    trace = load(corpus, "iatk_segment_lambda_dwell_attempt")
    assert [child.kind for child in trace.roots[0].children] == [SpanKind.DWELL, SpanKind.ATTEMPT]


def test_exceptions_keep_type_message_and_innermost_frame_first(corpus: Path) -> None:
    call = find(load(corpus, "servibench_hello_retail_app_error"), "stepfunctions", SpanKind.DOWNSTREAM)
    assert (call.fault, call.error, call.throttle) == (True, True, False)
    exception = call.exceptions[0]
    assert exception.type == "TaskTimedOut"
    assert exception.message.startswith("Task Timed Out: 'arn:aws:states:eu-west-1:")
    assert exception.remote
    assert exception.stack[0] == Frame(
        "/var/task/node_modules/aws-xray-sdk-core/lib/patchers/aws_p.js",
        77,
        "features.constructor.captureAWSRequest [as customRequestHandler]",
    )


def test_pythons_stacks_are_turned_innermost_first() -> None:
    stack = [{"path": "bootstrap.py", "line": 1, "label": "run"}, {"path": "main.py", "line": 9, "label": "go"}]
    trace = parse_trace([segment(cause={"exceptions": [{"type": "E", "stack": stack}]})])
    assert [frame.path for frame in trace.roots[0].exceptions[0].stack] == ["main.py", "bootstrap.py"]


def test_a_cause_may_be_the_id_of_another_segments_exception(corpus: Path) -> None:
    root = load(corpus, "otel_cause_is_exception_id").roots[0]
    assert (root.fault, root.cause_id, root.exceptions) == (True, "abcdefghijklmnop", ())


def test_links_sql_and_metadata_are_kept(corpus: Path) -> None:
    linked = find(load(corpus, "iatk_trace_with_links"), "Invocation", SpanKind.INVOCATION)
    assert linked.links == (Link("1-654c0558-630340be09e985eb352a72e6", "2acd99f6ce4d0822", "child"),)
    sql = load(corpus, "docs_segment_sql").roots[0].sql
    assert sql is not None
    assert sql.query == "SELECT  *  FROM  customers  WHERE  customer_id=?;"
    assert sql.database_type == "PostgreSQL"
    metadata = load(corpus, "docs_segment_metadata").roots[0].metadata
    assert metadata == {"debug": {"test": "Metadata string from UserModel.saveUser"}}


def test_a_span_in_progress_has_no_end(corpus: Path) -> None:
    assert load(corpus, "docs_segment_in_progress").roots[0].end_s is None
    dwell = find(load(corpus, "servibench_thumbnail_app_in_progress"), "Dwell Time", SpanKind.DWELL)
    assert (dwell.in_progress, dwell.duration_ms) == (True, None)


def test_a_missing_parent_is_said_and_its_child_shown_at_the_top(corpus: Path) -> None:
    trace = load(corpus, "servibench_thumbnail_app_missing_root")
    assert [root.name for root in trace.roots] == ["thumbnail-generator-dev-upload"]
    assert [absence.kind for absence in trace.absent] == [AbsenceKind.NO_PARENT]
    assert "6f58e0a0bce69065" in trace.absent[0].reason


def test_a_fragment_of_subsegments_is_shown_without_its_segment(corpus: Path) -> None:
    trace = load(corpus, "powertools_ts_2026_fragment")
    assert [(root.name, root.kind) for root in trace.roots] == [
        ("GET /user", SpanKind.LOCAL),
        ("Overhead", SpanKind.OVERHEAD),
    ]
    assert [absence.kind for absence in trace.absent] == [AbsenceKind.FRAGMENT]


def test_documents_that_are_no_json_are_named_with_the_reason() -> None:
    trace = parse_trace([{"Id": "bad", "Document": '{"id": "x", "na'}, {"Id": "empty", "Document": ""}, 7, segment()])
    assert len(trace.roots) == 1
    assert [(absence.kind, absence.what) for absence in trace.absent] == [
        (AbsenceKind.UNREADABLE, "bad"),
        (AbsenceKind.UNREADABLE, "empty"),
        (AbsenceKind.UNREADABLE, "document"),
    ]
    assert "not JSON, or cut" in trace.absent[0].reason


def test_a_file_cut_in_the_middle_still_gives_what_came_before() -> None:
    whole = json.dumps({"Id": "1-a", "Segments": [segment()]})
    traces = parse_traces(whole + "\n" + whole[:40])
    assert [len(trace.roots) for trace in traces] == [1, 0]
    assert traces[1].absent[0].kind is AbsenceKind.UNREADABLE


def test_a_segment_sent_twice_is_shown_once() -> None:
    trace = parse_trace([segment(), segment()])
    assert len(list(trace.spans())) == 1
    assert [absence.kind for absence in trace.absent] == [AbsenceKind.DOUBLED]


def test_a_finished_segment_replaces_the_one_in_progress_and_keeps_its_streamed_children() -> None:
    child = {"id": "c" * 16, "name": "S3", "start_time": 100.2, "end_time": 100.3}
    early = segment(in_progress=True, subsegments=[child])
    early.pop("end_time")
    for documents in ([early, segment()], [segment(), early]):
        trace = parse_trace(documents)
        assert (trace.roots[0].end_s, [c.name for c in trace.roots[0].children]) == (101.0, ["S3"])
        assert trace.absent == ()


def test_two_spans_with_one_id_are_both_shown() -> None:
    trace = parse_trace([segment(), segment(name="other")])
    assert sorted(root.name for root in trace.roots) == ["other", "svc"]
    assert [absence.kind for absence in trace.absent] == [AbsenceKind.DOUBLED]


def test_a_subsegment_sent_on_its_own_finds_its_parent() -> None:
    function = segment(origin="AWS::Lambda::Function")
    init = {"type": "subsegment", "parent_id": "a" * 16, "id": "b" * 16, "name": "Initialization"}
    trace = parse_trace([{**init, "start_time": 99.0, "end_time": 99.9, "trace_id": "1-x"}, function])
    assert [child.kind for child in trace.roots[0].children] == [SpanKind.INIT]


def test_init_is_lambdas_only_directly_under_the_function_segment() -> None:
    own = {"id": "c" * 16, "name": "Init", "start_time": 100.1, "end_time": 100.2}
    handler = {"id": "b" * 16, "name": "## go", "start_time": 100.0, "end_time": 100.9, "subsegments": [own]}
    trace = parse_trace([segment(origin="AWS::Lambda::Function", subsegments=[handler])])
    kinds = [span.kind for span in trace.spans()]
    assert kinds == [SpanKind.FUNCTION, SpanKind.HANDLER, SpanKind.LOCAL]


def test_parents_in_a_circle_are_opened() -> None:
    trace = parse_trace([segment(id="a", parent_id="b"), segment(id="b", parent_id="a")])
    assert [span.id for span in trace.spans()] == ["a", "b"]
    assert [absence.reason for absence in trace.absent] == ["its parents form a circle"]


def test_a_span_without_a_start_takes_its_childrens_or_is_named() -> None:
    child = {"id": "c" * 16, "name": "S3", "start_time": 100.2, "end_time": 100.3}
    trace = parse_trace([segment(start_time="soon", subsegments=[child]), segment(id="z", start_time=None)])
    assert trace.roots[0].start_s == 100.2
    assert [(absence.kind, absence.what) for absence in trace.absent] == [(AbsenceKind.NO_TIME, "svc (z)")]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -5, True, [], {}, "", 10**400, 1e18])
def test_what_is_no_time_is_treated_as_missing(value: object) -> None:
    trace = parse_trace([segment(end_time=value)])
    assert trace.roots[0].end_s is None


def test_depth_is_bounded_with_nothing_lost() -> None:
    deep: dict[str, object] = segment(id="0")
    top = deep
    for level in range(1, 500):
        below = segment(id=str(level))
        deep["subsegments"] = [below]
        deep = below
    trace = parse_trace([top])
    assert sum(1 for _ in trace.spans()) == 500
    depth, spans = 0, trace.roots
    while spans:
        depth, spans = depth + 1, tuple(child for span in spans for child in span.children)
    assert depth == MAX_DEPTH + 1
    assert trace.absent[-1].kind is AbsenceKind.CUT


def test_metadata_is_bounded_in_depth() -> None:
    deep: dict[str, object] = {}
    for _ in range(500):
        deep = {"in": [deep]}
    (root,) = parse_trace([segment(metadata={"default": deep, "other": {"kept": [1, None]}})]).roots
    assert root.metadata["other"] == {"kept": [1, None]}
    assert len(json.dumps(root.metadata, ensure_ascii=False)) < 500
    assert "…" in json.dumps(root.metadata, ensure_ascii=False)


def test_json_nested_beyond_reading_is_a_reasoned_absence() -> None:
    trace = parse_traces({"Id": "1-a", "Segments": [{"Id": "x", "Document": "[" * 200_000}]})[0]
    assert [absence.kind for absence in trace.absent] == [AbsenceKind.UNREADABLE]
    assert parse_traces("{" * 100_000)[0].absent[0].kind is AbsenceKind.UNREADABLE


def test_traces_that_xray_did_not_return_say_why() -> None:
    traces = parse_traces((SAMPLES / "cold_old_layout_imports.json").read_bytes())
    assert [len(trace.roots) for trace in traces] == [1, 0]
    assert traces[1].absent[0].kind is AbsenceKind.NOT_FOUND
    assert "not sampled" in traces[1].absent[0].reason


def test_a_trace_over_xrays_limit_says_so() -> None:
    trace = parse_traces({"Id": "1-a", "LimitExceeded": True, "Segments": [segment()]})[0]
    assert [absence.kind for absence in trace.absent] == [AbsenceKind.CUT]


def test_the_entry_points_subsegments_are_known_by_their_metadata() -> None:
    trace = parse_traces(json.loads((SAMPLES / "cold_old_layout_imports.json").read_text()))[0]
    kinds = {span.name: span.kind for span in trace.spans()}
    assert kinds["application"] is SpanKind.PHASE
    assert kinds["pydantic"] is SpanKind.IMPORT
    assert kinds["## lambda_handler"] is SpanKind.HANDLER
    assert kinds["phân tích ảnh"] is SpanKind.LOCAL


def test_a_summary_of_gettracesummaries() -> None:
    summary = parse_summary(
        {
            "Id": "1-6ab13b80-0c01d0000000000000000001",
            "StartTime": "2026-09-21T21:13:20.250+07:00",
            "Duration": 1.5,
            "ResponseTime": 1.25,
            "HasFault": True,
            "HasError": False,
            "HasThrottle": False,
            "IsPartial": True,
            "Http": {"HttpURL": "https://x/prod", "HttpStatus": 502, "HttpMethod": "POST"},
            "Annotations": {
                "ColdStart": [{"AnnotationValue": {"BooleanValue": True}, "ServiceIds": []}],
                "items": [{"AnnotationValue": {"NumberValue": 3}}, {"AnnotationValue": {"NumberValue": 4}}],
                "broken": "no list",
            },
            "ServiceIds": [{"Name": "f", "Type": "AWS::Lambda"}, {"Name": "f"}, 3],
        }
    )
    assert summary is not None
    assert (summary.start_ms, summary.duration_ms, summary.response_ms) == (1790000000250.0, 1500.0, 1250.0)
    assert (summary.has_fault, summary.has_error, summary.partial) == (True, False, True)
    assert (summary.method, summary.url, summary.status) == ("POST", "https://x/prod", 502)
    assert summary.annotations == {"ColdStart": (True,), "items": (3.0, 4.0)}
    assert summary.services == ("f",)


def test_a_summary_without_a_start_takes_the_ids_time() -> None:
    summary = parse_summary({"Id": "1-6ab13b80-0c01d0000000000000000001", "Duration": -1})
    assert summary is not None
    assert (summary.start_ms, summary.duration_ms) == (1790000000000.0, None)
    assert parse_summary({"Duration": 1}) is None
    assert trace_id_time_ms("1-xyz") is None


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=20,
)
KEYS = st.sampled_from(
    [
        "id",
        "parent_id",
        "name",
        "trace_id",
        "start_time",
        "end_time",
        "in_progress",
        "type",
        "origin",
        "cause",
        "exceptions",
        "stack",
        "links",
        "http",
        "request",
        "response",
        "aws",
        "sql",
        "metadata",
        "annotations",
        "subsegments",
        "Id",
        "Document",
        "Segments",
        "Traces",
        "Duration",
    ]
)
HOSTILE = st.recursive(
    ANY_JSON, lambda inner: st.dictionaries(KEYS, inner | st.lists(inner, max_size=4), max_size=8), max_leaves=30
)


@settings(max_examples=examples(150), deadline=None, database=None)
@given(HOSTILE)
def test_no_document_whatever_raises(data: object) -> None:
    for source in (data, [data], json.dumps(data), {"Segments": [data, {"Document": json.dumps(data)}]}):
        for trace in parse_traces(source):
            assert all(span.duration_ms is None or span.duration_ms >= 0 for span in trace.spans())
    parse_summary(data)


@settings(max_examples=examples(100), deadline=None, database=None)
@given(st.text() | st.binary())
def test_no_text_whatever_raises(data: str | bytes) -> None:
    assert isinstance(parse_traces(data), tuple)
