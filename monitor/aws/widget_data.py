"""The data of a dashboard's metric widgets: GetMetricData's own queries, expressions among them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from monitor.aws.connection import Connection
from monitor.records.metric import MetricSeries


def query_metric_data(
    connection: Connection, queries: Sequence[dict[str, Any]], start_ms: int, end_ms: int
) -> tuple[list[tuple[str, MetricSeries]], tuple[str, ...]]:
    """What GetMetricData answers to its own kind of queries, expressions among them: (id, series), and its messages.

    One id has several series where a SEARCH found several metrics. `queries` are those of one widget: at most 500.
    """
    points: dict[tuple[str, str], list[tuple[int, float]]] = {}
    messages: dict[str, None] = {}
    parameters = {
        "MetricDataQueries": list(queries),
        "StartTime": datetime.fromtimestamp(start_ms / 1000, UTC),
        "EndTime": datetime.fromtimestamp(end_ms / 1000, UTC),
        "ScanBy": "TimestampAscending",
    }
    for page in connection.pages("cloudwatch", "GetMetricData", token="NextToken", **parameters):
        messages |= dict.fromkeys(_told(page.get("Messages", [])))
        for result in page.get("MetricDataResults", []):
            messages |= dict.fromkeys(_told(result.get("Messages", [])))
            times = (round(moment.timestamp() * 1000) for moment in result.get("Timestamps", []))
            found = points.setdefault((result["Id"], result.get("Label", "")), [])
            found += zip(times, result.get("Values", []), strict=True)
    series = [(name, MetricSeries(label, "", tuple(sorted(found)))) for (name, label), found in points.items()]
    return series, tuple(messages)


def _told(messages: Iterable[dict[str, Any]]) -> list[str]:
    return [": ".join(part for part in (one.get("Code"), one.get("Value")) if part) for one in messages]
