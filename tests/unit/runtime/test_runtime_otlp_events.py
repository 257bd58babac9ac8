"""Whatever an event or a trace header has in it, OTLP's spans are sent, and the log has no warning."""

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from monitor.runtime.otel import conversion, handler_span, http_export, protobuf
from tests.fakes.otlp import Collector, spans_of_datagrams
from tests.fakes.runtime_api import FUNCTION_NAME, run_handler

ENTRY = "monitor.runtime.entry.lambda_handler"
ENV = {"MONITOR_HANDLER": "app.handler", "MONITOR_TRACES": "otlp"}
Package = Callable[..., Path]

TEXT = st.text(max_size=12) | st.sampled_from(["aws:sqs", "Scheduled Event", "GET", "\ud800"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
TRACEPARENT = (
    st.from_regex(r"[0-9a-f]{2}-[0-9a-fx_ +-]{32}-[0-9a-fx_ +-]{16}-[0-9a-fx_]{2}", fullmatch=True)
    | st.just("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    | TEXT
)
NAMES = ("Records", "requestContext", "headers", "detail-type", "httpMethod", "path", "resource", "routeKey", "x")
RECORD = st.fixed_dictionaries({"eventSource": JSON, "EventSource": JSON})
HEADERS = st.fixed_dictionaries({"traceparent": TRACEPARENT | JSON, "Host": JSON, "User-Agent": JSON})
EVENT = st.dictionaries(
    st.sampled_from(NAMES), JSON | HEADERS | st.lists(RECORD, max_size=2) | st.fixed_dictionaries({"http": JSON})
)


@given(EVENT | JSON)
@example({"Records": [{"eventSource": {"a": 1}}]})
@example({"headers": {"traceparent": f"00-0x{'1' * 30}-{'2' * 16}-01"}})
@example({"headers": {"traceparent": f"00-{'1' * 15}_{'1' * 16}-{'2' * 16}-01"}})
@example({"headers": {"traceparent": f"00-{chr(0xFF11) * 32}-{'2' * 16}-01"}})
def test_any_event_becomes_attributes_and_links_that_opentelemetry_reads(event: Any) -> None:
    context = SimpleNamespace(aws_request_id="r", invoked_function_arn="arn:aws:lambda:eu-west-1:1:function:f")
    span = protobuf.SpanData("1" * 32, "2" * 16, "3" * 16, "f", protobuf.SERVER)
    span.attributes = conversion.handler_attributes(context, event, True)
    span.links = handler_span._links(event)
    read = ExportTraceServiceRequest.FromString(protobuf.request({}, [span]))
    (found,) = read.resource_spans[0].scope_spans[0].spans
    assert {pair.key for pair in found.attributes} == set(span.attributes)
    assert [len(link.trace_id) for link in found.links] == [16] * len(span.links)


def test_hostile_headers_lose_no_span_and_log_no_warning(package: Package) -> None:
    events = [
        {"requestContext": {}, "headers": {"traceparent": f"00-0x{'1' * 30}-{'2' * 16}-01", "host": "\ud800"}},
        {"Records": [{"eventSource": ["aws:sqs"]}]},
        {"headers": [1]},
    ]
    done = run_handler(ENTRY, package(app="def handler(event, context): return 1"), events, env=ENV)
    assert [span.name for span in spans_of_datagrams(done.otlp)].count(FUNCTION_NAME) == len(events)
    assert [line for line in done.records if line.get("level") == "WARNING"] == []


HEADERS_OF_TRACES = (
    "Root=1-zz;Parent=yy;Sampled=1",
    "Root=abc;Parent=0x00000000000000;Sampled=1",
    "Sampled=1",
    ";;=",
    "",
)


@pytest.mark.parametrize("header", HEADERS_OF_TRACES)
@pytest.mark.parametrize("traces", ["otlp", "xray"])
def test_a_trace_header_without_ids_is_no_warning(package: Package, header: str, traces: str) -> None:
    code = (
        "from opentelemetry import trace\ntracer = trace.get_tracer('t')\n"
        "def handler(event, context):\n    with tracer.start_as_current_span('s'): return 1"
    )
    env = ENV | {"MONITOR_TRACES": traces}
    done = run_handler(ENTRY, package(app=code), [{}, {}], env=env, trace_header=header)
    assert done.results == [1, 1]
    assert [line for line in done.records if line.get("level") == "WARNING"] == []


def test_once_the_extension_gets_no_more_events_spans_are_sent_before_the_response(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [(200, {}), (410, {})]
    monkeypatch.setattr(http_export, "_register", lambda: "an-extension")
    monkeypatch.setattr(http_export, "_call", lambda *_arguments: answers.pop(0))
    with Collector() as collector:
        http_export.start()
        http_export.send(collector.url, b"after the response")
        deadline = time.monotonic() + 20
        while http_export._queue is not None and time.monotonic() < deadline:
            time.sleep(0.01)
        http_export.send(collector.url, b"before the response")
        assert collector.bodies == [b"after the response", b"before the response"]
