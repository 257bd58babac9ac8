"""The data of log widgets: from Logs Insights, or by reading the log and evaluating the query locally."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from monitor.aws.insights import Query, QueryPolling, run_query
from monitor.dashboards.board.analyze_query import run
from monitor.dashboards.board.analyze_query_value import UnsupportedError, number
from monitor.dashboards.board.model import Bars, Chart, Content, Curve, NotDrawn, View
from monitor.dashboards.board.parse_fields import discover
from monitor.dashboards.board.parse_query import QueryError, parse_query
from monitor.dashboards.board.workflow_scene import MOST_EVENTS, Scene
from monitor.kernel.json_fields import text_of
from monitor.records.query_result import LogResult

_SOURCE = re.compile(r"\s*SOURCE\s+('[^']+'|\"[^\"]+\"|`[^`]+`|[^\s|(]+)\s*(?:\||$|\n)", re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}")
_GUESSED_PERIOD_S = 300
# Results come after 1 to 3 s as a rule; a query may run for 60 minutes, a person will not wait so long.
_POLLING = QueryPolling(first_s=0.4, factor=1.5, longest_s=3.0, deadline_s=120.0)
_MOST_ROWS = 10_000


def answered(properties: dict[str, Any], scene: Scene) -> tuple[Content, tuple[str, ...]]:
    """The content of a log widget, and notes about it."""
    query = properties.get("query")
    if not isinstance(query, str) or not query.strip():
        return NotDrawn("the widget has no query"), ()
    region = text_of(properties.get("region")) or ""
    if scene.engine == "scan":
        language = properties.get("queryLanguage", "CWLI")
        if language != "CWLI":
            return NotDrawn(f"{language} queries cannot be evaluated locally", "use --engine insights"), ()
        found, notes = _scanned(query, region, scene)
    else:
        title = text_of(properties.get("title"))
        name = f"the log widget {title!r}" if title else "a log widget"
        found, notes = _queried(query, region, scene, name)
    if isinstance(found, NotDrawn):
        return found, notes
    view = text_of(properties.get("view"))
    return _shown(found, "table" if view is None else view, properties.get("stacked") is True), notes


def _scanned(query: str, region: str, scene: Scene) -> tuple[LogResult | NotDrawn, tuple[str, ...]]:
    try:
        parsed = parse_query(query)
        groups = {group: scene.events(region, group) for group in parsed.groups}
        events = (event for group in groups.values() for event in group)
        ordered = sorted(events, key=lambda event: event.timestamp_ms) if len(groups) > 1 else events
        result = run(parsed, (discover(event) for event in ordered))
    except (QueryError, UnsupportedError) as error:
        return NotDrawn(f"the query cannot be evaluated locally: {error}", "use --engine insights"), ()
    cut = [group for group, found in groups.items() if len(found) >= MOST_EVENTS]
    return result, tuple(f"only the latest {MOST_EVENTS:,} events of {group} were read" for group in cut)


def _queried(text: str, region: str, scene: Scene, name: str) -> tuple[LogResult, tuple[str, ...]]:
    groups: list[str] = []
    rest = text
    # `SOURCE 'group' |` of the dashboard is a parameter of StartQuery; SOURCE logGroups(…) is part of the query.
    while match := _SOURCE.match(rest):
        groups.append(match[1].strip("'\"`"))
        rest = rest[match.end() :]
    window = scene.window
    query = Query(name, tuple(groups), rest if groups else text, window.start_ms, window.end_ms, _MOST_ROWS)
    answer = run_query(scene.at(region), query, polling=_POLLING, clock=scene.clock)
    scene.billed(answer.scanned_bytes)
    return answer.result, ()


def _shown(result: LogResult, view: str, stacked: bool) -> Content:
    """The result in the given view, or as a table if it does not fit."""
    if view in (View.BAR, View.PIE):
        return _bars(result, View(view)) or result
    if view == View.TIME_SERIES:
        return _series(result, stacked) or result
    return result


def _series(result: LogResult, stacked: bool) -> Chart | None:
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
    curves = tuple(Curve(label, tuple(sorted(found))) for label, found in points.items())
    return Chart(View.TIME_SERIES, curves, _step_s(curves), stacked)


def _bars(result: LogResult, view: View) -> Bars | None:
    numeric = [index for index in range(len(result.columns)) if _is_numeric(result, index)]
    if not numeric:
        return None
    named = [index for index in range(len(result.columns)) if index not in numeric]
    rows = (
        (" ".join(row[index] or "" for index in named) or "all", tuple(number(row[index]) for index in numeric))
        for row in result.rows
    )
    return Bars(view, tuple(result.columns[index] for index in numeric), tuple(rows))


def _cells(result: LogResult, index: int) -> Iterator[str]:
    return (cell for row in result.rows if (cell := row[index]) is not None)


def _is_time(result: LogResult, index: int) -> bool:
    return all(row[index] is not None and _TIME.fullmatch(str(row[index])) for row in result.rows) and bool(result.rows)


def _is_numeric(result: LogResult, index: int) -> bool:
    return all(number(cell) is not None for cell in _cells(result, index))


def _epoch_ms(text: str) -> int:
    return round(datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC).timestamp() * 1000)


def _step_s(curves: tuple[Curve, ...]) -> int:
    """The smallest distance between two points, which is the bin of the query."""
    times = sorted({at for curve in curves for at, _ in curve.points})
    steps = [later - earlier for earlier, later in pairwise(times)]
    return max(1, min(steps) // 1000) if steps else _GUESSED_PERIOD_S
