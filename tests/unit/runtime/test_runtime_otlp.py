"""What OpenTelemetry's own parser reads in the spans of a function under MONITOR_TRACES=otlp."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.otlp import Collector, Received, spans_of_datagrams
from tests.fakes.runtime_api import ARN, FUNCTION_NAME, PARENT_ID, SAMPLED, TRACE_ID, Run, request_id, run_handler

ENTRY = "monitor.runtime.entry.lambda_handler"
OTLP = {"MONITOR_HANDLER": "app.handler", "MONITOR_TRACES": "otlp"}
W3C_TRACE = TRACE_ID.removeprefix("1-").replace("-", "")
Package = Callable[..., Path]


def run(folder: Path, events: list[Any] | None = None, **env: str) -> Run:
    return run_handler(ENTRY, folder, events or [{}], env={**OTLP, **env})


def spans(found: Run) -> list[Received]:
    return spans_of_datagrams(found.otlp)


def named(found: Run, name: str) -> Received:
    (span,) = [span for span in spans(found) if span.name == name]
    return span


API = """
from opentelemetry import baggage, trace, context, propagate
tracer = trace.get_tracer("shop", "1.2", attributes={"team": "a"})
"""


def test_the_handler_is_a_server_span_below_lambda_s_segment(package: Package) -> None:
    found = run(package(app="def handler(event, context): return 1"), [{}, {}])
    first, second = [span for span in spans(found) if span.name == FUNCTION_NAME]
    assert (first.trace_id, first.parent_id, first.kind, first.status) == (W3C_TRACE, PARENT_ID, "SERVER", "UNSET")
    assert first.attributes == {
        "faas.coldstart": True,
        "faas.invocation_id": request_id(1),
        "cloud.resource_id": ARN,
        "cloud.account.id": "123456789012",
        "aws.lambda.invoked_arn": ARN,
    }
    assert second.attributes["faas.coldstart"] is False
    assert {
        name: first.resource[name] for name in ("service.name", "cloud.platform", "faas.name", "faas.max_memory")
    } == {
        "service.name": FUNCTION_NAME,
        "cloud.platform": "aws_lambda",
        "faas.name": FUNCTION_NAME,
        "faas.max_memory": 512 * 1024 * 1024,
    }
    assert found.datagrams == []


def test_init_and_its_imports_are_spans_of_the_same_trace(package: Package) -> None:
    folder = package(app="import slow\ndef handler(event, context): pass", slow="import time; time.sleep(0.01)")
    found = spans(run(folder))
    by_name = {span.name: span for span in found}
    assert {span.trace_id for span in found} == {W3C_TRACE}
    assert {"init: runtime", "init: entry", "init: application", "app", "slow"} <= by_name.keys()
    assert by_name["slow"].parent_id == by_name["app"].id
    assert by_name["app"].parent_id == by_name["init: application"].id
    assert by_name["slow"].duration_ms >= 10
    assert by_name["slow"].attributes["monitor.kind"] == "import"
    assert by_name["init: application"].parent_id == PARENT_ID


def test_a_handler_that_raises_is_an_error_with_its_exception(package: Package) -> None:
    found = run(package(app="def handler(event, context): raise KeyError('sku')"))
    span = named(found, FUNCTION_NAME)
    ((name, event),) = span.events
    assert (span.status, name) == ("ERROR", "exception")
    assert event["exception.type"] == "KeyError"
    assert event["exception.message"] == "'sku'"
    assert "in handler" in event["exception.stacktrace"]


def test_spans_of_the_application_are_sent_with_all_that_it_set(package: Package) -> None:
    code = (
        API
        + """
def handler(event, context):
    with tracer.start_as_current_span("order", kind=trace.SpanKind.PRODUCER, attributes={"n": 3, "ok": True}) as span:
        span.set_attribute("price", 1.5)
        span.set_attributes({"tags": ["a", "b"], "numbers": (1, 2), "none": None, "object": object()})
        span.add_event("packed", {"boxes": 2})
        span.add_link(trace.SpanContext(1, 2, True, trace.TraceFlags(1)), {"why": "batch"})
        span.set_status(trace.StatusCode.OK)
        span.set_status(trace.StatusCode.ERROR, "too late")
        with tracer.start_as_current_span("inner") as inner:
            inner.update_name("renamed")
    span.set_attribute("late", 1)
    provider = type(trace.get_tracer_provider()).__name__
    return [span.name, span.kind.name, span.attributes["n"], span.is_recording(), provider]
"""
    )
    found = run(package(app=code))
    order, inner, handler = (named(found, name) for name in ("order", "renamed", FUNCTION_NAME))
    assert found.results == [["order", "PRODUCER", 3, False, "Provider"]]
    assert (order.parent_id, inner.parent_id, order.trace_id) == (handler.id, order.id, W3C_TRACE)
    assert order.attributes == {"n": 3, "ok": True, "price": 1.5, "tags": ["a", "b"], "numbers": [1, 2]}
    assert order.events == [("packed", {"boxes": 2})]
    assert [link.span_id.hex() for link in order.span.links] == ["0000000000000002"]
    assert (order.kind, order.status, order.scope) == ("PRODUCER", "OK", "shop")


def test_the_handler_s_span_is_the_current_one_and_takes_attributes(package: Package) -> None:
    code = (
        API
        + """
