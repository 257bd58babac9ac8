"""Metric math over series at hand, as GetMetricData evaluates it: parsed, then computed point by point.

Source: CloudWatch User Guide, "Using metric math". Evaluated are + - * / ^, comparisons, AND, OR, and the functions
of `_FUNCTIONS`; METRICS() and SEARCH() are given to the evaluation from outside. Whatever else an expression uses is
named in the error.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from monitor.local.metrics.metric_math_syntax import MathError, Node, parse

Points = Mapping[int, float]
"""Values by the start of their period, in epoch seconds."""


@dataclass(frozen=True, slots=True)
class Line:
    """One time series: its points, its label, and the dimensions of the metric that it is of (for labels)."""

    points: Points
    label: str = ""
    metric: tuple[tuple[str, str], ...] = ()
    period_s: int = 60


Result = float | Line | list[Line]
"""A number, a time series, or several."""


@dataclass(frozen=True, slots=True)
class World:
    """What an expression may use: the other queries' series by id, and how to find metrics."""

    lines: Mapping[str, Result]
    metrics: Mapping[str, Line]
    search: Callable[[str, str, int], list[Line]]
    period_s: int = 60


def evaluate(text: str, world: World) -> Result:
    """What an expression is.

    Raises:
        MathError: it cannot be read, uses an id that is not there, or what is not evaluated here.
    """
    return _value(parse(text), world)


def _value(node: Node, world: World) -> Result:
    if node.kind == "number":
        return float(node.text)
    if node.kind == "id":
        if node.text not in world.lines:
            raise MathError(f"no query has the id {node.text!r}")
        return world.lines[node.text]
    if node.kind == "list":
        return [line for child in node.children for line in _lines(_value(child, world))]
    if node.kind == "sign":
        left, right = (_value(child, world) for child in node.children)
        return _each(lambda one: _each(lambda other: _combined(node.text, one, other), right), left)
    if node.kind == "call":
        return _call(node, world)
    raise MathError(f"{node.text} stands where a number, an id or a function should")


def _each(compute: Callable[[float | Line], Result], value: Result) -> Result:
    """`compute` of a value, or of every series of several."""
    if isinstance(value, list):
        return [line for one in value for line in _lines(compute(one))]
    return compute(value)


def _combined(sign: str, left: float | Line, right: float | Line) -> Result:
    if not isinstance(left, Line) and not isinstance(right, Line):
        found = _computed(sign, left, right)
        return math.nan if found is None else found
    base = left if isinstance(left, Line) else right
    assert isinstance(base, Line)
    times = sorted(
        set(left.points) & set(right.points) if isinstance(left, Line) and isinstance(right, Line) else base.points
    )
    points: dict[int, float] = {}
    for at in times:
        one = left.points[at] if isinstance(left, Line) else left
        other = right.points[at] if isinstance(right, Line) else right
        # A division by zero makes no point, CloudWatch's documentation says nothing else.
        if (value := _computed(sign, one, other)) is not None:
            points[at] = value
    return Line(points, base.label, base.metric, base.period_s)


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


def _lines(value: Result) -> list[Line]:
    if isinstance(value, list):
        return value
    if isinstance(value, Line):
        return [value]
    raise MathError("a number stands where a time series should")


def _call(node: Node, world: World) -> Result:
    name, children = node.text, node.children
    if name == "METRICS":
        wanted = children[0].text.strip("'\"") if children else ""
        return [line for name, line in world.metrics.items() if wanted in name]
    if name == "SEARCH":
        texts = [child.text[1:-1] for child in children[:2] if child.kind == "text"]
        if len(texts) != 2 or (len(children) > 2 and children[2].kind != "number"):
            raise MathError("SEARCH takes a search, a statistic and a period here")
        return world.search(texts[0], texts[1], int(float(children[2].text)) if len(children) > 2 else world.period_s)
    if name == "FILL" and len(children) == 2:
        return _filled(_value(children[0], world), children[1], world)
    if name == "IF" and len(children) in (2, 3):
        return _chosen([_value(child, world) for child in children])
    if name == "PERIOD" and len(children) == 1:
        return float(_lines(_value(children[0], world))[0].period_s)
    if name in _OVER and len(children) == 1:
        return _over(name, _value(children[0], world))
    if name in _POINTWISE and len(children) == 1:
        return _each(lambda one: _pointwise(name, one), _value(children[0], world))
    if name in (*_OVER, *_POINTWISE, "FILL", "IF", "PERIOD"):
        raise MathError(f"{name}() has {len(children)} arguments, which is not evaluated here")
    raise MathError(f"{name}() is not evaluated by the embedded stack")


