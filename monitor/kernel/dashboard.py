"""Dashboards as the CloudWatch API names them."""

from dataclasses import dataclass
from typing import Any

# Raw JSON: a dashboard's body, or the parameters of PutMetricAlarm.
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DashboardInfo:
    """A dashboard of the account, as ListDashboards names it."""

    name: str
    arn: str
    size_bytes: int
    last_modified_ms: int | None
