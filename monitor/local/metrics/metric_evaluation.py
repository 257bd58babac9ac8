"""Metric math over time series, as GetMetricData evaluates it: point by point.

Source: CloudWatch User Guide, "Using math expressions with CloudWatch metrics". The caller provides the series of
METRICS() and SEARCH(). The error for a function that is not supported names the function.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from monitor.kernel.expressions.metric_functions import FUNCTIONS
from monitor.kernel.expressions.metric_math import (
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
)


class MathError(ValueError):
    """An expression that uses an unknown id, or a feature that is not supported here."""


Points = Mapping[int, float]
"""Values by the start of their period in epoch seconds."""


@dataclass(frozen=True, slots=True)
class TimeSeries:
    """One time series: its points, its label, and the properties of its metric (for labels)."""

    points: Points
    label: str = ""
    metric: tuple[tuple[str, str], ...] = ()
    period_s: int = 60


Result = float | TimeSeries | list[TimeSeries]
"""A number, a time series, or several time series."""


@dataclass(frozen=True, slots=True)
class EvaluationContext:
    """The data of an evaluation: results of other queries by id, the request's metrics, and the search."""

    lines: Mapping[str, Result]
    metrics: Mapping[str, TimeSeries]
    search: Callable[[str, str, int], list[TimeSeries]]
    period_s: int = 60


def evaluate(node: Expression, context: EvaluationContext) -> Result:
    """Evaluate an expression.

    Raises:
        MathError: it uses an unknown id, or a feature that is not supported here.
    """
    match node:
        case Number(value):
            return value
        case Id(name):
            if name not in context.lines:
                raise MathError(f"no query has the id {name!r}")
            return context.lines[name]
        case Array(items):
            found: list[TimeSeries] = []
            for item in items:
                found += _lines(evaluate(item, context))
            return found
        case Negative(operand):
            return _applied("-", 0.0, evaluate(operand, context))
        case Chain(first, rest):
            result = evaluate(first, context)
            for sign, operand in rest:
                result = _applied(sign, result, evaluate(operand, context))
            return result
        case Call():
            return _call(node, context)
        case InsightsQuery():
            raise MathError("a Metrics Insights query (SELECT …) is not evaluated by the embedded stack")
    raise MathError(f"expected a number, an id or a function, found {_written(node)}")


def _written(node: Text | Word) -> str:
    return repr(node.value) if isinstance(node, Text) else node.name


def _applied(sign: str, left: Result, right: Result) -> Result:
    return _each(lambda one: _each(lambda other: _combined(sign, one, other), right), left)


def _each(compute: Callable[[float | TimeSeries], Result], value: Result) -> Result:
    """Apply `compute` to a value, or to each of several series."""
    if isinstance(value, list):
        return [line for one in value for line in _lines(compute(one))]
    return compute(value)


def _combined(sign: str, left: float | TimeSeries, right: float | TimeSeries) -> Result:
    if not isinstance(left, TimeSeries) and not isinstance(right, TimeSeries):
        found = _computed(sign, left, right)
        return math.nan if found is None else found
    base = left if isinstance(left, TimeSeries) else right
    assert isinstance(base, TimeSeries)
    times = sorted(
        set(left.points) & set(right.points)
        if isinstance(left, TimeSeries) and isinstance(right, TimeSeries)
        else base.points
    )
    points: dict[int, float] = {}
    for at in times:
        one = left.points[at] if isinstance(left, TimeSeries) else left
        other = right.points[at] if isinstance(right, TimeSeries) else right
        # A division by zero yields no point; CloudWatch's documentation does not define it.
        if (value := _computed(sign, one, other)) is not None:
            points[at] = value
    return TimeSeries(points, base.label, base.metric, base.period_s)


_SIGNS: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "^": lambda a, b: a**b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "AND": lambda a, b: bool(a) and bool(b),
    "OR": lambda a, b: bool(a) or bool(b),
}


def _computed(sign: str, left: float, right: float) -> float | None:
    try:
        value = _SIGNS[sign](left, right)
        return float(value) if not isinstance(value, complex) and math.isfinite(value) else None
    except (ZeroDivisionError, OverflowError):
        return None


def _lines(value: Result) -> list[TimeSeries]:
    if isinstance(value, list):
        return value
    if isinstance(value, TimeSeries):
        return [value]
    raise MathError("expected a time series, found a number")


