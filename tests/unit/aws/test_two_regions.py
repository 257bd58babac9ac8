"""Whole commands over two regions, each target in one of them: a fake on loopback that tells the regions apart."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.main import cli
from tests.fakes.aws_json import AwsError, FakeAws

HOME = {"alpha": {"eu-west-1"}, "beta": {"us-east-1"}, "both": {"eu-west-1", "us-east-1"}}
READ: set[tuple[str, str]] = set()  # the region and function of each log that was read
NOW = 1_795_402_121_886
WINDOW = ("--since", "2026-11-23T00:00Z", "--until", "2026-11-23T12:00Z", "--utc")
REGIONS = ("--region", "eu-west-1", "--region", "us-east-1")
REPORT = (
    "REPORT RequestId: 00000000-0000-4000-8000-000000000001\tDuration: 12.00 ms\tBilled Duration: 12 ms\t"
    "Memory Size: 512 MB\tMax Memory Used: 90 MB\tInit Duration: 480.00 ms\t\n"
)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")

    READ.clear()

    def here(name: str) -> bool:
        return fake.region in HOME.get(name, ())

    def describe(params: dict[str, Any]) -> dict[str, Any]:
        name = params["FunctionName"]
        if not here(name):
            raise AwsError("ResourceNotFoundException", "Function not found", 404)
        return {"FunctionName": name, "MemorySize": 512, "CodeSize": 1, "Runtime": "python3.12"}

    def events(params: dict[str, Any]) -> dict[str, Any]:
        name = params["logGroupName"].rpartition("/")[2]
        if not here(name):
            raise AwsError("ResourceNotFoundException", "no such group")
        READ.add((fake.region, name))
        event = {"logStreamName": "2026/11/23/[$LATEST]x", "timestamp": NOW, "message": REPORT}
        return {"events": [event | {"ingestionTime": NOW, "eventId": "1"}]}

    def data(params: dict[str, Any]) -> dict[str, Any]:
        results = []
        for query in params["MetricDataQueries"]:
            metric = query["MetricStat"]["Metric"]
            name = next(one["Value"] for one in metric["Dimensions"] if one["Name"] == "FunctionName")
            values = [7.0] if here(name) and metric["MetricName"] == "Invocations" else []
            results.append({"Id": query["Id"], "Timestamps": [params["StartTime"]] * len(values), "Values": values})
        return {"MetricDataResults": results}

    operations = {
        "lambda:GetFunctionConfiguration": describe,
        "lambda:ListFunctions": lambda _: {"Functions": []},
        "logs:FilterLogEvents": events,
        "logs:DescribeLogGroups": lambda _: {"logGroups": []},
        "cloudwatch:GetMetricData": data,
        "cloudwatch:ListMetrics": lambda _: {"Metrics": []},
    }
    with FakeAws(operations) as fake:
        yield fake


def run(aws: FakeAws, *arguments: str) -> Result:
    command = [*arguments, "--endpoint-url", aws.endpoint, *REGIONS]
    return CliRunner().invoke(cli, command, standalone_mode=False, env={"COLUMNS": "140"})


@pytest.mark.parametrize("command", ["coldstarts", "metrics", "tail", "show latest"])
def test_two_targets_of_different_regions_are_both_read(aws: FakeAws, command: str) -> None:
    output = ("--no-follow", "-o", "json") if command == "tail" else ("-o", "json")
    done = run(aws, *command.split(), "alpha", "beta", *WINDOW, *output)
    assert done.exception is None, done.exception
    if command == "metrics":
        rows = [(one["function"], one["region"], one["invocations"]) for one in json.loads(done.stdout)]
        assert rows == [("alpha", "eu-west-1", 7), ("beta", "us-east-1", 7)]
    else:
        assert {("eu-west-1", "alpha"), ("us-east-1", "beta")} == READ


@pytest.mark.parametrize("command", ["coldstarts", "metrics", "tail", "errors"])
def test_a_target_of_neither_region_is_named_though_the_other_is_there(aws: FakeAws, command: str) -> None:
    done = run(aws, command, "alpha", "gamma", *WINDOW)
    assert getattr(done.exception, "exit_code", None) == 3
    assert "there is no function 'gamma' in" in str(done.exception)


def test_business_metrics_of_a_function_in_both_regions_are_told_apart(aws: FakeAws) -> None:
    done = run(aws, "metrics", "both", "--custom", *WINDOW[:-1], "-o", "json")
    assert done.exception is None, done.exception
    assert list(json.loads(done.stdout)) == ["both (eu-west-1)", "both (us-east-1)"]
