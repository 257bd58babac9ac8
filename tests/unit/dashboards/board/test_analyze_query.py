"""Queries evaluated over events at hand, the shipped templates' own among them."""

import json

import pytest

from monitor.dashboards.board.analyze_query import run
from monitor.dashboards.board.analyze_query_value import UnsupportedError
from monitor.dashboards.board.parse_fields import discover
from monitor.dashboards.board.parse_query import parse_query
from monitor.dashboards.body import template
from monitor.dashboards.body.builtin import templates
from monitor.dashboards.body.template import Scope
from monitor.dashboards.model import FunctionFacts
from monitor.records.event import LogEvent
from monitor.records.query_result import LogResult

START = 1_795_413_240_000  # 2026-11-23 05:54:00 UTC


def report(number: int, duration_ms: float, init_ms: float | None = None) -> LogEvent:
    init = f"\tInit Duration: {init_ms} ms" if init_ms else ""
    message = (
        f"REPORT RequestId: r{number}\tDuration: {duration_ms} ms\t"
        f"Billed Duration: {duration_ms + (init_ms or 0):.0f} ms\t"
        f"Memory Size: 512 MB\tMax Memory Used: {50 + number} MB{init}\t"
    )
    return LogEvent(START + number * 60_000, message, "s", "/aws/lambda/f")


JSON_REPORT = LogEvent(
    START + 600_000,
    json.dumps(
        {
            "time": "2026-11-23T06:04:00Z",
            "type": "platform.report",
            "record": {
                "requestId": "j",
                "status": "success",
                "metrics": {
                    "durationMs": 20.0,
                    "billedDurationMs": 420,
                    "memorySizeMB": 256,
                    "maxMemoryUsedMB": 64,
                    "initDurationMs": 400.0,
                },
            },
        }
    ),
    "s",
    "/aws/lambda/f",
)
EVENTS = [report(1, 100.0, 500.0), report(2, 10.0), report(3, 30.0), report(7, 50.0, 700.0), JSON_REPORT]


def result(query: str, events: list[LogEvent] = EVENTS) -> LogResult:
    return run(parse_query(query), (discover(event) for event in events))


def test_statistics_of_all_and_of_groups() -> None:
    assert result("stats count(*) as n, avg(@duration) as a, sum(@duration), max(nothing) as m") == LogResult(
        ("n", "a", "sum(@duration)", "m"), (("5", "47.5", "190", None),)
    )
    grouped = result(
        "filter @type = 'REPORT' | stats count(*) as n, pct(@duration, 50) as p by ispresent(@initDuration)"
    )
    assert grouped.columns == ("ispresent(@initDuration)", "n", "p")
    assert grouped.rows == (("1", "2", "75"), ("0", "2", "20"))


def test_bins_are_times_as_insights_writes_them() -> None:
    assert result("filter @type = 'REPORT' | stats count(*) as n by bin(5m)") == LogResult(
        ("bin(5m)", "n"), (("2026-11-23 05:55:00.000", "3"), ("2026-11-23 06:00:00.000", "1"))
    )


def test_arithmetic_around_statistics() -> None:
    assert result("stats 100 * count(@initDuration) / count(*) as share").rows == (("40",),)


def test_the_latest_come_first_where_nothing_says_otherwise() -> None:
    assert result("filter @type = 'REPORT' | fields @requestId | limit 2").rows == (("r7",), ("r3",))
    assert result("fields @requestId, @duration | sort @duration desc | limit 1").rows == (("r1", "100"),)
    assert result("filter @requestId = 'r2'").columns == ("@timestamp", "@message")


def test_what_is_not_there_is_never_equal_and_sorts_last() -> None:
    assert result("filter @initDuration != 500 | stats count(*) as n").rows == (("1",),)
    assert result("filter not (@initDuration = 500) | stats count(*) as n").rows == (("4",),)
    ordered = result("filter @type = 'REPORT' | fields @requestId | sort @initDuration desc").rows
    assert [row[0] for row in ordered[:2]] == ["r7", "r1"]