def handler(event, context):
    span = trace.get_current_span()
    span.set_attribute("order.id", event["id"])
    span.add_event("seen")
    span.update_name("checkout")
    span.record_exception(ValueError("kept"))
    return span.is_recording()
"""
    )
    found = run(package(app=code), [{"id": 7}])
    span = named(found, "checkout")
    assert found.results == [True]
    assert span.attributes["order.id"] == 7
    assert span.attributes["faas.coldstart"] is True
    assert [name for name, _ in span.events] == ["seen", "exception"]


def test_an_exception_in_a_span_is_recorded_and_raised(package: Package) -> None:
    code = (
        API
        + """
def handler(event, context):
    try:
        with tracer.start_as_current_span("pay"):
            raise LookupError("no card")
    except LookupError as error:
        return str(error)
"""
    )
    found = run(package(app=code))
    span = named(found, "pay")
    assert found.results == ["no card"]
    assert (span.status, span.span.status.message) == ("ERROR", "LookupError: no card")
    assert [name for name, _ in span.events] == ["exception"]


def test_context_and_baggage_are_propagated_in_w3c_s_and_x_ray_s_headers(package: Package) -> None:
    code = (
        API
        + """
def handler(event, context_):
    carrier = {}
    token = context.attach(baggage.set_baggage("tenant", "a1"))
    propagate.inject(carrier)
    context.detach(token)
    back = propagate.extract({"X-Amzn-Trace-Id": carrier["X-Amzn-Trace-Id"]})
    carrier["back"] = f"{trace.get_current_span(back).get_span_context().span_id:016x}"
    return carrier
"""
    )
    found = run(package(app=code))
    handler = named(found, FUNCTION_NAME)
    assert found.results == [
        {
            "traceparent": f"00-{W3C_TRACE}-{handler.id}-01",
            "baggage": "tenant=a1",
            "X-Amzn-Trace-Id": f"Root={TRACE_ID};Parent={handler.id};Sampled=1",
            "back": handler.id,
        }
    ]


def test_a_caller_s_traceparent_is_a_link(package: Package) -> None:
    event = {"headers": {"Traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}, "requestContext": {"http": {"method": "GET"}}}
    found = run(package(app="def handler(event, context): return {'statusCode': 204}"), [event])
    span = named(found, FUNCTION_NAME)
    assert [(link.trace_id.hex(), link.span_id.hex()) for link in span.span.links] == [("ab" * 16, "cd" * 8)]
    assert span.attributes["faas.trigger"] == "http"
    assert span.attributes["http.request.method"] == "GET"
    assert span.attributes["http.response.status_code"] == 204


def test_an_aws_call_is_a_client_span_by_opentelemetry_s_names(package: Package) -> None:
    code = """
import boto3
client = boto3.client("dynamodb", endpoint_url="http://127.0.0.1:9", config=__import__("botocore").config.Config(
    retries={"max_attempts": 0}))
def handler(event, context):
    try: client.get_item(TableName="orders", Key={"id": {"S": "1"}})
    except Exception as error: return type(error).__name__
"""
    found = run(package(app=code))
    span = named(found, "DynamoDB.GetItem")
    assert found.results == ["EndpointConnectionError"]
    assert (span.kind, span.status, span.parent_id) == ("CLIENT", "ERROR", named(found, FUNCTION_NAME).id)
    facts = {
        name: span.attributes[name] for name in ("rpc.system", "rpc.service", "rpc.method", "aws.dynamodb.table_names")
    }
    assert facts == {
        "rpc.system": "aws-api",
        "rpc.service": "DynamoDB",
        "rpc.method": "GetItem",
        "aws.dynamodb.table_names": ["orders"],
    }


def test_threads_and_coroutines_have_spans_below_the_handler_s(package: Package) -> None:
    code = (
        API
        + """
import asyncio, threading
@tracer.start_as_current_span("decorated")
def decorated(): return 1
@tracer.start_as_current_span("awaited")
async def awaited(): await asyncio.sleep(0)
def work():
    with tracer.start_as_current_span("threaded"): pass
def handler(event, context):
    thread = threading.Thread(target=work); thread.start(); thread.join()
    asyncio.run(awaited())
    return decorated()
