"""Templates become bodies: variables, repeated parts, places on the grid."""

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.dashboards.body import builtin, layout, template
from monitor.dashboards.body.template import Scope
from monitor.dashboards.model import FunctionFacts
from monitor.errors import UsageError

IMAGES = FunctionFacts(
    "ai-image-analyzer-fastapi",
    "/aws/lambda/ai-image-analyzer-fastapi",
    namespace="AiImageAnalyzer",
    service="ai-image-analyzer",
    memory_mb=512,
    timeout_s=30,
)
OTHER = FunctionFacts("other", "/aws/lambda/other")


def scope(*functions: FunctionFacts, **overrides: Any) -> Scope:
    return Scope(functions, {"region": "ap-southeast-1", "account": "123456789012"}, overrides)


def build(document: dict[str, Any], *functions: FunctionFacts, **overrides: Any) -> dict[str, Any]:
    source = template.from_document(document, file="t.json", name="t")
    return template.build(source, scope(*functions, **overrides))


def text(markdown: str, **place: int) -> dict[str, Any]:
    return {"type": "text", "properties": {"markdown": markdown}, **place}


def markdown(body: dict[str, Any]) -> list[str]:
    return [widget["properties"]["markdown"] for widget in body["widgets"]]


def test_a_variable_alone_is_the_value_and_inside_a_text_its_characters() -> None:
    body = build({"widgets": [{"type": "metric", "properties": {"period": "${period}", "title": "every ${period} s"}}]})

    assert body["widgets"][0]["properties"] == {"period": 300, "title": "every 300 s"}


def test_what_was_given_wins_over_what_was_found_which_wins_over_the_default() -> None:
    document = {"template": {"parameters": {"namespace": {"default": "Mine"}}}, "widgets": [text("${namespace}")]}

    assert markdown(build(document, OTHER)) == ["Mine"]
    assert markdown(build(document, IMAGES)) == ["AiImageAnalyzer"]
    assert markdown(build(document, IMAGES, namespace="Given")) == ["Given"]


def test_a_doubled_dollar_keeps_the_text_and_dynamic_labels_stay_cloudwatchs() -> None:
    body = build({"widgets": [text("$${region} ${PROP('Dim.route')} ${MAX} ${region}")]})

    assert markdown(body) == ["${region} ${PROP('Dim.route')} ${MAX} ap-southeast-1"]


def test_a_variable_without_a_value_is_named_with_the_nearest() -> None:
    with pytest.raises(UsageError) as told:
        build({"widgets": [text("${regoin}")]})

    assert "${regoin} at /widgets/0/properties/markdown has no value" in told.value.message
    assert "did you mean ${region}?" in told.value.hint


def test_a_widget_is_repeated_for_each_function() -> None:
    document = {"widgets": [{"repeat": "functions", **text("${number} ${function}")}, text("last")]}

    assert markdown(build(document, IMAGES, OTHER)) == ["1 ai-image-analyzer-fastapi", "2 other", "last"]


def test_a_row_is_repeated_inside_one_graph() -> None:
    row = {"repeat": "functions", "each": ["AWS/Lambda", "Errors", "FunctionName", "${function}"]}
    body = build({"widgets": [{"type": "metric", "properties": {"metrics": [row]}}]}, IMAGES, OTHER)

    assert body["widgets"][0]["properties"]["metrics"] == [
        ["AWS/Lambda", "Errors", "FunctionName", "ai-image-analyzer-fastapi"],
        ["AWS/Lambda", "Errors", "FunctionName", "other"],
    ]


def test_only_functions_can_be_repeated() -> None:
    with pytest.raises(UsageError, match="'regions'"):
        build({"widgets": [{"repeat": "regions", **text("x")}]}, IMAGES)


def test_a_shared_log_group_is_filtered_by_the_functions_streams() -> None:
    shared = FunctionFacts("one", "/shared/app", has_own_log_group=False)
    document = {"widgets": [text("${log_source}\n${log_filter}| limit 1")]}

    assert markdown(build(document, IMAGES)) == ["SOURCE '/aws/lambda/ai-image-analyzer-fastapi'\n| limit 1"]
    assert markdown(build(document, shared)) == ["SOURCE '/shared/app'\n| filter @logStream like '/one['\n| limit 1"]


