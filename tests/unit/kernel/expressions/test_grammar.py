"""What every grammar shares: bounds, depth, and errors that a person can act on."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from monitor.dashboards.board.analyze_query import run
from monitor.dashboards.board.analyze_query_value import UnsupportedError
from monitor.dashboards.board.parse_query import QueryError, parse_query
from monitor.kernel.expressions.grammar import Grammar, GrammarError, Parts
from monitor.kernel.expressions.metric_math import parse
from monitor.kernel.expressions.metric_search import ExpressionError, parse_search
from monitor.local.logs.filter_pattern import BadPatternError, compile_pattern
from monitor.local.metrics.metric_evaluation import EvaluationContext, MathError, TimeSeries, evaluate
from monitor.local.xray.filter_expression import BadExpressionError, compile_expression
from monitor.local.xray.trace_facts import ServiceFacts, TraceFacts
from tests.fakes.hostile import hostile_texts

LINE = TimeSeries({0: 1.0, 60: 2.0})


def evaluate_math(text: str) -> None:
    with contextlib.suppress(MathError):
        evaluate(parse(text), EvaluationContext({"m1": LINE}, {"m1": LINE}, lambda *_: [LINE]))


def search_metrics(text: str) -> None:
    parse_search(text).finds("AWS/Lambda", "Errors", {"FunctionName": "f"})


def match_event(text: str) -> None:
    compile_pattern(text)('{"a": 1}')


def match_trace(text: str) -> None:
    service = ServiceFacts("f", "t", "1", 0.0, 1.0, True, False, False, False, (), (), (), "")
    compile_expression(text)(TraceFacts("1", service, (service,)))


def run_query(text: str) -> None:
    with contextlib.suppress(UnsupportedError):
        run(parse_query(text), [{"@timestamp": 1.0, "@message": "a"}])


READERS: list[tuple[Callable[[str], None], type[Exception]]] = [
    (evaluate_math, ExpressionError),
    (search_metrics, ExpressionError),
    (match_event, BadPatternError),
    (match_trace, BadExpressionError),
    (run_query, QueryError),
]
# Far above what it takes (under 0.5 s each): exponential time or time by the square would be far above this.
MOST_CPU_S = 5.0


class _Sums:
    def start(self, parts: Parts) -> object:
        return parts[0]

    def nested(self, parts: Parts) -> object:
        return [parts.text, *parts]


SUMS = Grammar(
    'start: item\n?item: NUMBER | "(" item ("," item)* ")" -> nested\nNUMBER: /[0-9]+/\n%ignore " "',
    _Sums(),
    {"NUMBER": "a number"},
    longest=100,
    deepest=5,
)


def test_a_rule_s_parts_are_built_from_the_leaves_and_know_their_text() -> None:
    assert SUMS.parse(" (1, (2 , 3)) ") == ["(1, (2 , 3))", "1", ["(2 , 3)", "2", "3"]]


@pytest.mark.parametrize(
    ("text", "said", "position"),
    [
        ("(1", "expected ')' or a comma, but the text ends", 2),
        ("", "expected a number or '(', but the text ends", 0),
        ("(1 2)", "expected ')' or a comma, found '2'", 3),
        ("(x)", "expected a number or '(', found 'x'", 1),
        ("1 'x", "a quotation mark is not closed", 2),
        ("1 " + "7" * 60, f"expected the end, found '{'7' * 39}…'", 2),
        ("(" * 5 + "1" + ")" * 5, "it is nested too deeply", 0),
        ("1" * 101, "it has more than 100 characters", 100),
    ],
)
def test_an_error_says_what_was_expected_and_where(text: str, said: str, position: int) -> None:
    with pytest.raises(GrammarError) as caught:
        SUMS.parse(text)

    assert (str(caught.value), caught.value.position) == (said, position)


@pytest.mark.parametrize("length", [900, 1900, 9900, 100_000])
@pytest.mark.parametrize(("read", "error"), READERS, ids=[read.__name__ for read, _ in READERS])
def test_hostile_text_is_read_or_refused_at_once(
    read: Callable[[str], None], error: type[Exception], length: int
) -> None:
    slowest, longest = 0.0, ""
    for text in hostile_texts(length):
        began = time.process_time()
        try:
            read(text)
        except error as refused:
            longest = max(longest, str(refused), key=len)
        slowest = max(slowest, time.process_time() - began)
    assert slowest < MOST_CPU_S
    assert 0 < len(longest) < 300


def test_no_language_loads_its_library_before_a_text_is_read() -> None:
    code = (
        "import sys\n"
        "import monitor.kernel.expressions.metric_math\n"
        "import monitor.local.logs.filter_pattern, monitor.local.xray.filter_expression\n"
        "import monitor.dashboards.board.parse_query, monitor.dashboards.checks.validate\n"
        "monitor.local.logs.filter_pattern.compile_pattern(' ')\n"
        "print('lark' in sys.modules)\n"
        "monitor.kernel.expressions.metric_math.parse('m1')\n"
        "print('lark' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.split() == ["False", "True"]