"""
    )
    found = run(package(app=code))
    handler = named(found, FUNCTION_NAME)
    assert [named(found, name).parent_id for name in ("threaded", "awaited", "decorated")] == [handler.id] * 3


def test_an_application_keeps_the_provider_that_it_sets(package: Package) -> None:
    code = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
tracer = trace.get_tracer("app")
provider = TracerProvider()
if {AT_INIT}: trace.set_tracer_provider(provider)
def handler(event, context):
    if not {AT_INIT}: trace.set_tracer_provider(provider)
    with tracer.start_as_current_span("own") as span:
        return [trace.get_tracer_provider() is provider, type(span).__module__]
"""
    for at_init in ("True", "False"):
        found = run(package(app=code.replace("{AT_INIT}", at_init)), [{}])
        assert found.results == [[True, "opentelemetry.sdk.trace"]], at_init
        assert "own" not in {span.name for span in spans(found)}
        assert [record for record in found.records if record.get("level") == "WARNING"] == []
        assert found.stderr == ""


def test_an_invocation_that_is_not_sampled_sends_nothing_and_says_so_to_others(package: Package) -> None:
    code = (
        API
        + """
def handler(event, context):
    carrier = {}
    with tracer.start_as_current_span("order") as span:
        propagate.inject(carrier)
    return [span.is_recording(), carrier["traceparent"][-2:], carrier["X-Amzn-Trace-Id"][-1]]
"""
    )
    header = SAMPLED.replace("Sampled=1", "Sampled=0")
    found = run_handler(ENTRY, package(app=code), [{}], env=OTLP, trace_header=header)
    assert found.results == [[False, "00", "0"]]
    assert found.otlp == []


def test_otel_traces_sampler_decides_where_it_is_set(package: Package) -> None:
    folder = package(app="def handler(event, context): return 1")
    header = SAMPLED.replace("Sampled=1", "Sampled=0")
    env = {**OTLP, "OTEL_TRACES_SAMPLER": "always_on"}
    assert spans_of_datagrams(run_handler(ENTRY, folder, [{}], env=env, trace_header=header).otlp)
    assert run(folder, OTEL_TRACES_SAMPLER="always_off").otlp == []


def test_spans_go_to_an_endpoint_after_the_response(package: Package) -> None:
    with Collector(delay_s=0.3) as collector:
        env = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
            "OTEL_SERVICE_NAME": "shop",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=prod",
        }
        found = run(package(app="def handler(event, context): return event['n']"), [{"n": 1}, {"n": 2}], **env)
    assert found.results == [1, 2]
    assert max(found.durations_ms) < 250
    assert [span.attributes["faas.invocation_id"] for span in collector.spans if span.kind == "SERVER"] == [
        request_id(1),
        request_id(2),
    ]
    assert collector.headers[0]["path"] == "/v1/traces"
    assert collector.headers[0]["x-key"] == "a b"
    assert {span.resource["service.name"] for span in collector.spans} == {"shop"}
    assert {span.resource["deployment.environment.name"] for span in collector.spans} == {"prod"}
    assert found.otlp == []


@pytest.mark.parametrize("status", [404, 503])
def test_an_endpoint_that_refuses_is_one_warning(package: Package, status: int) -> None:
    with Collector(status=status) as collector:
        env = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{collector.url}/in", "OTEL_EXPORTER_OTLP_HEADERS": "k=secret"}
        found = run(package(app="def handler(event, context): return 1"), [{}, {}, {}], **env)
    (warning,) = [record for record in found.records if record.get("level") == "WARNING"]
    assert found.results == [1, 1, 1]
    assert warning["exception"] == f"OSError: 127.0.0.1 answered {status}"
    assert "secret" not in found.stdout
    assert collector.headers[0]["path"] == "/in"


def test_an_endpoint_that_is_not_there_changes_no_answer(package: Package) -> None:
    found = run(package(app="def handler(event, context): return 1"), OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    assert found.results == [1]


def test_what_does_not_fit_in_a_datagram_is_sent_in_several(package: Package) -> None:
    code = (
        API
        + """
def handler(event, context):
    for number in range(400):
        with tracer.start_as_current_span(f"span {number}", attributes={"text": "x" * 1000}): pass
    with tracer.start_as_current_span("huge") as span:
        span.set_attribute("text", "y" * 100_000)
        span.set_attribute("small", 1)
"""
    )
    found = run(package(app=code))
    names = {span.name for span in spans(found)}
    assert {f"span {number}" for number in range(400)} <= names
    assert named(found, "huge").attributes == {"small": 1}
    assert named(found, "huge").span.dropped_attributes_count == 1
    assert all(len(text) < 65_400 for text in found.otlp)


def test_without_opentelemetry_in_the_package_nothing_of_it_is_loaded(package: Package) -> None:
    code = "import sys\ndef handler(event, context): return [n for n in sys.modules if n.startswith('opentelemetry')]"
    assert run(package(app=code)).results == [[]]


def test_by_default_opentelemetry_in_the_application_stays_as_it_is(package: Package) -> None:
    code = API + "def handler(event, context): return type(trace.get_tracer_provider()).__name__"
    found = run_handler(ENTRY, package(app=code), [{}], env={"MONITOR_HANDLER": "app.handler"})
    assert found.results == ["ProxyTracerProvider"]
    assert found.otlp == []
