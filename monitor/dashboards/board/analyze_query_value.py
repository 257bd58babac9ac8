"""Evaluate an expression of a Logs Insights query for one event or row."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from monitor.dashboards.board.model_query import Bin, Binary, Call, Expression, In, Like, Literal, Name, Unary, Value

TIMESTAMP = "@timestamp"
_TIMES = frozenset({TIMESTAMP, "@ingestionTime"})
Row = Mapping[str, Value]


class UnsupportedError(ValueError):
    """A function that is not supported."""


def evaluate(expression: Expression, row: Row) -> Value:
    """The value of an expression for `row`; None if a field is missing.

    Raises:
        UnsupportedError: it uses a function that is not supported.
    """
    match expression:
        case Literal(value):
            return value
        case Name(field):
            return row.get(field)
        case Bin(length_ms):
            moment = number(row.get(TIMESTAMP))
            return None if moment is None else moment // length_ms * length_ms
        case Unary("not", operand):
            return not truth(evaluate(operand, row))
        case Unary(_, operand):
            known = number(evaluate(operand, row))
            return None if known is None else -known
        case Like(operand, pattern):
            found = evaluate(operand, row)
            return found is not None and pattern.search(text(found)) is not None
        case In(operand, items):
            wanted = evaluate(operand, row)
            return any(_compare("=", wanted, evaluate(item, row)) for item in items)
        case Binary(operator, left, right):
            return _binary(operator, left, right, row)
        case Call(function, arguments):
            return _call(function, [evaluate(argument, row) for argument in arguments])


def truth(value: Value) -> bool:
    """Whether a filter keeps a row with this value."""
    return bool(value) and value not in ("0", "false")


def number(value: Value) -> float | None:
    """A value as a number, including numeric text as Logs Insights accepts it; None if it is not numeric."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        try:
            found = float(value)
        except ValueError:
            return None
        return found if math.isfinite(found) else None
    return value


def text(value: Value) -> str:
    """A value as Logs Insights writes it: whole numbers without a decimal point, booleans as 1 and 0."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.10g}"
    return value


def is_time(expression: Expression) -> bool:
    """Whether the value of an expression is a time in epoch ms, which is written as a date."""
    return isinstance(expression, Bin) or (isinstance(expression, Name) and expression.text in _TIMES)


def time_text(moment_ms: float) -> str:
    """A time as Logs Insights writes it, in UTC."""
    return datetime.fromtimestamp(moment_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def _binary(operator: str, left: Expression, right: Expression, row: Row) -> Value:
    if operator == "and":
        return truth(evaluate(left, row)) and truth(evaluate(right, row))
    if operator == "or":
        return truth(evaluate(left, row)) or truth(evaluate(right, row))
    first, second = evaluate(left, row), evaluate(right, row)
    if operator in _ORDER:
        return _compare(operator, first, second)
    one, other = number(first), number(second)
    if one is None or other is None:
        return None
    try:
        return float(_ARITHMETIC[operator](one, other))
    except (ZeroDivisionError, OverflowError, TypeError, ValueError):
        return None


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": math.fmod,
    "^": lambda a, b: a**b,
}
_ORDER: dict[str, Callable[[int], bool]] = {
    "=": lambda order: order == 0,
    "!=": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def _compare(operator: str, first: Value, second: Value) -> bool:
    if first is None or second is None:
        return False
    one, other = number(first), number(second)
    if one is not None and other is not None:
        return _ORDER[operator]((one > other) - (one < other))
    left, right = text(first), text(second)
    return _ORDER[operator]((left > right) - (left < right))


def _call(function: str, values: list[Value]) -> Value:
    if function == "coalesce":
        return next((value for value in values if value is not None), None)
    if function == "concat":
        return "".join(map(text, values))
    if function in ("greatest", "least"):
        known = [value for value in map(number, values) if value is not None]
        return (max if function == "greatest" else min)(known, default=None)
    if function not in _ONE:
        raise UnsupportedError(f"the function {function}() is not supported")
    if len(values) != 1:
        raise UnsupportedError(f"{function}() needs exactly one argument")
    return _ONE[function](values[0])


def _numeric(calculate: Callable[[float], float]) -> Callable[[Value], Value]:
    def apply(value: Value) -> Value:
        known = number(value)
        try:
            return None if known is None else float(calculate(known))
        except (ValueError, OverflowError):
            return None

    return apply


_ONE: dict[str, Callable[[Value], Value]] = {
    "ispresent": lambda value: value is not None,
    "isempty": lambda value: value is None or value == "",
    "isblank": lambda value: value is None or not text(value).strip(),
    "strlen": lambda value: None if value is None else float(len(text(value))),
    "toupper": lambda value: None if value is None else text(value).upper(),
    "tolower": lambda value: None if value is None else text(value).lower(),
    "trim": lambda value: None if value is None else text(value).strip(),
    "abs": _numeric(abs),
    "ceil": _numeric(math.ceil),
    "floor": _numeric(math.floor),
    "sqrt": _numeric(math.sqrt),
    "log": _numeric(math.log),
}
