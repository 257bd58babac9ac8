"""The data of `chart` widgets: their PromQL queries, evaluated by CloudWatch."""

from typing import Any

from monitor.aws.promql import MOST_SERIES, LabeledSeries, query_range
from monitor.dashboards.board import analyze_timerange
from monitor.dashboards.board.analyze_labels import Labeled, distinct_labels
from monitor.dashboards.board.analyze_metrics import color
from monitor.dashboards.board.model import Axis, Chart, Content, Series, Unavailable, View
from monitor.dashboards.board.workflow_context import RenderContext
from monitor.dashboards.body.charts import Query, queries
from monitor.errors import MonitorError
from monitor.kernel.json_fields import list_of, number_of, object_of, text_of
from monitor.kernel.promql import mistake

_MOST_QUERIES = 20
_LONGEST_LABEL = 60
_VIEWS = {
    "number": View.SINGLE_VALUE,
    "singleValue": View.SINGLE_VALUE,
    "gauge": View.GAUGE,
    "bar": View.BAR,
    "pie": View.PIE,
    "table": View.TABLE,
}


def chart_widget(properties: dict[str, Any], context: RenderContext) -> tuple[Content, tuple[str, ...]]:
    """The content of a `chart` widget, and notes about it."""
    found = [query for query in queries(properties) if query.is_visible]
    wanted = [query for query in found if query.is_promql]
    others = (query.language for query in found if not query.is_promql)
    notes = [f"queries in {language} are not supported" for language in dict.fromkeys(others)]
    if len(wanted) > _MOST_QUERIES:
        notes.append(f"only the first {_MOST_QUERIES} of {len(wanted)} queries are shown")
    if not wanted:
        return Unavailable("; ".join(notes) or "the widget has no PromQL query"), ()
    if context.connection.local:
        return Unavailable("the embedded stack does not evaluate PromQL", "AWS does: render without --local"), ()
    window = analyze_timerange.own_window(properties, context.now_ms) or context.window
    connection = context.at(text_of(properties.get("region")) or "")
    read: list[tuple[Query, LabeledSeries]] = []
    errors: list[MonitorError] = []
    steps_s: list[int] = []
    for query in wanted[:_MOST_QUERIES]:
        if wrong := mistake(query.text):
            errors.append(MonitorError(f"{_name(query)}: not valid PromQL: {wrong}"))
            continue
        steps_s.append(analyze_timerange.period_s(query.step_s or 60, window, inherit=False, now_ms=context.now_ms))
        try:
            answer = query_range(
                connection, query.text, window.start_ms, window.end_ms, steps_s[-1], clock=context.clock
            )
        except MonitorError as error:
            errors.append(MonitorError(f"{_name(query)}: {error.message}", error.hint))
            continue
        read += [(query, one) for one in answer.series]
        notes += answer.warnings
        if len(answer.series) >= MOST_SERIES:
            notes.append(f"{_name(query)}: CloudWatch returns at most {MOST_SERIES} series")
    if errors and not read:
        return Unavailable(errors[0].message, errors[0].hint), ()
    notes += [error.message for error in errors]
    return _chart(properties, read, max(steps_s)), tuple(dict.fromkeys(notes))


def _chart(properties: dict[str, Any], read: list[tuple[Query, LabeledSeries]], step_s: int) -> Chart:
    options = object_of(properties.get("plotOptions"))
    legend, style = object_of(options.get("legend")), object_of(options.get("style"))
    axes = [object_of(axis) for axis in list_of(options.get("yAxis"))]
    labels = distinct_labels([_labeled(query, series) for query, series in read])
    curves = tuple(
        Series(label, series.points, color(query.color)) for label, (query, series) in zip(labels, read, strict=True)
    )
    return Chart(
        _VIEWS.get(text_of(properties.get("view")) or "", View.TIME_SERIES),
        curves,
        step_s,
        stacked=object_of(style.get("lineOptions")).get("stacked") is True,
        left=_axis(axes[0]) if axes else Axis(),
        legend=legend.get("show") is not False,
    )


def _axis(axis: dict[str, Any]) -> Axis:
    title = axis.get("title")
    label = text_of(axis.get("label")) or text_of(title) or text_of(object_of(title).get("text")) or ""
    return Axis(label, number_of(axis.get("min")), number_of(axis.get("max")))


def _labeled(query: Query, series: LabeledSeries) -> Labeled:
    labels = dict(series.labels)
    name = query.label or labels.get("__name__") or ""
    parts = tuple((key, value) for key, value in labels.items() if key != "__name__")
    if not name and parts:
        # A grouped query has no name: the values of its labels tell its series apart.
        name, parts = ", ".join(value for _, value in parts), ()
    return Labeled(name or _name(query), parts, bool(query.label))


def _name(query: Query) -> str:
    text = query.label or " ".join(query.text.split())
    return text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 1]}…"
