# ruff: noqa: E501 - tables of mistakes, one a line
"""Each mistake that CloudWatch would punish later is named now, with its line and what to write instead."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.dashboards.body import builtin
from monitor.dashboards.checks import schema
from monitor.dashboards.checks.located import Located
from monitor.dashboards.checks.validate import check_file, check_text
from monitor.dashboards.model import Problem
from tests.examples import examples

ROW = ["AWS/Lambda", "Errors", "FunctionName", "f"]


def check(document: Any) -> list[Problem]:
    return check_text(json.dumps(document, indent=2), file="d.json", name="d")


def metric(*metrics: Any, **properties: Any) -> dict[str, Any]:
    return {
        "widgets": [{"type": "metric", "properties": {"region": "eu-west-1", "metrics": list(metrics), **properties}}]
    }


def log(query: str, **properties: Any) -> dict[str, Any]:
    return {"widgets": [{"type": "log", "properties": {"region": "eu-west-1", "query": query, **properties}}]}


def text(**widget: Any) -> dict[str, Any]:
    return {"type": "text", "properties": {"markdown": "m"}, **widget}


def variable(**more: Any) -> dict[str, Any]:
    return {"type": "property", "property": "FunctionName", "inputType": "input", "id": "f", **more}


def only(document: Any) -> Problem:
    (problem,) = check(document)
    return problem


WRONG: list[tuple[str, Any, str, str, str]] = [
    # what, document, rule, pointer, a part of what is said
    ("no list of widgets", {"widgets": {}}, "schema-type", "/widgets", "is not a list"),
    ("a widget that is none", {"widgets": [3]}, "schema-type", "/widgets/0", "3 is not an object"),
    ("a view that is misspelt", metric(ROW, view="timeseries"), "schema-enum", "/widgets/0/properties/view", "timeSeries"),
    ("too far right", {"widgets": [text(x=24, y=0)]}, "schema-maximum", "/widgets/0/x", "more than 23"),
    ("too wide", {"widgets": [text(width=25)]}, "schema-maximum", "/widgets/0/width", "more than 24"),
    ("no height", {"widgets": [text(height=0)]}, "schema-minimum", "/widgets/0/height", "less than 1"),
    ("half a place", {"widgets": [text(x=3)]}, "place", "/widgets/0", "y is missing"),
    ("a flat metric", metric("AWS/Lambda"), "schema-type", "/widgets/0/properties/metrics/0", "is not a list"),
    ("a row of one", metric(["AWS/Lambda"]), "row-too-short", "/widgets/0/properties/metrics/0", "a metric name"),
    ("a dimension without value", metric(ROW[:3]), "row-uneven", "/widgets/0/properties/metrics/0", "FunctionName"),
    ("dots at the top", metric([".", "Errors"]), "shorthand", "/widgets/0/properties/metrics/0/0", "nothing above"),
    ("dots beyond the row above", metric(ROW[:2], [*ROW[:2], "."]), "shorthand", "/widgets/0/properties/metrics/1/2", "above"),
    ("an odd period", metric(ROW, period=61), "schema-anyOf", "/widgets/0/properties/period", "61"),
    ("a small-letter statistic", metric(ROW, stat="sum"), "schema-pattern", "/widgets/0/properties/stat", "sum"),
    ("no such percentile", metric(ROW, stat="p101"), "schema-pattern", "/widgets/0/properties/stat", "p101"),
    ("a gauge without ends", metric(ROW, view="gauge"), "schema-required", "/widgets/0/properties", "yAxis"),
    ("a capital id", metric([*ROW, {"id": "M1"}]), "schema-pattern", "/widgets/0/properties/metrics/0/4/id", "M1"),
    ("a color by name", metric([*ROW, {"color": "red"}]), "schema-pattern", "/widgets/0/properties/metrics/0/4/color", "red"),
    ("an id that is nowhere", metric([{"expression": "m1 / 2", "id": "e1"}]), "id-missing", "/widgets/0/properties/metrics/0", "'m1'"),
    ("an expression of itself", metric([{"expression": "e1 + 1", "id": "e1"}]), "id-own", "/widgets/0/properties/metrics/0", "itself"),
    ("a bracket left open", metric([{"expression": "SUM(METRICS()"}]), "expression", "/widgets/0/properties/metrics/0", "')'"),
    ("a search without namespace", metric([{"expression": "SEARCH('{} Errors', 'Sum')"}]), "expression", "/widgets/0/properties/metrics/0", "a namespace"),
    ("an alarm beside metrics", metric(ROW, annotations={"alarms": ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a"]}), "alarm-and-metrics", "/widgets/0/properties/annotations/alarms", "either an alarm or metrics"),
    ("an empty query", log("  "), "query-source", "/widgets/0/properties/query", "names no log group"),
    ("a query from nowhere", log("fields @message"), "query-source", "/widgets/0/properties/query", "names no log group"),
    ("a quotation mark left open", log("SOURCE 'a | fields @message"), "query-quotes", "/widgets/0/properties/query", "unclosed"),
    ("an alarm's name for its ARN", {"widgets": [{"type": "alarm", "properties": {"alarms": ["mine"]}}]}, "schema-pattern", "/widgets/0/properties/alarms/0", "mine"),
    ("an end without a start", {"widgets": [], "end": "2026-11-23T10:00:00Z"}, "schema-dependentRequired", "", "start"),
    ("a start in words", {"widgets": [], "start": "6 hours"}, "schema-pattern", "/start", "6 hours"),
    ("a list to choose from that is empty", {"widgets": metric(ROW)["widgets"], "variables": [variable(inputType="select", values=[])]}, "schema-minItems", "/variables/0/values", "fewer than 1"),
    ("a default that cannot be chosen", {"widgets": metric(ROW)["widgets"], "variables": [variable(inputType="select", values=[{"value": "g"}], defaultValue="f")]}, "variable-default", "/variables/0/defaultValue", "not one of"),
    ("the answer of GetDashboard", {"DashboardName": "d", "DashboardBody": "{}"}, "wrapper", "/DashboardBody", "get-dashboard"),
]  # fmt: skip
DOUBTFUL: list[tuple[str, Any, str, str]] = [
    ("widgets over each other", {"widgets": [text(x=0, y=0), text(x=3, y=3)]}, "overlap", "/widgets/1"),
    ("an unknown type", {"widgets": [{"type": "metrics", "properties": {}}]}, "type", "/widgets/0/type"),
    ("a view that is not documented", metric(ROW, view="heatmap"), "schema-enum", "/widgets/0/properties/view"),
    ("over the right edge", {"widgets": [text(x=20, y=0, width=6)]}, "overhang", "/widgets/0"),
    ("no region", {"widgets": [{"type": "metric", "properties": {"metrics": [ROW]}}]}, "schema-required", "/widgets/0/properties"),
    ("no such region", metric(ROW, region="eu-west"), "region", "/widgets/0/properties/region"),
    ("a member nobody knows", metric(ROW, titel="x"), "unknown-member", "/widgets/0/properties/titel"),
    ("a command nobody knows", log("SOURCE 'a' | fliter x = 1"), "query-command", "/widgets/0/properties/query"),
    ("a function nobody knows", metric([*ROW, {"id": "m1"}], [{"expression": "AVERAGE(m1)"}]), "function", "/widgets/0/properties/metrics/1"),
    ("an argument too many", metric([*ROW, {"id": "m1"}], [{"expression": "SUM(m1, m1)"}]), "function-arguments", "/widgets/0/properties/metrics/1"),
    ("an order nobody knows", metric([*ROW], [{"expression": "SORT(METRICS(), AVG, DOWN)"}]), "function-arguments", "/widgets/0/properties/metrics/1"),
    ("a period below a minute", metric(ROW, period=10), "period", "/widgets/0/properties/period"),
    ("a variable of nothing", {**metric(ROW), "variables": [variable(property="InstanceId")]}, "variable-unused", "/variables/0/property"),
    ("a pattern of nothing", {**metric(ROW), "variables": [{"type": "pattern", "pattern": "zzz", "inputType": "input", "id": "z"}]}, "variable-unused", "/variables/0/pattern"),
    ("a placeholder of another tool", {"widgets": [{"type": "text", "properties": {"markdown": "${aws_region}"}}]}, "variable-value", "/widgets/0/properties/markdown"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("document", "rule", "pointer", "said"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG]
)
def test_an_error_is_named_and_placed(document: Any, rule: str, pointer: str, said: str) -> None:
    problem = only(document)

    assert (problem.severity.value, problem.rule, problem.pointer) == ("error", rule, pointer)
    assert said in problem.message


@pytest.mark.parametrize(
    ("document", "rule", "pointer"), [one[1:] for one in DOUBTFUL], ids=[one[0] for one in DOUBTFUL]
)
def test_what_cloudwatch_takes_all_the_same_is_a_warning(document: Any, rule: str, pointer: str) -> None:
    problem = only(document)

    assert (problem.severity.value, problem.rule, problem.pointer) == ("warning", rule, pointer)


def test_a_problem_has_the_line_and_column_of_its_value() -> None:
    written = '{\n  "widgets": [\n    {"type": "text",\n     "width": 30, "properties": {"markdown": ""}}\n  ]\n}'
    (problem,) = check_text(written, file="d.json", name="d")

    assert (problem.file, problem.line, problem.column) == ("d.json", 4, 6)


def test_a_missing_member_is_placed_where_it_belongs() -> None:
    written = '{\n  "widgets": [\n    {"type": "alarm",\n     "properties": {}}]}'
    (problem,) = check_text(written, file="d.json", name="d")

    assert (problem.line, problem.message) == (4, "'alarms' is missing")


def test_a_document_without_widgets_lacks_them() -> None:
    problems = check_text('{"dashboard": {"widgets": []}}', file="d.json", name="d")
    assert "'widgets' is missing" in [problem.message for problem in problems]
    (problem,) = check_text('{"widgets": null}', file="d.json", name="d")
    assert problem.message == "null is not a list"


def test_a_widget_s_own_time_range_and_labels_are_fine() -> None:
    assert check(metric(ROW, start="-P7D", end="2026-11-29T00:00:00Z", labels={"visible": True})) == []
    assert check(log("SOURCE 'a' | fields @message", start="-P1DT12H", end="-PT1H")) == []
    # The console writes `P0D` for now.
    for start, end in (("-PT72H", "P0D"), ("-P0DT6H0M0S", "P0D"), ("-PT168H", "PT0H"), ("-PT3H", "-P0D")):
        assert check(metric(ROW, start=start, end=end)) == []
    assert only(metric(ROW, start="yesterday")).pointer == "/widgets/0/properties/start"


def test_what_is_meant_is_said() -> None:
    assert only(metric(ROW, stat="sum")).instead.startswith("write Sum, Average")
    assert only(metric(ROW, titel="x")).instead == "did you mean 'title'?"
    assert only(metric(ROW, view="timeseries")).instead == "did you mean 'timeSeries'?"
    assert only({"widgets": [{"type": "metrics", "properties": {}}]}).instead == "did you mean 'metric'?"
    assert only(log("SOURCE 'a' | fliter x = 1")).instead == "did you mean 'filter'?"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"widgets": [],}', "a comma before the closing bracket"),
        ("{'widgets': []}", "not valid JSON"),
        ('{"widgets": [] // none\n}', "JSON has no comments"),
        ('{"widgets": [NaN]}', "NaN is not valid JSON"),
        ("[" * 5000, "not valid JSON"),
        ("", "not valid JSON"),
        ("[]", "a dashboard must be an object"),
    ],
)
def test_what_is_not_json_is_told_apart(text: str, said: str) -> None:
    (problem,) = check_text(text, file="d.json", name="d")

    assert said in problem.message


def test_a_shared_query_language_of_its_own_is_not_read() -> None:
    assert check(log("SELECT * FROM `x`", queryLanguage="SQL")) == []


@pytest.mark.parametrize(
    "query",
    [
        "SOURCE 'a' | SOURCE 'b' | filter @message like /a|b/ | stats count() by bin(5m)",
        "SOURCE '/x' | parse @message \"| * |\" as one\n| sort @timestamp desc",
        "SOURCE logGroups(namePrefix: ['/aws/lambda/'], class: 'STANDARD') |\nfields @message",
        "SOURCE 'a'\n# a comment with a ' in it\n| fields @timestamp",
    ],
)
def test_queries_as_people_write_them_are_fine(query: str) -> None:
    assert check(log(query)) == []


def test_the_schema_is_a_schema() -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema.schema())


def test_the_whole_schema_as_editors_use_it_says_the_same_as_its_parts() -> None:
    from jsonschema import Draft202012Validator

    whole = Draft202012Validator(schema.schema())

    assert list(whole.iter_errors(metric(ROW, stat="Sum"))) == []
    for document in (
        metric(ROW, stat="sum"),
        {"widgets": [text(width=25)]},
        {"widgets": [{"type": "alarm", "properties": {}}]},
    ):
        (error,) = whole.iter_errors(document)
        assert only(document).pointer == "".join(f"/{token}" for token in error.absolute_path)


@pytest.mark.parametrize("name", builtin.names())
def test_the_shipped_templates_have_nothing_wrong(name: str) -> None:
    path = builtin.files(name)[0]
    files = [path, *(builtin.alarm_file(alarm, path.parent) for alarm in builtin.template.read(path).info.alarms)]

    assert [problem for one in files for problem in check_file(one.read_text(), file=one.name, name=one.stem)] == []


@pytest.mark.parametrize("member", ["AlarmNmae", "Tags"])
def test_an_alarm_with_a_member_that_is_none_is_named(member: str) -> None:
    alarm = {"AlarmName": "a", "EvaluationPeriods": 1, "ComparisonOperator": "x", "MetricName": "m", member: "x"}
    (problem,) = check_file(json.dumps(alarm), file="a.json", name="a")

    assert member in problem.message


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
_PROPERTIES = st.dictionaries(
    st.sampled_from(
        ["metrics", "region", "query", "period", "stat", "annotations", "yAxis", "view", "alarms", "labels"]
    ),
    _JSON,
    max_size=5,
)
_WIDGETS = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["metric", "log", "text", "alarm", "explorer"]), "properties": _PROPERTIES}
    ),
    max_size=3,
)


@settings(max_examples=examples(150), deadline=None)
@given(
    widgets=_JSON | _WIDGETS,
    variables=_JSON | st.lists(st.dictionaries(st.sampled_from(["id", "type", "pattern", "search", "values"]), _JSON)),
)
def test_whatever_json_is_given_the_answer_is_a_list_of_placed_problems(widgets: Any, variables: Any) -> None:
    written = json.dumps({"widgets": widgets, "variables": variables})
    if "Infinity" in written:
        return
    for problem in check_text(written, file="d", name="d"):
        assert problem.line == 1
        assert problem.column is not None
        assert 1 <= problem.column <= len(written)


@given(_JSON)
def test_every_value_of_a_document_has_its_place(document: Any) -> None:
    if "Infinity" in (written := json.dumps(document, indent=1)):
        return
    located = Located(written)

    def walk(value: Any, pointer: str) -> None:
        line, column = located.line_and_column(pointer)
        assert 1 <= line <= written.count("\n") + 1
        assert column >= 1
        if isinstance(value, dict):
            for key, item in value.items():
                step = key.replace("~", "~0").replace("/", "~1")
                walk(item, f"{pointer}/{step}")
        elif isinstance(value, list):
            for index, item in enumerate(value):
                walk(item, f"{pointer}/{index}")

    walk(document, "")


def test_the_example_of_the_guide_is_a_template_without_a_mistake() -> None:
    guide = (Path(__file__).parents[4] / "docs" / "dashboards.md").read_text(encoding="utf-8")
    written = guide.partition("```json\n")[2].partition("```")[0]

    assert check_file(written, file="guide.json", name="guide") == []


@pytest.mark.parametrize("groups", [{"logGroupNames": ["/aws/lambda/a", "b", 3]}, {"logGroupName": "/aws/lambda/a"}])
def test_log_groups_beside_a_query_are_put_into_the_hint(groups: dict[str, Any]) -> None:
    widget = {"type": "log", "properties": {"region": "eu-west-1", "query": "fields @message", **groups}}
    found = check_text(json.dumps({"widgets": [widget]}), file="d", name="d")
    (problem,) = [one for one in found if one.rule == "query-source"]
    assert problem.instead.startswith("start the query with SOURCE '/aws/lambda/a' |")


def test_log_groups_that_the_console_writes_as_prefixes_need_no_source() -> None:
    prefixes = {"accountIds": ["All"], "logClass": "STANDARD", "logGroupPrefix": ["/aws/lambda"]}
    properties = {"region": "eu-west-1", "query": "fields @message", "queryBy": "logGroupPrefix"}
    for written, rules in ((prefixes, []), ({**prefixes, "logGroupPrefix": []}, ["query-source"])):
        widget = {"type": "log", "properties": {**properties, "logGroupPrefixes": written}}
        assert [one.rule for one in check_text(json.dumps({"widgets": [widget]}), file="d", name="d")] == rules
