"""`monitor metrics` of many functions, their answers made by a fake on loopback in the shapes of botocore's model."""

import re
import tracemalloc
from math import ceil
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.main import cli
from tests.fakes.aws_json import AwsError, FakeAws

FUNCTIONS = 5_000
REGION = "eu-west-1"
ARN = f"arn:aws:lambda:{REGION}:123456789012:function"


def configuration(number: int) -> dict[str, Any]:
    return {"FunctionName": f"f{number:04d}", "FunctionArn": f"{ARN}:f{number:04d}",
            "MemorySize": 512, "Architectures": ["x86_64"], "Runtime": "python3.12", "CodeSize": 1,
            "LastModified": "2026-01-01T00:00:00.000+0000"}  # fmt: skip


def list_functions(params: dict[str, Any]) -> dict[str, Any]:
    first = int(params.get("Marker", "0"))
    page = [configuration(number) for number in range(first, min(first + 50, FUNCTIONS))]
    return {"Functions": page} | ({"NextMarker": str(first + 50)} if first + 50 < FUNCTIONS else {})


def get_metric_data(params: dict[str, Any]) -> dict[str, Any]:
    queries = params["MetricDataQueries"]
    assert len(queries) <= 500
    results = []
    for query in queries:
        metric = query["MetricStat"]["Metric"]
        name = next(one["Value"] for one in metric["Dimensions"] if one["Name"] in ("FunctionName", "function_name"))
        number = int(name[1:])
        value = {"Invocations": 1000.0, "Errors": float(number % 100), "ColdStart": float(number % 7)}.get(
            metric["MetricName"], 10.0
        )
        # One in ten never ran.
        has_data = number % 10 and metric["MetricName"] not in ("IteratorAge", "AsyncEventAge")
        results.append({"Id": query["Id"], "Label": metric["MetricName"], "StatusCode": "Complete",
                        "Timestamps": [params["StartTime"]] if has_data else [],
                        "Values": [value] if has_data else []})  # fmt: skip
    return {"MetricDataResults": results}


def list_metrics(params: dict[str, Any]) -> dict[str, Any]:
    first = int(params.get("NextToken", "0"))
    if params["MetricName"] != "ColdStart":
        return {"Metrics": []}
    dimensions = {one["Name"]: one.get("Value") for one in params["Dimensions"]}
    assert list(dimensions) == ["function_name"]
    page = [
        {"Namespace": "app", "MetricName": "ColdStart",
         "Dimensions": [{"Name": "function_name", "Value": f"f{number:04d}"}, {"Name": "service", "Value": "s"}]}
        for number in range(first, min(first + 500, FUNCTIONS))
        if dimensions["function_name"] in (None, f"f{number:04d}")
    ]  # fmt: skip
    return {"Metrics": page} | ({"NextToken": str(first + 500)} if first + 500 < FUNCTIONS else {})


