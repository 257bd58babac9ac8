"""The checks of `monitor doctor`: region, credentials, clock, and one cheap call for each permission, in parallel."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from monitor.account.analyze_policy import commands_that_need
from monitor.account.model_check import Check, Outcome
from monitor.account.workflow_libraries import libraries
from monitor.aws.connection import Connection
from monitor.errors import DeniedError, MonitorError, NotFoundError, UnreachableError, UsageError
from monitor.kernel.iam import iam_action

# AWS refuses signatures that are off by 5 minutes; time windows are wrong long before.
_CLOCK_WARNING_S = 30

Probe = tuple[str, str, str, dict[str, Any]]

_NO_SUCH_FUNCTION = "lambda-monitor-doctor-no-such-function"


def probes(function: str | None, now: datetime) -> tuple[Probe, ...]:
    """The cheapest call for each read permission that monitor needs; no call changes anything.

    Without a function the calls name one that does not exist: IAM denies access before the service looks for it.
    """
    name, group = function or _NO_SUCH_FUNCTION, f"/aws/lambda/{function or _NO_SUCH_FUNCTION}"
    minute = {"StartTime": now - timedelta(minutes=1), "EndTime": now}
    return (
        ("functions", "lambda", "ListFunctions", {"MaxItems": 1}),
        ("settings", "lambda", "GetFunctionConfiguration", {"FunctionName": name}),
        ("packages", "lambda", "GetFunction", {"FunctionName": name}),
        ("log groups", "logs", "DescribeLogGroups", {"limit": 1}),
        ("log lines", "logs", "FilterLogEvents", {"logGroupName": group, "startTime": 0, "endTime": 1, "limit": 1}),
        ("metrics", "cloudwatch", "ListMetrics", {"Namespace": "AWS/Lambda"}),
        ("figures", "cloudwatch", "GetMetricData", {"MetricDataQueries": [_ONE_METRIC], **minute}),
        ("dashboards", "cloudwatch", "ListDashboards", {}),
        ("alarms", "cloudwatch", "DescribeAlarms", {"MaxRecords": 1}),
        ("traces", "xray", "GetTraceSummaries", minute),
        ("documents", "xray", "BatchGetTraces", {"TraceIds": ["1-00000000-000000000000000000000000"]}),
        ("spans", "xray", "GetTraceSegmentDestination", {}),
        ("tags", "resourcegroupstaggingapi", "GetResources", {"ResourceTypeFilters": ["lambda:function"]}),
        ("limits", "lambda", "GetAccountSettings", {}),
    )


# One metric costs a thousandth of a cent.
_ONE_METRIC = {
    "Id": "m0",
    "MetricStat": {"Metric": {"Namespace": "AWS/Lambda", "MetricName": "Invocations"}, "Period": 60, "Stat": "Sum"},
}


def run_checks(connection: Connection, function: str | None = None) -> Iterator[Check]:
    """Yield each check as it completes, in order. If the credentials do not work, no other check runs.

    `function`: the function whose log group and settings are read, for policies that allow some functions only.
    """
    yield libraries()
    try:
        region = connection.region
    except MonitorError as error:
        # A profile or configuration file that cannot be read is neither a region's fault nor the credentials'.
        yield _failed("configuration" if isinstance(error, UsageError) else "region", error)
        if isinstance(error, UsageError):
            return
        region, connection = "", _in_any_region(connection)
    else:
        yield Check("region", Outcome.OK, region)
    try:
        identity = connection.call("sts", "GetCallerIdentity")
    except MonitorError as error:
        yield _failed("network" if isinstance(error, UnreachableError) else "credentials", error)
        return
    yield Check("credentials", Outcome.OK, f"{identity.get('Arn', '?')} in account {identity.get('Account', '?')}")
    yield _clock(identity)
    if not region:
        return
    asked = probes(function, datetime.now(UTC))
    with ThreadPoolExecutor(max_workers=len(asked)) as pool:
        yield from pool.map(lambda probe: _probe(connection, probe), asked)


def _in_any_region(connection: Connection) -> Connection:
    """A connection for the credentials alone: GetCallerIdentity answers the same in every region of a partition."""
    return connection.in_region("us-east-1")


def _clock(answer: dict[str, Any]) -> Check:
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        skew_s = abs((datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds())
    except (TypeError, ValueError):
        return Check("clock", Outcome.WARNING, "the endpoint sent no Date header")
    if skew_s > _CLOCK_WARNING_S:
        return Check(
            "clock",
            Outcome.WARNING,
            f"off by {skew_s:.0f} s",
            "synchronize it by NTP; time windows and signatures depend on it",
        )
    return Check("clock", Outcome.OK, f"within {max(1, round(skew_s))} s of the endpoint")


def _probe(connection: Connection, probe: Probe) -> Check:
    name, service, operation, parameters = probe
    allowed = Check(name, Outcome.OK, f"{iam_action(service, operation)} is allowed")
    try:
        answer = connection.call(service, operation, **parameters)
    except NotFoundError:
        return allowed
    except DeniedError as error:
        return replace(_failed(name, error), hint=_missing_permission_hint(f"{service}:{operation}", error.hint))
    except MonitorError as error:
        return _failed(name, error)
    if operation == "GetAccountSettings":
        limit = answer.get("AccountLimit", {}).get("ConcurrentExecutions")
        return Check(name, Outcome.OK, f"{limit} concurrent executions" if limit else "no limit reported")
    return allowed


def _missing_permission_hint(call: str, hint: str) -> str:
    """The commands that need the permission, and how to print the policy of the first."""
    missing = commands_that_need(call)
    if not missing or "iam-policy" not in hint:
        return hint
    some = ", ".join(missing[:4]) + (f" and {len(missing) - 4} more" if len(missing) > 4 else "")
    return f"needed by {some}; `monitor iam-policy {missing[0]}` prints the policy"


def _failed(name: str, error: MonitorError) -> Check:
    fatal = name in ("configuration", "region", "credentials", "network")
    return Check(
        name, Outcome.FAILED if fatal else Outcome.WARNING, error.message, error.hint, exit_code=int(error.exit_code)
    )
