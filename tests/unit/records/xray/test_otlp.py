"""Spans of OpenTelemetry, as its own SDK and protobuf classes write them, read as traces."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from monitor.records.xray.documents import parse_traces
from monitor.records.xray.otlp import documents_of, xray_trace_id
from monitor.records.xray.otlp_protobuf import parse_request
from monitor.records.xray.trace import SpanKind, Trace
from monitor.traces.render_otlp import render_otlp

SAMPLES = sorted((Path(__file__).parents[3] / "samples" / "traces").glob("*.json"))
TRACE = bytes.fromhex("6ab3b0e90123456789abcdef01234567")
XRAY = "1-6ab3b0e9-0123456789abcdef01234567"


def pair(key: str, value: Any) -> KeyValue:
    return KeyValue(key=key, value=_value(value))


def _value(value: Any) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, bytes):
        return AnyValue(bytes_value=value)
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=map(_value, value)))
    if isinstance(value, dict):
        return AnyValue(kvlist_value=KeyValueList(values=[pair(key, one) for key, one in value.items()]))
    return AnyValue(string_value=value)


def span(number: int, parent: int = 0, name: str = "work", **members: Any) -> Span:
    attributes = members.pop("attributes", {})
    return Span(
        trace_id=TRACE,
        span_id=number.to_bytes(8, "big"),
        parent_span_id=parent.to_bytes(8, "big") if parent else b"",
        name=name,
        start_time_unix_nano=1_700_000_000_000_000_000 + number % 1000 * 1_000_000,
        end_time_unix_nano=1_700_000_000_000_000_000 + number % 1000 * 1_000_000 + 500_000,
        attributes=[pair(key, value) for key, value in attributes.items()],
        **members,
    )


def request(*spans: Span) -> bytes:
    message = ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=spans)])])
    return message.SerializeToString()


def only(data: bytes | str) -> Trace:
    (found,) = parse_traces(data)
    return found


def test_a_handler_s_span_and_what_is_below_it_are_a_trace() -> None:
    handler = span(
        2,
        1,
        "shop",
        kind=Span.SPAN_KIND_SERVER,
        attributes={"faas.invocation_id": "r-1", "cloud.resource_id": "arn:f", "faas.coldstart": True, "n": [1, 2]},
    )
    call = span(
        3, 2, "S3.GetObject", kind=Span.SPAN_KIND_CLIENT,
        attributes={"rpc.system": "aws-api", "rpc.service": "S3", "rpc.method": "GetObject", "aws.s3.bucket": "b"},
    )  # fmt: skip
    query = span(
        4, 2, "select", kind=Span.SPAN_KIND_CLIENT, attributes={"db.system.name": "mysql", "db.query.text": "q"}
    )
    found = only(request(query, call, handler))
    (root,) = found.roots
    assert (found.id, root.name, root.kind) == (XRAY, "shop", SpanKind.FUNCTION)
    assert root.aws is not None
    assert (root.aws.request_id, root.aws.function_arn) == ("r-1", "arn:f")
    assert root.annotations == {"cloud.resource_id": "arn:f", "faas.coldstart": True}
    assert root.metadata["attributes"] == {"n": [1, 2]}
    first, second = root.children
    assert (first.kind, first.namespace) == (SpanKind.DOWNSTREAM, "aws")
    assert first.aws is not None
    assert (first.aws.operation, first.aws.resource_names) == ("GetObject", ("b",))
    assert second.sql is not None
    assert (second.sql.database_type, second.sql.query) == ("mysql", "q")
    assert first.duration_ms == pytest.approx(0.5, abs=0.001)


def test_an_error_has_its_exception_with_the_innermost_frame_first() -> None:
    frames = ('"/var/task/app.py", line 3, in handler', '"/v/b.py", line 9, in pay')
    stack = "Traceback (most recent call last):\n" + "".join(f"  File {frame}\n" for frame in frames)
    event = Span.Event(
        name="exception",
        attributes=[
            pair("exception.type", "KeyError"),
            pair("exception.message", "sku"),
            pair("exception.stacktrace", stack),
        ],
    )
    failed = span(1, status=Status(code=Status.STATUS_CODE_ERROR, message="sku"), events=[event])
    (root,) = only(request(failed)).roots
    (exception,) = root.exceptions
    assert root.fault
    assert (exception.type, exception.message) == ("KeyError", "sku")
    assert [(frame.path, frame.line, frame.label) for frame in exception.stack] == [
        ("/v/b.py", 9, "pay"),
        ("/var/task/app.py", 3, "handler"),
    ]


@pytest.mark.parametrize(("status", "flag"), [(404, "error"), (503, "fault")])
def test_an_http_status_decides_between_error_and_fault(status: int, flag: str) -> None:
    failed = span(1, status=Status(code=Status.STATUS_CODE_ERROR), attributes={"http.response.status_code": status})
    (root,) = only(request(failed)).roots
    assert [name for name in ("error", "fault") if getattr(root, name)] == [flag]


def test_spans_of_aws_spans_are_read_alone_and_inside_log_events() -> None:
    record = {
        "resource": {"attributes": {"cloud.platform": "aws_lambda", "faas.name": "shop"}},
        "traceId": TRACE.hex(),
        "spanId": "000000000000000a",
        "parentSpanId": "0000000000000001",
        "name": "shop",
        "kind": "SERVER",
        "startTimeUnixNano": 1_700_000_000_000_000_000,
        "endTimeUnixNano": 1_700_000_000_250_000_000,
        "durationNano": 250_000_000,
        "attributes": {"faas.invocation_id": "r-1"},
        "status": {"code": "ERROR"},
    }
    line = json.dumps(record)
    for text in (
        line,
        f"{line}\n{line.replace('000000000000000a', '000000000000000b')}",
        json.dumps({"message": line}),
    ):
        root = only(text).roots[0]
        assert (root.name, root.kind, root.fault, root.duration_ms) == ("shop", SpanKind.FUNCTION, True, 250.0)
    wrapped = json.dumps({"events": [{"timestamp": 1, "message": line}]})
    assert only(wrapped).roots[0].name == "shop"


def test_the_sdk_s_own_spans_are_read() -> None:
    pytest.importorskip("opentelemetry.sdk.trace")
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("t")
    with tracer.start_as_current_span("outer", kind=trace.SpanKind.SERVER), tracer.start_as_current_span("inner"):
        pass
    inner, outer = exporter.get_finished_spans()
    written = ExportTraceServiceRequest(
        resource_spans=[
            ResourceSpans(
                scope_spans=[
                    ScopeSpans(
                        spans=[
                            Span(
                                trace_id=one.context.trace_id.to_bytes(16, "big"),
                                span_id=one.context.span_id.to_bytes(8, "big"),
                                parent_span_id=one.parent.span_id.to_bytes(8, "big") if one.parent else b"",
                                name=one.name,
                                start_time_unix_nano=one.start_time,
                                end_time_unix_nano=one.end_time,
                            )
                            for one in (inner, outer)
                            if one.context is not None
                        ]
                    )
                ]
            )
        ]
    )
    (root,) = only(written.SerializeToString()).roots
    assert (root.name, [child.name for child in root.children]) == ("outer", ["inner"])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_trace_that_was_written_as_otlp_is_read_again(path: Path) -> None:
    for before in parse_traces(path.read_bytes()):
        spans = list(before.spans())
        if not spans:
            continue
        after = only(render_otlp(before))
        assert sorted(one.name or "(no name)" for one in after.spans()) == sorted(
            one.name or "(no name)" for one in spans
        )
        assert sorted(one.in_progress for one in after.spans()) == sorted(one.in_progress for one in spans)


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(min_size=1), VALUES, max_size=4), st.text(), st.integers(1, 2**63))
def test_every_value_that_protobuf_writes_is_read(attributes: dict[str, Any], name: str, number: int) -> None:
    one = span(number % (2**62) + 1, name=name, attributes=attributes)
    parsed = parse_request(request(one))["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert parsed["spanId"] == one.span_id.hex()
    assert parsed.get("name", "") == name
    documents_of([parse_request(request(one))])


@given(st.binary(max_size=200), st.integers(0, 10_000))
def test_no_bytes_make_the_reader_fall_over(noise: bytes, cut: int) -> None:
    whole = request(span(1, attributes={"a": [1, {"b": "c"}]}, events=[Span.Event(name="e")]), span(2, 1))
    for data in (noise, b"\n" + noise, whole[:cut], whole[: cut % len(whole)] + noise + whole[cut % len(whole) :]):
        parse_traces(data)


def test_ids_are_read_in_either_case() -> None:
    assert xray_trace_id(TRACE.hex().upper()) == XRAY
    assert xray_trace_id("not an id") == "not an id"
