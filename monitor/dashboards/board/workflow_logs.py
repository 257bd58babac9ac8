"""The data of log widgets: from Logs Insights, or by reading the log and evaluating the query locally."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from monitor.aws.insights import Query, QueryPolling, run_query
from monitor.dashboards.board import analyze_timerange
from monitor.dashboards.board.analyze_query import run
from monitor.dashboards.board.analyze_query_value import UnsupportedError, number
from monitor.dashboards.board.model import CategoryChart, Chart, Content, Series, Unavailable, View
from monitor.dashboards.board.parse_fields import discover
from monitor.dashboards.board.parse_query import QueryError, parse_query
from monitor.dashboards.board.workflow_context import MOST_EVENTS, RenderContext
from monitor.dashboards.checks.logs import names_log_group
from monitor.errors import NotFoundError
from monitor.kernel.json_fields import text_of
from monitor.kernel.window import Window
from monitor.records.query_result import LogResult

_SOURCE = re.compile(r"\s*SOURCE\s+('[^']+'|\"[^\"]+\"|`[^`]+`|[^\s|(]+)\s*(?:\||$|\n)", re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}")
_GUESSED_PERIOD_S = 300
# Results come after 1 to 3 s as a rule; a query may run for 60 minutes, a person will not wait so long.
_POLLING = QueryPolling(first_s=0.4, factor=1.5, longest_s=3.0, deadline_s=120.0)
_MOST_ROWS = 10_000


def log_widget(properties: dict[str, Any], context: RenderContext) -> tuple[Content, tuple[str, ...]]:
    """The content of a log widget, and notes about it."""
    query = properties.get("query")
    if not isinstance(query, str) or not query.strip():
        return Unavailable("the widget has no query"), ()
    region = text_of(properties.get("region")) or ""
    language = properties.get("queryLanguage", "CWLI")
    if language == "CWLI" and not names_log_group(query):
        return Unavailable("the query names no log group", "start it with SOURCE '/aws/lambda/NAME' |"), ()
    window = analyze_timerange.own_window(properties, context.now_ms) or context.window
    if context.engine == "scan":
        if language != "CWLI":
            return Unavailable(f"{language} queries cannot be evaluated locally", "use --engine insights"), ()
        found, notes = _scanned(query, region, context, window)
    else:
        title = text_of(properties.get("title"))
        name = f"the log widget {title!r}" if title else "a log widget"
        found, notes = _queried(query, region, context, name, window)
    if isinstance(found, Unavailable):
        return found, notes
    view = text_of(properties.get("view"))
    return _in_view(found, "table" if view is None else view, stacked=properties.get("stacked") is True), notes


def _scanned(
    query: str, region: str, context: RenderContext, window: Window
) -> tuple[LogResult | Unavailable, tuple[str, ...]]:
    try:
        parsed = parse_query(query)
        read = {group: context.events(region, group, window) for group in parsed.groups}
        groups = {group: found for group, found in read.items() if found is not None}
        missing = tuple(f"log group {group} not found in {context.at(region).region}" for group in read.keys() - groups)
        if not groups:
            hint = "a function creates its log group with its first invocation"
            return Unavailable("; ".join(sorted(missing)), hint), ()
        events = (event for group in groups.values() for event in group)
        ordered = sorted(events, key=lambda event: event.timestamp_ms) if len(groups) > 1 else events
        result = run(parsed, (discover(event) for event in ordered))
    except (QueryError, UnsupportedError) as error:
        return Unavailable(f"the query cannot be evaluated locally: {error}", "use --engine insights"), ()
    cut = [group for group, found in groups.items() if len(found) >= MOST_EVENTS]
    notes = (f"only the latest {MOST_EVENTS:,} events of {group} were read" for group in cut)
    return result, (*sorted(missing), *notes)


def _queried(
    text: str, region: str, context: RenderContext, name: str, window: Window
) -> tuple[LogResult, tuple[str, ...]]:
    groups: list[str] = []
    rest = text
    # `SOURCE 'group' |` of the dashboard is a parameter of StartQuery; SOURCE logGroups(…) is part of the query.
    while match := _SOURCE.match(rest):
        groups.append(match[1].strip("'\"`"))
        rest = rest[match.end() :]
    connection, missing = context.at(region), list[str]()
    while True:
        query = Query(name, tuple(groups), rest if groups else text, window.start_ms, window.end_ms, _MOST_ROWS)
        try:
            answer = run_query(connection, query, polling=_POLLING, clock=context.clock)
        except NotFoundError as error:
            # StartQuery names one missing group and rejects the query: the others still have events.
            gone = next((group for group in groups if f"'{group}'" in error.message), None)
            if gone is None or len(groups) == 1:
                raise
            groups.remove(gone)
            missing.append(f"log group {gone} not found in {connection.region}")
            continue
        context.billed(answer.scanned_bytes)
        return answer.result, tuple(missing)


def _in_view(result: LogResult, view: str, *, stacked: bool) -> Content:
    """The result in the given view, or as a table if it does not fit."""
    if view in (View.BAR, View.PIE):
        return _bars(result, View(view)) or result
    if view == View.TIME_SERIES:
        return _series(result, stacked=stacked) or result
    return result


def _series(result: LogResult, *, stacked: bool) -> Chart | None:
    times = next((index for index, _ in enumerate(result.columns) if _is_time(result, index)), None)
    if times is None:
        return None
    others = [index for index in range(len(result.columns)) if index != times]
    numeric = [index for index in others if _is_numeric(result, index)]
    named = [index for index in others if index not in numeric]
    points: dict[str, list[tuple[int, float]]] = {}
    for row in result.rows:
        at = _epoch_ms(str(row[times]))
        group = " ".join(row[index] or "" for index in named)
        for index in numeric:
            value = number(row[index])
            if value is not None:
                parts = (group, result.columns[index] if len(numeric) > 1 or not group else "")
                points.setdefault(" ".join(part for part in parts if part), []).append((at, value))
    curves = tuple(Series(label, tuple(sorted(found))) for label, found in points.items())
    return Chart(View.TIME_SERIES, curves, _step_s(curves), stacked)


def _bars(result: LogResult, view: View) -> CategoryChart | None:
    numeric = [index for index in range(len(result.columns)) if _is_numeric(result, index)]
    if not numeric:
        return None
    named = [index for index in range(len(result.columns)) if index not in numeric]
    rows = (
        (" ".join(row[index] or "" for index in named) or "all", tuple(number(row[index]) for index in numeric))
        for row in result.rows
    )
    return CategoryChart(view, tuple(result.columns[index] for index in numeric), tuple(rows))


def _cells(result: LogResult, index: int) -> Iterator[str]:
    return (cell for row in result.rows if (cell := row[index]) is not None)


def _is_time(result: LogResult, index: int) -> bool:
    return all(row[index] is not None and _TIME.fullmatch(str(row[index])) for row in result.rows) and bool(result.rows)


def _is_numeric(result: LogResult, index: int) -> bool:
    return all(number(cell) is not None for cell in _cells(result, index))


def _epoch_ms(text: str) -> int:
    return round(datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC).timestamp() * 1000)


def _step_s(curves: tuple[Series, ...]) -> int:
    """The smallest distance between two points, which is the bin of the query."""
    times = sorted({at for curve in curves for at, _ in curve.points})
    steps = [later - earlier for earlier, later in pairwise(times)]
    return max(1, min(steps) // 1000) if steps else _GUESSED_PERIOD_S