@pytest.mark.parametrize(("period", "written"), [(300, "5m"), (3600, "1h"), (86400, "1d"), (90, "90s"), (60, "1m")])
def test_a_period_is_written_as_logs_insights_writes_it(period: int, written: str) -> None:
    assert markdown(build({"widgets": [text("bin(${bin})")]}, period=period)) == [f"bin({written})"]


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")]
)
def test_arns_are_of_the_regions_partition(region: str, partition: str) -> None:
    assert markdown(build({"widgets": [text("arn:${partition}:")]}, region=region)) == [f"arn:{partition}:"]


def test_the_head_and_the_schema_reference_are_not_sent() -> None:
    body = build({"$schema": "./x.json", "template": {"description": "d"}, "start": "-PT3H", "widgets": []})

    assert body == {"start": "-PT3H", "widgets": []}


def test_a_name_has_only_what_cloudwatch_takes() -> None:
    source = template.from_document({"template": {"name": "${service} ${function}: init"}}, file="t", name="t")

    assert template.dashboard_name(source, scope(IMAGES)) == "ai-image-analyzer-ai-image-analyzer-fastapi--init"


def test_a_head_that_is_misspelt_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown member template/descripton"):
        template.from_document({"template": {"descripton": "x"}}, file="t", name="t")


def test_widgets_without_a_place_fill_rows_and_go_round_those_that_have_one() -> None:
    widgets = [
        text("a", width=16),
        text("b", width=10),
        text("fixed", x=10, y=6, width=6, height=4),
        text("c", width=8),
    ]
    places = [(one["x"], one["y"]) for one in layout.pack(widgets)]

    assert places[:3] == [(0, 0), (0, 6), (10, 6)]
    boxes = [box for one in layout.pack(widgets) if (box := layout.box(one))]
    assert len(boxes) == 4
    assert not any(a.overlaps(b) for index, a in enumerate(boxes) for b in boxes[:index])
    assert all(box.x + box.width <= 24 for box in boxes)


@pytest.mark.parametrize("path", [builtin.files(name)[0] for name in builtin.names()], ids=lambda path: path.stem)
def test_every_shipped_template_says_how_to_read_it_and_what_to_do(path: Path) -> None:
    source = template.read(path)
    body = template.build(source, scope(IMAGES) if source.info.per_function else scope(IMAGES, OTHER))

    assert source.info.description
    first = body["widgets"][0]
    assert first["type"] == "text"
    assert "**How to read it.**" in first["properties"]["markdown"]
    assert "**What to do.**" in first["properties"]["markdown"]
    # Nothing is left for somebody else to fill but CloudWatch's own labels.
    assert "${" not in json.dumps(body).replace("${PROP('Dim.route')}", "")


def test_the_cold_start_dashboard_shows_what_was_promised() -> None:
    body = template.build(template.read(builtin.files("lambda-cold-starts")[0]), scope(IMAGES))
    sent = json.dumps(body)
    metrics = {row[1] for one in body["widgets"] for row in one["properties"].get("metrics", []) if len(row) > 2}
    queries = [one["properties"]["query"] for one in body["widgets"] if one["type"] == "log"]

    assert {"Invocations", "Duration", "ConcurrentExecutions", "ColdStart", "ObservedInitDuration"} <= metrics
    assert '["AiImageAnalyzer", "ColdStart", "function_name", "ai-image-analyzer-fastapi", "service",' in sent
    assert "100 * FILL(cold, 0) / invocations" in sent
    # A function that logs JSON has no REPORT line.
    reports = [query for query in queries if "REPORT" in query]
    assert len(reports) == 4
    assert all("platform.report" in query for query in reports)
    assert [variable["id"] for variable in body["variables"]] == ["function", "service", "region"]
