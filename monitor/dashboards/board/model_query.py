"""A Logs Insights query as monitor reads it itself, and a query's result as CloudWatch gives it."""

import re
from dataclasses import dataclass

Value = str | float | bool | None
"""What a field or an expression is: a text, a number, a truth, or nothing."""


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
    """A function of values, or of a group (`stats`); `count(*)` has no arguments."""

    function: str
    arguments: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Bin:
    """`bin(5m)`: the start of the stretch of `length_ms` that `@timestamp` lies in."""

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
    """An expression and what it is called: its alias, or its own text."""

    name: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class Fields:
    """`fields` adds columns; `display` says which are shown."""

    columns: tuple[Column, ...]
    only: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """`filter`: what holds for the events that stay."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class Stats:
    """`stats … by …`."""

    columns: tuple[Column, ...]
    by: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Sort:
    """`sort`: (expression, descending), the first deciding first."""

    keys: tuple[tuple[Expression, bool], ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """`limit` (`head`): how many rows."""

    count: int


@dataclass(frozen=True, slots=True)
class Dedup:
    """`dedup`: the first row of each combination of values."""

    columns: tuple[Expression, ...]


Command = Fields | Filter | Stats | Sort | Limit | Dedup


@dataclass(frozen=True, slots=True)
class Query:
    """The commands after SOURCE; `groups` are the log groups that SOURCE names."""

    groups: tuple[str, ...]
    commands: tuple[Command, ...]
