"""Log events by FilterLogEvents, paged by hand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.aws.connection import Connection
from monitor.errors import NotFoundError
from monitor.model.event import LogEvent
from monitor.model.target import LogTarget


@dataclass(frozen=True, slots=True)
class LogGroupSource:
    """One log group of one region, in the shape that monitor/follow reads from; `streams`: only these, if any."""

    connection: Connection
    target: LogTarget
    filter_pattern: str = ""
    streams: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.target.name

    def pages(self, start_ms: int, end_ms: int | None) -> Iterator[Sequence[LogEvent]]:
        """The target's events, sorted by timestamp within the call.

        An empty page with a token is normal, and only an absent token ends the paging (FilterLogEvents' documentation).
        A group that does not exist yet, because its function never ran, has no events.
        """
        parameters: dict[str, Any] = {"logGroupName": self.target.group, "startTime": start_ms}
        if end_ms is not None:
            parameters["endTime"] = end_ms
        if self.filter_pattern:
            parameters["filterPattern"] = self.filter_pattern
        if self.streams:
            parameters["logStreamNames"] = list(self.streams)
        try:
            for page in self.connection.pages("logs", "FilterLogEvents", token="nextToken", **parameters):
                yield [self._event(raw) for raw in page.get("events", []) if self._wanted(raw)]
        except NotFoundError:
            if self.target.info is None:
                raise
            return

    def _wanted(self, raw: dict[str, Any]) -> bool:
        return self.target.owns(raw.get("logStreamName", ""))

    def _event(self, raw: dict[str, Any]) -> LogEvent:
        return LogEvent(
            timestamp_ms=raw["timestamp"],
            message=raw.get("message", ""),
            stream=raw.get("logStreamName", ""),
            group=self.target.group,
            event_id=raw.get("eventId", ""),
            ingestion_ms=raw.get("ingestionTime"),
        )


def group_exists(connection: Connection, group: str) -> bool:
    """Whether the log group is there (DescribeLogGroups)."""
    pages = connection.pages("logs", "DescribeLogGroups", token="nextToken", logGroupNamePrefix=group)
    return any(one["logGroupName"] == group for page in pages for one in page.get("logGroups", []))
