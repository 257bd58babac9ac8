"""Whether this machine can do what monitor needs: one cheap call for each permission, all at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from monitor.aws.connection import Connection
from monitor.aws.errors import iam_action
from monitor.errors import MonitorError
from monitor.model.check import Check, Outcome

# SigV4 is refused beyond 5 minutes; log windows are off by the same seconds long before.
_CLOCK_WARNING_S = 30

Probe = tuple[str, str, str, dict[str, Any]]

# What each part of monitor stands on, as the cheapest call that needs the permission.
_PROBES: tuple[Probe, ...] = (
    ("functions", "lambda", "ListFunctions", {"MaxItems": 1}),
    ("log groups", "logs", "DescribeLogGroups", {"limit": 1}),
    ("metrics", "cloudwatch", "ListMetrics", {"Namespace": "AWS/Lambda"}),
    ("dashboards", "cloudwatch", "ListDashboards", {}),
    ("traces", "xray", "GetTraceSummaries", {}),
    ("limits", "lambda", "GetAccountSettings", {}),
)


def examine(connection: Connection) -> Iterator[Check]:
    """Each check as soon as it and those before it are done; without credentials nothing else is asked."""
    try:
        yield Check("region", Outcome.OK, connection.region)
        identity = connection.call("sts", "GetCallerIdentity")
    except MonitorError as error:
        yield _failed("credentials", error)
        return
    yield Check("credentials", Outcome.OK, f"{identity.get('Arn', '?')} in account {identity.get('Account', '?')}")
    yield _clock(identity)
    now = datetime.now(UTC)
    with ThreadPoolExecutor(max_workers=len(_PROBES)) as pool:
        yield from pool.map(lambda probe: _probe(connection, probe, now), _PROBES)


def _clock(answer: dict[str, Any]) -> Check:
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        skew_s = abs((datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds())
    except (TypeError, ValueError):
        return Check("clock", Outcome.WARNING, "the endpoint told no time")
    if skew_s > _CLOCK_WARNING_S:
        return Check(
            "clock", Outcome.WARNING, f"off by {skew_s:.0f} s", "set it by NTP: windows and signatures need it"
        )
    return Check("clock", Outcome.OK, f"within {max(1, round(skew_s))} s of the endpoint's")


def _probe(connection: Connection, probe: Probe, now: datetime) -> Check:
    name, service, operation, parameters = probe
    if operation == "GetTraceSummaries":
        parameters = {"StartTime": now - timedelta(minutes=1), "EndTime": now}
    try:
        answer = connection.call(service, operation, **parameters)
    except MonitorError as error:
        return _failed(name, error)
    if operation == "GetAccountSettings":
        limit = answer.get("AccountLimit", {}).get("ConcurrentExecutions")
        return Check(name, Outcome.OK, f"{limit} concurrent executions" if limit else "none told")
    return Check(name, Outcome.OK, f"{iam_action(service, operation)} is allowed")


def _failed(name: str, error: MonitorError) -> Check:
    fatal = name == "credentials"
    return Check(
        name, Outcome.FAILED if fatal else Outcome.WARNING, error.message, error.hint, exit_code=int(error.exit_code)
    )
