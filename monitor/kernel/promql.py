"""PromQL, the query language of `chart` widgets and of some alarms: whether a text is a query.

Sources: Prometheus 3 documentation, "Querying basics", "Operators", "Query functions"; CloudWatch User Guide, "PromQL
querying", which is based on it. Names can be quoted: `{"http.server.active_requests"}`.
"""

from functools import lru_cache
from typing import Any

from monitor.kernel.expressions.grammar import Grammar, GrammarError

_MOST_CHARS = 10_000
_KEYWORD = r"(?![\w:])"
_RULES = rf"""
start: _expression
_expression: _or
_or: _and | _or _OR _modifier _and
_and: _comparison | _and (_AND | _UNLESS) _modifier _comparison
_comparison: _sum | _comparison _COMPARE _modifier _sum
_sum: _product | _sum _SIGN _modifier _product
_product: _power | _product (_FACTOR | _ATAN2) _modifier _power
_power: _unary | _unary _POWER _modifier _power
_unary: _postfix | _SIGN _unary
_postfix: _primary
    | _postfix "[" _duration "]"
    | _postfix "[" _duration ":" _duration? "]"
    | _postfix _OFFSET _SIGN? _duration
    | _postfix _AT _SIGN? NUMBER
    | _postfix _AT NAME "(" ")"
_duration: DURATION | NUMBER
_primary: NUMBER | STRING | _selector | call | "(" _expression ")"
_selector: NAME | NAME _matchers | _matchers
_matchers: "{{" (_matcher ("," _matcher)* ","?)? "}}"
_matcher: (NAME | STRING) _MATCH STRING | STRING
call: NAME "(" _arguments? ")"
    | NAME "(" _arguments? ")" _grouping
    | NAME _grouping "(" _arguments? ")"
_arguments: _expression ("," _expression)* ","?
_grouping: (_BY | _WITHOUT) _labels
_labels: "(" (_label ("," _label)* ","?)? ")"
_label: NAME | STRING
_modifier: _BOOL?
    | _BOOL? (_ON | _IGNORING) _labels
    | _BOOL? (_ON | _IGNORING) _labels (_GROUP_LEFT | _GROUP_RIGHT) _labels
    | _BOOL? (_ON | _IGNORING) _labels (_GROUP_LEFT | _GROUP_RIGHT)

_OR.2: /or{_KEYWORD}/i
_AND.2: /and{_KEYWORD}/i
_UNLESS.2: /unless{_KEYWORD}/i
_ATAN2.2: /atan2{_KEYWORD}/i
_OFFSET.2: /offset{_KEYWORD}/i
_BY.2: /by{_KEYWORD}/i
_WITHOUT.2: /without{_KEYWORD}/i
_BOOL.2: /bool{_KEYWORD}/i
_ON.2: /on{_KEYWORD}/i
_IGNORING.2: /ignoring{_KEYWORD}/i
_GROUP_LEFT.2: /group_left{_KEYWORD}/i
_GROUP_RIGHT.2: /group_right{_KEYWORD}/i
_COMPARE: /==|!=|<=|>=|<|>/
_MATCH: /=~|!~|!=|=/
_SIGN: /[-+]/
_FACTOR: /[*\/%]/
_POWER: "^"
_AT: "@"
DURATION.3: /(?:\d+(?:ms|[smhdwy]))+/
NUMBER.2: /0[xX][0-9a-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d[\d_]*)?(?![\w.])/
NAME: /[A-Za-z_:][A-Za-z0-9_:]*/
STRING: /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`]*`/
%ignore /[ \t\r\n]+/
%ignore /#[^\n]*/
"""
_NAMES = {
    "NAME": "a metric, a function or a label",
    "STRING": "a text in quotes",
    "NUMBER": "a number",
    "DURATION": "a duration such as 5m",
    "_MATCH": "=, !=, =~ or !~",
    **dict.fromkeys(("_OR", "_AND", "_COMPARE", "_SIGN", "_FACTOR", "_POWER"), "an operator"),
}


class _Builder:
    """Builds nothing: a query is only checked."""

    def start(self, parts: Any) -> None:
        """The query as a whole."""

    def call(self, parts: Any) -> None:
        """A function or an aggregation."""


@lru_cache(maxsize=512)
def mistake(query: str) -> str:
    """Why a text is not PromQL; "" if it is."""
    try:
        _GRAMMAR.parse(query)
    except GrammarError as error:
        return str(error)
    return ""


_GRAMMAR = Grammar(_RULES, _Builder(), _NAMES, longest=_MOST_CHARS)
