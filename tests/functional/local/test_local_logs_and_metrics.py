"""CloudWatch on the embedded stack: EMF, Lambda's metrics, FilterLogEvents, Live Tail."""

import json
import threading
import time
import uuid
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest
from botocore.exceptions import ClientError

Deploy = Callable[..., Any]
Client = Callable[[str], Any]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def fill(client: Client, count: int, text: str) -> str:
    """A log group with `count` events in each of the streams a and b, three a millisecond."""
    logs, group, start_ms = client("logs"), f"/fill/{uuid.uuid4().hex}", now_ms()
    logs.create_log_group(logGroupName=group)
    for stream in ("a", "b"):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        for start in range(0, count, 5000):
            numbers = range(start, min(start + 5000, count))
            events = [{"timestamp": start_ms + n // 3, "message": text.format(n, stream)} for n in numbers]
            logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
    return group


def pages(client: Client, **request: Any) -> list[list[str]]:
    """The messages of each page of FilterLogEvents."""
    found: list[list[str]] = []
    token: dict[str, str] = {}
    for _ in range(100):
        page = client("logs").filter_log_events(**request, **token)
        found.append([event["message"] for event in page["events"]])
        if "nextToken" not in page:
            return found
        token = {"nextToken": page["nextToken"]}
    raise AssertionError("paging does not end")


def joined(found: list[list[str]]) -> list[str]:
    return list(chain.from_iterable(found))


def test_emf_that_anyone_logs_becomes_a_metric(client: Client) -> None:
    group = fill(client, 0, "")
    metric = {"Name": "Latency", "Unit": "Seconds"}
    directive = {"Namespace": group, "Dimensions": [["service"], []], "Metrics": [metric]}
    blob = {"_aws": {"Timestamp": now_ms(), "CloudWatchMetrics": [directive]}, "service": "ảnh", "Latency": [1, 3]}
    messages = [json.dumps(blob), '{"_aws": {"CloudWatchMetrics": "no"}}']

    events = [{"timestamp": now_ms(), "message": message} for message in messages]
    client("logs").put_log_events(logGroupName=group, logStreamName="a", logEvents=events)

    measured = {"Namespace": group, "MetricName": "Latency", "Dimensions": [{"Name": "service", "Value": "ảnh"}]}
    query = {"Id": "q", "MetricStat": {"Metric": measured, "Period": 60, "Stat": "Average"}}
    found = client("cloudwatch").get_metric_data(
        MetricDataQueries=[query], StartTime=time.time() - 120, EndTime=time.time() + 120
    )
    assert found["MetricDataResults"][0]["Values"] == [2.0]
    listed = client("cloudwatch").list_metrics(Namespace=group)["Metrics"]
    assert sorted(len(one["Dimensions"]) for one in listed) == [0, 1]


def test_lambda_metrics_count_what_happened(deploy: Deploy, client: Client) -> None:
    function = deploy("def handler(event, context):\n    return 1 / event\n")
    for event in (1, 0, 1):
        function.invoke(event)

    def total(name: str, *extra: dict[str, str]) -> float:
        found = client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=name,
            Dimensions=[{"Name": "FunctionName", "Value": function.name}, *extra],
            StartTime=time.time() - 300,
            EndTime=time.time() + 300,
            Period=3600,
            Statistics=["Sum"],
        )
        return float(sum(point["Sum"] for point in found["Datapoints"]))

    assert total("Invocations") == 3
    assert total("Errors") == 1
    assert total("Throttles") == 0
    assert total("Duration") > 0
    assert total("Invocations", {"Name": "Resource", "Value": function.name}) == 3


def test_filter_log_events_pages_through_everything_once(client: Client) -> None:
    group = fill(client, 12_000, "{} {}")

    found = pages(client, logGroupName=group)
    small = pages(client, logGroupName=group, limit=7000, logStreamNamePrefix="b")

    assert [len(page) for page in found] == [10_000, 10_000, 4000]
    assert sorted(joined(found)) == sorted(f"{number} {stream}" for number in range(12_000) for stream in "ab")
    assert joined(small) == [f"{number} b" for number in range(12_000)]


def test_filter_log_events_ends_a_page_at_a_megabyte(client: Client) -> None:
    group = fill(client, 20, "{} {} " + "x" * 200_000)

    found = pages(client, logGroupName=group)

    assert len(found) > 4
    assert len(joined(found)) == 40


def test_filter_log_events_evaluates_json_patterns(client: Client) -> None:
    group = fill(client, 30, '{{"level": "INFO", "n": {}, "s": "{}"}}')

    found = pages(client, logGroupName=group, filterPattern='{ $.n >= 28 && ($.s = "a" || $.level = "ERR*") }')

    assert [json.loads(message)["n"] for message in joined(found)] == [28, 29]
    with pytest.raises(ClientError, match="InvalidParameterException"):
        pages(client, logGroupName=group, filterPattern="[ip, user]")
    with pytest.raises(ClientError, match="InvalidParameterException"):
        pages(client, logGroupName=group, nextToken="bm8=")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        pages(client, logGroupName="/not/there")


def test_live_tail_streams_what_matches(client: Client, own_stack: Any) -> None:
    group = fill(client, 1, "{} {}")
    arn = f"arn:aws:logs:{own_stack.region}:000000000000:log-group:{group}"
    session = client("logs").start_live_tail(logGroupIdentifiers=[arn], logEventFilterPattern='{ $.level = "ERROR" }')
    seen: list[str] = []
    started = threading.Event()

    def read() -> None:
        for event in session["responseStream"]:
            if "sessionStart" in event:
                started.set()
            seen.extend(one["message"] for one in event.get("sessionUpdate", {}).get("sessionResults", ()))
            if seen:
                return

    reader = threading.Thread(target=read)
    reader.start()
    assert started.wait(5)
    for message in ('{"level": "INFO"}', "ERROR", '{"level": "ERROR"}'):
        event = {"timestamp": now_ms(), "message": message}
        client("logs").put_log_events(logGroupName=group, logStreamName="a", logEvents=[event])
    reader.join(10)
    session["responseStream"].close()

    assert seen == ['{"level": "ERROR"}']


def test_metric_math_and_searches_are_evaluated_or_named(client: Client) -> None:
    namespace, now_s = f"Fill/{uuid.uuid4().hex}", time.time() // 60 * 60
    for function, value in (("orders-api", 1.0), ("orders-jobs", 3.0), ("mail", 2.0)):
        client("cloudwatch").put_metric_data(
            Namespace=namespace,
            MetricData=[
                {
                    "MetricName": "Errors",
                    "Dimensions": [{"Name": "FunctionName", "Value": function}],
                    "Timestamp": now_s,
                    "Value": value,
                }
            ],
        )

    def values(expression: str) -> list[float]:
        found = client("cloudwatch").get_metric_data(
            MetricDataQueries=[{"Id": "e1", "Expression": expression, "Period": 60}],
            StartTime=now_s - 300,
            EndTime=now_s + 300,
        )
        return [one["Values"][0] for one in found["MetricDataResults"]]

    def search(terms: str) -> str:
        return f"SEARCH('{{{namespace},FunctionName}} {terms}', 'Sum')"

    every = search('MetricName="Errors"')
    assert values(f"SORT({every}, AVG, DESC)") == [3.0, 2.0, 1.0]
    assert values(f"SLICE(SORT({every}, SUM, DESC), 1, 2)") == [2.0]
    assert values(f"+SUM({every}) / METRIC_COUNT({every})") == [2.0]
    assert sorted(values(search('FunctionName=("mail" OR jobs) NOT nothing'))) == [2.0, 3.0]
    assert values(search("NOT orders")) == [2.0]
    for expression, said in (
        (f"ANOMALY_DETECTION_BAND({every})", "ANOMALY_DETECTION_BAND() is not evaluated by the embedded stack"),
        (f"SUM({every}", "expected ')' or a comma, but the text ends"),
        (search("OR ("), "the search cannot be read"),
    ):
        with pytest.raises(ClientError, match=r"Error in expression 'e1'") as caught:
            values(expression)
        assert said in str(caught.value)
