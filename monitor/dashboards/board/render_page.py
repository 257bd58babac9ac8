"""Render a dashboard as one self-contained HTML page, light and dark, with every text escaped."""

import base64
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Template

from monitor.console.page import asset, page_template, source_hash, style_sheet
from monitor.console.text import clean, clean_lines, format_time
from monitor.dashboards.board.model import (
    Alarms,
    Board,
    CategoryChart,
    Chart,
    Image,
    MarkdownText,
    Unavailable,
    View,
    Widget,
)
from monitor.dashboards.board.render_markdown import render_markdown
from monitor.records.query_result import LogResult

_TEMPLATES = Path(__file__).parent / "templates"
_LIBRARY = Path(__file__).parent / "vendor" / "echarts.common.min.js"
_MOST_ROWS = 1_000
_LONGEST_CELL = 4_000
_FIGURES = frozenset({View.SINGLE_VALUE, View.GAUGE, View.TABLE})
_STATES = {"OK": "ok", "ALARM": "bad"}
# Sizes from the style sheet, for the height of a still page.
_ROW_PX, _GAP_PX, _HEAD_PX, _PADDING_PX = 48, 8, 48, 16
_TIME = "%Y-%m-%d %H:%M:%S.%f"


@cache
def _template() -> Template:
    return page_template(_TEMPLATES / "board.html.j2")


def render_page(board: Board, *, utc: bool = False, theme: str = "", still: bool = False) -> str:
    """The page of a dashboard.

    `theme` is light, dark or "" for the setting of the system. `still` is for screenshots: no range picker, and the
    height of `still_height_px`. The content security policy of the page blocks every request, and allows only its own
    script and style by their hashes: titles, texts and log lines stay text even if an escape were missing.
    """
    style = style_sheet(_TEMPLATES / "board.css") + "\n" + "\n".join(_places(board))
    script, library = asset(_TEMPLATES / "board.js"), asset(_LIBRARY)
    return _template().render(
        policy=(
            f"default-src 'none'; img-src data:; style-src {source_hash(style)}; "
            f"script-src {source_hash(script)} {source_hash(library)}; base-uri 'none'; form-action 'none'"
        ),
        style=style,
        script=script,
        library=library,
        data=_json(_data(board, utc)),
        name=clean(board.name),
        origin=clean(board.origin),
        source=clean(board.source),
        made=format_time(board.made_ms, utc=utc),
        start=format_time(board.start_ms, utc=utc),
        end=format_time(board.end_ms, utc=utc),
        notes=[clean(note) for note in board.notes],
        widgets=[_widget(widget, utc) for widget in board.widgets],
        theme=theme,
        still=still,
    )


def still_height_px(board: Board) -> int:
    """The height of a still page at any width above that of a phone."""
    rows = max((widget.y + widget.height for widget in board.widgets), default=1)
    return _HEAD_PX + _PADDING_PX + rows * (_ROW_PX + _GAP_PX) - _GAP_PX


