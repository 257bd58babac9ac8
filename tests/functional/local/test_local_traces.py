"""X-Ray on the embedded stack: Lambda's segments, the SDK's datagrams, summaries and their filters."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Deploy = Callable[..., Any]
Client = Callable[[str], Any]

SENDS_A_SUBSEGMENT = """
import json, os, secrets, socket, time
def handler(event, context):
    trace = dict(part.split("=") for part in os.environ["_X_AMZN_TRACE_ID"].split(";"))
    now = time.time()
    whole = {"id": secrets.token_hex(8), "trace_id": trace["Root"], "parent_id": trace["Parent"], "type": "subsegment",
             "name": "## handler", "start_time": now - 0.01, "end_time": now,
             "annotations": {"ColdStart": True, "k": "v"}}
    host, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].split(":")
    head = '{"format": "json", "version": 1}\\n'
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for document in ({**whole, "in_progress": True, "annotations": {}}, whole):
            out.sendto((head + json.dumps(document)).encode(), (host, int(port)))
        out.sendto(b"noise", (host, int(port)))
"""


def test_a_traced_invocation_has_lambdas_segments_with_the_handlers_inside(deploy: Deploy, client: Client) -> None:
    function = deploy(SENDS_A_SUBSEGMENT, TracingConfig={"Mode": "Active"})

    answer = function.invoke(trace="Sampled=1")

    unknown = "1-00000000-000000000000000000000000"
    found = client("xray").batch_get_traces(TraceIds=[answer.trace_id, unknown])
    assert found["UnprocessedTraceIds"] == [unknown]
    documents = [json.loads(segment["Document"]) for segment in found["Traces"][0]["Segments"]]
    assert sorted(document["origin"] for document in documents) == ["AWS::Lambda", "AWS::Lambda::Function"]
    service, inner = sorted(documents, key=lambda document: str(document["origin"]))
    assert service["aws"]["request_id"] == answer.request_id
    assert service["resource_arn"].endswith(f":function:{function.name}")
    assert inner["parent_id"] == service["id"]
    parts = {part["name"]: part for part in inner["subsegments"]}
    assert set(parts) == {"Initialization", "Invocation", "Overhead", "## handler"}
    init, reported = parts["Initialization"], function.report(answer.request_id)
    assert init["start_time"] < init["end_time"] <= inner["start_time"]
    init_ms = (init["end_time"] - init["start_time"]) * 1000
    assert init_ms == pytest.approx(float(reported["Init Duration"]), abs=5)
    assert reported["XRAY TraceId"] == answer.trace_id
    assert reported["SegmentId"] == inner["id"]


def test_summaries_are_found_by_service_and_annotation(deploy: Deploy, client: Client) -> None:
    function = deploy(SENDS_A_SUBSEGMENT, TracingConfig={"Mode": "Active"})
    answer = function.invoke(trace="Sampled=1")
    service = f'service(id(name: "{function.name}", type: "AWS::Lambda::Function"))'

    def ids(expression: str) -> list[str]:
        found = client("xray").get_trace_summaries(
            StartTime=time.time() - 60, EndTime=time.time() + 60, FilterExpression=expression
        )
        return [one["Id"] for one in found["TraceSummaries"]]

    assert ids(f"{service} AND annotation.ColdStart = true AND NOT fault") == [answer.trace_id]
    assert ids(f'{service} AND annotation.k = "other"') == []
    assert ids(f"{service} AND responsetime > 20") == []
    with pytest.raises(ClientError, match=r"InvalidRequestException.*edge"):
        ids('edge("a", "b")')


def test_a_failed_invocation_is_an_error_with_its_exception(deploy: Deploy, client: Client) -> None:
    function = deploy("def handler(event, context):\n    raise ValueError('sai')\n")

    answer = function.invoke(trace="Sampled=1")

    trace = client("xray").batch_get_traces(TraceIds=[answer.trace_id])["Traces"][0]
    inner = next(
        document
        for document in (json.loads(segment["Document"]) for segment in trace["Segments"])
        if document["origin"] == "AWS::Lambda::Function"
    )
    assert inner["error"] is True
    exception = inner["cause"]["exceptions"][0]
    assert (exception["type"], exception["message"]) == ("ValueError", "sai")
    assert exception["stack"][0]["label"] == "handler"


def test_an_invocation_without_tracing_leaves_no_trace(deploy: Deploy, client: Client) -> None:
    function = deploy("def handler(event, context):\n    return event\n")

    answer = function.invoke()

    assert client("xray").batch_get_traces(TraceIds=[answer.trace_id])["Traces"] == []
    assert "XRAY" not in function.report_line(answer.request_id)


def test_put_trace_segments_says_what_it_did_not_take(client: Client) -> None:
    now = time.time()
    good = {"id": "1" * 16, "trace_id": f"1-{int(now):08x}-{'a' * 24}", "name": "n", "start_time": now, "end_time": now}

    answer = client("xray").put_trace_segments(TraceSegmentDocuments=[json.dumps(good), "{", '{"id": "2"}'])

    refused = [(one.get("Id", ""), one["ErrorCode"]) for one in answer["UnprocessedTraceSegments"]]
    assert refused == [("", "ParseError"), ("2", "InvalidSegment")]
    assert client("xray").batch_get_traces(TraceIds=[good["trace_id"]])["Traces"][0]["Segments"]
    assert client("xray").get_trace_segment_destination()["Destination"] == "XRay"


SENDS_SPANS = """
import base64, http.client, json, os, socket
def handler(event, context):
    trace = dict(part.split("=") for part in os.environ["_X_AMZN_TRACE_ID"].split(";"))
    def request(span_id, name):
        trace_id = trace["Root"][2:].replace("-", "")
        span = {"traceId": trace_id, "spanId": span_id, "parentSpanId": trace["Parent"], "name": name, "kind": 2,
                "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000000250000000",
                "attributes": [{"key": "faas.invocation_id", "value": {"stringValue": context.aws_request_id}}]}
        return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    host, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].split(":")
    head = b'{"format":"json","version":1}\\n'
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(head + b"T1S" + base64.b64encode(request("a" * 16, "by UDP")), (host, int(port)))
        out.sendto(head + b"T1U" + base64.b64encode(request("b" * 16, "unsampled")), (host, int(port)))
        out.sendto(head + b"T1Snoise", (host, int(port)))
    where = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")
    connection = http.client.HTTPConnection(where, timeout=5)
    credential = f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/20260101/us-east-1/xray/aws4_request"
    connection.request("POST", "/v1/traces", request("c" * 16, "by HTTP"), {"Authorization": credential})
    return connection.getresponse().status
"""


def test_opentelemetry_spans_by_udp_and_http_are_in_the_invocation_s_trace(deploy: Deploy, client: Client) -> None:
    function = deploy(SENDS_SPANS, TracingConfig={"Mode": "Active"})

    answer = function.invoke(trace="Sampled=1")

    assert answer.payload == 200
    segments = client("xray").batch_get_traces(TraceIds=[answer.trace_id])["Traces"][0]["Segments"]
    (inner,) = [
        document
        for document in (json.loads(segment["Document"]) for segment in segments)
        if document.get("origin") == "AWS::Lambda::Function"
    ]
    names = {part["name"] for part in inner["subsegments"]}
    assert {"by UDP", "by HTTP"} <= names
    assert "unsampled" not in names
