"""Log events from FilterLogEvents."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import attrgetter
from types import NoneType
from typing import Any

from monitor.aws.answers import UnreadableAnswerError
from monitor.aws.connection import Connection
from monitor.errors import DeniedError, MonitorError, NotFoundError, RefusedError
from monitor.kernel.json_fields import text_of
from monitor.kernel.target import LogTarget
from monitor.kernel.timespec import LATEST_MS
from monitor.kernel.values import dataclass
from monitor.records.event import LogEvent

_RECENT_MS = 3_600_000
_START = re.compile(r"START RequestId: ([0-9a-f-]{36})\b")


@dataclass(frozen=True, slots=True)
class LogGroupSource:
    """One log group of one region, in the shape that monitor/follow reads from.

    `streams`: only these, if any. `origin` goes into every event (LogEvent).
    """

    connection: Connection
    target: LogTarget
    filter_pattern: str = ""
    streams: tuple[str, ...] = ()
    origin: str = ""

    @property
    def name(self) -> str:
        """The name for messages."""
        return self.target.name

    @property
    def key(self) -> str:
        """A unique key, also for checkpoints."""
        target = self.target
        parts = (self.connection.profile or "", target.region, target.group, target.function or "", *target.versions)
        return " ".join(parts).strip()

    def pages(self, start_ms: int, end_ms: int | None) -> Iterator[Sequence[LogEvent]]:
        """The target's events, sorted by timestamp within the call.

        An empty page with a token is normal, and only an absent token ends the paging (FilterLogEvents' documentation).
        A group that does not exist yet, because its function never ran, has no events.
        """
        parameters: dict[str, Any] = {"logGroupName": self.target.group, "startTime": start_ms}
        if self.target.arn:
            # An ARN reaches a linked account's group too; a name does not.
            parameters = {"logGroupIdentifier": self.target.arn, "startTime": start_ms}
        if end_ms is not None:
            parameters["endTime"] = end_ms
        if self.filter_pattern:
            parameters["filterPattern"] = self.filter_pattern
        if self.streams:
            parameters["logStreamNames"] = list(self.streams)
        try:
            for page in self.connection.pages("logs", "FilterLogEvents", token="nextToken", **parameters):
                yield self._events(page.get("events") or [])
        except NotFoundError:
            if self.target.info is None:
                raise self._missing() from None
            return
        except RefusedError as error:
            raise self._explained(error) from error

    def _events(self, raws: list[dict[str, Any]]) -> list[LogEvent]:
        # 100,000 of these are made while a user waits: no call for each, no keyword arguments.
        group, origin, owns = self.target.group, self.origin, self.target.owns
        if self.target.shared or self.target.versions:
            raws = [raw for raw in raws if owns(raw.get("logStreamName", ""))]
        try:
            events = [
                LogEvent(
                    raw["timestamp"], raw["message"], raw["logStreamName"], group, raw["eventId"], raw["ingestionTime"]
                )
                for raw in raws
            ]
        except KeyError:
            # The API's model allows events without these members.
            events = [
                LogEvent(
                    raw.get("timestamp", 0),
                    raw.get("message", ""),
                    raw.get("logStreamName", ""),
                    group,
                    raw.get("eventId", ""),
                    raw.get("ingestionTime"),
                )
                for raw in raws
            ]
        _check(events)
        if origin:
            for event in events:
                event.origin = origin
        return events

    def _missing(self) -> NotFoundError:
        """The error for a group that does not exist, with similar names if they can be listed."""
        group = self.target.group
        try:
            known = group_names(self.connection, group)
        except MonitorError:
            known = []
        return no_group(self.connection.where, group, known)

    def _explained(self, error: RefusedError) -> RefusedError:
        """The refusal, or its cause: a log class that cannot be read this way."""
        if isinstance(error, DeniedError):
            return error
        try:
            kind = group_class(self.connection, self.target.group)
        except MonitorError:
            return error
        cannot = _CANNOT.get(kind)
        return error if cannot is None else cannot(self.target.group)


# What an event's members may be, each checked over a page at once.
_TYPES: tuple[tuple[Callable[[LogEvent], object], str, set[type]], ...] = (
    (attrgetter("timestamp_ms"), "timestamp", {int}),
    (attrgetter("message"), "message", {str}),
    (attrgetter("stream"), "logStreamName", {str}),
    (attrgetter("event_id"), "eventId", {str}),
    (attrgetter("ingestion_ms"), "ingestionTime", {int, NoneType}),
)


def _check(events: list[LogEvent]) -> None:
    call = "logs:FilterLogEvents"
    for read, name, types in _TYPES:
        if wrong := set(map(type, map(read, events))) - types:
            raise UnreadableAnswerError(call, f"{name} of an event is {wrong.pop().__name__}")
    times = [event.timestamp_ms for event in events]
    if times and not 0 <= min(times) <= max(times) <= LATEST_MS:
        raise UnreadableAnswerError(call, "timestamp of an event is not a time")


def no_group(where: str, group: str, known: Sequence[str]) -> NotFoundError:
    """The error for a log group that does not exist; `known` are groups with the same beginning."""
    near = f"there are {', '.join(known[:3])}" if known else "check the name and --region"
    return NotFoundError(f"there is no log group {group!r} in {where}", near)


def _insights_only(kind: str, group: str) -> RefusedError:
    return RefusedError(
        f"{group} is of the {kind} class, which can be neither followed nor filtered",
        "query it with Logs Insights: aws logs start-query --log-group-name … --query-string 'fields @message'",
    )


def _delivery(group: str) -> RefusedError:
    return RefusedError(
        f"{group} is of the DELIVERY class, which cannot be read in CloudWatch Logs at all",
        "read it where it is delivered to: its subscription's S3 bucket, Firehose stream or OpenSearch domain",
    )


# The classes of log groups that support a subset of the features; only Logs Insights reads them.
INSIGHTS_ONLY = frozenset({"INFREQUENT_ACCESS", "ESSENTIALS"})
_CANNOT: dict[str, Callable[[str], RefusedError]] = {
    **{kind: partial(_insights_only, kind) for kind in sorted(INSIGHTS_ONLY)},
    "DELIVERY": _delivery,
}


def group_class(connection: Connection, group: str) -> str:
    """STANDARD, INFREQUENT_ACCESS, ESSENTIALS or DELIVERY; "" for a group that is not there (DescribeLogGroups)."""
    pages = connection.pages("logs", "DescribeLogGroups", token="nextToken", logGroupNamePrefix=group)
    for page in pages:
        for one in page.get("logGroups", []):
            if one["logGroupName"] == group:
                return str(one.get("logGroupClass", "STANDARD"))
    return ""


def group_exists(connection: Connection, group: str) -> bool:
    """Whether the log group exists (DescribeLogGroups)."""
    return group in group_names(connection, group)


def group_names(connection: Connection, prefix: str) -> list[str]:
    """The log groups whose names begin with `prefix` (DescribeLogGroups)."""
    pages = connection.pages("logs", "DescribeLogGroups", token="nextToken", logGroupNamePrefix=prefix)
    return [one["logGroupName"] for page in pages for one in page.get("logGroups", [])]


def recent_request_ids(connection: Connection, function: str) -> list[str]:
    """Request ids of a function's last hour, from its START lines: one call, at most 100."""
    page = connection.call(
        "logs",
        "FilterLogEvents",
        logGroupName=f"/aws/lambda/{function}",
        filterPattern='"START RequestId"',
        startTime=time.time_ns() // 1_000_000 - _RECENT_MS,
        limit=100,
    )
    messages = (text_of(event.get("message")) or "" for event in page.get("events", []))
    return [found[1] for message in messages if (found := _START.search(message))]
