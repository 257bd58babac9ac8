"""Reads the metrics of functions from CloudWatch, with as many functions in a call as its 500 queries allow."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.aws.connection import Connection
from monitor.aws.metrics import QUERIES_A_CALL, find_metrics, get_metric_data, whole_minutes
from monitor.errors import RefusedError, UsageError
from monitor.kernel.target import LogTarget
from monitor.kernel.window import Window
from monitor.records.cost import duration_cost_usd, price
from monitor.records.metric import FunctionMetrics, MetricQuery, MetricSeries, greatest, total, weighted

LAMBDA = (
    ("invocations", "Invocations", "Sum"),
    ("errors", "Errors", "Sum"),
    ("throttles", "Throttles", "Sum"),
    ("concurrency", "ConcurrentExecutions", "Maximum"),
    ("duration_count", "Duration", "SampleCount"),
    ("duration_p50", "Duration", "p50"),
    ("duration_p90", "Duration", "p90"),
    ("duration_p99", "Duration", "p99"),
    ("duration_max", "Duration", "Maximum"),
    # Only functions with an event source, or invoked asynchronously, have these metrics.
    ("iterator_age", "IteratorAge", "Maximum"),
    ("async_age", "AsyncEventAge", "Maximum"),
)
_INIT = (
    ("init_count", "SampleCount"),
    ("init_sum", "Sum"),
    ("init_p50", "p50"),
    ("init_p90", "p90"),
    ("init_p99", "p99"),
    ("init_max", "Maximum"),
)
_MEMORY = "used_memory_max"

Dimensions = tuple[tuple[str, str], ...]
Found = tuple[str, Dimensions]


@dataclass(frozen=True, slots=True)
class Emitted:
    """The optional metrics that exist, by function."""

    cold: Mapping[str, Sequence[Found]]
    init: Mapping[str, Sequence[Found]]
    memory: Mapping[str, Sequence[Found]]


def queries_of(targets: int) -> int:
    """The least number of metrics that a reading of so many functions requests. Its cost depends on it."""
    return targets * len(LAMBDA)


def function_metrics(connection: Connection, targets: Sequence[LogTarget], window: Window) -> Iterator[FunctionMetrics]:
    """Each target's figures over the window, in the order of the targets, as soon as they are read.

    Raises:
        UsageError: a target is a log group, which has no Lambda metrics.
    """
    start_ms, end_ms = whole_minutes(window)
    period_s = (end_ms - start_ms) // 1000
    for target in targets:
        if target.function is None:
            raise UsageError(f"{target.name} is a log group, not a function", "give the name of a function")
    emitted = _emitted(connection, [str(target.function) for target in targets])
    waiting: list[tuple[LogTarget, list[MetricQuery]]] = []
    for target in targets:
        queries = list(_queries(emitted, target, period_s))
        if waiting and sum(len(one) for _, one in waiting) + len(queries) > QUERIES_A_CALL:
            yield from _figures_of(connection, waiting, (start_ms, end_ms))
            waiting = []
        waiting.append((target, queries))
    yield from _figures_of(connection, waiting, (start_ms, end_ms))


def _figures_of(
    connection: Connection, waiting: Sequence[tuple[LogTarget, list[MetricQuery]]], window: tuple[int, int]
) -> Iterator[FunctionMetrics]:
    numbered = [
        MetricQuery(f"{at}:{query.key}", query.namespace, query.name, query.stat, query.period_s, query.dimensions)
        for at, (_, queries) in enumerate(waiting)
        for query in queries
    ]
    found = get_metric_data(connection, numbered, *window)
    for at, (target, queries) in enumerate(waiting):
        figures = _figures(target, window, {query.key: found.get(f"{at}:{query.key}") for query in queries})
        yield replace(figures, profile=connection.profile or "")


def own_dimensions(target: LogTarget) -> Dimensions:
    """The dimensions of Lambda's metrics for a function, a version or an alias."""
    function = str(target.function)
    qualifier = target.name.partition(":")[2] if not target.name.startswith("arn:") else ""
    own: Dimensions = (("FunctionName", function),)
    return (*own, ("Resource", f"{function}:{qualifier}")) if qualifier else own


def _queries(emitted: Emitted, target: LogTarget, period_s: int) -> Iterator[MetricQuery]:
    function, own = str(target.function), own_dimensions(target)
    for key, name, stat in LAMBDA:
        yield MetricQuery(key, "AWS/Lambda", name, stat, period_s, own)
    for position, (namespace, dimensions) in enumerate(emitted.cold.get(function, ())[:5]):
        yield MetricQuery(f"cold.{position}", namespace, "ColdStart", "Sum", period_s, dimensions)
    for namespace, dimensions in emitted.init.get(function, ())[:1]:
        for key, stat in _INIT:
            yield MetricQuery(key, namespace, "ObservedInitDuration", stat, period_s, dimensions)
    for namespace, dimensions in emitted.memory.get(function, ())[:1]:
        yield MetricQuery("memory", namespace, _MEMORY, "Maximum", period_s, dimensions)


def _emitted(connection: Connection, functions: Sequence[str]) -> Emitted:
    """Find the metrics of one function by its name, and those of several by listing all, 500 a call."""
    only = functions[0] if len(set(functions)) == 1 else None
    return Emitted(
        _by_function(connection, "ColdStart", only),
        _by_function(connection, "ObservedInitDuration", only),
        _by_function(connection, _MEMORY, only),
    )


def _by_function(connection: Connection, name: str, only: str | None) -> dict[str, list[Found]]:
    found: dict[str, list[Found]] = {}
    try:
        metrics = find_metrics(connection, name, (("function_name", only),))
    except RefusedError as error:
        # The other metrics are shown without cloudwatch:ListMetrics too.
        connection.warn_denied(error, "cold starts, init durations and memory are not known")
        return {}
    for namespace, dimensions in metrics:
        # Lambda Insights has each metric with a version too, which would count twice.
        if namespace != "LambdaInsights" or len(dimensions) == 1:
            found.setdefault(dict(dimensions).get("function_name", ""), []).append((namespace, dimensions))
    return found


def _figures(target: LogTarget, window: tuple[int, int], found: dict[str, MetricSeries | None]) -> FunctionMetrics:
    cold = [total(series) for key, series in found.items() if key.startswith("cold.")]
    known = [value for value in cold if value is not None]
    durations, inits = found.get("duration_count"), found.get("init_count")
    info = target.info
    at = price(target.region, info.architecture if info else None)
    init_ms = total(found.get("init_sum"))
    cost = duration_cost_usd(init_ms, info.memory_mb, at) if at and info and init_ms is not None else None
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
        observed_init_p90_ms=weighted(found.get("init_p90"), inits),
        observed_init_p99_ms=weighted(found.get("init_p99"), inits),
        iterator_age_max_ms=greatest(found.get("iterator_age")),
        async_age_max_ms=greatest(found.get("async_age")),
        memory_size_mb=info.memory_mb if info else None,
        memory_max_mb=greatest(found.get("memory")),
        init_cost_usd=cost,
    )
