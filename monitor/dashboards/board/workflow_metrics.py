"""The data of metric and alarm widgets."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from monitor.aws import dashboards as api
from monitor.aws.widget_data import query_metric_data
from monitor.dashboards.board import analyze_metrics, analyze_timerange
from monitor.dashboards.board.analyze_metrics import Requested, colour
from monitor.dashboards.board.model import (
    Alarms,
    AlarmState,
    Axis,
    Chart,
    Content,
    Curve,
    Mark,
    NotDrawn,
    Picture,
    View,
)
from monitor.dashboards.board.workflow_scene import Scene
from monitor.errors import MonitorError
from monitor.kernel.json_fields import list_of, number_of, object_of, text_of

_MOST_QUERIES = 500
_NOT_MET = {"INSUFFICIENT_DATA": 1, "OK": 2}
# The size of a grid unit in the console, and CloudWatch's limit for images.
_UNIT_PX, _MOST_PX = 60, 2000
# CloudWatch's own bound for values.
_GREATEST = 2.0**360


def chart(properties: dict[str, Any], scene: Scene) -> tuple[Content, tuple[str, ...]]:
    """The content of a metric widget, and notes about it."""
    if properties.get("insightRule"):
        return NotDrawn("Contributor Insights rules are only available in the console"), ()
    window = analyze_timerange.of_document(properties, scene.now_ms, scene.window)
    annotations = object_of(properties.get("annotations"))
    arns = [one for one in list_of(annotations.get("alarms")) if isinstance(one, str)]
    if arns and not properties.get("metrics"):
        return _alarm_chart(properties, arns[0], scene)
    view = _view(properties.get("view"))
    whole = bool(properties.get("setPeriodToTimeRange")) and view is not View.TIME_SERIES
    period_s = (
        max(60, -(-(window.end_ms - window.start_ms) // 60_000) * 60)
        if whole
        else analyze_timerange.period_s(properties.get("period"), window, inherit=scene.inherits, now_ms=scene.now_ms)
    )
    requested = analyze_metrics.request(properties, period_s)
    if not any(requested.queries.values()):
        return NotDrawn("; ".join(requested.notes) or "the widget has no metrics"), ()
    curves: list[Curve] = []
    notes = list(requested.notes)
    for region, queries in requested.queries.items():
        if len(queries) > _MOST_QUERIES:
            return NotDrawn(f"the widget has {len(queries)} metrics, more than the limit of GetMetricData"), ()
        if any(query["ReturnData"] for query in queries):
            found, messages = query_metric_data(scene.at(region), queries, *_whole(window.start_ms, window.end_ms))
            curves += _curves(found, requested)
            notes += messages
    return _chart(view, curves, period_s, properties), tuple(notes)


def picture(properties: dict[str, Any], size: tuple[int, int], scene: Scene) -> Picture:
    """A metric widget as an image drawn by CloudWatch; `size` in grid units."""
    region = properties.get("region")
    window = {"start": _iso(scene.window.start_ms), "end": _iso(scene.window.end_ms)}
    pixels = {"width": min(size[0] * _UNIT_PX, _MOST_PX), "height": min(size[1] * _UNIT_PX, _MOST_PX)}
    widget = {**window, **properties, **pixels}
    return Picture(api.widget_image(scene.at(text_of(region) or ""), widget))


def alarms(properties: dict[str, Any], scene: Scene) -> Content:
    """The alarms of an alarm widget with their states."""
    arns = [arn for arn in list_of(properties.get("alarms")) if isinstance(arn, str)]
    if not arns:
        return NotDrawn("the widget has no alarms")
    by_region: dict[str, list[str]] = {}
    for arn in arns:
        region, name = _region_and_name(arn)
        by_region.setdefault(region, []).append(name)
    states = [state for region, names in by_region.items() for state in _states(region, names, scene)]
    wanted = {state for state in list_of(properties.get("states")) if isinstance(state, str)}
    if wanted:
        states = [state for state in states if state.state in wanted or not state.state]
    sort = properties.get("sortBy")
    if sort in ("stateUpdatedTimestamp", "timestamp"):
        states.sort(key=lambda state: -(state.since_ms or 0))
    elif sort == "default":
        states.sort(key=lambda state: (_NOT_MET.get(state.state, 0), state.name))
    return Alarms(tuple(states))


def _states(region: str, names: list[str], scene: Scene) -> Iterator[AlarmState]:
    found = api.alarm_states(scene.at(region), list(dict.fromkeys(names)))
    for name in names:
        alarm = found.get(name)
        if alarm is None:
            yield AlarmState(name, "", "alarm not found")
            continue
        changed = alarm.get("StateUpdatedTimestamp")
        since_ms = round(changed.timestamp() * 1000) if changed is not None else None
        yield AlarmState(name, str(alarm.get("StateValue", "")), str(alarm.get("StateReason") or ""), since_ms)


def _alarm_chart(properties: dict[str, Any], arn: str, scene: Scene) -> tuple[Content, tuple[str, ...]]:
    region, name = _region_and_name(arn)
    connection = scene.at(region)
    alarm = api.alarm_states(connection, [name]).get(name)
    if alarm is None:
        return NotDrawn(
            f"alarm {name!r} not found", "`monitor dashboard deploy` creates the alarms of its templates"
        ), ()
    state = f"alarm {name}: {alarm.get('StateValue', '')}"
    if "AlarmRule" in alarm:
        return NotDrawn(f"{state} (composite alarms have no graph)"), ()
    queries = analyze_metrics.of_alarm(alarm)
    start_ms, end_ms = _whole(scene.window.start_ms, scene.window.end_ms)
    try:
        found, messages = query_metric_data(connection, queries, start_ms, end_ms)
    except MonitorError as error:
        return NotDrawn(f"{state}; cannot read its metric: {error.message}", error.hint), ()
    curves = [Curve(series.label or key, series.points) for key, series in found]
    drawn = _chart(View.TIME_SERIES, curves, int(alarm.get("Period") or 300), properties)
    threshold = alarm.get("Threshold")
    marks = (Mark(float(threshold), "threshold", "#d62728"),) if threshold is not None else ()
    return Chart(drawn.view, drawn.curves, drawn.period_s, marks=marks, left=drawn.left), (state, *messages)


def _chart(view: View, curves: list[Curve], period_s: int, properties: dict[str, Any]) -> Chart:
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


def _curves(found: list[tuple[str, Any]], requested: Requested) -> Iterator[Curve]:
    # The order of the dashboard determines the colours; GetMetricData returns another order.
    order = {name: place for place, name in enumerate(requested.looks)}
    for name, series in sorted(found, key=lambda one: order.get(one[0], len(order))):
        look = requested.looks.get(name)
        yield Curve(series.label or name, series.points, look.colour if look else "", bool(look and look.right))


def _marks(annotations: dict[str, Any]) -> Iterator[Mark]:
    for one in list_of(annotations.get("horizontal")):
        first, *more = one if isinstance(one, list) and one else [one]
        if isinstance(first, dict) and (at := _number(first.get("value"))) is not None:
            until = _number(object_of(more[0] if more else None).get("value"))
            right = first.get("yAxis") == "right"
            yield Mark(at, str(first.get("label") or ""), colour(first.get("color")), until, right=right)
    for one in list_of(annotations.get("vertical")):
        first, *more = one if isinstance(one, list) and one else [one]
        moment = analyze_timerange.moment_ms(first.get("value")) if isinstance(first, dict) else None
        if moment is not None:
            later = analyze_timerange.moment_ms(object_of(more[0] if more else None).get("value"))
            until = None if later is None else float(later)
            yield Mark(float(moment), str(first.get("label") or ""), colour(first.get("color")), until, vertical=True)


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
