"""No request and no datagram makes the embedded stack fail, or fails the requests after it."""

import asyncio
import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.local.logs.emf import extract
from monitor.local.logs.filter_log_events import filter_log_events
from monitor.local.metrics.metric_data import MetricData
from monitor.local.server.asgi_call import AsgiResponse
from monitor.local.server.tenant import Tenant
from monitor.local.xray.xray_api import XRayApi
from monitor.local.xray.xray_daemon import read_datagram
from monitor.local.xray.xray_store import BadDocumentError, XRayStore
from tests.attacks.conftest import Send, signed
from tests.examples import examples
from tests.fakes.mutated import HUGE, json_values, mutated, paths, replaced
from tests.functional.local.conftest import Client

NOW = 1_795_400_000.0
EMF = {
    "_aws": {
        "Timestamp": 1_795_400_000_000,
        "CloudWatchMetrics": [
            {
                "Namespace": "App",
                "Dimensions": [["service"], []],
                "Metrics": [{"Name": "ColdStart", "Unit": "Count", "StorageResolution": 60}, {"Name": "Time"}],
            }
        ],
    },
    "service": "shop",
    "ColdStart": 1,
    "Time": [1.5, 2],
}
SEGMENT = {
    "id": "0000000000000001",
    "trace_id": "1-6b0c9060-ec5eca8266e8b6e8c7aeb071",
    "name": "fn",
    "start_time": NOW,
    "end_time": NOW + 1,
    "http": {"request": {"url": "http://x"}, "response": {"status": 200}},
    "aws": {"account_id": "000000000000", "function_arn": "arn"},
    "annotations": {"size": 3},
    "subsegments": [
        {
            "id": "0000000000000002",
            "name": "inner",
            "start_time": NOW,
            "end_time": NOW + 0.5,
            "subsegments": [{"id": "0000000000000003", "name": "x", "start_time": NOW, "in_progress": True}],
        }
    ],
}
SUMMARIES = {"StartTime": NOW - 60, "EndTime": NOW + 60, "FilterExpression": 'service("fn")', "NextToken": "W10="}
METRIC_DATA = {
    "MetricDataQueries": [
        {
            "Id": "m1",
            "MetricStat": {
                "Metric": {"Namespace": "N", "MetricName": "M", "Dimensions": [{"Name": "a", "Value": "b"}]},
                "Period": 60,
                "Stat": "Sum",
            },
        },
        {"Id": "e1", "Expression": "m1 * 2", "Label": "${MAX}", "Period": 60},
        {"Id": "e2", "Expression": "SEARCH('{N,a} M', 'Sum')"},
    ],
    "StartTime": NOW,
    "EndTime": NOW + 60,
}
FILTER = {"logGroupName": "g", "filterPattern": "a", "startTime": 1, "endTime": 2, "limit": 5, "logStreamNames": ["s"]}


@given(message=st.one_of(mutated(EMF), json_values).map(json.dumps))
@settings(max_examples=examples(400))
def test_no_log_message_fails_the_extraction_of_metrics(message: str) -> None:
    for namespace, data in extract(message, 1_795_400_000_000).items():
        json.dumps([namespace, data], allow_nan=False).encode()
        assert all(0 <= one["Timestamp"] < 253_402_300_800 for one in data)


@given(documents=st.lists(st.one_of(mutated(SEGMENT), json_values).map(json.dumps), min_size=1, max_size=4))
@settings(max_examples=examples(400))
def test_no_segment_document_fails_the_summaries(documents: list[str]) -> None:
    store = XRayStore()
    store.put(json.dumps(SEGMENT))
    for document in documents:
        with contextlib.suppress(BadDocumentError):
            store.put(document)
    api = XRayApi(store)
    window = json.dumps({"StartTime": NOW - 60, "EndTime": NOW + 60}).encode()
    ids = [trace.trace_id for trace in store.traces()][:5]
    for path, body in (("/TraceSummaries", window), ("/Traces", json.dumps({"TraceIds": ids}).encode())):
        answer = api.answer("POST", path, body)
        assert answer.status == 200
        found = json.loads(answer.body, parse_constant=pytest.fail)
        assert json.dumps(found, ensure_ascii=False).encode()


