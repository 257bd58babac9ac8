"""The types of members in JSON requests. AWS refuses a member of another type, and the emulator stores it.

A stored number in the place of a name fails every later request that lists or sorts. The members of CloudWatch Logs and
CloudWatch have one type by their name wherever they occur; the others are not checked.

Source: the service models of botocore (logs 2014-03-28, cloudwatch 2010-08-01).
"""

from collections.abc import Callable
from typing import Any

from monitor.kernel.json_fields import number_of

# By their signing names. Other services use the same member names with other types.
CHECKED_SERVICES = ("logs", "monitoring")

_TEXTS = """
AlarmDescription AlarmName AlarmNamePrefix AlarmRule ComparisonOperator DashboardBody DashboardName DashboardNamePrefix
Expression ExtendedStatistic Id Key Label MetricName MetricWidget Name Namespace NextToken ScanBy Stat StateReason
StateReasonData StateValue Statistic TreatMissingData Unit filterName filterPattern kmsKeyId logGroupClass
logGroupIdentifier logGroupName logGroupNamePattern logGroupNamePrefix logStreamName logStreamNamePrefix message
metricName metricNamespace metricValue nextToken orderBy queryId queryString resourceArn sequenceToken
"""
_NUMBERS = """
DatapointsToAlarm EvaluationPeriods MaxDatapoints MaxRecords Maximum Minimum Period SampleCount StorageResolution Sum
Threshold limit retentionInDays
"""
_TIMES_MS = "endTime startTime timestamp"
_TIMES_S = "EndTime StartTime Timestamp"
_TEXT_LISTS = """
AlarmActions AlarmNames AlarmTypes DashboardNames ExtendedStatistics InsufficientDataActions OKActions Statistics
TagKeys logEventMessages logGroupIdentifiers logGroupNames logStreamNames tagKeys
"""
_NUMBER_LISTS = "Counts Values"
_OBJECT_LISTS = "Dimensions MetricData MetricDataQueries Metrics Tags logEvents metricTransformations"
_OBJECTS = "Metric MetricStat StatisticValues defaultValue tags"
_REQUIRED = {
    "PutMetricAlarm": ("AlarmName", "ComparisonOperator", "EvaluationPeriods"),
    "PutCompositeAlarm": ("AlarmName", "AlarmRule"),
    "PutMetricData": ("Namespace",),
}
_REQUIRED_IN = {"MetricData": ("MetricName",), "logEvents": ("timestamp", "message"), "Dimensions": ("Name",)}
# The year 10000: no time after it can be written.
_END_S = 253_402_300_800


def wrong_member(operation: str, value: Any) -> str:
    """What is wrong with the first member that is absent or has another type; "" when all are right.

    Only members are required here that the emulator stores without a check. Otherwise null is like an absent member.
    """
    waiting = [value]
    for name in _REQUIRED.get(operation, ()):
        if not isinstance(value, dict) or value.get(name) is None:
            return f"{name} is required"
    for each in waiting:
        if isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            for name, inner in each.items():
                is_right, kind = _CHECKS.get(name, _ANY)
                if inner is not None and not is_right(inner):
                    return f"{name} is not {kind}"
                if isinstance(inner, list | dict):
                    waiting.append(inner)
                for required in _REQUIRED_IN.get(name, ()) if isinstance(inner, list) else ():
                    if not all(one.get(required) is not None for one in inner):
                        return f"{required} is required"
    return ""


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return number_of(value) is not None


def _is_time_s(value: Any) -> bool:
    number = number_of(value)
    return isinstance(value, str) or (number is not None and 0 <= number < _END_S)


def _is_time_ms(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _END_S * 1000


def _is_list_of(is_right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(is_right, value))


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


_Check = tuple[Callable[[Any], bool], str]
_ANY: _Check = (lambda _: True, "")
_CHECKS: dict[str, _Check] = {
    **dict.fromkeys(_TEXTS.split(), (_is_text, "a text")),
    **dict.fromkeys(_NUMBERS.split(), (_is_number, "a number")),
    **dict.fromkeys(_TIMES_MS.split(), (_is_time_ms, "a time in epoch milliseconds")),
    **dict.fromkeys(_TIMES_S.split(), (_is_time_s, "a time in epoch seconds")),
    **dict.fromkeys(_TEXT_LISTS.split(), (_is_list_of(_is_text), "a list of texts")),
    **dict.fromkeys(_NUMBER_LISTS.split(), (_is_list_of(_is_number), "a list of numbers")),
    **dict.fromkeys(_OBJECT_LISTS.split(), (_is_list_of(_is_object), "a list of objects")),
    **dict.fromkeys(_OBJECTS.split(), (lambda value: isinstance(value, dict | int | float), "an object")),
    # A dimension's or a tag's text, a metric's number.
    "Value": (lambda value: isinstance(value, str) or _is_number(value), "a text or a number"),
}
