"""The data of metric and alarm widgets."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from monitor.aws import dashboards as api
from monitor.aws.connection import Connection
from monitor.aws.widget_data import WidgetData, query_metric_data
from monitor.dashboards.board import analyze_metrics, analyze_timerange
from monitor.dashboards.board.analyze_labels import Labeled, distinct_labels
from monitor.dashboards.board.analyze_metrics import MetricQueries, SeriesStyle, color
from monitor.dashboards.board.model import (
    Alarms,
    AlarmState,
    Annotation,
    Axis,
    Chart,
    Content,
    Image,
    Series,
    Unavailable,
    View,
)
from monitor.dashboards.board.workflow_context import RenderContext
from monitor.errors import DeniedError, MonitorError, NotFoundError, RefusedError
from monitor.kernel.json_fields import list_of, number_of, object_of, text_of
from monitor.kernel.window import Window
from monitor.records.metric import MetricSeries

_MOST_QUERIES = 500
# The number of expressions that are requested by themselves if CloudWatch rejects them together.
_MOST_SINGLE = 10
# How the values of several periods are combined into one; averages and percentiles cannot be.
_COMBINE: dict[str, Callable[[Iterable[float]], float]] = {
    "Sum": sum,
    "SampleCount": sum,
    "Minimum": min,
    "Maximum": max,
}
_NOT_MET = {"INSUFFICIENT_DATA": 1, "OK": 2}
# The size of a grid unit in the console, and CloudWatch's limit for images.
_UNIT_PX, _MOST_PX = 60, 2000
# CloudWatch's own bound for values.
_GREATEST = 2.0**360


def metric_widget(properties: dict[str, Any], context: RenderContext) -> tuple[Content, tuple[str, ...]]:
    """The content of a metric widget, and notes about it."""
    if properties.get("insightRule"):
        return Unavailable("Contributor Insights rules are only available in the console"), ()
    window = analyze_timerange.own_window(properties, context.now_ms) or context.window
    annotations = object_of(properties.get("annotations"))
    arns = [one for one in list_of(annotations.get("alarms")) if isinstance(one, str)]
    if arns and not properties.get("metrics"):
        return _alarm_chart(properties, arns[0], context)
    view = _view(properties.get("view"))
    whole = bool(properties.get("setPeriodToTimeRange")) and view is not View.TIME_SERIES
    period_s = (
        max(60, -(-(window.end_ms - window.start_ms) // 60_000) * 60)
        if whole
        else analyze_timerange.period_s(
            properties.get("period"), window, inherit=context.inherits, now_ms=context.now_ms
        )
    )
    requested = analyze_metrics.request(properties, period_s)
    if not any(requested.queries.values()):
        return Unavailable("; ".join(requested.notes) or "the widget has no metrics"), ()
    found: list[tuple[str, MetricSeries]] = []
    notes = list(requested.notes)
    errors: list[MonitorError] = []
    for region, queries in requested.queries.items():
        if len(queries) > _MOST_QUERIES:
            return Unavailable(f"the widget has {len(queries)} metrics, more than the limit of GetMetricData"), ()
        if not any(query["ReturnData"] for query in queries):
            continue
        try:
            data = _data(context.at(region), queries, window)
        except MonitorError as error:
            errors.append(error)
            continue
        found += [one for one in data.series if one[1].points or one[0] not in {name for name, _, _ in data.failed}]
        notes += [*data.messages, *(_failure(*one) for one in data.failed)]
    if errors and not found:
        raise errors[0]
    notes += [error.message for error in errors]
    if not found and notes:
        return Unavailable("; ".join(dict.fromkeys(notes))), ()
    if whole:
        found = [(name, _as_one(series, requested, name)) for name, series in found]
    return _chart(view, _series(found, requested), period_s, properties), tuple(dict.fromkeys(notes))


def _data(connection: Connection, queries: list[dict[str, Any]], window: Window) -> WidgetData:
    """The data of the queries. If one expression is rejected, the others are still read.

    GetMetricData rejects a request as a whole: then the metrics and each expression are requested by themselves.
    """
    start_ms, end_ms = _whole(window.start_ms, window.end_ms)
    try:
        return query_metric_data(connection, queries, start_ms, end_ms)
    except RefusedError as error:
        expressions = [query for query in queries if "Expression" in query and query["ReturnData"]]
        metrics = [query for query in queries if "Expression" not in query]
        is_whole = isinstance(error, DeniedError | NotFoundError)
        if is_whole or len(queries) == 1 or not 0 < len(expressions) <= _MOST_SINGLE:
            raise
        found, messages = WidgetData(()), list[str]()
        if any(query["ReturnData"] for query in metrics):
            found = query_metric_data(connection, metrics, start_ms, end_ms)
        for expression in expressions:
            hidden = [query | {"ReturnData": False} for query in analyze_metrics.operands(expression, queries)]
            try:
                data = query_metric_data(connection, [expression, *hidden], start_ms, end_ms)
            except RefusedError as problem:
                messages.append(f"{expression.get('Label') or expression['Id']}: {problem.message}")
            else:
                found = WidgetData(
                    (*found.series, *data.series), (*found.messages, *data.messages), (*found.failed, *data.failed)
                )
        if not found.series:
            raise
        return WidgetData(found.series, (*found.messages, *messages), found.failed)


def _failure(name: str, label: str, status: str) -> str:
    reasons = {"Forbidden": "access denied", "InternalError": "CloudWatch reported an internal error"}
    reason = reasons.get(status, "CloudWatch returned only part of the data")
    return f"{label or name}: {reason} ({status})"


def metric_image(properties: dict[str, Any], size: tuple[int, int], context: RenderContext) -> Image:
    """A metric widget as an image drawn by CloudWatch; `size` in grid units."""
    region = properties.get("region")
    window = {"start": _iso(context.window.start_ms), "end": _iso(context.window.end_ms)}
    pixels = {"width": min(size[0] * _UNIT_PX, _MOST_PX), "height": min(size[1] * _UNIT_PX, _MOST_PX)}
    widget = {**window, **properties, **pixels}
    return Image(api.widget_image(context.at(text_of(region) or ""), widget))


def alarm_widget(properties: dict[str, Any], context: RenderContext) -> Content:
    """The alarms of an alarm widget with their states."""
    arns = [arn for arn in list_of(properties.get("alarms")) if isinstance(arn, str)]
    if not arns:
        return Unavailable("the widget has no alarms")
    by_region: dict[str, list[str]] = {}
    for arn in arns:
        region, name = _region_and_name(arn)
        by_region.setdefault(region, []).append(name)
    states = [state for region, names in by_region.items() for state in _states(region, names, context)]
    wanted = {state for state in list_of(properties.get("states")) if isinstance(state, str)}
    if wanted:
        states = [state for state in states if state.state in wanted or not state.state]
    sort = properties.get("sortBy")
    if sort in ("stateUpdatedTimestamp", "timestamp"):
        states.sort(key=lambda state: -(state.since_ms or 0))
    elif sort == "default":
        states.sort(key=lambda state: (_NOT_MET.get(state.state, 0), state.name))
    return Alarms(tuple(states))


def _states(region: str, names: list[str], context: RenderContext) -> Iterator[AlarmState]:
    found = api.alarm_states(context.at(region), list(dict.fromkeys(names)))
    for name in names:
        alarm = found.get(name)
        if alarm is None:
            yield AlarmState(name, "", "alarm not found")
            continue
        changed = alarm.get("StateUpdatedTimestamp")
        since_ms = round(changed.timestamp() * 1000) if changed is not None else None
        yield AlarmState(name, str(alarm.get("StateValue", "")), str(alarm.get("StateReason") or ""), since_ms)


def _alarm_chart(properties: dict[str, Any], arn: str, context: RenderContext) -> tuple[Content, tuple[str, ...]]:
    region, name = _region_and_name(arn)
    connection = context.at(region)
    alarm = api.alarm_states(connection, [name]).get(name)
    if alarm is None:
        return Unavailable(
            f"alarm {name!r} not found", "`monitor dashboard deploy` creates the alarms of its templates"
        ), ()
    state = f"alarm {name}: {alarm.get('StateValue', '')}"
    if "AlarmRule" in alarm:
        return Unavailable(f"{state} (composite alarms have no graph)"), ()
    queries = analyze_metrics.of_alarm(alarm)
    if not queries:
        return Unavailable(f"{state} (the alarm does not watch a metric)"), ()
    window = analyze_timerange.own_window(properties, context.now_ms) or context.window
    start_ms, end_ms = _whole(window.start_ms, window.end_ms)
    try:
        data = query_metric_data(connection, queries, start_ms, end_ms)
    except MonitorError as error:
        return Unavailable(f"{state}; cannot read its metric: {error.message}", error.hint), ()
    curves = [Series(series.label or key, series.points) for key, series in data.series]
    drawn = _chart(View.TIME_SERIES, curves, int(alarm.get("Period") or 300), properties)
    threshold = alarm.get("Threshold")
    marks = (Annotation(float(threshold), "threshold", "#d62728"),) if threshold is not None else ()
    return Chart(drawn.view, drawn.curves, drawn.period_s, marks=marks, left=drawn.left), (
        state,
        *data.messages,
        *(_failure(*one) for one in data.failed),
    )


def _chart(view: View, curves: list[Series], period_s: int, properties: dict[str, Any]) -> Chart:
    axes = object_of(properties.get("yAxis"))
    return Chart(
        view=view,
        curves=tuple(curves),
        period_s=period_s,
        stacked=properties.get("stacked") is True,
        marks=tuple(_marks(object_of(properties.get("annotations")))),
        left=_axis(object_of(axes.get("left"))),
        right=_axis(object_of(axes.get("right"))),
        legend=object_of(properties.get("legend")).get("position") != "hidden",
    )


def _as_one(series: MetricSeries, requested: MetricQueries, name: str) -> MetricSeries:
    """A series over the whole range as one value; CloudWatch divides a range that does not start at a full period."""
    look = requested.looks.get(name)
    combine = _COMBINE.get(dict(look.parts).get(" stat", "")) if look else None
    if combine is None or len(series.points) < 2:
        return series
    return MetricSeries(series.label, series.unit, ((series.points[-1][0], combine(v for _, v in series.points)),))


def _series(found: list[tuple[str, MetricSeries]], requested: MetricQueries) -> list[Series]:
    # The order of the dashboard determines the colors; GetMetricData returns another order.
    order = {name: place for place, name in enumerate(requested.looks)}
    ordered = sorted(found, key=lambda one: order.get(one[0], len(order)))
    looks = [requested.looks.get(name, SeriesStyle()) for name, _ in ordered]
    labels = distinct_labels(
        [
            Labeled(series.label or name, look.parts, look.is_own_label)
            for (name, series), look in zip(ordered, looks, strict=True)
        ]
    )
    return [
        Series(label, series.points, look.color, look.right)
        for label, (_, series), look in zip(labels, ordered, looks, strict=True)
    ]


def _marks(annotations: dict[str, Any]) -> Iterator[Annotation]:
    for one in list_of(annotations.get("horizontal")):
        first, *more = one if isinstance(one, list) and one else [one]
        if isinstance(first, dict) and (at := _number(first.get("value"))) is not None:
            until = _number(object_of(more[0] if more else None).get("value"))
            right = first.get("yAxis") == "right"
            yield Annotation(at, str(first.get("label") or ""), color(first.get("color")), until, right=right)
    for one in list_of(annotations.get("vertical")):
        first, *more = one if isinstance(one, list) and one else [one]
        moment = analyze_timerange.moment_ms(first.get("value")) if isinstance(first, dict) else None
        if moment is not None:
            later = analyze_timerange.moment_ms(object_of(more[0] if more else None).get("value"))
            until = None if later is None else float(later)
            yield Annotation(
                float(moment), str(first.get("label") or ""), color(first.get("color")), until, vertical=True
            )


def _axis(axis: dict[str, Any]) -> Axis:
    label = axis.get("label")
    return Axis(text_of(label) or "", _number(axis.get("min")), _number(axis.get("max")))


def _view(value: Any) -> View:
    return View(value) if isinstance(value, str) and value in set(View) else View.TIME_SERIES


def _number(value: Any) -> float | None:
    number = number_of(value)
    return number if number is not None and abs(number) <= _GREATEST else None


def _region_and_name(arn: str) -> tuple[str, str]:
    parts = arn.split(":", 6)
    return (parts[3], parts[6]) if len(parts) == 7 and parts[5] == "alarm" else ("", arn)


def _whole(start_ms: int, end_ms: int) -> tuple[int, int]:
    return start_ms // 60_000 * 60_000, -(-end_ms // 60_000) * 60_000


def _iso(moment_ms: int) -> str:
    return datetime.fromtimestamp(moment_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