@given(
    path=st.sampled_from(["/TraceSegments", "/TraceSummaries", "/Traces", "/GetSamplingRules", "/x"]),
    body=st.one_of(
        mutated(SUMMARIES),
        mutated({"TraceIds": ["1-6b0c9060-ec5eca8266e8b6e8c7aeb071"]}),
        mutated({"TraceSegmentDocuments": [json.dumps(SEGMENT)]}),
    ).map(json.dumps)
    | st.text(max_size=30),
)
@settings(max_examples=examples(400))
def test_no_request_fails_the_x_ray_api(path: str, body: str) -> None:
    store = XRayStore()
    store.put(json.dumps(SEGMENT))
    answer = XRayApi(store).answer("POST", path, body.encode("utf-8", "surrogatepass"))
    assert answer.status in (200, 400, 501)
    json.loads(answer.body, parse_constant=pytest.fail)


class Emulator:
    """Answers every call as one with nothing in it."""

    def __init__(self, **answer: Any) -> None:
        self._body = json.dumps(answer).encode()

    async def json(self, *_: Any) -> AsgiResponse:
        return AsgiResponse(200, (), self._body)


@given(
    fields=mutated(METRIC_DATA), found=mutated({"MetricDataResults": [{"Id": "m1", "Timestamps": [1], "Values": [2]}]})
)
@settings(max_examples=examples(400))
def test_no_request_fails_get_metric_data(fields: Any, found: Any) -> None:
    emulator = (
        Emulator(**found) if isinstance(found, dict) and all(isinstance(key, str) for key in found) else Emulator()
    )
    body = json.dumps(fields).encode()
    answer = asyncio.run(MetricData(emulator).answer(Tenant("k", "r"), body))  # type: ignore[arg-type]
    assert answer is None or answer.status in (200, 400)


@given(fields=mutated(FILTER))
@settings(max_examples=examples(400))
def test_no_request_fails_filter_log_events(fields: Any) -> None:
    if not isinstance(fields, dict):
        return
    emulator = Emulator(events=[{"timestamp": 1, "message": "a\ud800", "logStreamName": "s"}])
    answer = asyncio.run(filter_log_events(emulator, Tenant("k", "r"), fields))  # type: ignore[arg-type]
    assert answer.status in (200, 400)
    json.loads(answer.body)


@given(
    data=st.binary(max_size=200) | st.binary(max_size=60).map(lambda rest: b'{"format": "json", "version": 1}\n' + rest)
)
def test_no_datagram_fails_the_daemon(data: bytes) -> None:
    text = read_datagram(data)
    if text is not None:
        with pytest.raises(BadDocumentError):
            XRayStore().put(text)


def test_a_put_of_log_events_succeeds_whatever_is_in_them(client: Client) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="hostile")
    logs.create_log_stream(logGroupName="hostile", logStreamName="s")
    now_ms = time.time_ns() // 1_000_000
    hostile: list[Any] = [
        {**EMF, "ColdStart": 10**400},
        {**EMF, "_aws": {"Timestamp": 10**30, "CloudWatchMetrics": EMF["_aws"]["CloudWatchMetrics"]}},
        {**EMF, "_aws": {"CloudWatchMetrics": [{"Namespace": "\ud800", "Metrics": [{"Name": "Time", "Unit": []}]}]}},
        {**EMF, "_aws": {"CloudWatchMetrics": [{"Namespace": "\ud800", "Metrics": [{"Name": "Time"}]}]}},
        {**EMF, "service": "\udfff"},
        "\ud800 alone",
        EMF,
    ]
    events = [{"timestamp": now_ms, "message": json.dumps(one)} for one in hostile]
    logs.put_log_events(logGroupName="hostile", logStreamName="s", logEvents=events)
    found = logs.filter_log_events(logGroupName="hostile")["events"]
    assert len(found) == len(hostile)
    assert {one["MetricName"] for one in client("cloudwatch").list_metrics(Namespace="App")["Metrics"]} == {
        "ColdStart",
        "Time",
    }


def test_lone_surrogates_are_stored_as_replacement_characters(client: Client, send: Send, stack: Any) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="surrogates")
    logs.create_log_stream(logGroupName="surrogates", logStreamName="s")
    now_ms = time.time_ns() // 1_000_000
    text = (
        '{"logGroupName": "surrogates", "logStreamName": "s", "logEvents": '
        '[{"timestamp": %d, "message": "a\\ud800b\\ud83d\\ude00"}]}'
    )
    headers = {"X-Amz-Target": "Logs_20140328.PutLogEvents", "Content-Type": "application/x-amz-json-1.1"}
    answer = send("POST", "/", (text % now_ms).encode(), **headers, **signed(stack.access_key, "logs"))
    assert answer.status == 200
    (event,) = logs.filter_log_events(logGroupName="surrogates")["events"]
    assert event["message"] == "a\ufffdb\U0001f600"


