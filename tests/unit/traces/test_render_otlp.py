"""The OTLP export, read by OpenTelemetry's own protobuf definitions."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.records.xray.documents import parse_traces
from monitor.records.xray.trace import Trace
from monitor.traces.render_otlp import render_otlp
from tests.examples import examples
from tests.unit.traces.test_fuzz import DOCUMENT

json_format = pytest.importorskip("google.protobuf.json_format", reason="opentelemetry-proto is not installed")
trace_service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")

SAMPLES = sorted((Path(__file__).parents[2] / "samples" / "traces").glob("*.json"))
_IDS = {"traceId", "spanId", "parentSpanId"}
_DEFAULTS = (("code", 0), ("startTimeUnixNano", "0"), ("endTimeUnixNano", "0"), ("timeUnixNano", "0"))


def as_protobuf_json(value: Any) -> Any:
    """OTLP writes ids as hex where protobuf's JSON has base64: the one difference between the two (OTLP, JSON)."""
    if isinstance(value, dict):
        return {
            key: base64.b64encode(bytes.fromhex(item)).decode() if key in _IDS else as_protobuf_json(item)
            for key, item in value.items()
        }
    return [as_protobuf_json(item) for item in value] if isinstance(value, list) else value


def as_otlp_json(value: Any) -> Any:
    """The other way: what OTLP's JSON is of protobuf's, without the defaults that neither needs to write."""
    if isinstance(value, dict):
        return {
            key: base64.b64decode(item).hex() if key in _IDS else as_otlp_json(item)
            for key, item in value.items()
            if item != [] and (key, item) not in _DEFAULTS
        }
    return [as_otlp_json(item) for item in value] if isinstance(value, list) else value


def accepted(trace: Trace) -> Any:
    request = trace_service.ExportTraceServiceRequest()
    document = as_protobuf_json(json.loads(render_otlp(trace)))
    json_format.ParseDict(document, request, ignore_unknown_fields=False)
    return request


def spans_of(request: Any) -> list[Any]:
    return [span for one in request.resource_spans for scope in one.scope_spans for span in scope.spans]


def traces_in(path: Path) -> tuple[Trace, ...]:
    saved = json.loads(path.read_text())
    if isinstance(saved, dict):
        saved = saved.get("trace", saved.get("segment", saved))
    return parse_traces(saved)


def attributes(one: Any) -> dict[str, Any]:
    return {item.key: getattr(item.value, item.value.WhichOneof("value")) for item in one.attributes}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_our_samples_are_accepted(path: Path) -> None:
    for trace in traces_in(path):
        spans = spans_of(accepted(trace))
        assert len(spans) == len(list(trace.spans()))
        assert all((len(span.trace_id), len(span.span_id)) == (16, 8) for span in spans)
        assert len({span.span_id for span in spans}) == len(spans)


def test_every_real_trace_is_accepted(corpus: Path) -> None:
    for path in sorted((corpus / "xray_traces").glob("*.json")):
        for trace in traces_in(path):
            spans = spans_of(accepted(trace))
            assert len(spans) == len(list(trace.spans())), path.name
            known = {span.span_id for span in spans}
            lost = [span for span in spans if span.parent_span_id and span.parent_span_id not in known]
            assert len(lost) <= sum(absence.kind == "no parent" for absence in trace.absent) + 1, path.name


def test_a_lambda_trace_says_what_open_telemetry_s_conventions_name() -> None:
    (trace,) = traces_in(next(path for path in SAMPLES if path.stem == "fault"))
    request = accepted(trace)
    resources = {attributes(one.resource)["service.name"]: attributes(one.resource) for one in request.resource_spans}
    function = resources["ai-image-analyzer-fastapi"]
    assert (function["cloud.platform"], function["faas.name"]) == ("aws_lambda", "ai-image-analyzer-fastapi")
    (call,) = [span for span in spans_of(request) if span.name == "DynamoDB"]
    assert call.kind == 3  # client
    assert call.status.code == 2  # error
    assert call.end_time_unix_nano - call.start_time_unix_nano == pytest.approx(320e6, abs=2000)
    facts = attributes(call)
    assert (facts["rpc.system"], facts["rpc.method"], facts["http.response.status_code"]) == ("aws-api", "PutItem", 400)
    assert facts["aws.xray.throttle"] is True
    (event,) = call.events
    assert event.name == "exception"
    assert attributes(event)["exception.type"] == "ClientError"
    assert "client.py:1078" in attributes(event)["exception.stacktrace"]


def test_what_runs_ends_where_it_began_and_says_so() -> None:
    (trace,) = traces_in(next(path for path in SAMPLES if path.stem == "in_progress"))
    running = [span for span in spans_of(accepted(trace)) if attributes(span).get("aws.xray.in_progress")]
    assert running
    assert all(span.end_time_unix_nano == span.start_time_unix_nano > 0 for span in running)


def test_annotations_keep_their_types_and_are_listed_for_the_way_back() -> None:
    segment = {"id": "a" * 16, "name": "f", "start_time": 1.5, "end_time": 2, "trace_id": "odd"}
    segment["annotations"] = {"cold": True, "items": 3, "ratio": 0.5, "who": "\ud800ảnh"}
    (span,) = spans_of(accepted(parse_traces(segment)[0]))
    facts = attributes(span)
    assert (facts["cold"], facts["items"], facts["ratio"], facts["who"]) == (True, 3, 0.5, "?ảnh")
    assert [one.string_value for one in facts["aws.xray.annotations"].values] == ["cold", "items", "ratio", "who"]
    assert span.start_time_unix_nano == 1_500_000_000


@pytest.mark.parametrize(
    "segment",
    [
        {"start_time": 18_446_744_074, "end_time": 1e13},
        {"start_time": 1.5, "annotations": {"": True, "large": 1 << 70, "least": -(1 << 63)}},
    ],
    ids=["a time beyond 64 bits", "annotations that OTLP has no place for"],
)
def test_what_does_not_fit_a_field_does_not_cost_the_whole_trace(segment: dict[str, object]) -> None:
    (span,) = spans_of(accepted(parse_traces({"id": "a" * 16, "name": "f", "trace_id": "odd", **segment})[0]))
    assert span.start_time_unix_nano in (18_446_744_073_709_551_000, 1_500_000_000)
    if "annotations" in segment:
        assert attributes(span)["large"] == 2.0**70
        assert attributes(span)["least"] == -(1 << 63)
        assert "" not in attributes(span)


@settings(max_examples=examples(80), deadline=None)
@given(st.lists(DOCUMENT, max_size=3))
def test_whatever_a_trace_holds_protobuf_reads_it_and_writes_the_same(documents: list[object]) -> None:
    for trace in parse_traces(documents):
        request = accepted(trace)
        again = trace_service.ExportTraceServiceRequest.FromString(request.SerializeToString())
        written = json_format.MessageToDict(again, use_integers_for_enums=True)
        document = json.loads(render_otlp(trace))
        ours = as_otlp_json(as_protobuf_json(document))
        assert as_otlp_json(written) == ours
        for span in (
            span for one in document["resourceSpans"] for scope in one["scopeSpans"] for span in scope["spans"]
        ):
            assert span["traceId"] == span["traceId"].lower() != "0" * 32
            assert len(span["traceId"]) == 32
            assert len(span["spanId"]) == 16
            assert span["kind"] in (1, 2, 3, 5)
