"""The runtime's own metrics of a start, in CloudWatch's embedded metric format."""

from __future__ import annotations

import os
import sys

from monitor.runtime import clock, lines, settings

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from typing import Any

_COUNTED = "aws_lambda_powertools.metrics.provider.cold_start"
_pending = False


def write(values: dict[str, float], context: Any) -> None:
    """Write these figures, each under its name; durations in milliseconds, ColdStart as a count."""
    if not values or settings.metrics_disabled():
        return
    units = [{"Name": name, "Unit": "Count" if name == "ColdStart" else "Milliseconds"} for name in values]
    directive = {
        "Namespace": settings.namespace(),
        "Dimensions": [["function_name", "service"]],
        "Metrics": units,
    }
    record = {
        "_aws": {"Timestamp": clock.epoch_ns() // 1_000_000, "CloudWatchMetrics": [directive]},
        "function_name": function_name(context),
        "service": settings.service(),
        "monitor_metrics": "start",  # whose line this is, for readers of the log
        **{name: [value] for name, value in values.items()},
    }
    lines.write(lines.encode(record))


def function_name(context: Any) -> str:
    """The function's name, as its context or its environment has it."""
    name = getattr(context, "function_name", None) or os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
    return str(name or "unknown")


def may_be_counted_by_the_application() -> bool:
    """Whether Powertools in the application may count this cold start under the runtime's own name and dimensions.

    Then the runtime waits with its own count until the handler has run.
    """
    return bool(os.environ.get("POWERTOOLS_METRICS_NAMESPACE")) and "aws_lambda_powertools" in sys.modules


def count_later() -> None:
    """Count the cold start after the first invocation, if the application has not."""
    global _pending
    _pending = True


def count_late(context: Any) -> None:
    """Count the cold start that is still to be counted."""
    global _pending
    if not _pending:
        return
    _pending = False
    if getattr(sys.modules.get(_COUNTED), "is_cold_start", True):
        write({"ColdStart": 1.0}, context)
