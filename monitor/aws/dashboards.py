"""CloudWatch dashboards and alarms."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from monitor.aws.connection import Connection
from monitor.errors import NotFoundError, RefusedError
from monitor.kernel.dashboard import DashboardInfo

# Limits of DescribeAlarms and DeleteAlarms.
_ALARMS_A_CALL = 100
_SURROGATE = re.compile("[\ud800-\udfff]")


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
    """The body of a dashboard (JSON text); None if the dashboard does not exist."""
    try:
        answer = connection.call("cloudwatch", "GetDashboard", DashboardName=name)
    except NotFoundError:
        return None
    return str(answer["DashboardBody"])


def dashboard_stack(connection: Connection, name: str) -> str:
    """The CloudFormation stack that deploys a dashboard; empty where none does, or its tags cannot be read."""
    try:
        arn = str(connection.call("cloudwatch", "GetDashboard", DashboardName=name).get("DashboardArn") or "")
    except (NotFoundError, RefusedError):
        return ""
    return stack_of(connection, arn)


def stack_of(connection: Connection, arn: str) -> str:
    """The CloudFormation stack that deploys an alarm or dashboard, by the tags that CloudFormation gives it."""
    if not arn:
        return ""
    try:
        tags = connection.call("cloudwatch", "ListTagsForResource", ResourceARN=arn).get("Tags", [])
    except NotFoundError:
        return ""
    except RefusedError as error:
        connection.warn_denied(error, "whether a stack deploys it is not known")
        return ""
    return next((str(tag["Value"]) for tag in tags if tag.get("Key") == "aws:cloudformation:stack-name"), "")


def put_body(
    connection: Connection, name: str, body: dict[str, Any], tags: Sequence[tuple[str, str]] = ()
) -> tuple[str, ...]:
    """Create or replace a dashboard; the warnings of CloudWatch about it. `tags` are read at creation only."""
    tagged = {"Tags": [{"Key": key, "Value": value} for key, value in tags]} if tags else {}
    answer = connection.call("cloudwatch", "PutDashboard", DashboardName=name, DashboardBody=_body_text(body), **tagged)
    return tuple(
        f"{message.get('DataPath', '')}: {message.get('Message', '')}".strip(": ")
        for message in answer.get("DashboardValidationMessages", [])
    )


def _body_text(body: dict[str, Any]) -> str:
    """Compact JSON, since CloudWatch limits its size. Lone surrogates cannot be encoded and are escaped."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return _SURROGATE.sub(lambda found: json.dumps(found[0])[1:-1], text)


def delete(connection: Connection, name: str) -> None:
    """Delete one dashboard. DeleteDashboards takes many, and deletes none of them if one is missing."""
    connection.call("cloudwatch", "DeleteDashboards", DashboardNames=[name])


def get_alarms(connection: Connection, names: list[str], *, with_log_alarms: bool = False) -> dict[str, dict[str, Any]]:
    """The existing metric alarms (and log alarms) of these names, as DescribeAlarms returns them."""
    found: dict[str, dict[str, Any]] = {}
    for first in range(0, len(names), _ALARMS_A_CALL):
        parameters: dict[str, Any] = {
            "AlarmNames": names[first : first + _ALARMS_A_CALL],
            "AlarmTypes": ["MetricAlarm", *(["LogAlarm"] if with_log_alarms else [])],
            "MaxRecords": _ALARMS_A_CALL,
        }
        for page in connection.pages("cloudwatch", "DescribeAlarms", token="NextToken", **parameters):
            for kind in ("MetricAlarms", "LogAlarms"):
                found |= {alarm["AlarmName"]: alarm for alarm in page.get(kind, [])}
    return found


def alarm_states(connection: Connection, names: list[str]) -> dict[str, dict[str, Any]]:
    """The existing alarms of these names, of any kind, as DescribeAlarms returns them."""
    found: dict[str, dict[str, Any]] = {}
    for first in range(0, len(names), _ALARMS_A_CALL):
        parameters: dict[str, Any] = {
            "AlarmNames": names[first : first + _ALARMS_A_CALL],
            "AlarmTypes": ["MetricAlarm", "CompositeAlarm", "LogAlarm"],
            "MaxRecords": _ALARMS_A_CALL,
        }
        for page in connection.pages("cloudwatch", "DescribeAlarms", token="NextToken", **parameters):
            for kind in ("MetricAlarms", "CompositeAlarms", "LogAlarms"):
                found |= {alarm["AlarmName"]: alarm for alarm in page.get(kind, [])}
    return found


def widget_image(connection: Connection, widget: dict[str, Any]) -> bytes:
    """The PNG that CloudWatch draws of a metric widget (GetMetricWidgetImage, 20 calls a second)."""
    text = json.dumps(widget, ensure_ascii=False, separators=(",", ":"))
    return bytes(connection.call("cloudwatch", "GetMetricWidgetImage", MetricWidget=text)["MetricWidgetImage"])


def list_alarms(connection: Connection) -> Iterator[dict[str, Any]]:
    """Every metric alarm and log alarm of the region."""
    parameters = {"AlarmTypes": ["MetricAlarm", "LogAlarm"], "MaxRecords": _ALARMS_A_CALL}
    for page in connection.pages("cloudwatch", "DescribeAlarms", token="NextToken", **parameters):
        yield from page.get("MetricAlarms", [])
        yield from page.get("LogAlarms", [])


def put_alarm(connection: Connection, alarm: dict[str, Any]) -> None:
    """Create or replace an alarm; `alarm` has the parameters of PutMetricAlarm, or of PutLogAlarm for a log query."""
    operation = "PutLogAlarm" if "ScheduledQueryConfiguration" in alarm else "PutMetricAlarm"
    connection.call("cloudwatch", operation, **alarm)


def delete_alarm(connection: Connection, name: str) -> None:
    """Delete one alarm. DeleteAlarms takes many, and deletes none of them if one is wrong."""
    connection.call("cloudwatch", "DeleteAlarms", AlarmNames=[name])


def account_id(connection: Connection) -> str:
    """The account's 12 digits (GetCallerIdentity, which every identity may call)."""
    return str(connection.call("sts", "GetCallerIdentity")["Account"])