def _call(node: Call, context: EvaluationContext) -> Result:
    name, arguments = node.function, node.arguments
    if name not in _EVALUATED:
        said = "is not evaluated by the embedded stack" if name in FUNCTIONS else "is not a function of metric math"
        raise MathError(f"{name}() {said}")
    if wrong := complaint(name, arguments):
        raise MathError(wrong)
    match name, arguments:
        case "METRICS", [*given]:
            wanted = given[0].value if given and isinstance(given[0], Text) else ""
            return [line for name, line in context.metrics.items() if wanted in name]
        case "SEARCH", [Text(search), Text(statistic)]:
            return context.search(search, statistic, context.period_s)
        case "SEARCH", [Text(search), Text(statistic), Number(period_s)] if math.isfinite(period_s):
            return context.search(search, statistic, int(period_s))
        case "SEARCH", _:
            raise MathError("SEARCH takes a search, a statistic and a period here")
        case "FILL", [filled, filler]:
            return _filled(evaluate(filled, context), filler, context)
        case "SORT", [array, Word(statistic), Word(order), *most]:
            return _sorted(_lines(evaluate(array, context)), statistic, order)[: _limit(most, context)]
        case "SLICE", [array, start, *end]:
            return _lines(evaluate(array, context))[_limit([start], context) : _limit(end, context)]
        case "IF", _:
            return _chosen([evaluate(argument, context) for argument in arguments])
    value = evaluate(arguments[0], context)
    return _over(name, value) if name in _OVER else _single(name, value, context)


def _single(name: str, value: Result, context: EvaluationContext) -> Result:
    """A function with one argument."""
    match name:
        case "PERIOD":
            lines = _lines(value)
            if not lines:
                raise MathError("PERIOD() needs a time series")
            return float(lines[0].period_s)
        case "TIME_SERIES":
            times = sorted({at for line in context.metrics.values() for at in line.points})
            return TimeSeries(dict.fromkeys(times, _number(value)), period_s=context.period_s)
        case "METRIC_COUNT":
            return float(len(_lines(value)))
        case "REMOVE_EMPTY":
            return [line for line in _lines(value) if line.points]
        case "FIRST" | "LAST":
            found = _lines(value) or [TimeSeries({})]
            return found[0 if name == "FIRST" else -1]
    return _each(lambda one: _pointwise(name, one), value)


def _number(value: Result) -> float:
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise MathError("expected a number, found a time series")


def _limit(argument: Sequence[Expression], context: EvaluationContext) -> int | None:
    return max(0, int(_number(evaluate(argument[0], context)))) if argument else None


def _sorted(lines: list[TimeSeries], statistic: str, order: str) -> list[TimeSeries]:
    """The series sorted by a statistic of their points; series without points come last."""
    full = [line for line in lines if line.points]
    name = statistic.upper()
    full.sort(key=lambda line: _statistic(name, list(line.points.values())), reverse=order.upper() == "DESC")
    return full + [line for line in lines if not line.points]


def _filled(value: Result, filler: Expression, context: EvaluationContext) -> Result:
    """FILL: a number, or with REPEAT the previous value, in each period that only other series have."""
    times = sorted({at for line in (*context.metrics.values(), *_lines(value)) for at in line.points})
    if isinstance(filler, Word) and filler.name.upper() == "LINEAR":
        return _each(lambda line: _interpolated(line, times), value)
    if isinstance(filler, Word) and filler.name.upper() != "REPEAT":
        raise MathError(f"FILL takes a number, REPEAT or LINEAR, not {filler.name}")
    number = None if isinstance(filler, Word) else evaluate(filler, context)
    if isinstance(number, TimeSeries | list):
        raise MathError("FILL with a time series is not evaluated by the embedded stack")

    def fill(line: float | TimeSeries) -> Result:
        assert isinstance(line, TimeSeries)
        points: dict[int, float] = {}
        last = number
        for at in times:
            given = line.points.get(at, last)
            if number is None:
                last = given
            if given is not None:
                points[at] = given
        return TimeSeries(points, line.label, line.metric, line.period_s)

    return _each(fill, value)


def _interpolated(line: float | TimeSeries, times: Sequence[int]) -> Result:
    """FILL with LINEAR: on the line between the points around a gap; nothing before the first and after the last."""
    assert isinstance(line, TimeSeries)
    given = sorted(line.points.items())
    points = dict(given)
    for (before, low), (after, high) in pairwise(given):
        points |= {at: low + (high - low) * (at - before) / (after - before) for at in times if before < at < after}
    return TimeSeries(dict(sorted(points.items())), line.label, line.metric, line.period_s)


