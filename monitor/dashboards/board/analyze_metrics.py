"""The GetMetricData queries of a metric widget, and the style of their series."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from monitor.dashboards.body import rows
from monitor.kernel.expressions.metric_math import ids, parse
from monitor.kernel.expressions.metric_search import ExpressionError
from monitor.kernel.json_fields import list_of

_ID = re.compile(r"[a-z][A-Za-z0-9_]{0,254}")
_COLOR = re.compile(r"#[0-9a-fA-F]{3,8}")


@dataclass(frozen=True, slots=True)
class SeriesStyle:
    """The style of the series of a query."""

    color: str = ""
    right: bool = False
    parts: tuple[tuple[str, str], ...] = ()
    """What its row consists of, by name, for labels that tell equal ones apart."""
    is_own_label: bool = False
    """Whether the dashboard sets the label; otherwise CloudWatch does."""


@dataclass(frozen=True, slots=True)
class MetricQueries:
    """GetMetricData queries by region ("" is that of the connection), the style of each id, and rows left out."""

    queries: dict[str, list[dict[str, Any]]]
    looks: dict[str, SeriesStyle] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def request(properties: dict[str, Any], period_s: int) -> MetricQueries:
    """The queries of the rows of a metric widget; `period_s` is for rows without their own period."""
    region = _text(properties.get("region"))
    stat = _text(properties.get("stat")) or "Average"
    found: dict[str, list[dict[str, Any]]] = {}
    looks: dict[str, SeriesStyle] = {}
    notes: list[str] = []
    listed = properties.get("metrics")
    for index, row in enumerate(rows.expand_all(list_of(listed))):
        names, options = rows.split(row) if isinstance(row, list) else ([], {})
        query = _query(names, options, stat, period_s)
        if query is None:
            notes.append(f"row {index + 1} is neither a metric nor an expression")
            continue
        stated = options.get("id")
        name = stated if isinstance(stated, str) and _ID.fullmatch(stated) and stated not in looks else f"row{index}"
        query |= {"Id": name, "ReturnData": options.get("visible", True) is not False}
        if _text(options.get("label")):
            query["Label"] = options["label"]
        place = _text(options.get("region")) or region
        looks[name] = SeriesStyle(
            color(options.get("color")),
            options.get("yAxis") == "right",
            tuple(_parts(names, query, place, stated if isinstance(stated, str) else "")),
            "Label" in query,
        )
        found.setdefault(place, []).append(query)
    return MetricQueries(found, looks, (*notes, *_remove_unresolved(found)))


def _parts(names: list[str], query: dict[str, Any], region: str, stated: str) -> Iterator[tuple[str, str]]:
    if metric := query.get("MetricStat"):
        yield from zip(names[2::2], names[3::2], strict=True)
        yield " metric", names[1]
        yield " stat", metric["Stat"]
        yield " namespace", names[0]
        yield " period", f"{metric['Period']} s"
    elif stated:
        yield " id", stated
    yield " region", region
    yield " account", query.get("AccountId", "")


def operands(expression: dict[str, Any], queries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The queries that an expression needs: all metrics (for METRICS()), and the expressions that it uses."""
    by_id = {str(query["Id"]): query for query in queries}
    needed: dict[str, None] = {}
    open_ids = list(ids(parse(expression["Expression"])))
    while open_ids:
        name = open_ids.pop()
        if name not in needed and name in by_id and name != expression["Id"]:
            needed[name] = None
            if text := by_id[name].get("Expression"):
                open_ids += ids(parse(text))
    return [query for query in queries if "Expression" not in query or str(query["Id"]) in needed]


def of_alarm(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """The queries of the metric or metric math that an alarm (from DescribeAlarms) watches; none if it has neither."""
    if alarm.get("Metrics"):
        return [dict(query) for query in alarm["Metrics"]]
    if not alarm.get("MetricName"):
        return []
    metric: dict[str, Any] = {key: alarm[key] for key in ("Namespace", "MetricName") if key in alarm}
    metric["Dimensions"] = alarm.get("Dimensions") or []
    stat = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    return [
        {"Id": "watched", "MetricStat": {"Metric": metric, "Period": alarm.get("Period") or 300, "Stat": stat}},
    ]


def _query(names: list[str], options: dict[str, Any], stat: str, period_s: int) -> dict[str, Any] | None:
    own = options.get("period")
    period = own if isinstance(own, int) and not isinstance(own, bool) and own > 0 else period_s
    text = options.get("expression")
    if isinstance(text, str) and text.strip():
        query: dict[str, Any] = {"Expression": text}
        if re.search(r"\bSEARCH\s*\(|^\s*SELECT\b", text, re.IGNORECASE):
            query["Period"] = period
        return query
    if len(names) < 2 or len(names) % 2 or any(name in (".", "...") for name in names):
        return None
    pairs = zip(names[2::2], names[3::2], strict=True)
    metric = {
        "Namespace": names[0],
        "MetricName": names[1],
        "Dimensions": [{"Name": name, "Value": value} for name, value in pairs],
    }
    query = {"MetricStat": {"Metric": metric, "Period": period, "Stat": _text(options.get("stat")) or stat}}
    if account := _text(options.get("accountId")):
        query["AccountId"] = account
    return query


def _remove_unresolved(found: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Remove expressions that GetMetricData cannot evaluate, such as over series of another region."""
    for queries in found.values():
        here = {str(query["Id"]) for query in queries}
        for query in list(queries):
            try:
                used = set(ids(parse(query["Expression"]))) if "Expression" in query else set()
            except ExpressionError as error:
                queries.remove(query)
                yield f"expression {query['Id']} is not valid: {error}"
                continue
            if missing := sorted(used - here):
                queries.remove(query)
                elsewhere = any(name in {str(one["Id"]) for one in found[other]} for other in found for name in missing)
                why = "of another region" if elsewhere else "not found"
                yield f"expression {query['Id']} uses {', '.join(missing)}, {why}"


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def color(value: Any) -> str:
    """A hexadecimal CSS color; "" for any other text, which could contain more than a color."""
    return value if isinstance(value, str) and _COLOR.fullmatch(value) else ""
