"""Metrics that CloudWatch extracts from log messages at ingestion, as PutMetricData takes them."""

from typing import Any

from monitor.kernel.json_fields import load_object
from monitor.records.emf import emf_timestamp_ms, read_emf

# The year 10000: no time after it can be written.
_END_S = 253_402_300_800


def extract(message: str, ingested_ms: int) -> dict[str, list[dict[str, Any]]]:
    """The MetricData of one log message by namespace; none for what does not conform to the embedded metric format.

    That is not an error: the message stays an ordinary log event. `ingested_ms` replaces a missing timestamp.
    """
    if "CloudWatchMetrics" not in message:
        return {}
    line = load_object(message.strip())
    read = None if isinstance(line, str) else read_emf(line)
    if isinstance(line, str) or read is None:
        return {}
    timestamp_ms = emf_timestamp_ms(line)
    timestamp_s = (ingested_ms if timestamp_ms is None else timestamp_ms) / 1000
    if not 0 <= timestamp_s < _END_S:
        return {}
    found: dict[str, list[dict[str, Any]]] = {}
    for definition in read[0]:
        if definition.refused:
            continue
        for datum in definition.data():
            found.setdefault(datum.namespace, []).append(
                {
                    "MetricName": datum.name,
                    "Dimensions": [{"Name": name, "Value": value} for name, value in datum.dimensions],
                    "Values": list(datum.values),
                    "Counts": [1.0] * len(datum.values),
                    "Unit": datum.unit,
                    "Timestamp": timestamp_s,
                    "StorageResolution": datum.resolution_s,
                }
            )
    return found
