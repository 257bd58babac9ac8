"""A parser for the part of the Logs Insights query language that monitor evaluates locally.

Source: CloudWatch Logs User Guide, "CloudWatch Logs Insights query syntax". The supported commands are SOURCE 'group',
fields, display, filter, parse, stats, sort, limit and dedup.
"""

import re

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
    Parse,
    Query,
    Sort,
    Stats,
    Unary,
)
from monitor.kernel.expressions.grammar import Grammar, GrammarError, Parts, shortened
from monitor.kernel.patterns import regular_expression
from monitor.kernel.timespec import UNITS_MS

# The limit of StartQuery.
_MOST_CHARS = 10_000
# Chained conditions (a or b or c …) are nested; evaluating one takes two calls a level.
_DEEPEST = 300
# Insights names a group `(?<name>…)`, Python `(?P<name>…)`.
_GROUP_NAME = re.compile(r"\(\?<(?![=!])")
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
# A word ends where neither a letter nor the next part of a dotted name follows.
_END = r"(?![\w@]|\.[\w@])"
_RULES = rf"""
start: _before? (command (_BAR _before? command)* (_BAR _before?)?)?
_before: (source | _BAR)+
source: _SOURCE GROUP
command: _FIELDS _columns -> fields
    | _DISPLAY _columns -> display
    | _FILTER expression -> filter
    | _PARSE [field] (REGEX | TEXT) [_AS ALIAS ("," ALIAS)*] -> parse
    | _STATS columns [_BY columns] -> stats
    | _SORT key ("," key)* -> sort
    | _LIMIT COUNT -> limit
    | _DEDUP _columns -> dedup
columns: _columns
_columns: column ("," column)*
column: written [_AS ALIAS]
written: expression
key: expression [ORDER]

?expression: both | expression OR both -> binary
?both: inverted | both AND inverted -> binary
?inverted: comparison | NOT+ comparison -> inverted
?comparison: sum
    | sum COMPARISON sum -> binary
    | sum [NOT] _LIKE (REGEX | TEXT) -> like
    | sum [NOT] _IN "[" [expression ("," expression)*] "]" -> is_in
?sum: product | sum SIGN product -> binary
?product: power | product FACTOR power -> binary
?power: operand | operand POWER operand -> binary
?field: NAME -> name
    | QUOTED -> quoted
?operand: NUMBER -> number
    | TEXT -> text
    | NAME -> name
    | QUOTED -> quoted
    | MINUS operand -> negative
    | BIN "(" SPAN ")" -> bin
    | NAME "(" STAR ")" -> call
    | NAME "(" [expression ("," expression)*] ")" -> call
    | "(" expression ")"

_SOURCE: /source{_END}/i
_FIELDS: /fields{_END}/i
_DISPLAY: /display{_END}/i
_FILTER: /filter{_END}/i
_PARSE: /parse{_END}/i
_STATS: /stats{_END}/i
_SORT: /sort{_END}/i
_LIMIT: /(?:limit|head){_END}/i
_DEDUP: /dedup{_END}/i
_AS: /as{_END}/i
_BY: /by{_END}/i
ORDER: /(?:asc|desc){_END}/i
OR: /or{_END}/i
AND: /and{_END}/i
NOT: /not{_END}/i
_LIKE: /like{_END}|=~/i
_IN: /in{_END}/i
_BAR: "|"
COMPARISON: /=(?!~)|!=|<=|>=|<|>/
SIGN: /[-+]/
MINUS: "-"
FACTOR: /[*\/%]/
STAR: "*"
POWER: "^"
BIN.2: /(?:bin|datefloor)(?=[ \t\r\n]*\()/i
SPAN: /\d+(?:ms|mo|[smhdw])(?![\w.])/
NUMBER: /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/
COUNT: /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/
NAME: /(?!(?:and|or|not|like|in|as|by|asc|desc){_END})[@A-Z_][\w@]*(?:\.[\w@]+)*/i
QUOTED: /`[^`]*`/
ALIAS: /`[^`]+`|[\w@.]+/
TEXT: /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"/s
GROUP: /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`[^`]+`|(?!loggroups)[\w.\/#-]+/si
REGEX: /\/(?:\\.|[^\/\\\n])+\/[a-z]*/
%ignore /[ \t\r\n]+/
"""
_NAMES = {
    "_FIELDS": "a command",
    "GROUP": "a log group's name in quotes",
    "NAME": "a field or a value",
    "COUNT": "a number",
    "SPAN": "a duration such as 5m",
    "REGEX": "a text or a /pattern/",
    "ALIAS": "a name for the column",
    **dict.fromkeys(("OR", "AND", "COMPARISON", "SIGN", "FACTOR", "POWER"), "an operator"),
    "ORDER": "asc or desc",
    "_AS": "as",
    "_BY": "by",
    "_BAR": "'|'",
    "LPAR": "",
}


class QueryError(ValueError):
    """The query cannot be parsed; the message says why."""


def parse_query(text: str) -> Query:
    """Parse a query.

    Raises:
        QueryError: it has a command, or a form of one, that is not supported.
    """
    try:
        found: Query = _GRAMMAR.parse(_COMMENT.sub("", text))
    except GrammarError as error:
        if "_FIELDS" in error.accepted and error.kind:
            raise QueryError(f"the command `{shortened(error.found)}` is not supported") from None
        raise QueryError(f"the query cannot be parsed: {error}") from None
    return found


