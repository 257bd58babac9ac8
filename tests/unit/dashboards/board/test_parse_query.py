"""Logs Insights' language, read as its guide writes it."""

import pytest

from monitor.dashboards.board.model_query import (
    Bin,
    Binary,
    Call,
    Fields,
    Filter,
    Like,
    Limit,
    Literal,
    Name,
    Sort,
    Stats,
)
from monitor.dashboards.board.parse_fields import discover
from monitor.dashboards.board.parse_query import QueryError, parse_query
from monitor.records.event import LogEvent


def test_sources_are_taken_off_and_a_line_break_after_them_is_a_bar() -> None:
    query = parse_query("SOURCE '/aws/lambda/a' | SOURCE \"b\"\nfilter x = 1\n| limit 5")

    assert query.groups == ("/aws/lambda/a", "b")
    assert query.commands == (Filter(Binary("=", Name("x"), Literal(1.0))), Limit(5))


def test_a_column_is_called_by_its_alias_or_as_it_is_written() -> None:
    (fields,) = parse_query(
        "fields @timestamp, record.metrics.durationMs as ms, @a / 1000, pct(x, 50) as 50perc"
    ).commands

    assert isinstance(fields, Fields)
    assert [column.name for column in fields.columns] == ["@timestamp", "ms", "@a / 1000", "50perc"]


def test_operators_bind_as_in_insights() -> None:
    (command,) = parse_query("filter not a = 1 and b + 2 * c > 3 or d like /x|y/i").commands

    assert isinstance(command, Filter)
    either = command.condition
    assert isinstance(either, Binary)
    assert either.operator == "or"
    assert isinstance(either.left, Binary)
    assert either.left.operator == "and"
    assert either.left.right == Binary(">", Binary("+", Name("b"), Binary("*", Literal(2.0), Name("c"))), Literal(3.0))
    assert isinstance(either.right, Like)
    assert either.right.pattern.search("an X")


def test_statistics_by_bins() -> None:
    stats, sort = parse_query("stats count(*) as n, max(ms) by bin(5m), @log | sort n desc, @log").commands

    assert isinstance(stats, Stats)
    assert stats.columns[0].expression == Call("count", ())
    assert [column.expression for column in stats.by] == [Bin(300_000), Name("@log")]
    assert isinstance(sort, Sort)
    assert [descending for _, descending in sort.keys] == [True, False]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("parse @message '* *' as a, b", "the command `parse` is not evaluated here"),
        ("SOURCE logGroups(namePrefix: ['/aws']) | limit 1", "a log group's name in quotes"),
        ("filter @message like /(/", "cannot be read here"),
        ("filter a = ", "the end"),
        ("filter a ; b", "';' is not understood"),
        ("limit many", "`limit` takes a number"),
        ("fields a b", "'b' in `fields`"),
        ("filter " + "(" * 200 + "1" + ")" * 200, "nested too deeply"),
    ],
)
def test_what_is_not_evaluated_is_named(text: str, said: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(text)
    assert said in str(caught.value)


def test_a_report_line_has_the_fields_that_insights_finds() -> None:
    message = (
        "REPORT RequestId: 1-2\tDuration: 44.74 ms\tBilled Duration: 613 ms\tMemory Size: 512 MB\t"
        "Max Memory Used: 52 MB\tInit Duration: 568.22 ms\t\nXRAY TraceId: 1-6b\tSegmentId: 8a\tSampled: true"
    )
    found = discover(LogEvent(1000, message, "stream", "/aws/lambda/f"))

    assert found["@type"] == "REPORT"
    assert (found["@requestId"], found["@xrayTraceId"]) == ("1-2", "1-6b")
    assert (found["@duration"], found["@billedDuration"], found["@initDuration"]) == (44.74, 613.0, 568.22)
    # Insights has memory in bytes, a MB being a million.
    assert (found["@maxMemoryUsed"], found["@memorySize"]) == (52_000_000.0, 512_000_000.0)
    assert (found["@timestamp"], found["@log"], found["@logStream"]) == (1000.0, "/aws/lambda/f", "stream")


def test_a_json_line_has_its_members_by_dotted_names() -> None:
    found = discover(LogEvent(0, '{"a": {"tree": [{"module": "x"}]}, "n": 2, "ok": true, "no": null}'))

    assert (found["a.tree.0.module"], found["n"], found["ok"]) == ("x", 2.0, 1.0)
    assert "no" not in found


def test_a_python_log_line_has_its_request_and_a_hostile_one_no_more_than_a_thousand_fields() -> None:
    request = "8f5e2f6a-1111-4222-8333-944455566677"
    assert discover(LogEvent(0, f"[ERROR]\t2026-11-23T02:48:41.886Z\t{request}\tfailed"))["@requestId"] == request

    wide = "{" + ",".join(f'"k{number}": 1' for number in range(5000)) + "}"
    assert len(discover(LogEvent(0, wide))) == 1000
    assert "@message" in discover(LogEvent(0, '{"a":' * 3000 + "1" + "}" * 3000))