def test_texts_and_lists() -> None:
    assert result("filter @message like 'RequestId: r2' | stats count(*) as n").rows == (("1",),)
    assert result("filter @requestId in ['r1', 'r2'] | stats count_distinct(@requestId) as n").rows == (("2",),)
    assert result("filter @message not like /Init/ and @type = 'REPORT' | stats count(*) as n").rows == (("2",),)
    assert result("dedup @type | fields coalesce(@type, type) as t").rows == (("platform.report",), ("REPORT",))


def test_no_event_is_one_row_of_nothing_or_none() -> None:
    assert result("stats count(*) as n, max(@duration) as m", []).rows == (("0", None),)
    assert result("stats count(*) as n by @type", []).rows == ()
    assert result("fields 1 / 0 as x, 2 ^ 5000 as y | limit 1").rows == ((None, None),)


@pytest.mark.parametrize(
    "query", ["fields jsonParse(@message) as x", "stats @duration as x", "stats pct(@duration, x)"]
)
def test_a_function_that_is_not_evaluated_is_named(query: str) -> None:
    with pytest.raises(UnsupportedError):
        result(query)


def shipped_queries() -> list[tuple[str, str]]:
    facts = FunctionFacts("f", "/aws/lambda/f", namespace="n", service="s", memory_mb=128, timeout_s=3)
    scope = Scope((facts,), {"region": "ap-southeast-1", "account": "1", "dashboard": "d"}, {})
    return [
        (widget["properties"]["title"], widget["properties"]["query"])
        for source in templates()
        for widget in template.build(source, scope)["widgets"]
        if widget["type"] == "log"
    ]


def test_every_query_of_the_shipped_templates_is_evaluated() -> None:
    found = {title: result(query) for title, query in shipped_queries()}

    # Two templates have the one about memory.
    assert len(found) == 7
    cold = found["Cold and warm invocations: time to respond and billed GB-seconds"]
    by_cold = {row[0]: dict(zip(cold.columns, row, strict=True)) for row in cold.rows}
    assert (by_cold["1"]["invocations"], by_cold["0"]["invocations"]) == ("3", "2")
    # Waited: 600, 750 and 420 ms; billed 600 and 750 ms of 512 MB, and 420 ms of 256 MB.
    assert by_cold["1"]["waitedP50Ms"] == "600"
    assert float(str(by_cold["1"]["billedGBSeconds"])) == pytest.approx((1350 * 512 + 420 * 256) / 1024000)
    slowest = found["Slowest cold starts"]
    assert [row[slowest.columns.index("requestId")] for row in slowest.rows] == ["r7", "r1", "j"]
    memory = found["Memory used of its size (MB)"]
    assert memory.rows[0] == ("2026-11-23 05:55:00.000", "53", "512")
    each = found["By function: invocations, cold starts, response time, memory"]
    assert dict(zip(each.columns, each.rows[0], strict=True))["memoryPercent"] == "25"


PARSED = [
    ({"@message": "user=ann took 12 ms"}, "ann", "12"),
    ({"@message": "REPORT nothing"}, None, None),
    ({}, None, None),
]


@pytest.mark.parametrize(
    "query",
    [
        "parse @message 'user=* took * ms' as u, n",
        "parse 'user=* took * ms' as u, n",
        "parse @message /user=(?<u>\\S+) took (?<n>\\d+)/",
        "parse @message /user=(\\S+) took (\\d+)/ as u, n",
    ],
)
def test_parse_makes_fields_of_the_parts_of_a_message(query: str) -> None:
    parsed = parse_query(f"{query} | display u, n")

    assert [run(parsed, [event]).rows for event, _, _ in PARSED] == [((u, n),) for _, u, n in PARSED]


def test_what_parse_found_is_counted_as_a_number() -> None:
    parsed = parse_query("parse @message /took (?<n>[0-9.]+)/ | filter n > 5 | stats avg(n) as mean, count(*) as c")
    events = [{"@message": f"took {n}"} for n in (4, 8, 10)] + [{"@message": "no"}]

    assert run(parsed, events).rows == (("9", "2"),)  # type: ignore[arg-type]


@pytest.mark.parametrize("group", ["'/aws/lambda/f'", '"/aws/lambda/f"', "`/aws/lambda/f`", "/aws/lambda/f"])
def test_a_log_group_is_named_in_any_quotes_or_none(group: str) -> None:
    assert parse_query(f"SOURCE {group} | fields @message").groups == ("/aws/lambda/f",)
