"""Metric math: parses an expression to a tree, for validation and for evaluation.

Source: CloudWatch User Guide, "Using math expressions with CloudWatch metrics",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html. The guide does not say how
operators bind; here they do as in arithmetic, and those of one level are applied from left to right.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from monitor.kernel.expressions.grammar import Grammar, GrammarError, Parts, shortened
from monitor.kernel.expressions.metric_functions import FUNCTIONS, Kind
from monitor.kernel.expressions.metric_search import ExpressionError, parse_search

# GetMetricData's own limit for MetricDataQuery.Expression.
MOST_CHARS = 2048


@dataclass(frozen=True, slots=True)
class Number:
    """A number without a sign."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted string: a search, a statistic, or the name of a rule."""

    value: str


@dataclass(frozen=True, slots=True)
class Id:
    """The id of a metric or of another expression."""

    name: str


@dataclass(frozen=True, slots=True)
class Word:
    """A keyword argument of some functions: REPEAT, AVG, DESC; true and false for LAMBDA."""

    name: str


@dataclass(frozen=True, slots=True)
class Array:
    """`[m1, m2]`."""

    items: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Call:
    """A function call. The name is in capitals."""

    function: str
    arguments: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Negative:
    """`-m1`."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Chain:
    """`m1 - m2 + m3`: operators of equal precedence, applied from left to right."""

    first: "Expression"
    rest: "tuple[tuple[str, Expression], ...]"


@dataclass(frozen=True, slots=True)
class InsightsQuery:
    """A Metrics Insights query (SELECT …). Only its first word is parsed."""

    text: str


Expression = Number | Text | Id | Word | Array | Call | Negative | Chain | InsightsQuery

_RULES = r"""
start: either
?either: both (OR both)*
?both: comparison (AND comparison)*
?comparison: sum (COMPARISON sum)*
?sum: product (SIGN product)*
?product: signed (FACTOR signed)*
?signed: power | UNARY+ power
?power: operand (POWER exponent)*
?exponent: operand | UNARY+ operand -> signed
?operand: NUMBER -> number
    | TEXT -> text
    | NAME -> name
    | NAME "(" [either ("," either)*] ")" -> call
    | "[" either ("," either)* "]" -> array
    | "(" either ")"

