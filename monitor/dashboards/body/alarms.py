"""Alarm templates (the parameters of PutMetricAlarm or PutLogAlarm), and the differences between two alarms."""

import hashlib
import json
from typing import Any

from monitor.dashboards.body import marker, template
from monitor.dashboards.body.diff import values
from monitor.dashboards.body.template import Scope, Template
from monitor.dashboards.model import Change, ChangeKind
from monitor.dashboards.model_document import Document
from monitor.errors import UsageError

# The parameters without Tags: both operations read them at creation only, and DescribeAlarms never returns them.
_SHARED = frozenset(
    {
        "AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions",
        "InsufficientDataActions", "Threshold", "ComparisonOperator", "TreatMissingData", "WarmUpConfiguration",
        "ActionConfiguration",
    }
)  # fmt: skip
METRIC_MEMBERS = _SHARED | {
    "MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit",
    "EvaluationPeriods", "DatapointsToAlarm", "EvaluateLowSampleCountPercentile", "Metrics", "ThresholdMetricId",
    "EvaluationCriteria", "EvaluationInterval", "EvaluationWindow",
}  # fmt: skip
LOG_MEMBERS = _SHARED | {
    "ScheduledQueryConfiguration", "QueryResultsToEvaluate", "QueryResultsToAlarm", "ActionLogLineCount",
    "ActionLogLineRoleArn",
}  # fmt: skip
_QUERY = "ScheduledQueryConfiguration"
# What each kind needs, by the member that tells the kind.
_REQUIRED = {
    "MetricName": ("AlarmName", "EvaluationPeriods", "ComparisonOperator"),
    "Metrics": ("AlarmName", "EvaluationPeriods", "ComparisonOperator"),
    "EvaluationCriteria": ("AlarmName", "EvaluationInterval"),
    _QUERY: ("AlarmName", "QueryResultsToEvaluate", "QueryResultsToAlarm", "Threshold", "ComparisonOperator"),
}
_DEFAULTS: Document = {
    "ActionsEnabled": True,
    "TreatMissingData": "missing",
    "AlarmDescription": "",
    "EvaluateLowSampleCountPercentile": "evaluate",
}
# Members that an alarm on an expression or on a percentile does not have, even if a response contains them.
_NOT_WITH = {"Metrics": ("Statistic", "Period"), "ExtendedStatistic": ("Statistic",)}
_NO_DIMENSIONS = "is not a list of objects with Name and Value"
_METRIC_DEFAULTS: Document = {"ReturnData": True}


def build(source: Template, scope: Scope) -> Document:
    """The parameters of PutMetricAlarm or PutLogAlarm from an alarm template, without the marker.

    Raises:
        UsageError: a variable has no value, or a member is missing or unknown to the operation.
    """
    alarm = template.build(source, scope)
    kinds = [kind for kind in _REQUIRED if kind in alarm]
    if len(kinds) != 1:
        named = ", ".join(_REQUIRED)
        raise UsageError(f"{source.file}: an alarm needs exactly one of {named}", "see the CloudWatch API reference")
    operation, members = ("PutLogAlarm", LOG_MEMBERS) if is_log(alarm) else ("PutMetricAlarm", METRIC_MEMBERS)
    for member in alarm:
        if member not in members:
            raise UsageError(f"{source.file}: {member!r} is not a parameter of {operation}", "see the API reference")
    for member in _REQUIRED[kinds[0]]:
        if member not in alarm:
            raise UsageError(f"{source.file}: {member} is missing", f"{operation} requires it")
    for member, value in alarm.items():
        if misfit := _misfit(member, value):
            raise UsageError(f"{source.file}: {member} {misfit}", f"see {operation} in the CloudWatch API reference")
    # The topic comes from a variable that may be empty: then the alarm has no action.
    return {
        key: [target for target in value if target] if key.endswith("Actions") and isinstance(value, list) else value
        for key, value in alarm.items()
    }


def _misfit(member: str, value: Any) -> str:
    """What is wrong with a member that is looked into; "" if nothing is."""
    if member.endswith("Actions"):
        return "" if _are(value, str) else "is not a list of strings"
    if member == "Dimensions":
        return "" if _are(value, dict) and all({"Name", "Value"} <= one.keys() for one in value) else _NO_DIMENSIONS
    if member != "Metrics":
        return ""
    if not _are(value, dict):
        return "is not a list of objects"
    for query in value:
        stat = query.get("MetricStat")
        if stat is None:
            continue
        metric = stat.get("Metric") if isinstance(stat, dict) else None
        if not isinstance(metric, dict) or not {"Period", "Stat"} <= stat.keys():
            return "has a MetricStat without Metric, Period and Stat"
        if not {"Namespace", "MetricName"} <= metric.keys():
            return "has a Metric without Namespace and MetricName"
        if found := _misfit("Dimensions", metric.get("Dimensions", [])):
            return f"has Dimensions, which {found}"
    return ""


def _are(values: Any, kind: type) -> bool:
    return isinstance(values, list) and all(isinstance(one, kind) for one in values)


def is_log(alarm: Document) -> bool:
    """Whether an alarm (sent or described) watches a log query: PutLogAlarm creates it."""
    return _QUERY in alarm


def comparable(alarm: Document) -> Document:
    """The members of an alarm that a template sets, without defaults and marker."""
    members = LOG_MEMBERS if is_log(alarm) else METRIC_MEMBERS
    result = {key: _plain(key, alarm[key]) for key in sorted(members & alarm.keys())}
    if isinstance(query := result.get(_QUERY), dict):
        # CloudWatch adds the ARN of the scheduled query that it creates.
        result[_QUERY] = {key: value for key, value in query.items() if key not in ("QueryARN", "Tags")}
    result["AlarmDescription"] = marker.without_line(str(result.get("AlarmDescription") or ""))
    result = {key: value for key, value in result.items() if value not in (None, []) and _DEFAULTS.get(key) != value}
    absent = {name for member, others in _NOT_WITH.items() if member in result for name in others}
    return {key: value for key, value in result.items() if key not in absent}


def is_complete(alarm: Document) -> bool:
    """Whether a response contains what the alarm watches. CloudWatch's always do; the emulator drops expressions."""
    return any(alarm.get(member) for member in _REQUIRED)


def digest(alarm: Document) -> str:
    """16 hex digits, equal for alarms that behave the same."""
    text = json.dumps(comparable(alarm), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def mark(alarm: Document, *, project: str, source: str) -> Document:
    """`alarm` with the marker at the end of its description."""
    line = marker.Marker(project, source, str(alarm["AlarmName"]), digest(alarm)).line()
    text = marker.without_line(str(alarm.get("AlarmDescription") or ""))
    return {**alarm, "AlarmDescription": f"{text}\n{line}".lstrip()}


def diff(before: Document, after: Document) -> tuple[Change, ...]:
    """The differences between two alarms; empty if they behave the same."""
    details = tuple(values(comparable(before), comparable(after)))
    return (Change(ChangeKind.CHANGED, "alarm", details),) if details else ()


def _plain(key: str, value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if key == "Dimensions" and isinstance(value, list):
        return sorted((_plain("", one) for one in value), key=lambda one: str(one.get("Name")))
    if isinstance(value, list):
        return [_plain(key, one) for one in value]
    if isinstance(value, dict):
        defaults = _METRIC_DEFAULTS if key == "Metrics" else {}
        return {
            name: _plain(name, item)
            for name, item in sorted(value.items())
            if item is not None and defaults.get(name) != item
        }
    return value
