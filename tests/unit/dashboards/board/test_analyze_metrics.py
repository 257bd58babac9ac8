"""What a metric widget asks GetMetricData, and over which time."""

from typing import Any

import pytest
from botocore import session
from botocore.validate import ParamValidator

from monitor.dashboards.board import analyze_metrics, analyze_timerange, analyze_variables
from monitor.kernel.window import Window

NOW = 1_795_413_600_000
HOUR = 3_600_000
DAY = 24 * HOUR


def asked(*rows: Any, **properties: Any) -> analyze_metrics.MetricQueries:
    requested = analyze_metrics.request({"metrics": list(rows), **properties}, 300)
    shape = session.get_session().get_service_model("cloudwatch").operation_model("GetMetricData").input_shape
    for queries in requested.queries.values():
        if queries:
            given = {"MetricDataQueries": queries, "StartTime": 0, "EndTime": 1}
            report = ParamValidator().validate(given, shape)
            assert not report.has_errors(), report.generate_report()
    return requested


def test_rows_become_queries_with_the_statistic_period_and_look_that_they_say() -> None:
    requested = asked(
        ["AWS/Lambda", "Errors", "FunctionName", "f", {"label": "E", "color": "#d62728", "yAxis": "right"}],
        [".", "Duration", ".", ".", {"stat": "p99", "period": 60, "id": "d", "visible": False}],
        [{"expression": "d / 1000", "id": "s"}],
        stat="Sum",
        region="eu-west-1",
    )

    first, second, third = requested.queries["eu-west-1"]
    assert first["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "FunctionName", "Value": "f"}]
    assert (first["MetricStat"]["Stat"], first["MetricStat"]["Period"], first["Label"]) == ("Sum", 300, "E")
    assert (second["MetricStat"]["Metric"]["MetricName"], second["MetricStat"]["Stat"]) == ("Duration", "p99")
    assert (second["Id"], second["ReturnData"], second["MetricStat"]["Period"]) == ("d", False, 60)
    assert third == {"Expression": "d / 1000", "Id": "s", "ReturnData": True}
    look = requested.looks[first["Id"]]
    assert (look.color, look.right, look.is_own_label) == ("#d62728", True, True)


def test_a_row_of_another_region_is_asked_there_and_an_expression_over_both_is_not() -> None:
    requested = asked(
        ["A", "B", {"id": "m1"}],
        ["A", "B", {"id": "m2", "region": "us-east-1"}],
        [{"expression": "m1 + m2", "id": "e1"}],
        region="eu-west-1",
    )

    assert {region: [query["Id"] for query in queries] for region, queries in requested.queries.items()} == {
        "eu-west-1": ["m1"],
        "us-east-1": ["m2"],
    }
    assert requested.notes == ("expression e1 uses m2, of another region",)


def test_searches_get_a_period_ids_are_unique_and_colors_are_colors() -> None:
    requested = asked(
        [{"expression": "SEARCH('{A,B} C', 'Sum')", "id": "e1"}],
        [{"expression": "SEARCH('{A,B} D', 'Sum')", "id": "e1", "color": "red;}</style>"}],
        ["too short"],
    )

    assert [(query["Id"], query["Period"]) for query in requested.queries[""]] == [("e1", 300), ("row1", 300)]
    assert requested.looks["row1"].color == ""
    assert requested.notes == ("row 3 is neither a metric nor an expression",)


@pytest.mark.parametrize(
    ("document", "start_ms", "end_ms"),
    [
        ({}, NOW - 3 * HOUR, NOW),
        ({"start": "-PT6H"}, NOW - 6 * HOUR, NOW),
        ({"start": "-P7D"}, NOW - 7 * DAY, NOW),
        ({"start": "-P1DT12H"}, NOW - 36 * HOUR, NOW),
        ({"start": "-PT15M"}, NOW - HOUR // 4, NOW),
        ({"start": "-P2W"}, NOW - 14 * DAY, NOW),
        ({"start": "2026-11-23T00:00:00Z", "end": "2026-11-23T01:00:00Z"}, 1_795_392_000_000, 1_795_395_600_000),
        ({"start": "-PT3H", "end": "P0D"}, NOW - 3 * HOUR, NOW),
        ({"start": "-P0DT6H0M0S", "end": "PT0H"}, NOW - 6 * HOUR, NOW),
        ({"start": "-PT3H", "end": "-PT1H"}, NOW - 3 * HOUR, NOW - HOUR),
        ({"start": "-PT1H", "end": "-PT3H"}, NOW - 6 * HOUR, NOW - 3 * HOUR),
        ({"start": "yesterday"}, NOW - 3 * HOUR, NOW),
        ({"start": "-P"}, NOW - 3 * HOUR, NOW),
        ({"start": "2027-11-23T00:00:00Z"}, NOW - 3 * HOUR, NOW),
    ],
)
def test_a_body_s_own_window(document: dict[str, Any], start_ms: int, end_ms: int) -> None:
    window = analyze_timerange.of_document(document, NOW)
    assert (window.start_ms, window.end_ms) == (start_ms, end_ms)


@pytest.mark.parametrize(
    ("wanted", "days", "inherit", "period_s"),
    [
        (300, 0.25, True, 300),
        (60, 0.25, True, 60),
        (1, 0.1, True, 1),
        (None, 0.25, False, 300),
        # A minute for a week is more than a picture holds: without `inherit` it becomes coarser.
        (60, 7, True, 60),
        (60, 7, False, 900),
        # After 15 days minutes are gone, after 63 five minutes are.
        (60, 30, True, 300),
        (300, 90, True, 3600),
        (5000, 90, True, 7200),
    ],
)
def test_the_period_fits_the_window(wanted: int | None, days: float, inherit: bool, period_s: int) -> None:
    window = Window(NOW - int(days * DAY), NOW)
    assert analyze_timerange.period_s(wanted, window, inherit=inherit, now_ms=NOW) == period_s


def test_a_body_s_variables_are_at_their_defaults() -> None:
    body = {
        "variables": [
            {"type": "pattern", "pattern": "f-old", "defaultValue": "f-new"},
            {"type": "property", "property": "service", "defaultValue": "shop"},
            {"type": "property", "property": "region", "defaultValue": "eu-west-1"},
            {"type": "property", "property": "stage"},
        ],
        "widgets": [
            {"type": "metric", "properties": {"region": "us-east-1", "metrics": [
                ["N", "M", "service", "x", "n", "f-old"], [".", "K", ".", "."]]}},
            {"type": "text", "properties": {"markdown": "about f-old"}},
            "odd",
        ],
    }  # fmt: skip
    metric, text, odd = analyze_variables.apply_defaults(body)["widgets"]

    assert metric["properties"]["region"] == "eu-west-1"
    assert metric["properties"]["metrics"] == [
        ["N", "M", "service", "shop", "n", "f-new"],
        ["N", "K", "service", "shop"],
    ]
    assert (text["properties"]["markdown"], odd) == ("about f-new", "odd")
