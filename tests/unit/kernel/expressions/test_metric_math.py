"""Metric math, read: what CloudWatch's guide writes, and that a tree and its text are the same."""

import asyncio
import json

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.dashboards.checks import metrics
from monitor.kernel.expressions.metric_functions import FUNCTIONS, nearest_function, signature
from monitor.kernel.expressions.metric_math import (
    MOST_CHARS,
    Array,
    Call,
    Chain,
    Expression,
    Id,
    InsightsQuery,
    Negative,
    Number,
    Text,
    Word,
    complaint,
    ids,
    nodes,
    parse,
)
from monitor.kernel.expressions.metric_search import ExpressionError
from monitor.local.metrics.metric_data import MetricData
from monitor.local.server.tenant import Tenant
from tests.examples import examples
from tests.fakes.expressions import expressions, written

# The functions that the guide's table lists.
DOCUMENTED = """
ABS ANOMALY_DETECTION_BAND AVG CEIL DATAPOINT_COUNT DATE DAY DB_PERF_INSIGHTS DIFF DIFF_TIME EPOCH FILL FIRST FLOOR
HOUR IF INSIGHT_RULE_METRIC LAMBDA LAST LOG LOG10 MAX METRICS METRIC_COUNT MIN MINUTE MONTH PERIOD RATE REMOVE_EMPTY
RUNNING_SUM SEARCH SERVICE_QUOTA SLICE SORT STDDEV SUM TIME_SERIES YEAR
"""
# An expression for each function, with the arguments that the guide allows.
FITTING = [
    "ABS(m1 - m2)",
    "ANOMALY_DETECTION_BAND(m1)",
    "ANOMALY_DETECTION_BAND(m1, 4)",
    "AVG([m1, m2] / m3)",
    "CEIL(METRICS())",
    "m1 / DATAPOINT_COUNT(m1)",
    "IF(DATE(m1) == 1, m1)",
    "IF(DAY(m1) < 6, m1)",
    "DB_PERF_INSIGHTS('RDS', 'db-A', 'os.cpuUtilization.user.avg')",
    "DB_PERF_INSIGHTS('DOCDB', 'db-A', ['os.cpuUtilization.user.avg', 'os.cpuUtilization.idle.avg'])",
    "DIFF(m1)",
    "DIFF_TIME(METRICS())",
    "EPOCH(m1)",
    "FILL(METRICS(), 0)",
    "FILL(METRICS(), m1)",
    "FILL(m1, REPEAT)",
    "FILL(m1, LINEAR)",
    "FILL(m1, MIN(m1))",
    "FIRST(SORT(METRICS(), AVG, DESC))",
    "FLOOR(m1)",
    "HOUR(m1)",
    "IF(m1 > 15 AND m2 > 15, 10, m2)",
    "IF(m1, 1)",
    "INSIGHT_RULE_METRIC('rule', 'UniqueContributors')",
    'LAMBDA("f")',
    'LAMBDA("f:live", true, "text", 99.9, false)',
    "LAST(ANOMALY_DETECTION_BAND(m1))",
    "LOG(METRICS())",
    "LOG10(m1)",
    "MAX(m1) / m1",
    'SUM([METRICS("4xx"), METRICS("5xx")])',
    "m1 / METRIC_COUNT(METRICS())",
    "m1 - MIN(m1)",
    "MINUTE(m1) + MONTH(m1) + YEAR(m1)",
    "m1 / PERIOD(m1)",
    "RATE(METRICS())",
    "REMOVE_EMPTY(METRICS())",
    "RUNNING_SUM([m1, m2])",
    "SEARCH('{AWS/Lambda,FunctionName} MetricName=\"Errors\"', 'Sum')",
    "SEARCH('NOT Namespace=AWS', 'p99', 300) * 2",
    "m1 / SERVICE_QUOTA(m1) * 100",
    "SLICE(SORT(METRICS(), SUM, DESC), 0, 10)",
    "SLICE(SORT(METRICS(), AVG, ASC), 5)",
    "SORT(METRICS(), AVG, DESC, 10)",
    *(f"SORT(METRICS(), {statistic}, ASC)" for statistic in ("AVG", "MAX", "MIN", "STDDEV", "SUM")),
    "m1 / STDDEV(m1)",
    "TIME_SERIES(5 * AVG(m1))",
    "-5 * m1",
    "SUM(-[m1, m2])",
    "(m1 < m2) == (m2 >= 30) || m1 != 0 && m2 <= 1",
]


def calls(text: str) -> list[Call]:
    return [node for node in nodes(parse(text)) if isinstance(node, Call)]


