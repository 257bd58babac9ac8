"""From series of several periods to one figure for a window."""

from monitor.records.metric import MetricSeries


def total(series: MetricSeries | None) -> float | None:
    """The sum of a Sum or SampleCount series; None without a data point."""
    return sum(value for _, value in series.points) if series and series.points else None


def greatest(series: MetricSeries | None) -> float | None:
    """The greatest value of a Maximum series."""
    return max((value for _, value in series.points), default=None) if series else None


def least(series: MetricSeries | None) -> float | None:
    """The least value of a Minimum series."""
    return min((value for _, value in series.points), default=None) if series else None


def weighted(series: MetricSeries | None, counts: MetricSeries | None) -> float | None:
    """A percentile over several periods: the mean of the periods' percentiles, weighted by their samples.

    Exact for one period, an estimate otherwise: percentiles cannot be added.
    """
    if not series or not series.points:
        return None
    weights = dict(counts.points) if counts else {}
    weight = sum(weights.get(at_ms, 1.0) for at_ms, _ in series.points)
    if not weight:
        return series.points[0][1]
    return sum(value * weights.get(at_ms, 1.0) for at_ms, value in series.points) / weight
