"""A function's figures from CloudWatch's metrics: two calls for all of its statistics."""

from collections.abc import Iterator, Sequence

from monitor.analyze.metrics import greatest, total, weighted
from monitor.aws.connection import Connection
from monitor.aws.metrics import find_metrics, get_metric_data
from monitor.errors import RefusedError, UsageError
from monitor.model.metric import FunctionMetrics, MetricQuery, MetricSeries
from monitor.model.target import LogTarget
from monitor.model.window import Window

_MINUTE_MS = 60_000
_LAMBDA = (
    ("invocations", "Invocations", "Sum"),
    ("errors", "Errors", "Sum"),
    ("throttles", "Throttles", "Sum"),
    ("concurrency", "ConcurrentExecutions", "Maximum"),
    ("duration_count", "Duration", "SampleCount"),
    ("duration_p50", "Duration", "p50"),
    ("duration_p90", "Duration", "p90"),
    ("duration_p99", "Duration", "p99"),
    ("duration_max", "Duration", "Maximum"),
)
_INIT = (("init_count", "SampleCount"), ("init_p50", "p50"), ("init_max", "Maximum"))

Dimensions = tuple[tuple[str, str], ...]


def whole_minutes(window: Window) -> tuple[int, int]:
    """The window in whole minutes that hold all of it: CloudWatch has no finer start."""
    start_ms = window.start_ms // _MINUTE_MS * _MINUTE_MS
    end_ms = -(-window.end_ms // _MINUTE_MS) * _MINUTE_MS
    return start_ms, end_ms


def function_metrics(connection: Connection, targets: Sequence[LogTarget], window: Window) -> Iterator[FunctionMetrics]:
    """Each target's figures over the window, in the targets' order.

    Raises:
        UsageError: a target is a log group, which has no metrics of Lambda.
    """
    start_ms, end_ms = whole_minutes(window)
    period_s = (end_ms - start_ms) // 1000
    queries: list[MetricQuery] = []
    for position, target in enumerate(targets):
        if target.function is None:
            raise UsageError(f"{target.name} is a log group, not a function", "metrics are a function's: give its name")
        queries.extend(_queries(connection, f"{position}:", target, period_s))
    found = get_metric_data(connection, queries, start_ms, end_ms)
    for position, target in enumerate(targets):
        mine = {query.key.partition(":")[2]: found.get(query.key) for query in queries if _of(query, position)}
        yield _figures(target, (start_ms, end_ms), mine)


def _of(query: MetricQuery, position: int) -> bool:
    return query.key.partition(":")[0] == str(position)


def _queries(connection: Connection, prefix: str, target: LogTarget, period_s: int) -> Iterator[MetricQuery]:
    function = str(target.function)
    qualifier = target.name.partition(":")[2] if not target.name.startswith("arn:") else ""
    own: Dimensions = (("FunctionName", function),)
    if qualifier:
        own += (("Resource", f"{function}:{qualifier}"),)
    for key, name, stat in _LAMBDA:
        yield MetricQuery(prefix + key, "AWS/Lambda", name, stat, period_s, own)
    for position, (namespace, dimensions) in enumerate(_emitted(connection, "ColdStart", function)):
        yield MetricQuery(f"{prefix}cold.{position}", namespace, "ColdStart", "Sum", period_s, dimensions)
    for namespace, dimensions in _emitted(connection, "ObservedInitDuration", function)[:1]:
        for key, stat in _INIT:
            yield MetricQuery(prefix + key, namespace, "ObservedInitDuration", stat, period_s, dimensions)


def _emitted(connection: Connection, name: str, function: str) -> list[tuple[str, Dimensions]]:
    try:
        return find_metrics(connection, name, (("function_name", function),))
    except RefusedError:
        # Without cloudwatch:ListMetrics the rest is still worth showing.
        return []


def _figures(target: LogTarget, window: tuple[int, int], found: dict[str, MetricSeries | None]) -> FunctionMetrics:
    cold = [total(series) for key, series in found.items() if key.startswith("cold.")]
    known = [value for value in cold if value is not None]
    durations, inits = found.get("duration_count"), found.get("init_count")
    return FunctionMetrics(
        function=target.name,
        region=target.region,
        window=window,
        invocations=total(found.get("invocations")),
        errors=total(found.get("errors")),
        throttles=total(found.get("throttles")),
        concurrency_max=greatest(found.get("concurrency")),
        duration_p50_ms=weighted(found.get("duration_p50"), durations),
        duration_p90_ms=weighted(found.get("duration_p90"), durations),
        duration_p99_ms=weighted(found.get("duration_p99"), durations),
        duration_max_ms=greatest(found.get("duration_max")),
        cold_starts=sum(known) if known else None,
        observed_init_p50_ms=weighted(found.get("init_p50"), inits),
        observed_init_max_ms=greatest(found.get("init_max")),
        approximate=bool(durations and len(durations.points) > 1),
    )
