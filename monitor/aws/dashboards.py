"""CloudWatch dashboards and metric alarms, as the API keeps them."""

import json
from collections.abc import Iterator
from typing import Any

from monitor.aws.connection import Connection
from monitor.errors import NotFoundError
from monitor.kernel.dashboard import DashboardInfo, Document

# Limits of DescribeAlarms and DeleteAlarms.
_ALARMS_A_CALL = 100


def list_dashboards(connection: Connection, prefix: str = "") -> Iterator[DashboardInfo]:
    """The account's dashboards (they belong to no region) whose names start with `prefix`."""
    parameters = {"DashboardNamePrefix": prefix} if prefix else {}
    for page in connection.pages("cloudwatch", "ListDashboards", token="NextToken", **parameters):
        for entry in page.get("DashboardEntries", []):
            modified = entry.get("LastModified")
            yield DashboardInfo(
                name=entry["DashboardName"],
                arn=entry.get("DashboardArn", ""),
                size_bytes=int(entry.get("Size", 0)),
                last_modified_ms=round(modified.timestamp() * 1000) if modified else None,
            )


def get_body(connection: Connection, name: str) -> str | None:
    """The body of a dashboard as CloudWatch holds it (JSON text); None where there is no such dashboard."""
    try:
        answer = connection.call("cloudwatch", "GetDashboard", DashboardName=name)
    except NotFoundError:
        return None
    return str(answer["DashboardBody"])


def put_body(connection: Connection, name: str, body: Document) -> tuple[str, ...]:
    """Replace a dashboard whole; what CloudWatch has to say about it although it took it."""
    answer = connection.call(
        "cloudwatch",
        "PutDashboard",
        DashboardName=name,
        DashboardBody=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
    )
    return tuple(
        f"{message.get('DataPath', '')}: {message.get('Message', '')}".strip(": ")
        for message in answer.get("DashboardValidationMessages", [])
    )


def delete(connection: Connection, name: str) -> None:
    """Delete one dashboard. DeleteDashboards takes many, and deletes none of them if one is missing."""
    connection.call("cloudwatch", "DeleteDashboards", DashboardNames=[name])


def get_alarms(connection: Connection, names: list[str]) -> dict[str, Document]:
    """The metric alarms of these names that there are, as DescribeAlarms answers them."""
    found: dict[str, Document] = {}
    for first in range(0, len(names), _ALARMS_A_CALL):
        parameters: dict[str, Any] = {
            "AlarmNames": names[first : first + _ALARMS_A_CALL],
            "AlarmTypes": ["MetricAlarm"],
            "MaxRecords": _ALARMS_A_CALL,
        }
        for page in connection.pages("cloudwatch", "DescribeAlarms", token="NextToken", **parameters):
            found |= {alarm["AlarmName"]: alarm for alarm in page.get("MetricAlarms", [])}
    return found


def alarm_states(connection: Connection, names: list[str]) -> dict[str, Document]:
    """The alarms of these names that there are, metric and composite ones, as DescribeAlarms answers them."""
    found: dict[str, Document] = {}
    for first in range(0, len(names), _ALARMS_A_CALL):
        parameters: dict[str, Any] = {
            "AlarmNames": names[first : first + _ALARMS_A_CALL],
            "AlarmTypes": ["MetricAlarm", "CompositeAlarm"],
            "MaxRecords": _ALARMS_A_CALL,
        }
        for page in connection.pages("cloudwatch", "DescribeAlarms", token="NextToken", **parameters):
            for kind in ("MetricAlarms", "CompositeAlarms"):
                found |= {alarm["AlarmName"]: alarm for alarm in page.get(kind, [])}
    return found


def widget_image(connection: Connection, widget: Document) -> bytes:
    """The PNG that CloudWatch draws of a metric widget (GetMetricWidgetImage, 20 calls a second)."""
    text = json.dumps(widget, ensure_ascii=False, separators=(",", ":"))
    return bytes(connection.call("cloudwatch", "GetMetricWidgetImage", MetricWidget=text)["MetricWidgetImage"])


def list_alarms(connection: Connection) -> Iterator[Document]:
    """Every metric alarm of the region."""
    parameters = {"AlarmTypes": ["MetricAlarm"], "MaxRecords": _ALARMS_A_CALL}
    for page in connection.pages("cloudwatch", "DescribeAlarms", token="NextToken", **parameters):
        yield from page.get("MetricAlarms", [])


def put_alarm(connection: Connection, alarm: Document) -> None:
    """Create or replace a metric alarm; `alarm` has PutMetricAlarm's own members."""
    connection.call("cloudwatch", "PutMetricAlarm", **alarm)


def delete_alarm(connection: Connection, name: str) -> None:
    """Delete one alarm. DeleteAlarms takes many, and deletes none of them if one is wrong."""
    connection.call("cloudwatch", "DeleteAlarms", AlarmNames=[name])


def account_id(connection: Connection) -> str:
    """The account's 12 digits (GetCallerIdentity, which every identity may call)."""
    return str(connection.call("sts", "GetCallerIdentity")["Account"])
