"""Logs Insights' language, read as its guide writes it."""

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.dashboards.board.model_query import (
    Bin,
    Binary,
    Call,
    Column,
    Command,
    Dedup,
    Expression,
    Fields,
    Filter,
    In,
    Like,
    Limit,
    Literal,
    Name,
    Query,
    Sort,
    Stats,
    Unary,
)
from monitor.dashboards.board.parse_fields import discover
from monitor.dashboards.board.parse_query import QueryError, parse_query
from monitor.records.event import LogEvent
from tests.examples import examples


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
        ("pattern @message", "the command `pattern` is not supported"),
        ("parse @message '* *' as a", "parse has 2 * and 1 names"),
        ("parse @message /a(b)/", "parse needs a name for each part"),
        ("SOURCE logGroups(namePrefix: ['/aws']) | limit 1", "a log group's name in quotes"),
        ("filter @message like /(/", "cannot be parsed"),
        ("filter a = ", "expected a field or a value, but the text ends"),
        ("filter a ; b", "expected an operator, '|' or the end, found ';'"),
        ("| ;", "expected a command, '|' or the end, found ';'"),
        ("limit many", "expected a number, found 'many'"),
        ("fields a b", "or the end, found 'b'"),
        ("stats count(*) by bin(1mo)", "bin() supports only durations such as 5m"),
        ("stats count(*) by bin(x)", "expected a duration such as 5m, found 'x'"),
        ("filter " + "(1+" * 400 + "1" + ")" * 400, "nested too deeply"),
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


NAMES = st.one_of(
    st.sampled_from(["@message", "a.b.c", "fields", "bin", "x y", "andy", "@log", "asc.b"]),
    st.from_regex(r"[@A-Za-z_][a-z0-9_@]{0,5}", fullmatch=True),
).filter(lambda name: name.lower() not in ("and", "or", "not", "like", "in", "as", "by", "asc", "desc"))
FUNCTIONS = st.sampled_from(["avg", "count", "pct", "strlen", "future_function"])
OPERATORS = st.sampled_from(["or", "and", "=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "^"])
expressions: st.SearchStrategy[Expression] = st.recursive(
    st.one_of(
        NAMES.map(Name),
        st.text(max_size=5).map(Literal),
        st.floats(0, allow_nan=False, allow_infinity=False).map(Literal),
        st.integers(1, 100).map(lambda minutes: Bin(minutes * 60_000)),
    ),
    lambda inner: st.one_of(
        st.builds(Binary, OPERATORS, inner, inner),
        st.builds(Unary, st.sampled_from(["not", "-"]), inner),
        st.builds(Call, FUNCTIONS, st.lists(inner, max_size=2).map(tuple)),
        st.builds(
            Like, inner, st.sampled_from([re.compile("x|y", re.IGNORECASE), re.compile(r"a\/b"), re.compile("")])
        ),
        st.builds(In, inner, st.lists(inner, max_size=2).map(tuple)),
    ),
    max_leaves=10,
)


def quoted(text: str) -> str:
    return "'" + re.sub(r"(['\"\\])", r"\\\1", text) + "'"


def written(expression: Expression) -> str:
    """The expression as text, with brackets around everything that has an operator."""

    def inside(one: Expression) -> str:
        return f"({written(one)})" if isinstance(one, Binary | Unary | Like | In) else written(one)

    match expression:
        case Name(text):
            return f"`{text}`"
        case Literal(str(text)):
            return quoted(text)
        case Literal(value):
            return repr(value)
        case Bin(length_ms):
            return f"bin({length_ms // 60_000}m)"
        case Call(function, arguments):
            return f"{function}({', '.join(map(written, arguments))})"
        case Unary(operator, operand):
            return f"{operator} {inside(operand)}"
        case Binary(operator, left, right):
            return f"{inside(left)} {operator} {inside(right)}"
        case Like(operand, pattern):
            flags = "i" if pattern.flags & re.IGNORECASE else ""
            return f"{inside(operand)} like " + (f"/{pattern.pattern}/{flags}" if pattern.pattern else "''")
        case In(operand, items):
            return f"{inside(operand)} in [{', '.join(map(written, items))}]"


def named(expression: Expression, alias: str) -> tuple[str, Column]:
    name = alias or (expression.text if isinstance(expression, Name) else written(expression))
    return written(expression) + (f" as `{alias}`" if alias else ""), Column(name, expression)


columns = st.lists(st.builds(named, expressions, st.sampled_from(["", "", "50p", "x y"])), min_size=1, max_size=3)


def command(word: str, made: type[Fields] | type[Stats], given: list[tuple[str, Column]]) -> tuple[str, Command]:
    text = f"{word} " + ", ".join(one for one, _ in given)
    built = tuple(column for _, column in given)
    if made is Stats:
        return f"{text} by {given[0][0]}", Stats(built, built[:1])
    return text, Fields(built, word == "display")


commands = st.one_of(
    st.builds(command, st.sampled_from(["fields", "display"]), st.just(Fields), columns),
    st.builds(command, st.just("stats"), st.just(Stats), columns),
    expressions.map(lambda one: (f"filter {written(one)}", Filter(one))),
    st.builds(
        lambda one, down: (f"sort {written(one)}{' desc' * down}", Sort(((one, down),))), expressions, st.booleans()
    ),
    st.integers(0, 10_000).map(lambda count: (f"limit {count}", Limit(count))),
    columns.map(
        lambda given: ("dedup " + ", ".join(one for one, _ in given), Dedup(tuple(c.expression for _, c in given)))
    ),
)


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(commands, max_size=3), st.sampled_from(["", "SOURCE 'g' | ", 'source "g"\n']))
def test_a_query_that_is_written_and_read_again_is_the_same(given: list[tuple[str, Command]], source: str) -> None:
    text = source + " | ".join(one for one, _ in given)
    assume(len(text) <= 10_000)
    # Lines that begin with # are comments, wherever they stand.
    assume(not re.search(r"^\s*#", text, re.MULTILINE))

    assert parse_query(text) == Query(("g",) if source else (), tuple(built for _, built in given))


def test_a_name_in_backquotes_may_be_a_reserved_word_and_begins_a_column_s_text() -> None:
    (fields,) = parse_query("fields `x y` + 1, `and`").commands

    assert isinstance(fields, Fields)
    assert [column.name for column in fields.columns] == ["`x y` + 1", "and"]
