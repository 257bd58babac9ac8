"""The raw JSON that dashboards and alarms are."""

from typing import Any

# A dashboard's body, or the parameters of PutMetricAlarm.
Document = dict[str, Any]