OR: /\|\||or(?!\w)/i
AND: /&&|and(?!\w)/i
COMPARISON: /==|!=|<=|>=|<|>/
SIGN: /[-+]/
UNARY: /[-+]/
FACTOR: /[*\/]/
POWER: "^"
NUMBER: /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/
TEXT: /'[^']*'|"[^"]*"/
NAME: /[A-Za-z_]\w*/
%ignore /\s+/
"""
_NAMES = {
    "NUMBER": "a number, an id or a function",
    **dict.fromkeys(("OR", "AND", "COMPARISON", "SIGN", "FACTOR", "POWER"), "an operator"),
    **dict.fromkeys(("LPAR", "LSQB"), ""),
}
_SELECT = re.compile(r"\s*SELECT\s+(\w+)\s*\(\s*(?:\"[^\"]+\"|\S+?)\s*\)\s+FROM\s+\S", re.IGNORECASE)
_OPERATORS = {"&&": "AND", "||": "OR"}


@lru_cache(maxsize=1024)
def parse(text: str) -> Expression:
    """Parse an expression to a tree.

    Raises:
        ExpressionError: it is not metric math, SEARCH or a Metrics Insights query.
    """
    if re.match(r"\s*SELECT\b", text, re.IGNORECASE):
        if not _SELECT.match(text):
            raise ExpressionError(
                "the Metrics Insights query is not SELECT … FROM …",
                'write SELECT AVG(Duration) FROM SCHEMA("AWS/Lambda", FunctionName)',
            )
        return InsightsQuery(text)
    if not text.strip():
        raise ExpressionError("the expression is empty", "write e.g. m1 / m2")
    try:
        found: Expression = _GRAMMAR.parse(text)
    except GrammarError as error:
        raise ExpressionError(f"the expression cannot be read: {error}") from None
    return found


def ids(expression: Expression) -> tuple[str, ...]:
    """The ids in an expression, each once, in order."""
    return tuple(dict.fromkeys(node.name for node in nodes(expression) if isinstance(node, Id)))


def nodes(expression: Expression) -> Iterator[Expression]:
    """The expression and all nodes below it, from left to right."""
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        yield node
        match node:
            case Array(items=parts) | Call(arguments=parts):
                waiting += reversed(parts)
            case Negative(operand=operand):
                waiting.append(operand)
            case Chain(first=first, rest=rest):
                waiting += [part for _, part in reversed(rest)]
                waiting.append(first)


def complaint(function: str, arguments: tuple[Expression, ...]) -> str:
    """Why the arguments of a known function are invalid, or an empty string."""
    known = FUNCTIONS[function]
    if not known.least <= len(arguments) <= len(known.kinds):
        given = "1 argument" if len(arguments) == 1 else f"{len(arguments)} arguments"
        most = len(known.kinds)
        wanted = str(most) if most == known.least else f"{known.least} to {most}"
        return f"{function}() has {given}, not {wanted}"
    for place, (kind, argument) in enumerate(zip(known.kinds, arguments, strict=False), 1):
        if not _fits(kind, argument):
            return f"argument {place} of {function}() is not {kind.name}"
    return ""


def _fits(kind: Kind, argument: Expression) -> bool:
    if isinstance(argument, Word):
        return argument.name.upper() in kind.words
    if isinstance(argument, Number | Text | Array):
        return type(argument).__name__ in kind.literals
    return kind.is_value


class _Builder:
    def start(self, parts: Parts) -> Expression:
        return _value(parts[0])

    def either(self, parts: Parts) -> Expression:
        operators = [_OPERATORS.get(sign, sign.upper()) for sign in parts[1::2]]
        return Chain(_value(parts[0]), tuple(zip(operators, map(_value, parts[2::2]), strict=True)))

    both = comparison = sum = product = power = either

    def signed(self, parts: Parts) -> Expression:
        *signs, operand = parts
        _value(operand)
        return Negative(operand) if signs.count("-") % 2 else operand

    def number(self, parts: Parts) -> Expression:
        return Number(float(parts[0]))

    def text(self, parts: Parts) -> Expression:
        return Text(parts[0][1:-1])

    def name(self, parts: Parts) -> Expression:
        name = str(parts[0])
        return Id(name) if name[0].islower() else Word(name)

    def array(self, parts: Parts) -> Expression:
        # An array of texts is for DB_PERF_INSIGHTS.
        return Array(tuple(part if isinstance(part, Text) else _value(part) for part in parts))

    def call(self, parts: Parts) -> Expression:
        name, *given = parts
        function = str(name).upper()
        arguments = tuple(part for part in given if part is not None)
        if function == "LAMBDA":
            arguments = tuple(Word(one.name) if one in (Id("true"), Id("false")) else one for one in arguments)
        if function == "SEARCH":
            _check_search(arguments)
        known = FUNCTIONS.get(function)
        for place, argument in enumerate(arguments):
            if isinstance(argument, Word) and known and not known.takes_words(place):
                _value(argument)
        return Call(function, arguments)


def _value(part: Expression) -> Expression:
    """The part, which must be a number or a time series here."""
    if isinstance(part, Word):
        raise ExpressionError(
            f"{shortened(part.name)!r} is neither an id nor a function", "an id begins with a lowercase letter"
        )
    if isinstance(part, Text) or (isinstance(part, Array) and any(isinstance(item, Text) for item in part.items)):
        raise ExpressionError("expected a number, an id or a function, found a string")
    return part


def _check_search(arguments: tuple[Expression, ...]) -> None:
    texts = [one.value for one in arguments[:2] if isinstance(one, Text)]
    if not arguments or not isinstance(arguments[0], Text):
        raise ExpressionError(
            "the first argument of SEARCH is a string", "write SEARCH('{AWS/Lambda,FunctionName} Errors', 'Sum')"
        )
    if len(texts) < 2:
        raise ExpressionError("SEARCH has no statistic", "write SEARCH('…', 'Sum', 300)")
    parse_search(texts[0])


_GRAMMAR = Grammar(_RULES, _Builder(), _NAMES, longest=MOST_CHARS)