def test_the_table_has_each_function_that_the_guide_lists() -> None:
    assert set(FUNCTIONS) == set(DOCUMENTED.split())
    used = {call.function for text in FITTING for call in calls(text)}
    assert used == set(FUNCTIONS)


@pytest.mark.parametrize("text", FITTING)
def test_what_the_guide_allows_is_read_without_complaint(text: str) -> None:
    assert [complaint(call.function, call.arguments) for call in calls(text)] == [""] * len(calls(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ABS()", "ABS() has 0 arguments, not 1"),
        ("SUM(m1, m2)", "SUM() has 2 arguments, not 1"),
        ("IF(m1)", "IF() has 1 argument, not 2 to 3"),
        ("SORT(METRICS(), MEDIAN, DESC)", "argument 2 of SORT() is not AVG, MAX, MIN, STDDEV, or SUM"),
        ("SORT(METRICS(), m1, DESC)", "argument 2 of SORT() is not AVG, MAX, MIN, STDDEV, or SUM"),
        ("SORT(METRICS(), AVG, DOWN)", "argument 3 of SORT() is not ASC or DESC"),
        ("FILL(m1, ZERO)", "argument 2 of FILL() is not a value, REPEAT, or LINEAR"),
        ("FIRST(5)", "argument 1 of FIRST() is not an array of time series"),
        ("PERIOD([m1, m2])", "argument 1 of PERIOD() is not a time series"),
        ("METRICS(m1)", "argument 1 of METRICS() is not a string"),
        ("SLICE(METRICS(), '1')", "argument 2 of SLICE() is not a number"),
        ("INSIGHT_RULE_METRIC('rule', Sum)", "'Sum' is neither an id nor a function"),
        (f"LAMBDA('f'{', 1' * 21})", "LAMBDA() has 22 arguments, not 1 to 21"),
    ],
)
def test_arguments_that_do_not_fit_are_named(text: str, said: str) -> None:
    try:
        found = [complaint(call.function, call.arguments) for call in calls(text)]
    except ExpressionError as error:
        found = [str(error)]
    assert said in found


def test_a_signature_tells_what_to_write() -> None:
    assert signature("SORT") == "SORT(an array of time series, AVG|MAX|MIN|STDDEV|SUM, ASC|DESC[, a number])"
    assert signature("METRICS") == "METRICS([a string])"
    assert signature("LAMBDA") == "LAMBDA(a string[, a string, a number, true, or false …])"
    assert nearest_function("RUNING_SUM") == "RUNNING_SUM"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("+m1", Id("m1")),
        ("-+-m1", Id("m1")),
        ("-m1 ^ 2", Negative(Chain(Id("m1"), (("^", Number(2.0)),)))),
        ("2 ^ -m1", Chain(Number(2.0), (("^", Negative(Id("m1"))),))),
        ("m1 / -2 * 4", Chain(Id("m1"), (("/", Negative(Number(2.0))), ("*", Number(4.0))))),
        ("1 - 2 + .5e1", Chain(Number(1.0), (("-", Number(2.0)), ("+", Number(5.0))))),
        ("m1 and m2 || m3", Chain(Chain(Id("m1"), (("AND", Id("m2")),)), (("OR", Id("m3")),))),
        ("m1 > 2 + m2", Chain(Id("m1"), ((">", Chain(Number(2.0), (("+", Id("m2")),))),))),
        ("and + or", Chain(Id("and"), (("+", Id("or")),))),
        ("sum([m1, (m2)])", Call("SUM", (Array((Id("m1"), Id("m2"))),))),
        (
            "SORT(METRICS(), AVG, DESC, 10)",
            Call("SORT", (Call("METRICS", ()), Word("AVG"), Word("DESC"), Number(10.0))),
        ),
        ("METRICS('a\"b')", Call("METRICS", (Text('a"b'),))),
        ("LAMBDA('f', true)", Call("LAMBDA", (Text("f"), Word("true")))),
        (" SELECT AVG(x) FROM y", InsightsQuery(" SELECT AVG(x) FROM y")),
    ],
)
def test_an_expression_becomes_a_tree(text: str, tree: Expression) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("100 * FILL(cold, 0) / invocations", ("cold", "invocations")),
        ("IF(m1 > 0 AND m2 >= 5, m1, -m2)", ("m1", "m2")),
        ("MAX([m2, m1])", ("m2", "m1")),
        ("SORT(METRICS(), AVG, DESC)", ()),
        ("LAMBDA('f', true, m1)", ("m1",)),
        ("SEARCH('{a,b} c', 'Sum', 60) * 1e3", ()),
        ('SELECT AVG(Duration) FROM SCHEMA("AWS/Lambda", FunctionName) GROUP BY FunctionName', ()),
    ],
)
def test_the_ids_that_an_expression_uses_come_in_order(text: str, used: tuple[str, ...]) -> None:
    assert ids(parse(text)) == used