@pytest.mark.parametrize(
    "service", ["logs", "monitoring", "lambda", "s3", "sts", "xray", "tagging", "iam", "cloudformation"]
)
@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"\xff\xfe", b'{"a":', b'"\\ud800"', b"[" * 5000, b"Action=", b"Action=%ff"]
)
def test_no_body_ends_the_stack_or_gets_an_answer_that_is_not_an_error(
    send: Send, stack: Any, client: Client, service: str, body: bytes
) -> None:
    targets = {"logs": "Logs_20140328.FilterLogEvents", "monitoring": "GraniteServiceVersion20100801.GetMetricData"}
    path = {"lambda": "/2015-03-31/functions", "xray": "/TraceSummaries", "s3": "/a-bucket"}.get(service, "/")
    headers = {"X-Amz-Target": targets[service]} if service in targets else {}
    answer = send("POST", path, body, **headers, **signed(stack.access_key, service))
    # An empty request of GetMetricData is not refused by the emulator.
    assert 400 <= answer.status < 600 or answer.body == b'{"MetricDataResults": []}'
    assert client("logs").describe_log_groups(limit=1)


TARGETS = {"logs": "Logs_20140328", "monitoring": "GraniteServiceVersion20100801"}
WRITES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("logs", "CreateLogGroup", {"logGroupName": "stored"}),
    ("logs", "CreateLogStream", {"logGroupName": "stored", "logStreamName": "s"}),
    (
        "logs",
        "PutLogEvents",
        {
            "logGroupName": "stored",
            "logStreamName": "s",
            "logEvents": [{"timestamp": 1_795_400_000_000, "message": "m"}],
        },
    ),
    ("logs", "PutRetentionPolicy", {"logGroupName": "stored", "retentionInDays": 1}),
    ("monitoring", "PutDashboard", {"DashboardName": "stored", "DashboardBody": '{"widgets": []}'}),
    (
        "monitoring",
        "PutMetricAlarm",
        {
            "AlarmName": "stored",
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "MetricName": "m",
            "Namespace": "n",
            "Period": 60,
            "Statistic": "Sum",
            "Threshold": 1,
            "Dimensions": [{"Name": "a", "Value": "b"}],
        },
    ),
    (
        "monitoring",
        "PutMetricData",
        {
            "Namespace": "n",
            "MetricData": [
                {
                    "MetricName": "m",
                    "Value": 1,
                    "Timestamp": NOW,
                    "Dimensions": [{"Name": "a", "Value": "b"}],
                    "Unit": "None",
                }
            ],
        },
    ),
)
READS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("logs", "DescribeLogGroups", {}),
    ("logs", "DescribeLogStreams", {"logGroupName": "stored"}),
    ("logs", "FilterLogEvents", {"logGroupName": "stored"}),
    ("monitoring", "ListDashboards", {}),
    ("monitoring", "DescribeAlarms", {}),
    ("monitoring", "ListMetrics", {}),
    (
        "monitoring",
        "GetMetricData",
        {
            "StartTime": NOW - 60,
            "EndTime": NOW + 60,
            "MetricDataQueries": [
                {
                    "Id": "a",
                    "MetricStat": {"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 60, "Stat": "Sum"},
                }
            ],
        },
    ),
)


def test_nothing_that_is_stored_fails_the_requests_after_it(send: Send, stack: Any) -> None:
    """Each part of each write once replaced by each kind of garbage, as the emulator would store it."""

    def call(service: str, operation: str, fields: Any) -> int:
        headers = {"X-Amz-Target": f"{TARGETS[service]}.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        body = json.dumps(fields).encode()
        return send("POST", "/", body, **headers, **signed(stack.access_key, service)).status

    for service, operation, fields in WRITES:
        assert call(service, operation, fields) in (200, 400)
        for path in paths(fields)[1:]:
            for garbage in (None, True, -1, 1e300, HUGE, float("nan"), "\ud800", [], {}, [None], [{}]):
                call(service, operation, replaced(fields, path, garbage))
    assert [(operation, call(service, operation, fields)) for service, operation, fields in READS] == [
        (operation, 200) for _, operation, _ in READS
    ]
