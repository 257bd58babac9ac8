"""Metric math as CloudWatch writes it: parsed far enough to name what is wrong, and which ids it uses.

Source: CloudWatch User Guide, "Using metric math" and "Search expression syntax".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

FUNCTIONS = frozenset(
    {
        "ABS", "ANOMALY_DETECTION_BAND", "AVG", "CEIL", "DATAPOINT_COUNT", "DATE", "DAY", "DB_PERF_INSIGHTS",
        "DIFF", "DIFF_TIME", "EPOCH", "FILL", "FIRST", "FLOOR", "HOUR", "IF", "INSIGHT_RULE_METRIC", "LAMBDA",
        "LAST", "LOG", "LOG10", "MAX", "METRIC_COUNT", "METRICS", "MIN", "MINUTE", "MONTH", "PERIOD", "RATE",
        "REMOVE_EMPTY", "RUNNING_SUM", "SEARCH", "SERVICE_QUOTA", "SLICE", "SORT", "STDDEV", "SUM",
        "TIME_SERIES", "YEAR",
    }
)  # fmt: skip
_WORDS = frozenset({"AND", "OR", "REPEAT", "LINEAR", "ASC", "DESC"})
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|(?P<text>'[^']*'|"[^"]*")|(?P<name>[A-Za-z_]\w*)"""
    r"""|(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/^()\[\],<>]))"""
)
_BINARY = frozenset({"+", "-", "*", "/", "^", "==", "!=", "<=", ">=", "<", ">", "AND", "OR", "&&", "||"})
_MAX_DEPTH = 100
_SELECT = re.compile(r"\s*SELECT\s+(\w+)\s*\(\s*(?:\"[^\"]+\"|\S+?)\s*\)\s+FROM\s+\S", re.IGNORECASE)
_SCHEMA = re.compile(r"\s*\{([^{}]*)\}")


class ExpressionError(ValueError):
    """An expression that CloudWatch cannot read; `instead` says what to write."""

    def __init__(self, message: str, instead: str = "") -> None:
        super().__init__(message)
        self.instead = instead


@dataclass(frozen=True, slots=True)
class Parsed:
    """`ids` that an expression uses, `unknown` functions, whether all metrics are meant (METRICS()), and whether
    it is a Metrics Insights query."""

    ids: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    uses_all: bool = False
    is_query: bool = False


def parse(text: str) -> Parsed:
    """What an expression uses.

    Raises:
        ExpressionError: it is no metric math, SEARCH or Metrics Insights query.
    """
    if re.match(r"\s*SELECT\b", text, re.IGNORECASE):
        if not _SELECT.match(text):
            raise ExpressionError(
                "the Metrics Insights query is not SELECT … FROM …",
                'write SELECT AVG(Duration) FROM SCHEMA("AWS/Lambda", FunctionName)',
            )
        return Parsed((), is_query=True)
    parser = _Parser(text)
    parser.whole()
    return Parsed(
        tuple(dict.fromkeys(parser.ids)),
        tuple(name for name in dict.fromkeys(parser.functions) if name not in FUNCTIONS),
        "METRICS" in parser.functions,
    )


def nearest_function(name: str) -> str:
    """The known function that `name` may have meant, or an empty text."""
    return next(iter(get_close_matches(name.upper(), FUNCTIONS, n=1)), "")


def check_search(query: str) -> None:
    """The search of a SEARCH expression, e.g. `{AWS/Lambda,FunctionName} MetricName="Errors"`.

    Raises:
        ExpressionError: its braces, brackets or quotes do not match, or it has no namespace.
    """
    if query.count("{") != query.count("}") or query.count("{") > 1:
        raise ExpressionError("the braces of the search do not match", "write {Namespace,Dimension} once")
    schema = _SCHEMA.match(query)
    if "{" in query and (not schema or not schema[1].split(",")[0].strip()):
        raise ExpressionError("the search does not begin with {Namespace,Dimension…}", "e.g. {AWS/Lambda,FunctionName}")
    if query.count('"') % 2:
        raise ExpressionError("a quotation mark of the search is not closed", 'write MetricName="Errors"')
    bare = re.sub(r'"[^"]*"', "", query)
    depth = 0
    for char in bare:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            break
    if depth:
        raise ExpressionError("the brackets of the search do not match", 'write Dimension=("a" OR "b")')


class _Parser:
    def __init__(self, text: str) -> None:
        self.ids: list[str] = []
        self.functions: list[str] = []
        self._tokens = list(_tokens(text))
        self._at = 0

    def whole(self) -> None:
        if not self._tokens:
            raise ExpressionError("the expression is empty", "write e.g. m1 / m2")
        self._expression(0)
        if self._at < len(self._tokens):
            raise ExpressionError(f"{self._tokens[self._at][1]!r} comes where the expression should end or go on")

    def _expression(self, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise ExpressionError("the expression is nested too deeply", "split it over several ids")
        self._operand(depth)
        while self._peek().upper() in _BINARY:
            self._at += 1
            self._operand(depth)

    def _operand(self, depth: int) -> None:
        while self._peek() in ("-", "+"):
            self._at += 1
        if self._at >= len(self._tokens):
            raise ExpressionError("something is missing at the end of the expression")
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind in ("number", "text"):
            return
        if kind == "name":
            self._name(text, depth)
        elif text in ("(", "["):
            self._list(")" if text == "(" else "]", depth, may_be_empty=False)
        else:
            raise ExpressionError(f"{text!r} comes where a number, an id or a function should")

    def _name(self, name: str, depth: int) -> None:
        if self._peek() == "(":
            self._at += 1
            self.functions.append(name.upper())
            first = self._at
            self._list(")", depth, may_be_empty=True)
            if name.upper() == "SEARCH":
                self._search(self._tokens[first : self._at - 1])
        elif name[0].islower():
            self.ids.append(name)
        elif name.upper() not in _WORDS:
            raise ExpressionError(f"{name!r} is neither an id nor a function", "an id begins with a small letter")

    def _list(self, closing: str, depth: int, *, may_be_empty: bool) -> None:
        if self._peek() == closing and may_be_empty:
            self._at += 1
            return
        while True:
            self._expression(depth + 1)
            found = self._peek()
            self._at += 1
            if found == closing:
                return
            if found != ",":
                raise ExpressionError(
                    f"{found!r} comes where {closing!r} or a comma should" if found else f"a {closing!r} is missing"
                )

    def _search(self, arguments: list[tuple[str, str]]) -> None:
        if not arguments or arguments[0][0] != "text":
            raise ExpressionError(
                "SEARCH takes a text first", "write SEARCH('{AWS/Lambda,FunctionName} Errors', 'Sum')"
            )
        check_search(arguments[0][1][1:-1])
        if len(arguments) < 3 or arguments[2][0] != "text":
            raise ExpressionError("SEARCH has no statistic", "write SEARCH('…', 'Sum', 300)")

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if not match or match.end() == position:
            rest = text[position:].strip()
            if rest[:1] in "'\"":
                raise ExpressionError("a quotation mark is not closed")
            raise ExpressionError(f"{rest[:1]!r} has no meaning in metric math")
        position = match.end()
        kind = str(match.lastgroup)
        yield kind, match[kind]
