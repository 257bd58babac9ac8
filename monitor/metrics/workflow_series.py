"""Reads metrics over time, custom metrics, and memory from REPORT lines."""

from collections.abc import Sequence
from dataclasses import replace

from monitor.aws.connection import Connection
from monitor.aws.metrics import get_metric_data, list_metrics
from monitor.coldstarts.model import OnRead
from monitor.coldstarts.workflow import read_tallies
from monitor.errors import DeniedError, UsageError
from monitor.kernel.target import LogTarget
from monitor.kernel.window import Window
from monitor.logs.workflow_reading import open_located
from monitor.metrics.workflow import own_dimensions
from monitor.records.metric import (
    CustomMetric,
    FunctionMetrics,
    FunctionSeries,
    MetricQuery,
    MetricSeries,
    greatest,
    least,
    total,
)

# REPORT lines in both log formats.
REPORTS_ONLY = '?"REPORT RequestId" ?"platform.report"'
_SERIES = (
    ("invocations", "Invocations", "Sum"),
    ("errors", "Errors", "Sum"),
    ("throttles", "Throttles", "Sum"),
    ("concurrency", "ConcurrentExecutions", "Maximum"),
    ("p50_duration_ms", "Duration", "p50"),
    ("p99_duration_ms", "Duration", "p99"),
)
_CUSTOM = (("count", "SampleCount"), ("sum", "Sum"), ("min", "Minimum"), ("max", "Maximum"))
_MOST_CUSTOM = 100
_MOST_POINTS = 2_000
_NAMES = ("function_name", "FunctionName", "service")


def whole_periods(window: Window, period_s: int) -> tuple[int, int]:
    """The window in whole periods.

    Raises:
        UsageError: the period is not a multiple of a minute, or there would be too many periods.
    """
    if period_s < 60 or period_s % 60:
        raise UsageError(
            "--period is not a multiple of a minute", "CloudWatch stores metrics by the minute: use 1m, 5m or 1h"
        )
    step_ms = period_s * 1000
    start_ms, end_ms = window.start_ms // step_ms * step_ms, -(-window.end_ms // step_ms) * step_ms
    if (end_ms - start_ms) // step_ms > _MOST_POINTS:
        raise UsageError(f"there would be more than {_MOST_POINTS} periods", "give a longer --period")
    return start_ms, end_ms


def function_series(connection: Connection, target: LogTarget, window: Window, period_s: int) -> FunctionSeries:
    """A function's main figures, period by period."""
    bounds = whole_periods(window, period_s)
    own = own_dimensions(target)
    queries = [MetricQuery(key, "AWS/Lambda", name, stat, period_s, own) for key, name, stat in _SERIES]
    found = get_metric_data(connection, queries, *bounds)
    series = tuple(found.get(key, MetricSeries(key, "")) for key, _, _ in _SERIES)
    return FunctionSeries(target.name, target.region, bounds, period_s, series)


def custom_metrics(
    connection: Connection, target: LogTarget, bounds: tuple[int, int], namespace: str | None, service: str | None
) -> tuple[CustomMetric, ...]:
    """The custom metrics of `namespace`, or those with the name of the function or service as a dimension.

    At most 100, by namespace and name.
    """
    function = str(target.function)
    if namespace is not None:
        found = list_metrics(connection, namespace=namespace)
    else:
        found = [
            one
            for name in _NAMES
            for one in list_metrics(
                connection, dimension=(name, service if name == "service" and service else function)
            )
        ]
    own = sorted({one for one in found if not one[0].startswith(("AWS/", "LambdaInsights"))})[:_MOST_CUSTOM]
    period_s = (bounds[1] - bounds[0]) // 1000
    queries = [
        MetricQuery(f"{at}:{key}", space, name, stat, period_s, dimensions)
        for at, (space, name, dimensions) in enumerate(own)
        for key, stat in _CUSTOM
    ]
    answers = get_metric_data(connection, queries, *bounds)
    return tuple(
        CustomMetric(
            space,
            name,
            dimensions,
            total(answers.get(f"{at}:count")),
            total(answers.get(f"{at}:sum")),
            least(answers.get(f"{at}:min")),
            greatest(answers.get(f"{at}:max")),
        )
        for at, (space, name, dimensions) in enumerate(own)
    )


def with_memory(
    rows: Sequence[FunctionMetrics], found: Sequence[tuple[Connection, LogTarget]], window: Window, on_read: OnRead
) -> list[FunctionMetrics]:
    """Fill in the memory from REPORT lines if Lambda Insights has no data."""
    filled = []
    for row, pair in zip(rows, found, strict=True):
        if row.memory_max_mb is not None:
            filled.append(row)
            continue
        try:
            (tally,) = read_tallies(open_located([pair], REPORTS_ONLY), window, on_read)
            summaries = tally.summaries()
        except DeniedError as error:
            pair[0].warn_denied(error, "memory is not known")
            filled.append(row)
            continue
        used = max((one.max_memory_mb or 0 for one in summaries), default=0)
        sizes = [size for one in summaries for size in one.memory_mb]
        size = row.memory_size_mb if row.memory_size_mb is not None else max(sizes, default=None)
        filled.append(replace(row, memory_max_mb=used or None, memory_size_mb=size))
    return filled
