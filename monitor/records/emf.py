"""CloudWatch's embedded metric format: a JSON log line that holds metrics.

`_aws.CloudWatchMetrics[]{Namespace, Dimensions[[…]], Metrics[{Name, Unit, StorageResolution}]}`, the values
being members of the line itself, a number or a list of them. An old form has no `_aws` and the directives
at the top. Source: AWS's "Specification: Embedded metric format"; limits: 100 metrics a directive, 30
dimensions a set, 100 values a metric.
"""

from typing import Any

from monitor.kernel.json_fields import number_of, object_of, text_of, whole_of
from monitor.records.metric import MetricDatum
from monitor.records.record import Malformed, Metrics

_MOST_VALUES = 100
_MOST_DIMENSIONS = 30
# Far more than CloudWatch takes from a line, few enough that a hostile line cannot multiply itself.
_MOST_DATA = 3_000


def is_emf(line: dict[str, Any]) -> bool:
    """Whether a JSON line holds metric directives, in the present or the old form."""
    return isinstance(object_of(line.get("_aws")).get("CloudWatchMetrics"), list) or (
        "_aws" not in line and isinstance(line.get("CloudWatchMetrics"), list)
    )


def parse_emf(line: dict[str, Any], text: str) -> Metrics | Malformed:
    """The metrics of an EMF line, one datum for each metric of each dimension set.

    What cannot be read (a metric without a name or a number, a dimension set that names an absent member)
    is left out and counted in `skipped`, as CloudWatch leaves it out.
    """
    head = object_of(line.get("_aws")) or line
    directives = head.get("CloudWatchMetrics")
    if not isinstance(directives, list):
        return Malformed("metrics", text, "no CloudWatchMetrics")
    data: list[MetricDatum] = []
    skipped = 0
    for directive in directives:
        namespace = text_of(object_of(directive).get("Namespace"))
        metrics = object_of(directive).get("Metrics")
        if namespace is None or not isinstance(metrics, list):
            skipped += 1
            continue
        sets, unusable = _dimension_sets(directive.get("Dimensions"), line)
        skipped += unusable
        for metric in metrics:
            datum = _datum(object_of(metric), line)
            if datum is None or len(data) + len(sets) > _MOST_DATA:
                skipped += 1
                continue
            name, unit, values, resolution_s = datum
            data += [MetricDatum(namespace, name, unit, values, pairs, resolution_s) for pairs in sets]
    return Metrics(tuple(data), whole_of(head.get("Timestamp")), _request_id(line), line, skipped)


def _datum(metric: dict[str, Any], line: dict[str, Any]) -> tuple[str, str, tuple[float, ...], int] | None:
    name = text_of(metric.get("Name"))
    if name is None or name not in line:
        return None
    value = line[name]
    listed = value[:_MOST_VALUES] if isinstance(value, list) else [value]
    values = tuple(number for number in map(number_of, listed) if number is not None)
    if not values:
        return None
    resolution_s = 1 if metric.get("StorageResolution") == 1 else 60
    return name, text_of(metric.get("Unit")) or "None", values, resolution_s


def _dimension_sets(sets: object, line: dict[str, Any]) -> tuple[list[tuple[tuple[str, str], ...]], int]:
    """Every set with its values, and how many sets could not be used; no set at all means one without any."""
    if not isinstance(sets, list) or not sets:
        return [()], 0
    usable: list[tuple[tuple[str, str], ...]] = []
    for names in sets[:_MOST_DATA]:
        pairs = _pairs(names, line)
        if pairs is not None:
            usable.append(pairs)
    return usable, len(sets) - len(usable)


def _pairs(names: object, line: dict[str, Any]) -> tuple[tuple[str, str], ...] | None:
    if not isinstance(names, list) or len(names) > _MOST_DIMENSIONS:
        return None
    pairs: list[tuple[str, str]] = []
    for name in names:
        value = line.get(name) if isinstance(name, str) else None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        pairs.append((name, str(value)))
    return tuple(pairs)


def _request_id(line: dict[str, Any]) -> str | None:
    for key in ("function_request_id", "requestId", "request_id", "AWSRequestId"):
        value = text_of(line.get(key))
        if value:
            return value
    return None