def _chosen(values: list[Result]) -> Result:
    """IF(condition, then[, else]): evaluated for each point of a series, or once for a number."""
    condition, *branches = values
    if any(isinstance(value, list) for value in values):
        raise MathError("IF of several series is not evaluated by the embedded stack")
    if not isinstance(condition, TimeSeries):
        found = branches[0] if condition else branches[1] if len(branches) > 1 else None
        return TimeSeries({}) if found is None else found
    points: dict[int, float] = {}
    for at, holds in condition.points.items():
        branch = branches[0] if holds else branches[1] if len(branches) > 1 else None
        value = branch.points.get(at) if isinstance(branch, TimeSeries) else branch
        if isinstance(value, float):
            points[at] = value
    return TimeSeries(points, condition.label, condition.metric, condition.period_s)


_OVER: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "AVG": lambda values: sum(values) / len(values),
    "MIN": min,
    "MAX": max,
    "DATAPOINT_COUNT": len,
    "STDDEV": lambda values: math.sqrt(sum((v - sum(values) / len(values)) ** 2 for v in values) / len(values)),
}


def _over(name: str, value: Result) -> Result:
    """One series is reduced to a number; several series are reduced to one series, point by point."""
    if isinstance(value, TimeSeries):
        return _statistic(name, list(value.points.values()))
    lines = _lines(value)
    at_time: dict[int, list[float]] = {}
    for line in lines:
        for at, point in line.points.items():
            at_time.setdefault(at, []).append(point)
    period_s = lines[0].period_s if lines else 60
    return TimeSeries({at: _statistic(name, points) for at, points in sorted(at_time.items())}, period_s=period_s)


def _statistic(name: str, values: list[float]) -> float:
    try:
        return float(_OVER[name](values)) if values else math.nan
    except OverflowError:
        return math.nan


_Series = list[tuple[int, float]]


def _of_time(read: Callable[[time.struct_time], int]) -> Callable[[_Series], dict[int, float]]:
    return lambda points: {at: float(read(time.gmtime(at))) for at, _ in points}


_POINTWISE: dict[str, Callable[[_Series], dict[int, float]]] = {
    "ABS": lambda points: {at: abs(value) for at, value in points},
    "CEIL": lambda points: {at: float(math.ceil(value)) for at, value in points},
    "FLOOR": lambda points: {at: float(math.floor(value)) for at, value in points},
    # The logarithm of a value that is not positive yields no point.
    "LOG": lambda points: {at: math.log(value) for at, value in points if value > 0},
    "LOG10": lambda points: {at: math.log10(value) for at, value in points if value > 0},
    # Parts of the time of each point, in UTC; Monday is day 1.
    "MINUTE": _of_time(lambda at: at.tm_min),
    "HOUR": _of_time(lambda at: at.tm_hour),
    "DAY": _of_time(lambda at: at.tm_wday + 1),
    "DATE": _of_time(lambda at: at.tm_mday),
    "MONTH": _of_time(lambda at: at.tm_mon),
    "YEAR": _of_time(lambda at: at.tm_year),
    "EPOCH": lambda points: {at: float(at) for at, _ in points},
    "RUNNING_SUM": lambda points: dict(zip((at for at, _ in points), accumulate(v for _, v in points), strict=True)),
    "DIFF": lambda points: {b: y - x for (_, x), (b, y) in pairwise(points)},
    "DIFF_TIME": lambda points: {b: float(b - a) for (a, _), (b, _) in pairwise(points)},
    "RATE": lambda points: {b: (y - x) / (b - a) for (a, x), (b, y) in pairwise(points)},
}
_EVALUATED = {
    *_OVER,
    *_POINTWISE,
    *("FILL", "FIRST", "IF", "LAST", "METRICS", "METRIC_COUNT", "PERIOD", "REMOVE_EMPTY", "SEARCH", "SLICE", "SORT"),
    "TIME_SERIES",
}


def _pointwise(name: str, value: float | TimeSeries) -> Result:
    if not isinstance(value, TimeSeries):
        return _POINTWISE[name]([(0, value)] if math.isfinite(value) else []).get(0, math.nan)
    points = [(at, point) for at, point in sorted(value.points.items()) if math.isfinite(point)]
    return TimeSeries(_POINTWISE[name](points), value.label, value.metric, value.period_s)