def _json(value: object) -> str:
    """JSON that cannot close the element that contains it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _places(board: Board) -> Iterator[str]:
    """The grid area of each widget; narrow screens have one column and ignore it."""
    for index, widget in enumerate(board.widgets):
        yield (f"#w{index}{{grid-area:{widget.y + 1}/{widget.x + 1}/span {widget.height}/span {widget.width}}}")


def _data(board: Board, utc: bool) -> dict[str, Any]:
    # A point covers the period that starts at its time, so the period in which the range starts is included.
    periods = [one.content.period_s for one in board.widgets if isinstance(one.content, Chart)]
    return {
        "start": board.start_ms,
        "end": board.end_ms,
        "utc": utc,
        "slack": min(periods, default=60) * 1000,
        "widgets": [_charted(widget) for widget in board.widgets],
        "ranges": [[one.window.start_ms, one.window.end_ms] if one.window else None for one in board.widgets],
    }


def _charted(widget: Widget) -> dict[str, Any] | None:
    content = widget.content
    if isinstance(content, CategoryChart):
        rows = [[clean(name), list(values)] for name, values in content.rows[:_MOST_ROWS]]
        columns = [clean(column) for column in content.columns]
        return {"view": content.view.value, "rows": rows, "columns": columns, "marks": [], "legend": False}
    if not isinstance(content, Chart):
        return None
    axes = {
        side: {"label": clean(axis.label), "least": axis.least, "most": axis.most}
        for side, axis in (("left", content.left), ("right", content.right))
    }
    return {
        "view": content.view.value,
        "period": content.period_s,
        "stacked": content.stacked,
        "legend": content.legend,
        "curves": [
            {
                "label": clean(one.label),
                "points": [point for point in one.points if math.isfinite(point[1])],
                "color": one.color,
                "right": one.right,
            }
            for one in content.curves
        ],
        "marks": [
            {
                "at": one.at,
                "label": clean(one.label),
                "color": one.color,
                "until": one.until,
                "vertical": one.vertical,
                "right": one.right,
            }
            for one in content.marks
        ],
        **axes,
    }


def _widget(widget: Widget, utc: bool) -> dict[str, Any]:
    title = clean(widget.title)
    notes = [clean(note) for note in widget.notes]
    if widget.window is not None:
        start, end = (
            format_time(at, utc=utc).rpartition(".")[0] for at in (widget.window.start_ms, widget.window.end_ms)
        )
        notes.append(f"own time range: {start} – {end}")
    shared: dict[str, Any] = {"title": title, "css": "", "notes": notes, "own": widget.window is not None}
    match widget.content:
        case MarkdownText(markdown, transparent):
            kind = "prose clear" if transparent else "prose"
            return shared | {"kind": "prose", "css": kind, "html": render_markdown(markdown), "label": "Text"}
        case Chart() as chart:
            kind = "figures" if chart.view in _FIGURES else "chart"
            return shared | {"kind": kind, "label": _described(title, chart)}
        case CategoryChart() as bars:
            return shared | {"kind": "chart", "label": f"{title or 'Chart'}: {len(bars.rows)} values"}
        case LogResult() as result:
            return shared | {"kind": "table", "label": "Log query", **_table(result, utc)}
        case Alarms(states):
            return shared | {"kind": "alarms", "label": "Alarms", "states": [_alarm(one, utc) for one in states]}
        case Image(png):
            label = f"{title or 'Metric widget'}, drawn by CloudWatch"
            return shared | {"kind": "picture", "label": label, "png": base64.b64encode(png).decode()}
        case Unavailable(reason, hint):
            return shared | {"kind": "absent", "label": "Not shown", "reason": clean(reason), "hint": clean(hint)}


def _described(title: str, chart: Chart) -> str:
    """A text alternative for a chart."""
    described = [
        f"{clean(curve.label)}, latest {curve.points[-1][1]:.6g}" if curve.points else f"{clean(curve.label)}, no data"
        for curve in chart.curves[:8]
    ]
    more = f" and {len(chart.curves) - 8} more" if len(chart.curves) > 8 else ""
    return f"{title or 'Chart'}: {'; '.join(described) or 'no data'}{more}"


def _table(result: LogResult, utc: bool) -> dict[str, Any]:
    rows = [_row(row, utc) for row in result.rows[:_MOST_ROWS]]
    more = len(result.rows) - len(rows)
    return {"columns": [clean(column) for column in result.columns], "rows": rows, "more": more}


def _row(row: tuple[str | None, ...], utc: bool) -> dict[str, Any]:
    times = [_moment_ms(cell) for cell in row]
    cells = []
    for cell, at in zip(row, times, strict=True):
        text = "\n".join(clean_lines((cell or "")[:_LONGEST_CELL])) if at is None else format_time(at, utc=utc)
        cells.append({"text": text, "number": at is None and _is_number(cell)})
    return {"at": next((at for at in times if at is not None), None), "cells": cells}


def _moment_ms(text: str | None) -> int | None:
    """The epoch ms of a time as Logs Insights writes it, or None."""
    if text is None or len(text) != 23 or text[10] != " ":
        return None
    try:
        return round(datetime.strptime(text, _TIME).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return None


def _is_number(text: str | None) -> bool:
    return bool(text) and str(text).replace(".", "", 1).lstrip("-").isdigit()


def _alarm(alarm: Any, utc: bool) -> dict[str, str]:
    return {
        "name": clean(alarm.name),
        "state": clean(alarm.state) or "not found",
        "css": _STATES.get(alarm.state, "unknown"),
        "reason": clean(alarm.reason),
        "since": format_time(alarm.since_ms, utc=utc) if alarm.since_ms is not None else "",
    }