@pytest.mark.parametrize(
    ("text", "said", "instead"),
    [
        ("", "the expression is empty", "m1 / m2"),
        ("m1 m2", "expected an operator or the end, found 'm2'", ""),
        ("m1 +", "expected a number, an id or a function, but the text ends", ""),
        ("SUM(METRICS()", "expected ')' or a comma, but the text ends", ""),
        ("[m1, m2)", "expected ']' or a comma, found ')'", ""),
        ("(m1, m2)", "expected ')', found ','", ""),
        ("[]", "expected a number, an id or a function, found ']'", ""),
        ("m1 # 2", "expected an operator or the end, found '#'", ""),
        ("m1 + 'x", "a quotation mark is not closed", ""),
        ("m1 + 'x'", "expected a number, an id or a function, found a string", ""),
        (
            "IF(m1 > 0 || NOT_A == 1, m1)",
            "'NOT_A' is neither an id nor a function",
            "an id begins with a lowercase letter",
        ),
        ("SUM(Errors)", "'Errors' is neither an id nor a function", "an id begins with a lowercase letter"),
        ("REPEAT + 1", "'REPEAT' is neither an id nor a function", "an id begins with a lowercase letter"),
        ("SEARCH(m1, 'Sum')", "the first argument of SEARCH is a string", "write SEARCH("),
        ("SEARCH('{a,b} c')", "SEARCH has no statistic", "write SEARCH("),
        ("SEARCH('{AWS/Lambda', 'Sum')", "the search cannot be read: expected '}' or a comma", "write e.g. {AWS/"),
        ("SELECT things", "the Metrics Insights query is not SELECT … FROM …", "write SELECT"),
        ("SUM(" * 160 + "m1" + ")" * 160, "it is nested too deeply", ""),
        ("m1 + " * 500 + "m1", f"it has more than {MOST_CHARS:,} characters", ""),
    ],
)
def test_what_is_wrong_is_said_with_what_to_write(text: str, said: str, instead: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)

    assert said in str(caught.value)
    assert instead in caught.value.instead


def test_a_long_sum_is_not_deep() -> None:
    assert len(ids(parse(" + ".join(f"m{number}" for number in range(300))))) == 300


@settings(max_examples=examples(200), deadline=None)
@given(expressions)
def test_a_tree_that_is_written_and_read_again_is_the_same(tree: Expression) -> None:
    text = written(tree)
    assume(len(text) <= MOST_CHARS)

    assert parse(text) == tree


class _NoMetrics:
    """The emulator's calls, where there is nothing."""

    status = 200
    body = b"{}"

    async def json(self, *_: object) -> "_NoMetrics":
        return self


def refusal(text: str) -> str:
    try:
        parse(text)
    except ExpressionError as error:
        return str(error)
    return ""


def answered(text: str) -> str:
    """What GetMetricData of the embedded stack says against an expression, or an empty text."""
    body = json.dumps({"MetricDataQueries": [{"Id": "e1", "Expression": text}]}).encode()
    answer = asyncio.run(MetricData(_NoMetrics()).answer(Tenant("test", "us-east-1"), body))  # type: ignore[arg-type]
    assert answer
    assert (answer.status == 400) == ("message" in json.loads(answer.body))
    return str(json.loads(answer.body).get("message", ""))


changes = st.lists(st.tuples(st.integers(0, 200), st.sampled_from([*"()[],'\"+-^<&| m1A#"])), min_size=1, max_size=2)


@settings(max_examples=examples(200), deadline=None)
@given(expressions, changes)
def test_a_dashboard_s_check_and_the_embedded_stack_read_the_same_expressions(
    tree: Expression, changed: list[tuple[int, str]]
) -> None:
    text = written(tree)
    for place, character in changed:
        place %= len(text) + 1
        text = text[:place] + character + text[place + place % 2 :]
    assume(text.strip())
    problems = list(metrics.check({"metrics": [[{"expression": text}]]}, ""))
    said = [problem.message for problem in problems if problem.rule == "expression"]
    refused = refusal(text)

    assert said == ([f"{refused}: {text if len(text) <= 80 else text[:79] + '…'}"] if refused else [])
    if refused:
        assert answered(text) == f"Error in expression 'e1': {refused}"
    else:
        assert "cannot be read" not in answered(text)
