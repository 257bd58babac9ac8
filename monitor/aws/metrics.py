"""CloudWatch metrics: GetMetricData with 500 queries a call, and ListMetrics."""

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from monitor.aws.answers import UnreadableAnswerError
from monitor.aws.connection import Connection
from monitor.kernel.window import Window
from monitor.records.metric import MetricQuery, MetricSeries

# GetMetricData's limit.
QUERIES_A_CALL = 500
_MINUTE_MS = 60_000
_DAY_MS = 86_400_000


def get_metric_data(
    connection: Connection, queries: Sequence[MetricQuery], start_ms: int, end_ms: int
) -> dict[str, MetricSeries]:
    """Each query's series by its key; a metric without data points has an empty one."""
    found: dict[str, MetricSeries] = {}
    for first in range(0, len(queries), QUERIES_A_CALL):
        batch = queries[first : first + QUERIES_A_CALL]
        for position, series in _batch(connection, batch, start_ms, end_ms):
            key = batch[position].key
            known = found[key].points if key in found else ()
            found[key] = MetricSeries(key, series.unit, tuple(sorted(known + series.points)))
    return found


def _batch(
    connection: Connection, batch: Sequence[MetricQuery], start_ms: int, end_ms: int
) -> Iterator[tuple[int, MetricSeries]]:
    positions = {f"m{position}": position for position in range(len(batch))}
    parameters = {
        "MetricDataQueries": [_query(name, batch[position]) for name, position in positions.items()],
        "StartTime": datetime.fromtimestamp(start_ms / 1000, UTC),
        "EndTime": datetime.fromtimestamp(end_ms / 1000, UTC),
        "ScanBy": "TimestampAscending",
    }
    for page in connection.pages("cloudwatch", "GetMetricData", token="NextToken", **parameters):
        for result in page.get("MetricDataResults", []):
            position = positions.get(result["Id"])
            if position is None:
                raise UnreadableAnswerError("cloudwatch:GetMetricData", "an Id was not queried")
            yield position, MetricSeries(result.get("Label", ""), "", points_of(result))


def points_of(result: dict[str, Any]) -> tuple[tuple[int, float], ...]:
    """The (time in ms, value) pairs of a result of GetMetricData.

    Raises:
        UnreadableAnswerError: there are not as many times as values.
    """
    times, values = result.get("Timestamps", []), result.get("Values", [])
    if len(times) != len(values):
        raise UnreadableAnswerError("cloudwatch:GetMetricData", f"{len(times)} times have {len(values)} values")
    return tuple((round(moment.timestamp() * 1000), value) for moment, value in zip(times, values, strict=True))


def _query(name: str, query: MetricQuery) -> dict[str, Any]:
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": query.namespace,
                "MetricName": query.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in query.dimensions],
            },
            "Period": query.period_s,
            "Stat": query.stat,
        },
    }


def list_metrics(
    connection: Connection, *, namespace: str | None = None, dimension: tuple[str, str] | None = None
) -> list[tuple[str, str, tuple[tuple[str, str], ...]]]:
    """The (namespace, name, dimensions) of the metrics in a namespace, or with a dimension."""
    parameters: dict[str, Any] = {"Namespace": namespace} if namespace else {}
    if dimension:
        parameters["Dimensions"] = [{"Name": dimension[0], "Value": dimension[1]}]
    return [
        (
            metric["Namespace"],
            metric["MetricName"],
            tuple((one["Name"], one["Value"]) for one in metric.get("Dimensions", [])),
        )
        for page in connection.pages("cloudwatch", "ListMetrics", token="NextToken", **parameters)
        for metric in page.get("Metrics", [])
    ]


def find_metrics(
    connection: Connection, name: str, dimensions: Iterable[tuple[str, str | None]]
) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    """The (namespace, dimensions) under which a metric of this name and at least these dimensions exists.

    A dimension's value may be None: any.
    """
    wanted = [{"Name": name} | ({} if value is None else {"Value": value}) for name, value in dimensions]
    pages = connection.pages("cloudwatch", "ListMetrics", token="NextToken", MetricName=name, Dimensions=wanted)
    return [
        (metric["Namespace"], tuple((one["Name"], one["Value"]) for one in metric.get("Dimensions", [])))
        for page in pages
        for metric in page.get("Metrics", [])
    ]


def whole_minutes(window: Window) -> tuple[int, int]:
    """The window, extended to full periods.

    CloudWatch keeps minutes for 15 days, 5 minutes for 63 days, and hours after that.
    """
    age_ms = time.time_ns() // 1_000_000 - window.start_ms
    step_ms = _MINUTE_MS * (1 if age_ms < 15 * _DAY_MS else 5 if age_ms < 63 * _DAY_MS else 60)
    return window.start_ms // step_ms * step_ms, -(-window.end_ms // step_ms) * step_ms
