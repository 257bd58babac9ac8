"""Dashboards as the CloudWatch API names them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DashboardInfo:
    """A dashboard of the account, as ListDashboards names it."""

    name: str
    arn: str
    size_bytes: int
    last_modified_ms: int | None
