"""The figures that users can name in `--fail-over` and `--sort`, and that CSV output has as columns."""

from monitor.coldstarts.model import ColdStartSummary
from monitor.records.metric import FunctionMetrics

METRIC_FIGURES = (
    "invocations", "errors", "error_rate", "throttles", "concurrency_max", "p50_duration_ms", "p90_duration_ms",
    "p99_duration_ms", "max_duration_ms", "cold_starts", "cold_share", "p50_init_ms", "p90_init_ms", "p99_init_ms",
    "max_init_ms", "init_cost_usd", "iterator_age_ms", "async_age_ms", "memory_size_mb", "memory_max_mb",
    "memory_headroom",
)  # fmt: skip
COLD_START_FIGURES = (
    "invocations", "errors", "cold_starts", "cold_share", "p50_init_ms", "p90_init_ms", "p95_init_ms", "p99_init_ms",
    "max_init_ms", "p50_first_call_ms", "p90_first_call_ms", "p99_first_call_ms", "max_first_call_ms",
    "p50_warm_duration_ms", "p99_warm_duration_ms", "memory_max_mb", "cost_usd", "init_cost_usd",
)  # fmt: skip


def metric_figures(row: FunctionMetrics) -> dict[str, float | None]:
    """A function's metrics by name."""
    values = (
        row.invocations, row.errors, row.error_rate, row.throttles, row.concurrency_max, row.duration_p50_ms,
        row.duration_p90_ms, row.duration_p99_ms, row.duration_max_ms, row.cold_starts, row.cold_share,
        row.observed_init_p50_ms, row.observed_init_p90_ms, row.observed_init_p99_ms, row.observed_init_max_ms,
        row.init_cost_usd, row.iterator_age_max_ms, row.async_age_max_ms, row.memory_size_mb, row.memory_max_mb,
        row.memory_headroom,
    )  # fmt: skip
    return dict(zip(METRIC_FIGURES, values, strict=True))


def cold_start_figures(one: ColdStartSummary) -> dict[str, float | None]:
    """A function's cold starts by name."""
    init, first, warm = one.init, one.first_total, one.warm_duration
    values = (
        one.invocations, one.errors, one.cold_starts, one.share, init.p50, init.p90, init.p95, init.p99, init.max,
        first.p50, first.p90, first.p99, first.max, warm.p50, warm.p99, one.max_memory_mb, one.cost_usd,
        one.init_cost_usd,
    )  # fmt: skip
    return dict(zip(COLD_START_FIGURES, values, strict=True))