class _Builder:
    def start(self, parts: Parts) -> Query:
        groups = [part for part in parts if isinstance(part, str)]
        commands = [part for part in parts if not isinstance(part, str)]
        return Query(tuple(dict.fromkeys(groups)), tuple(commands))

    def source(self, parts: Parts) -> str:
        return _unquoted(parts[0])

    def fields(self, parts: Parts) -> Command:
        return Fields(tuple(parts))

    def display(self, parts: Parts) -> Command:
        return Fields(tuple(parts), only=True)

    def filter(self, parts: Parts) -> Command:
        return Filter(parts[0])

    def parse(self, parts: Parts) -> Command:
        operand, wanted, *names = parts
        given = tuple(name.strip("`") for name in names if name is not None)
        pattern = _pattern(wanted) if wanted[0] == "/" else _glob(_unquoted(wanted), given)
        found = tuple(pattern.groupindex) if pattern.groupindex else given
        if not found or len(found) != pattern.groups:
            raise QueryError("parse needs a name for each part: named groups, or `as` and a name for each *")
        return Parse(Name("@message") if operand is None else operand, pattern, found)

    def stats(self, parts: Parts) -> Command:
        columns, by = parts
        return Stats(columns, by or ())

    def sort(self, parts: Parts) -> Command:
        return Sort(tuple(parts))

    def limit(self, parts: Parts) -> Command:
        return Limit(int(float(parts[0])))

    def dedup(self, parts: Parts) -> Command:
        return Dedup(tuple(column.expression for column in parts))

    def columns(self, parts: Parts) -> tuple[Column, ...]:
        return tuple(parts)

    def column(self, parts: Parts) -> Column:
        column, alias = parts
        return column if alias is None else Column(alias.strip("`"), column.expression)

    def written(self, parts: Parts) -> Column:
        expression: Expression = parts[0]
        return Column(expression.text if isinstance(expression, Name) else parts.text, expression)

    def key(self, parts: Parts) -> tuple[Expression, bool]:
        expression, order = parts
        return expression, order is not None and order.lower() == "desc"

    def binary(self, parts: Parts) -> Expression:
        left, sign, right = parts
        return Binary(sign.lower(), left, right)

    def inverted(self, parts: Parts) -> Expression:
        *signs, operand = parts
        return Unary("not", operand) if len(signs) % 2 else operand

    def like(self, parts: Parts) -> Expression:
        operand, inverted, wanted = parts
        found = Like(operand, _pattern(wanted))
        return Unary("not", found) if inverted else found

    def is_in(self, parts: Parts) -> Expression:
        operand, inverted, *items = parts
        found = In(operand, tuple(item for item in items if item is not None))
        return Unary("not", found) if inverted else found

    def number(self, parts: Parts) -> Expression:
        return Literal(float(parts[0]))

    def text(self, parts: Parts) -> Expression:
        return Literal(_unquoted(parts[0]))

    def name(self, parts: Parts) -> Expression:
        return Name(str(parts[0]))

    def quoted(self, parts: Parts) -> Expression:
        return Name(parts[0][1:-1])

    def negative(self, parts: Parts) -> Expression:
        return Unary("-", parts[1])

    def bin(self, parts: Parts) -> Expression:
        function, span = parts
        unit = span.lstrip("0123456789")
        if unit == "mo":
            raise QueryError(f"{function.lower()}() supports only durations such as 5m")
        return Bin(int(span.removesuffix(unit)) * UNITS_MS[unit])

    def call(self, parts: Parts) -> Expression:
        name, *arguments = parts
        return Call(name.lower(), tuple(one for one in arguments if one is not None and one != "*"))


def _pattern(token: str) -> re.Pattern[str]:
    if token[0] != "/":
        # A text is matched literally: % and * are not treated as wildcards.
        return re.compile(re.escape(_unquoted(token)))
    source, _, flags = token[1:].rpartition("/")
    try:
        return regular_expression(_GROUP_NAME.sub("(?P<", source), re.IGNORECASE if "i" in flags else 0)
    except re.error as error:
        raise QueryError(f"the pattern /{source}/ cannot be parsed: {error}") from error


def _glob(text: str, names: tuple[str, ...]) -> re.Pattern[str]:
    """A pattern such as `"user=* took * ms"`, each * of which is a value."""
    parts = text.split("*")
    if len(parts) - 1 != len(names):
        raise QueryError(f"parse has {len(parts) - 1} * and {len(names)} names")
    # Every value is as short as can be, but for one at the end.
    inner = [re.escape(part) + ("(.*)" if place == len(names) - 1 and not parts[-1] else "(.*?)")
             for place, part in enumerate(parts[:-1])]  # fmt: skip
    return re.compile("".join(inner) + re.escape(parts[-1]), re.DOTALL)


def _unquoted(text: str) -> str:
    if text[0] not in "'\"`":
        return text
    return re.sub(r"\\(['\"\\])", r"\1", text[1:-1])


_GRAMMAR = Grammar(_RULES, _Builder(), _NAMES, longest=_MOST_CHARS, deepest=_DEEPEST)