def _filled(value: Result, filler: Node, world: World) -> Result:
    """FILL: a number in every period that another series of the request has and this one lacks; REPEAT, its last."""
    times = sorted({at for line in (*world.metrics.values(), *_lines(value)) for at in line.points})

    def fill(line: float | Line) -> Result:
        assert isinstance(line, Line)
        points = dict(line.points)
        if filler.kind == "word":
            if filler.text.upper() != "REPEAT":
                raise MathError(f"FILL with {filler.text} is not evaluated by the embedded stack")
            last: float | None = None
            for at in times:
                last = points.get(at, last)
                if last is not None:
                    points[at] = last
        else:
            number = _value(filler, world)
            if not isinstance(number, float):
                raise MathError("FILL takes a number or REPEAT here")
            points |= {at: number for at in times if at not in points}
        return Line(dict(sorted(points.items())), line.label, line.metric, line.period_s)

    return _each(fill, value)


def _chosen(values: list[Result]) -> Result:
    """IF(condition, then[, else]): for each point of a series, or once for a number."""
    condition, *branches = values
    if any(isinstance(value, list) for value in values):
        raise MathError("IF of several series is not evaluated by the embedded stack")
    if not isinstance(condition, Line):
        found = branches[0] if condition else branches[1] if len(branches) > 1 else None
        return Line({}) if found is None else found
    points: dict[int, float] = {}
    for at, holds in condition.points.items():
        branch = branches[0] if holds else branches[1] if len(branches) > 1 else None
        value = branch.points.get(at) if isinstance(branch, Line) else branch
        if isinstance(value, float):
            points[at] = value
    return Line(points, condition.label, condition.metric, condition.period_s)


_OVER: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "AVG": lambda values: sum(values) / len(values),
    "MIN": min,
    "MAX": max,
    "STDDEV": lambda values: math.sqrt(sum((v - sum(values) / len(values)) ** 2 for v in values) / len(values)),
}


def _over(name: str, value: Result) -> Result:
    """Of one series its value over time, as a number; of several, a series of their values at each time."""
    compute = _OVER[name]
    if isinstance(value, Line):
        return float(compute(list(value.points.values()))) if value.points else math.nan
    lines = _lines(value)
    at_time: dict[int, list[float]] = {}
    for line in lines:
        for at, point in line.points.items():
            at_time.setdefault(at, []).append(point)
    period_s = lines[0].period_s if lines else 60
    return Line({at: float(compute(points)) for at, points in sorted(at_time.items())}, period_s=period_s)


_POINTWISE: dict[str, Callable[[list[tuple[int, float]], int], dict[int, float]]] = {
    "ABS": lambda points, _: {at: abs(value) for at, value in points},
    "CEIL": lambda points, _: {at: float(math.ceil(value)) for at, value in points},
    "FLOOR": lambda points, _: {at: float(math.floor(value)) for at, value in points},
    "RUNNING_SUM": lambda points, _: {at: sum(v for _, v in points[: n + 1]) for n, (at, _) in enumerate(points)},
    "DIFF": lambda points, _: {b: y - x for (_, x), (b, y) in pairwise(points)},
    "RATE": lambda points, _: {b: (y - x) / (b - a) for (a, x), (b, y) in pairwise(points)},
    "REMOVE_EMPTY": lambda points, _: dict(points),
}


def _pointwise(name: str, value: float | Line) -> Result:
    if not isinstance(value, Line):
        return _pointwise(name, Line({0: value})).points.get(0, math.nan)  # type: ignore[union-attr]
    points = _POINTWISE[name](sorted(value.points.items()), value.period_s)
    return Line(points, value.label, value.metric, value.period_s)
