"""Dashboards drawn against an AWS that answers as AWS does: Insights, native pictures, several regions, refusals."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore import session
from botocore.validate import ParamValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.aws.insights import QueryPolling
from monitor.dashboards.board import workflow, workflow_logs, workflow_metrics
from monitor.dashboards.board.model import (
    Alarms,
    Board,
    CategoryChart,
    Chart,
    Image,
    Series,
    Unavailable,
    View,
    Widget,
)
from monitor.dashboards.board.render_page import render_page
from monitor.dashboards.board.workflow_context import RenderContext
from monitor.dashboards.body import layout
from monitor.errors import MonitorError, NotFoundError, RefusedError
from monitor.kernel.window import Window
from monitor.records.query_result import LogResult
from tests.examples import examples

NOW = 1_795_413_600_000
WINDOW = Window(NOW - 3_600_000, NOW)
NO_WAIT = QueryPolling(0.0, 1.0, 0.0, 60.0)
MINUTE = datetime(2026, 11, 23, 5, 50, tzinfo=UTC)


class FakeAws:
    """Answers by operation; every call's parameters are held against botocore's own model."""

    region = "ap-southeast-1"
    local = False

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        model = session.get_session().get_service_model(service).operation_model(operation)
        report = ParamValidator().validate(parameters, model.input_shape)
        assert not report.has_errors(), report.generate_report()
        self.asked.append((operation, parameters))
        answer = self.answers[operation]
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, MonitorError):
            raise answer
        found: dict[str, Any] = answer
        return found

    def pages(self, service: str, operation: str, /, token: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        yield self.call(service, operation, **parameters)


def scene(aws: FakeAws, engine: str = "insights") -> RenderContext:
    return RenderContext(aws, WINDOW, NOW, engine)  # type: ignore[arg-type]


def row(**fields: str) -> list[dict[str, str]]:
    return [{"field": name, "value": value} for name, value in {**fields, "@ptr": "x"}.items()]


def insights(*rows: list[dict[str, str]], statuses: tuple[str, ...] = ("Running", "Complete")) -> FakeAws:
    answers = [{"status": status, "results": list(rows), "statistics": {"bytesScanned": 5e8}} for status in statuses]
    return FakeAws(StartQuery={"queryId": "q"}, GetQueryResults=answers, StopQuery={"success": True})


def test_a_log_widget_takes_its_view_from_what_the_query_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow_logs, "_POLLING", NO_WAIT)
    rows = (
        row(**{"bin(5m)": "2026-11-23 05:50:00.000", "route": "/a", "n": "3"}),
        row(**{"bin(5m)": "2026-11-23 05:45:00.000", "route": "/a", "n": "1"}),
        row(**{"bin(5m)": "2026-11-23 05:50:00.000", "route": "/b", "n": "7"}),
    )
    query = "SOURCE '/aws/lambda/f' | SOURCE '/x'\nstats count(*) as n by bin(5m), route"

    def shown(view: str, source: tuple[list[dict[str, str]], ...] = rows) -> Any:
        aws = insights(*source, statuses=("Complete",))
        content, _ = workflow_logs.log_widget({"query": query, "view": view}, scene(aws))
        assert aws.asked[0][1]["queryString"] == "stats count(*) as n by bin(5m), route"
        assert aws.asked[0][1]["logGroupNames"] == ["/aws/lambda/f", "/x"]
        return content

    at = 1_795_413_000_000
    series = shown("timeSeries")
    assert isinstance(series, Chart)
    assert series.curves == (Series("/a", ((at - 300_000, 1.0), (at, 3.0))), Series("/b", ((at, 7.0),)))
    assert series.period_s == 300
    assert isinstance(shown("table"), LogResult)
    bars = shown("bar", (row(route="/a", n="3"), row(route="/b", n="4")))
    assert bars == CategoryChart(View.BAR, ("n",), (("/a", (3.0,)), ("/b", (4.0,))))
    # What has no time cannot be a line: it is shown as the table that it is.
    assert isinstance(shown("timeSeries", (row(route="/a"),)), LogResult)


@pytest.mark.parametrize("engine", ["scan", "insights"])
@pytest.mark.parametrize("query", ["fields @message | limit 5", "# SOURCE 'x'\nfields @message", "stats count(*)"])
def test_a_query_that_names_no_log_group_says_so_without_asking(engine: str, query: str) -> None:
    aws = FakeAws()
    content, _ = workflow_logs.log_widget({"query": query}, scene(aws, engine))

    assert isinstance(content, Unavailable)
    assert "names no log group" in content.reason
    assert aws.asked == []


def test_a_missing_log_group_is_named_and_the_others_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow_logs, "_POLLING", NO_WAIT)
    aws = insights(row(n="3"), statuses=("Complete",))
    gone = NotFoundError("not found in ap-southeast-1: Log group '/gone' does not exist for account ID '1'")
    aws.answers["StartQuery"] = [gone, {"queryId": "q"}]
    query = "SOURCE '/gone' | SOURCE '/x' | stats count(*) as n"

    content, notes = workflow_logs.log_widget({"query": query}, scene(aws))

    assert content == LogResult(("n",), (("3",),))
    assert notes == ("log group /gone not found in ap-southeast-1",)
    assert [one["logGroupNames"] for name, one in aws.asked if name == "StartQuery"] == [["/gone", "/x"], ["/x"]]
    aws.answers["StartQuery"] = [gone]
    with pytest.raises(NotFoundError, match="'/gone' does not exist"):
        workflow_logs.log_widget({"query": "SOURCE '/gone' | fields @message"}, scene(aws))


def test_a_log_widget_asks_for_its_own_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow_logs, "_POLLING", NO_WAIT)
    aws = insights(row(n="3"), statuses=("Complete",))
    workflow_logs.log_widget({"query": "SOURCE '/x' | stats count(*) as n", "start": "-PT15M"}, scene(aws))

    asked = aws.asked[0][1]
    assert asked["endTime"] - asked["startTime"] == 900


def metric(**properties: Any) -> dict[str, Any]:
    return {"metrics": [["AWS/Lambda", "Errors", "FunctionName", "f"]], **properties}


def results(*values: float) -> dict[str, Any]:
    times = [MINUTE] * len(values)
    return {"MetricDataResults": [{"Id": "row0", "Label": "Errors", "Timestamps": times, "Values": list(values)}]}


def test_a_widget_asks_for_its_own_range_and_for_all_of_it_at_once() -> None:
    aws = FakeAws(GetMetricData=results(3.0))
    properties = metric(view="singleValue", setPeriodToTimeRange=True, start="-PT2H", stat="Sum")

    content, _ = workflow_metrics.metric_widget(properties, scene(aws))

    assert isinstance(content, Chart)
    assert content.view is View.SINGLE_VALUE
    assert [(curve.label, [value for _, value in curve.points]) for curve in content.curves] == [("Errors", [3.0])]
    asked = aws.asked[0][1]
    assert (asked["EndTime"] - asked["StartTime"]).total_seconds() == 7200
    assert asked["MetricDataQueries"][0]["MetricStat"]["Period"] == 7200


def test_a_widget_with_its_own_range_says_so_and_does_not_follow_the_picker(tmp_path: Path) -> None:
    aws = FakeAws(GetMetricData=[results(3.0), results(4.0)])
    aws.client = lambda _: None  # type: ignore[attr-defined]
    widgets = [{"type": "metric", "properties": metric(title=start, **own)} for start, own in
               (("all", {}), ("hour", {"start": "-PT1H"}))]  # fmt: skip
    body = tmp_path / "own.json"
    body.write_text(json.dumps({"start": "-PT3H", "widgets": widgets}))

    board = workflow.draw(aws, workflow.RenderRequest(str(body)), NOW)  # type: ignore[arg-type]

    assert [widget.window for widget in board.widgets] == [None, Window(NOW - 3_600_000, NOW, open_ended=True)]
    page = render_page(board, utc=True)
    assert page.count("<section") == 2
    assert page.count(" data-own") == page.count("own time range: 2026-11-23 05:00:00 – 2026-11-23 06:00:00") == 1
    assert f'"ranges":[null,[{NOW - 3_600_000},{NOW}]]' in page


def test_several_values_of_one_whole_range_are_added() -> None:
    aws = FakeAws(GetMetricData=results(3.0, 4.0))
    content, _ = workflow_metrics.metric_widget(
        metric(view="singleValue", setPeriodToTimeRange=True, stat="Sum"), scene(aws)
    )

    assert isinstance(content, Chart)
    assert [value for _, value in content.curves[0].points] == [7.0]


def test_a_series_that_failed_is_named_and_a_widget_of_which_all_failed_says_so() -> None:
    failed = {"Id": "row0", "Label": "Errors", "StatusCode": "Forbidden", "Timestamps": [], "Values": []}
    both = {"metrics": [["N", "Errors"], ["N", "Ok", {"id": "ok"}]]}
    good = {"Id": "ok", "Label": "Ok", "StatusCode": "Complete", "Timestamps": [MINUTE], "Values": [1.0]}

    content, notes = workflow_metrics.metric_widget(
        both, scene(FakeAws(GetMetricData={"MetricDataResults": [failed, good]}))
    )
    assert isinstance(content, Chart)
    assert [curve.label for curve in content.curves] == ["Ok"]
    assert notes == ("Errors: access denied (Forbidden)",)

    content, _ = workflow_metrics.metric_widget(metric(), scene(FakeAws(GetMetricData={"MetricDataResults": [failed]})))
    assert content == Unavailable("Errors: access denied (Forbidden)")


def test_one_region_that_refuses_does_not_hide_the_others() -> None:
    aws = FakeAws(GetMetricData=[results(1.0)])
    context = scene(aws)
    denied = FakeAws(GetMetricData=RefusedError("access denied: cloudwatch:GetMetricData is not allowed in us-east-1"))
    context._connections["us-east-1"] = denied  # type: ignore[assignment]
    rows = [["N", "Errors"], ["N", "Errors", {"region": "us-east-1"}]]

    content, notes = workflow_metrics.metric_widget({"metrics": rows}, context)

    assert isinstance(content, Chart)
    assert notes == ("access denied: cloudwatch:GetMetricData is not allowed in us-east-1",)


def test_an_expression_that_is_rejected_does_not_hide_the_metrics() -> None:
    refused = RefusedError("cloudwatch:GetMetricData was refused: ValidationError: NOPE() is not a function")
    total = {"MetricDataResults": [{"Id": "e2", "Label": "sum", "Timestamps": [MINUTE], "Values": [2.0]}]}
    plain = {"MetricDataResults": [{"Id": "m1", "Label": "Errors", "Timestamps": [MINUTE], "Values": [1.0]}]}
    aws = FakeAws(GetMetricData=[refused, plain, refused, total])
    rows = [["N", "Errors", {"id": "m1"}], [{"expression": "NOPE(m1)", "id": "e1", "label": "bad"}],
            [{"expression": "SUM(METRICS())", "id": "e2", "label": "sum"}]]  # fmt: skip

    content, notes = workflow_metrics.metric_widget({"metrics": rows}, scene(aws))

    assert isinstance(content, Chart)
    assert [curve.label for curve in content.curves] == ["Errors", "sum"]
    assert len(notes) == 1
    assert notes[0].startswith("bad: ")
    asked = [[query["Id"] for query in one["MetricDataQueries"]] for _, one in aws.asked]
    assert asked == [["m1", "e1", "e2"], ["m1"], ["e1", "m1"], ["e2", "m1"]]


def test_series_of_one_search_with_one_label_stay_two_series() -> None:
    found = [{"Id": "e1", "Label": "x", "Timestamps": [MINUTE], "Values": [value]} for value in (1.0, 2.0)]
    rows = [[{"expression": "SEARCH('{N} a', 'Sum', 300)", "id": "e1", "label": "x"}]]

    content, _ = workflow_metrics.metric_widget(
        {"metrics": rows}, scene(FakeAws(GetMetricData={"MetricDataResults": found}))
    )

    assert isinstance(content, Chart)
    assert [(one.label, one.points[0][1]) for one in content.curves] == [("x (1)", 1.0), ("x (2)", 2.0)]


def test_annotations_and_axes_are_read_and_nonsense_in_them_is_left_out() -> None:
    annotations = {
        "horizontal": [
            {"value": 5, "label": "most", "color": "#ff0000"},
            [{"value": 1}, {"value": 2}],
            {"value": "x"},
            7,
        ],
        "vertical": [{"value": "2026-11-23T05:00:00Z", "label": "deploy"}, {"value": "soon"}],
    }
    properties = metric(annotations=annotations, yAxis={"left": {"min": 0, "label": "ms"}, "right": 3}, stacked=True)

    content, _ = workflow_metrics.metric_widget(properties, scene(FakeAws(GetMetricData=results())))

    assert isinstance(content, Chart)
    assert [(mark.at, mark.until, mark.vertical) for mark in content.marks] == [
        (5.0, None, False),
        (1.0, 2.0, False),
        (1_795_410_000_000.0, None, True),
    ]
    assert render_page(Board("b", "o", "s", 0, 1, 1, (Widget("metric", "", 0, 0, 6, 6, content),)))
    assert (content.left.label, content.left.least, content.stacked) == ("ms", 0.0, True)


def test_cloudwatch_draws_the_picture_of_the_widget_as_it_is_and_of_its_size() -> None:
    aws = FakeAws(GetMetricWidgetImage={"MetricWidgetImage": b"\x89PNG"})

    drawn = workflow_metrics.metric_image(metric(title="t", region="ap-southeast-1"), (12, 6), scene(aws))

    assert drawn == Image(b"\x89PNG")
    text = aws.asked[0][1]["MetricWidget"]
    assert '"width":720,"height":360' in text
    assert '"start":"2026-11-23T05:00:00.000Z"' in text


def test_an_alarm_s_widget_shows_its_metric_and_its_threshold() -> None:
    alarm = {
        "AlarmName": "a",
        "StateValue": "ALARM",
        "Namespace": "N",
        "MetricName": "M",
        "Threshold": 5.0,
        "Period": 60,
    }
    aws = FakeAws(
        DescribeAlarms={"MetricAlarms": [{**alarm, "ExtendedStatistic": "p99", "Dimensions": []}]},
        GetMetricData=results(1.0),
    )
    properties = {"annotations": {"alarms": ["arn:aws:cloudwatch:ap-southeast-1:123456789012:alarm:a"]}}

    content, notes = workflow_metrics.metric_widget(properties, scene(aws))

    assert isinstance(content, Chart)
    assert [(mark.at, mark.label) for mark in content.marks] == [(5.0, "threshold")]
    assert notes == ("alarm a: ALARM",)
    absent, _ = workflow_metrics.metric_widget(properties, scene(FakeAws(DescribeAlarms={})))
    assert absent == Unavailable(
        "alarm 'a' not found", "`monitor dashboard deploy` creates the alarms of its templates"
    )


def test_alarms_are_in_the_order_and_of_the_states_that_the_widget_asks_for() -> None:
    def alarm(name: str, state: str, minute: int) -> dict[str, Any]:
        return {"AlarmName": name, "StateValue": state, "StateUpdatedTimestamp": MINUTE.replace(minute=minute)}

    def names(**properties: Any) -> list[tuple[str, str]]:
        told = {
            "MetricAlarms": [alarm("a", "OK", 3), alarm("b c", "ALARM", 1)],
            "CompositeAlarms": [alarm("d", "ALARM", 2)],
        }
        arns = [f"arn:aws:cloudwatch:ap-southeast-1:123456789012:alarm:{name}" for name in ("a", "b c", "d", "gone")]
        content = workflow_metrics.alarm_widget({"alarms": arns, **properties}, scene(FakeAws(DescribeAlarms=told)))
        assert isinstance(content, Alarms)
        return [(one.name, one.state) for one in content.states]

    assert names() == [("a", "OK"), ("b c", "ALARM"), ("d", "ALARM"), ("gone", "")]
    assert names(sortBy="stateUpdatedTimestamp")[:3] == [("a", "OK"), ("d", "ALARM"), ("b c", "ALARM")]
    assert names(sortBy="default")[-1] == ("a", "OK")
    assert names(states=["ALARM"]) == [("b c", "ALARM"), ("d", "ALARM"), ("gone", "")]


def test_what_costs_is_said_before_it_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow_logs, "_POLLING", NO_WAIT)
    aws = insights(row(n="3"), statuses=("Complete",))
    aws.client = lambda _: None  # type: ignore[attr-defined]
    body = tmp_path / "logs.json"
    body.write_text('{"widgets": [{"type": "log", "properties": {"query": "SOURCE \'/x\' | stats count(*) as n"}}]}')
    told: list[tuple[str, int]] = []

    drawn = workflow.draw(
        aws,  # type: ignore[arg-type]
        workflow.RenderRequest(str(body)),
        NOW,
        tell=lambda text: told.append((text, len(aws.asked))),
    )

    assert [(text[:36], asked) for text, asked in told] == [("log widgets use Logs Insights (1 que", 0)]
    assert drawn.notes == ("Logs Insights read 0.500 GB",)
    assert drawn.widgets[0].content == LogResult(("n",), (("3",),))


def test_an_interrupt_stops_the_queries_that_other_threads_wait_for(tmp_path: Path) -> None:
    waits = threading.Event()

    class Endless(FakeAws):
        def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
            if operation == "GetQueryResults":
                waits.set()
            return super().call(service, operation, **parameters)

    aws = Endless(StartQuery={"queryId": "q"}, GetQueryResults={"status": "Running"}, StopQuery={"success": True})
    aws.client = lambda _: None  # type: ignore[attr-defined]
    log = '{"type": "log", "properties": {"query": "SOURCE \'/x\' | stats count(*) as n"}}'
    body = tmp_path / "logs.json"
    body.write_text(f'{{"widgets": [{", ".join([log] * 3)}, {{"type": "text", "properties": {{}}}}, {log}, {log}]}}')

    def interrupt() -> None:
        assert waits.wait(20)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        workflow.draw(aws, workflow.RenderRequest(str(body)), NOW, advance=interrupt)  # type: ignore[arg-type]

    operations = [operation for operation, _ in aws.asked]
    assert operations.count("StopQuery") == operations.count("StartQuery") > 0


LEAVES = st.none() | st.booleans() | st.integers(-5, 2000) | st.floats() | st.text(max_size=8)
ANY = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)
NAMES = [
    "metrics",
    "annotations",
    "yAxis",
    "view",
    "stat",
    "period",
    "region",
    "title",
    "legend",
    "alarms",
    "query",
    "markdown",
    "stacked",
    "start",
    "end",
    "sortBy",
    "states",
    "setPeriodToTimeRange",
    "horizontal",
    "vertical",
    "value",
    "label",
    "color",
    "left",
    "right",
    "min",
    "max",
    "id",
    "expression",
    "visible",
]
KNOWN = st.recursive(
    LEAVES | st.sampled_from(["...", ".", "AWS/Lambda", "Errors", "timeSeries", "pie", "SOURCE '/x' | stats count(*)"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
)


@settings(max_examples=examples(150), deadline=None)
@given(
    kind=st.sampled_from(["metric", "log", "alarm", "text", "explorer", "other"]) | LEAVES,
    properties=st.dictionaries(st.sampled_from(NAMES), KNOWN, max_size=6) | ANY,
    place=st.dictionaries(st.sampled_from(["x", "y", "width", "height"]), LEAVES),
)
def test_whatever_a_widget_holds_it_is_drawn_or_says_why(kind: Any, properties: Any, place: dict[str, Any]) -> None:
    aws = FakeAws(GetMetricData=results(1.0), DescribeAlarms={}, FilterLogEvents={"events": []})
    widget = {"type": kind, "properties": properties, **place}
    (placed,) = workflow._without_overlaps(layout.pack([widget]))
    drawn = workflow._drawn(placed, scene(aws, "scan"), native=False)

    page = render_page(Board("b", "o", "s", WINDOW.start_ms, NOW, NOW, (drawn,)))
    assert page.count('<section class="widget') == 1


def test_a_region_that_is_none_is_said_before_anything_is_asked() -> None:
    aws = FakeAws()
    with pytest.raises(RefusedError, match="is not the name of a region"):
        workflow_metrics.metric_widget(metric(region="${AWS::Region}"), scene(aws))
    assert aws.asked == []


def test_a_file_is_not_read_where_only_a_deployed_dashboard_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = tmp_path / "own.json"
    body.write_text(json.dumps({"widgets": []}))
    monkeypatch.setattr(workflow, "view", lambda *_: None)
    for source in (str(body), "lambda-cold-starts", str(tmp_path)):
        with pytest.raises(NotFoundError):
            workflow.draw(FakeAws(), workflow.RenderRequest(source, deployed=True), NOW)  # type: ignore[arg-type]
