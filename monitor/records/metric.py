"""CloudWatch metrics: queries, and the time series that they return."""

from monitor.kernel.values import dataclass


@dataclass(frozen=True, slots=True)
class MetricSeries:
    """A metric over time: (epoch ms, value) pairs in ascending order; `unit` is "" if unknown."""

    label: str
    unit: str
    points: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """One statistic of one metric over periods of `period_s` (a multiple of 60).

    `key` identifies the query in the response. `stat` is spelled as in CloudWatch: Sum, SampleCount, Average, Minimum,
    Maximum, p99.
    """

    key: str
    namespace: str
    name: str
    stat: str
    period_s: int
    dimensions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionMetrics:
    """A function's CloudWatch metrics over a window; None if there is no data point.

    `cold_starts` and `observed_init_*` come from metrics that the instrumented function emits: Powertools' ColdStart,
    and ObservedInitDuration, which is measured inside the process and shorter than the platform's Init Duration.
    `approximate` is true if a percentile was combined from several periods. `memory_max_mb` comes from Lambda Insights
    or from REPORT lines. `init_cost_usd` is the observed init time at the list price.
    """

    function: str
    region: str
    window: tuple[int, int]
    invocations: float | None
    errors: float | None
    throttles: float | None
    concurrency_max: float | None
    duration_p50_ms: float | None
    duration_p90_ms: float | None
    duration_p99_ms: float | None
    duration_max_ms: float | None
    cold_starts: float | None
    observed_init_p50_ms: float | None
    observed_init_max_ms: float | None
    approximate: bool = False
    observed_init_p90_ms: float | None = None
    observed_init_p99_ms: float | None = None
    iterator_age_max_ms: float | None = None
    async_age_max_ms: float | None = None
    memory_size_mb: int | None = None
    memory_max_mb: float | None = None
    init_cost_usd: float | None = None
    profile: str = ""

    @property
    def memory_headroom(self) -> float | None:
        """The fraction of its memory that the function never used, 0 to 1."""
        used = _ratio(self.memory_max_mb, self.memory_size_mb)
        return None if used is None else 1 - used

    @property
    def error_rate(self) -> float | None:
        """Errors per invocation, 0 to 1."""
        return _ratio(self.errors, self.invocations)

    @property
    def cold_share(self) -> float | None:
        """Cold starts per invocation, 0 to 1."""
        return _ratio(self.cold_starts, self.invocations)


def _ratio(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


@dataclass(frozen=True, slots=True)
class CustomMetric:
    """A custom metric over a window, emitted by a function as EMF; None if there is no data point."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    count: float | None
    total: float | None
    minimum: float | None
    maximum: float | None

    @property
    def mean(self) -> float | None:
        """The average."""
        return _ratio(self.total, self.count)


@dataclass(frozen=True, slots=True)
class FunctionSeries:
    """A function over time: one series per figure, all with periods of `period_s`."""

    function: str
    region: str
    window: tuple[int, int]
    period_s: int
    series: tuple[MetricSeries, ...]


def total(series: MetricSeries | None) -> float | None:
    """The sum of a Sum or SampleCount series; None if it has no data point."""
    return sum(value for _, value in series.points) if series and series.points else None


def greatest(series: MetricSeries | None) -> float | None:
    """The largest value of a Maximum series."""
    return max((value for _, value in series.points), default=None) if series else None


def least(series: MetricSeries | None) -> float | None:
    """The smallest value of a Minimum series."""
    return min((value for _, value in series.points), default=None) if series else None


def weighted(series: MetricSeries | None, counts: MetricSeries | None) -> float | None:
    """A percentile over several periods: the mean of the periods' percentiles, weighted by their sample counts.

    Exact for one period, otherwise an estimate, because percentiles cannot be added.
    """
    if not series or not series.points:
        return None
    weights = dict(counts.points) if counts else {}
    weight = sum(weights.get(at_ms, 1.0) for at_ms, _ in series.points)
    if not weight:
        return series.points[0][1]
    return sum(value * weights.get(at_ms, 1.0) for at_ms, value in series.points) / weight
