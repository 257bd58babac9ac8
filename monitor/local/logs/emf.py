"""CloudWatch embedded metric format: a log message -> metric data, as CloudWatch extracts it at ingestion.

Specification: CloudWatch user guide, "Embedded metric format". What does not conform is no metric and no
error: the message stays an ordinary log event.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

_MAX_METRICS = 100
_MAX_DIMENSIONS = 30
_MAX_VALUES = 100
_SIZES = frozenset(f"{scale}{unit}" for scale in ("Kilo", "Mega", "Giga", "Tera") for unit in ("bytes", "bits"))
_COUNTED = _SIZES | {"Bytes", "Bits", "Count"}
_UNITS = {f"{unit}/Second" for unit in _COUNTED} | _COUNTED
_UNITS |= {"Seconds", "Milliseconds", "Microseconds", "Percent", "None"}


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric's values under one set of dimensions."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    values: tuple[float, ...]
    unit: str
    timestamp_ms: int
    storage_resolution_s: int


def extract(message: str, ingested_ms: int) -> list[Metric]:
    """The metrics of one log message; none when it is not in the format.

    `ingested_ms` stands in for a missing timestamp. Read: `_aws.CloudWatchMetrics`, and the old form in which
    `CloudWatchMetrics` stands at the top.
    """
    text = message.strip()
    if "CloudWatchMetrics" not in text or not text.startswith("{"):
        return []
    try:
        root = json.loads(text)
    except (ValueError, RecursionError):
        return []
    if not isinstance(root, dict):
        return []
    metadata = root.get("_aws")
    if not isinstance(metadata, dict):
        metadata = root
    directives = metadata.get("CloudWatchMetrics")
    timestamp = metadata.get("Timestamp", root.get("Timestamp"))
    if not isinstance(timestamp, int | float) or isinstance(timestamp, bool) or not math.isfinite(timestamp):
        timestamp = ingested_ms
    found: list[Metric] = []
    for directive in directives if isinstance(directives, list) else []:
        if isinstance(directive, dict):
            found += _directive(root, directive, int(timestamp))
    return found


def _directive(root: dict[str, Any], directive: dict[str, Any], timestamp_ms: int) -> list[Metric]:
    namespace = directive.get("Namespace")
    metrics = directive.get("Metrics")
    if not isinstance(namespace, str) or not namespace or not isinstance(metrics, list):
        return []
    if len(metrics) > _MAX_METRICS:
        return []
    sets = _dimension_sets(root, directive.get("Dimensions"))
    found: list[Metric] = []
    for metric in metrics:
        name = metric.get("Name") if isinstance(metric, dict) else None
        if not isinstance(name, str):
            continue
        values = _values(root.get(name))
        unit = metric.get("Unit") or "None"
        resolution = metric.get("StorageResolution", 60)
        if not values or unit not in _UNITS or resolution not in (1, 60):
            continue
        found += [Metric(namespace, name, one, values, unit, timestamp_ms, resolution) for one in sets]
    return found


def _dimension_sets(root: dict[str, Any], declared: Any) -> list[tuple[tuple[str, str], ...]]:
    """The sets whose every member is there; no or an empty declaration is the set of no dimension."""
    if not isinstance(declared, list) or not declared:
        return [()]
    sets: list[tuple[tuple[str, str], ...]] = []
    for names in declared:
        if not isinstance(names, list) or len(names) > _MAX_DIMENSIONS:
            continue
        pairs = tuple((str(name), _dimension_value(root.get(str(name)))) for name in names)
        if all(value for _, value in pairs):
            sets.append(pairs)
    return sets


def _dimension_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""


def _values(value: Any) -> tuple[float, ...]:
    listed = value if isinstance(value, list) else [value]
    if len(listed) > _MAX_VALUES:
        return ()
    numbers = [float(one) for one in listed if isinstance(one, int | float) and not isinstance(one, bool)]
    # Half a metric would be a wrong one.
    return tuple(numbers) if len(numbers) == len(listed) and all(map(math.isfinite, numbers)) else ()


def metric_data(metrics: list[Metric]) -> dict[str, list[dict[str, Any]]]:
    """PutMetricData's MetricData by namespace."""
    data: dict[str, list[dict[str, Any]]] = {}
    for metric in metrics:
        datum: dict[str, Any] = {
            "MetricName": metric.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
            "Values": list(metric.values),
            "Counts": [1.0] * len(metric.values),
            "Unit": metric.unit,
            "Timestamp": metric.timestamp_ms / 1000,
            "StorageResolution": metric.storage_resolution_s,
        }
        data.setdefault(metric.namespace, []).append(datum)
    return data
