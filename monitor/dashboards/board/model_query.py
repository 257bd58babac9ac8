"""A parsed Logs Insights query."""

import re
from dataclasses import dataclass

Value = str | float | bool | None
"""The value of a field or expression."""


@dataclass(frozen=True, slots=True)
class Name:
    """A field: `@message`, `record.metrics.durationMs`, an alias."""

    text: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A number or a text."""

    value: str | float


@dataclass(frozen=True, slots=True)
class Call:
    """A function of values, or an aggregation (`stats`); `count(*)` has no arguments."""

    function: str
    arguments: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Bin:
    """`bin(5m)`: `@timestamp` rounded down to a multiple of `length_ms`."""

    length_ms: int


@dataclass(frozen=True, slots=True)
class Unary:
    """`not x`, `-x`."""

    operator: str
    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Binary:
    """`x + y`, `x < y`, `x and y`."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Like:
    """`x like /…/`, `x like '…'`, `x =~ /…/`."""

    operand: "Expression"
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class In:
    """`x in [1, 2]`."""

    operand: "Expression"
    items: "tuple[Expression, ...]"


Expression = Name | Literal | Call | Bin | Unary | Binary | Like | In


@dataclass(frozen=True, slots=True)
class Column:
    """An expression and its name: the alias, or the text of the expression."""

    name: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class Fields:
    """`fields` adds columns; `display` (`only`) selects the shown ones."""

    columns: tuple[Column, ...]
    only: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """`filter`: keeps the events that match the condition."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class Parse:
    """`parse`: the groups of a pattern become fields."""

    operand: Expression
    pattern: re.Pattern[str]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stats:
    """`stats … by …`."""

    columns: tuple[Column, ...]
    by: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Sort:
    """`sort`: (expression, descending), the most significant first."""

    keys: tuple[tuple[Expression, bool], ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """`limit` (`head`): the number of rows."""

    count: int


@dataclass(frozen=True, slots=True)
class Dedup:
    """`dedup`: the first row of each combination of values."""

    columns: tuple[Expression, ...]


Command = Fields | Filter | Parse | Stats | Sort | Limit | Dedup


@dataclass(frozen=True, slots=True)
class Query:
    """The commands of a query; `groups` are the log groups of its SOURCE commands."""

    groups: tuple[str, ...]
    commands: tuple[Command, ...]