OPERATIONS = {
    "lambda:ListFunctions": list_functions,
    "lambda:GetFunctionConfiguration": lambda params: configuration(int(params["FunctionName"][1:])),
    "cloudwatch:GetMetricData": get_metric_data,
    "cloudwatch:ListMetrics": list_metrics,
    "resourcegroupstaggingapi:GetResources": lambda params: {
        "ResourceTagMappingList": [{"ResourceARN": f"{ARN}:f{n:04d}"} for n in (3, 4)]
    },
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_REGION", REGION)):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)


def run(fake: FakeAws, *arguments: str) -> Result:
    return CliRunner().invoke(
        cli, ["--endpoint-url", fake.endpoint, "metrics", *arguments], standalone_mode=False, env={"COLUMNS": "140"}
    )


@pytest.mark.parametrize("functions", [500, pytest.param(FUNCTIONS, marks=pytest.mark.slow)])
def test_many_functions_take_the_calls_that_batching_implies(monkeypatch: pytest.MonkeyPatch, functions: int) -> None:
    monkeypatch.setitem(globals(), "FUNCTIONS", functions)
    with FakeAws(dict(OPERATIONS)) as fake:
        done = run(fake, "--all", "--sort", "cold_share", "-o", "csv")
    assert done.exception is None, done.exception
    heading, *rows = done.stdout.splitlines()
    assert len(rows) == functions
    shares = [dict(zip(heading.split(","), row.split(","), strict=True))["cold_share"] for row in rows]
    assert shares[0] == "0.006"
    assert shares[-functions // 10 :] == [""] * (functions // 10)  # those that never ran are rows that say so
    # 12 metrics a function (ColdStart is the twelfth) are 41 functions a call of 500.
    assert dict(fake.calls) == {
        "lambda:ListFunctions": functions // 50, "cloudwatch:GetMetricData": ceil(functions / 41),
        "cloudwatch:ListMetrics": functions // 500 + 2,
    }  # fmt: skip
    assert f"about ${functions * 11 * 0.01 / 1000:.2f}" in done.stderr


@pytest.mark.slow
def test_five_thousand_functions_take_bounded_memory() -> None:
    with FakeAws(dict(OPERATIONS)) as fake:
        tracemalloc.start()
        done = run(fake, "--all")
        peak_mb = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
    assert done.exception is None, done.exception
    assert peak_mb < 150  # the fake's own answers included


def test_the_table_of_many_says_no_data_and_tags_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeAws(dict(OPERATIONS)) as fake:
        table = run(fake, "f000*", "--sort", "errors").stdout.splitlines()
        tagged = run(fake, "--tag", "team=images").stdout
    assert [line.split()[0] for line in table[1:]] == [f"f000{n}" for n in (9, 8, 7, 6, 5, 4, 3, 2, 1, 0)]
    assert table[-1].split() == ["f0000", "no", "data"]
    assert re.findall(r"f\d{4}", tagged) == ["f0003", "f0004"]


def test_fail_over_ends_with_one_and_the_figure() -> None:
    with FakeAws(dict(OPERATIONS)) as fake:
        done = run(fake, "f000[1-9]", "--fail-over", "error_rate > 0.8%")
        fine = run(fake, "f000[1-9]", "--fail-over", "error_rate > 2%")
        malformed = run(fake, "f000[1-9]", "--fail-over", "eror_rate > 2%")
    assert getattr(done.exception, "exit_code", None) == 1
    assert str(done.exception) == "error_rate > 0.8%: f0009: error_rate is 0.009"
    assert fine.exception is None
    assert getattr(malformed.exception, "exit_code", None) == 2


def test_ctrl_c_in_the_middle_ends_at_once() -> None:
    asked = 0

    def interrupted(params: dict[str, Any]) -> dict[str, Any]:
        nonlocal asked
        asked += 1
        return get_metric_data(params)

    def pressed(*_: object, **__: object) -> None:
        if asked >= 3:
            raise KeyboardInterrupt

    with FakeAws({**OPERATIONS, "cloudwatch:GetMetricData": interrupted}) as fake:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("monitor.console.output.Progress.advance", pressed)
            done = run(fake, "--all")
        assert asked <= 4
    assert done.exit_code == 1 or isinstance(done.exception, KeyboardInterrupt)


def test_a_period_gives_a_row_each_and_a_plot_a_chart_each() -> None:
    def series(params: dict[str, Any]) -> dict[str, Any]:
        start, period = params["StartTime"], params["MetricDataQueries"][0]["MetricStat"]["Period"]
        times = [start + number * period for number in range(3)]
        return {"MetricDataResults": [
            {"Id": one["Id"], "Label": "x", "Timestamps": times, "Values": [1.0, 5.0, 2.0]}
            for one in params["MetricDataQueries"]
        ]}  # fmt: skip

    window = ("--since", "2026-01-02T00:00", "--until", "2026-01-02T01:00", "--utc")
    with FakeAws({**OPERATIONS, "cloudwatch:GetMetricData": series}) as fake:
        table = run(fake, "f0001*", "--period", "10m", *window).stdout
        chart = run(fake, "f000[1]", "--plot", *window).stdout
        wrong = run(fake, "f000[1]", "--period", "30s", *window)
    rows = [line for line in table.splitlines() if line.startswith("2026-01-02 00:")]
    assert [row.split()[1] for row in rows[:3]] == ["00:00", "00:10", "00:20"]
    assert "p99_duration_ms" in chart
    assert "█" in chart
    assert "multiple of a minute" in str(wrong.exception)


def test_business_metrics_are_found_by_name_and_summed() -> None:
    def listed(params: dict[str, Any]) -> dict[str, Any]:
        names = [one["Name"] for one in params.get("Dimensions", [])]
        if names != ["service"]:
            return {"Metrics": []}
        dimensions = [{"Name": "service", "Value": params["Dimensions"][0]["Value"]}]
        return {"Metrics": [{"Namespace": "shop", "MetricName": "Orders", "Dimensions": dimensions},
                            {"Namespace": "AWS/X", "MetricName": "No", "Dimensions": dimensions}]}  # fmt: skip

    def data(params: dict[str, Any]) -> dict[str, Any]:
        values = {"SampleCount": 4.0, "Sum": 10.0, "Minimum": 1.0, "Maximum": 5.0}
        return {"MetricDataResults": [
            {"Id": one["Id"], "Timestamps": [params["StartTime"]], "Values": [values[one["MetricStat"]["Stat"]]]}
            for one in params["MetricDataQueries"]
        ]}  # fmt: skip

    with FakeAws({**OPERATIONS, "cloudwatch:ListMetrics": listed, "cloudwatch:GetMetricData": data}) as fake:
        text = run(fake, "f000[1]", "--custom", "--service", "checkout").stdout
    assert text.splitlines()[1].split() == ["Orders", "shop", "4", "2.50", "1", "5", "10", "service=checkout"]
    assert "AWS/X" not in text


def test_watch_shows_again_and_outlasts_a_minute_without_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.console.watch import keep_showing
    from monitor.errors import UnreachableError

    turns = iter(["one", None, "three"])

    def shown() -> str:
        turn = next(turns, "end")
        if turn is None:
            raise UnreachableError("not reached")
        if turn == "end":
            raise KeyboardInterrupt
        seen.append(turn)
        return turn

    seen: list[str] = []
    keep_showing(shown, "text", every_s=0.0)
    assert seen == ["one", "three"]


def test_a_refused_call_is_named() -> None:
    def refused(params: dict[str, Any]) -> dict[str, Any]:
        raise AwsError("AccessDeniedException", "not authorized to perform: cloudwatch:GetMetricData")

    with FakeAws({**OPERATIONS, "cloudwatch:GetMetricData": refused}) as fake:
        done = run(fake, "f000*")
    assert "cloudwatch:GetMetricData is not allowed" in str(done.exception)
