"""Checks of metric widgets beyond the schema: shorthand rows, ids, expressions, and conflicting members."""

from collections.abc import Iterator
from typing import Any

from monitor.dashboards.body import rows
from monitor.dashboards.body.rows import ShorthandError
from monitor.dashboards.model import Problem, Severity
from monitor.kernel.expressions.metric_functions import FUNCTIONS, nearest_function, signature
from monitor.kernel.expressions.metric_math import Call, Expression, InsightsQuery, complaint, ids, nodes, parse
from monitor.kernel.expressions.metric_search import ExpressionError
from monitor.kernel.pointer import join

_MAX_DIMENSIONS = 30
_HIGH_RESOLUTION = (1, 5, 10, 20, 30)
_PLACEHOLDER = "${"


def check(properties: dict[str, Any], pointer: str) -> Iterator[Problem]:
    """The problems in the properties of a metric widget; `pointer` is that of the properties."""
    metrics = properties.get("metrics")
    annotations = properties.get("annotations")
    has_alarm = isinstance(annotations, dict) and bool(annotations.get("alarms"))
    if has_alarm and metrics:
        yield Problem(
            Severity.ERROR,
            "alarm-and-metrics",
            join(join(pointer, "annotations"), "alarms"),
            "a widget shows either an alarm or metrics",
            "remove the metrics or the alarm",
        )
    yield from _period(properties, pointer)
    if isinstance(metrics, list):
        yield from _rows(metrics, join(pointer, "metrics"))
        yield from _expressions(metrics, join(pointer, "metrics"))


def _rows(metrics: list[Any], pointer: str) -> Iterator[Problem]:
    above: list[str] | None = None
    for index, row in enumerate(metrics):
        if not isinstance(row, list) or rows.is_expression(row):
            continue
        place = join(pointer, index)
        names, _ = rows.split(row)
        try:
            above = rows.expand(names, above)
        except ShorthandError as error:
            yield Problem(
                Severity.ERROR,
                "shorthand",
                join(place, error.index),
                str(error),
                "write namespace, metric and dimensions in full",
            )
            continue
        if problem := _names(above, place):
            yield problem


def _period(options: dict[str, Any], pointer: str) -> Iterator[Problem]:
    period = options.get("period")
    if isinstance(period, int) and period in _HIGH_RESOLUTION:
        yield Problem(
            Severity.WARNING,
            "period",
            join(pointer, "period"),
            f"a period of {period} s works only for high-resolution metrics",
            "write 60, unless the metric is stored with a resolution of 1 s",
        )


def _names(names: list[str], place: str) -> Problem | None:
    if len(names) < 2:
        return Problem(
            Severity.ERROR,
            "row-too-short",
            place,
            "a row needs a namespace and a metric name",
            'write ["AWS/Lambda", "Errors", "FunctionName", "name"]',
        )
    if len(names) % 2:
        return Problem(
            Severity.ERROR,
            "row-uneven",
            place,
            f"the dimension {names[-1]!r} has no value",
            "write pairs of dimension and value after namespace and metric",
        )
    if len(names) > 2 + 2 * _MAX_DIMENSIONS:
        return Problem(Severity.ERROR, "row-dimensions", place, "a metric has at most 30 dimensions", "remove some")
    return None


def _expressions(metrics: list[Any], pointer: str) -> Iterator[Problem]:
    options = [
        (join(pointer, index), row[-1])
        for index, row in enumerate(metrics)
        if isinstance(row, list) and row and isinstance(row[-1], dict)
    ]
    first: dict[str, str] = {}
    for place, option in options:
        yield from _period(option, place)
        name = option.get("id")
        if not isinstance(name, str):
            continue
        if name in first:
            yield Problem(
                Severity.WARNING,
                "id-twice",
                place,
                f"the id {name!r} is already used by {first[name]}",
                "give each row its own id",
            )
        first.setdefault(name, place)
    queries = 0
    for place, option in options:
        text = option.get("expression")
        if not isinstance(text, str) or _PLACEHOLDER in text:
            continue
        try:
            expression = parse(text)
        except ExpressionError as error:
            yield Problem(Severity.ERROR, "expression", place, f"{error!s}: {_short(text)}", error.instead)
            continue
        is_query = isinstance(expression, InsightsQuery)
        queries += is_query
        if queries > 1 and is_query:
            yield Problem(
                Severity.ERROR,
                "queries",
                place,
                "a widget has at most one Metrics Insights query",
                "move this query to another widget",
            )
        yield from _uses(expression, option, first, place)
        yield from _calls(expression, place)


def _uses(expression: Expression, option: dict[str, Any], known_ids: dict[str, str], place: str) -> Iterator[Problem]:
    for name in ids(expression):
        if name == option.get("id"):
            yield Problem(
                Severity.ERROR, "id-own", place, f"the expression {name!r} uses itself", "use the id of another row"
            )
        elif name not in known_ids:
            known = ", ".join(sorted(known_ids)) or "none"
            yield Problem(
                Severity.ERROR,
                "id-missing",
                place,
                f"no row has the id {name!r}",
                f'add {{"id": "{name}"}} to a row; ids in this widget: {known}',
            )


def _calls(expression: Expression, place: str) -> Iterator[Problem]:
    calls = [node for node in nodes(expression) if isinstance(node, Call)]
    for name in dict.fromkeys(call.function for call in calls if call.function not in FUNCTIONS):
        near = nearest_function(name)
        yield Problem(
            Severity.WARNING,
            "function",
            place,
            f"{name}() is not a documented metric math function",
            f"did you mean {near}()?" if near else "",
        )
    # Only a warning: CloudWatch has added arguments to functions before.
    for call in calls:
        if call.function in FUNCTIONS and (wrong := complaint(call.function, call.arguments)):
            yield Problem(Severity.WARNING, "function-arguments", place, wrong, f"write {signature(call.function)}")


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
