"""`chart` widgets and PromQL alarms: valid queries have no problem, and a mistake has a line."""

import json
from typing import Any

import pytest

from monitor.dashboards.checks.validate import check_file, check_text


def chart(**properties: Any) -> str:
    widget = {
        "type": "chart",
        "width": 12,
        "height": 6,
        "properties": {"title": "t", "region": "eu-west-1", **properties},
    }
    return json.dumps({"widgets": [widget]}, indent=1)


def query(text: str, **members: Any) -> dict[str, Any]:
    return {"id": "a", "type": "cloudwatch-metrics", "language": "PromQL", "query": text, "step": 60, **members}


def data(*queries: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"queries": list(queries)}}


def problems(text: str) -> list[tuple[str, str, str]]:
    found = check_text(text, file="d", name="d")
    return [(one.severity.value, one.rule, one.pointer) for one in found]


# What the console writes.
OPTIONS = {
    "legend": {"position": "bottom", "show": True},
    "xAxis": {"type": "datetime"},
    "yAxis": [{"type": "linear"}],
    "style": {"lineOptions": {"filled": True, "stacked": False, "width": 2}, "numberOptions": {"sparkline": True}},
}


def test_a_chart_of_the_console_has_no_problem() -> None:
    text = 'sum by ("user.email")({"a.b", "@resource.service.name"="c"})'
    assert problems(chart(view="number", plotOptions=OPTIONS, **data(query(text, label="Users")))) == []


@pytest.mark.parametrize(
    "properties", [{"queries": [{"query": "up"}]}, {"queryString": "up"}, {"metrics": [{"expr": "up"}]}]
)
def test_a_query_in_another_member_is_found(properties: dict[str, Any]) -> None:
    assert problems(chart(**properties)) == []


def test_a_mistake_in_a_query_is_an_error_with_its_line() -> None:
    text = chart(**data(query("up"), query("rate(x[5m)", visible=False)))
    (problem,) = check_text(text, file="d", name="d")
    assert (problem.severity.value, problem.rule) == ("error", "promql")
    assert problem.pointer == "/widgets/0/properties/data/queries/1/query"
    assert "rate(x[5m)" in text.splitlines()[(problem.line or 0) - 1]
    assert problem.message == "not valid PromQL: expected ']' or a colon, found ')'"


def test_queries_in_other_languages_and_with_placeholders_are_not_checked() -> None:
    other = data({"queryLanguage": "SQL", "query": "SELECT 1"}, query('rate(x{f="${other}"}[5m]'))
    assert [one for one in problems(chart(**other)) if one[1] == "promql"] == []


def test_a_query_with_the_text_of_a_dashboard_variable_is_not_checked() -> None:
    body = json.loads(chart(**data(query("rate(x[$step])"))))
    body["variables"] = [
        {"type": "pattern", "pattern": "$step", "id": "s", "label": "Step", "inputType": "input", "defaultValue": "5m"}
    ]
    assert [one for one in problems(json.dumps(body)) if one[0] == "error"] == []


def test_a_chart_without_a_query_is_a_warning() -> None:
    assert problems(chart()) == [("warning", "promql", "/widgets/0/properties")]


def test_promql_in_a_metric_widget_is_an_error_that_names_the_right_type() -> None:
    body = json.loads(chart(**data(query("up"))))
    body["widgets"][0]["type"] = "metric"
    (problem,) = check_text(json.dumps(body), file="d", name="d")
    assert (problem.severity.value, problem.rule) == ("error", "promql")
    assert "chart" in problem.instead


def test_the_query_of_an_alarm_is_checked() -> None:
    alarm = {"AlarmName": "a", "EvaluationInterval": 60, "EvaluationCriteria": {"PromQLCriteria": {"Query": "up =="}}}
    (problem,) = check_file(json.dumps(alarm), file="a", name="a")
    assert problem.pointer == "/EvaluationCriteria/PromQLCriteria/Query"
