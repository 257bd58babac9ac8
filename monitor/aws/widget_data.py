"""The data of a dashboard's metric widgets: GetMetricData's own queries, expressions among them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from monitor.aws.connection import Connection
from monitor.aws.metrics import points_of
from monitor.records.metric import MetricSeries


@dataclass(frozen=True, slots=True)
class WidgetData:
    """The series of GetMetricData by query id, its messages, and (id, label, status) of those not complete.

    One id has several series if a SEARCH found several metrics.
    """

    series: tuple[tuple[str, MetricSeries], ...]
    messages: tuple[str, ...] = ()
    failed: tuple[tuple[str, str, str], ...] = ()


def query_metric_data(
    connection: Connection, queries: Sequence[dict[str, Any]], start_ms: int, end_ms: int
) -> WidgetData:
    """Run queries of GetMetricData, expressions included. `queries` are those of one widget: at most 500."""
    # A label can occur twice in one id: the n-th of a page continues the n-th of the page before.
    points: dict[tuple[str, str, int], list[tuple[int, float]]] = {}
    messages: dict[str, None] = {}
    statuses: dict[tuple[str, str], str] = {}
    parameters = {
        "MetricDataQueries": list(queries),
        "StartTime": datetime.fromtimestamp(start_ms / 1000, UTC),
        "EndTime": datetime.fromtimestamp(end_ms / 1000, UTC),
        "ScanBy": "TimestampAscending",
    }
    for page in connection.pages("cloudwatch", "GetMetricData", token="NextToken", **parameters):
        messages |= dict.fromkeys(_told(page.get("Messages", [])))
        seen: Counter[tuple[str, str]] = Counter()
        for result in page.get("MetricDataResults", []):
            messages |= dict.fromkeys(_told(result.get("Messages", [])))
            name, label = result["Id"], result.get("Label", "")
            found = points.setdefault((name, label, seen[name, label]), [])
            seen[name, label] += 1
            statuses[name, label] = str(result.get("StatusCode") or "Complete")
            found += points_of(result)
    series = ((name, MetricSeries(label, "", tuple(sorted(found)))) for (name, label, _), found in points.items())
    failed = ((name, label, status) for (name, label), status in statuses.items() if status != "Complete")
    return WidgetData(tuple(series), tuple(messages), tuple(failed))


def _told(messages: Iterable[dict[str, Any]]) -> list[str]:
    return [": ".join(part for part in (one.get("Code"), one.get("Value")) if part) for one in messages]
