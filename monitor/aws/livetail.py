"""StartLiveTail as a feed of events: sessions kept open, their ends and gaps said.

A session takes ten groups, sends an update a second of at most 500 events (sampled above that), and ends after
three hours. Its events carry no id; monitor/logs/follow/join.py matches them with what FilterLogEvents holds.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from monitor.aws.connection import Connection
from monitor.aws.errors import translated
from monitor.aws.logs import LogGroupSource
from monitor.errors import MonitorError, NotFoundError
from monitor.kernel.clock import Clock
from monitor.records.event import LogEvent, Notice, Source

_MOST_GROUPS = 10
_MOST_WAITING = 20_000
_AT_ONCE = 5_000
_SAY_AGAIN_S = 60.0
_LONGEST_WAIT_S = 30.0

Feed = LogEvent | Notice


class LiveTail:
    """Live events of groups in one or several regions; a thread a session. Starts when it is made.

    Raises:
        RefusedError, UnreachableError: the first session of a thread could not be had.
    """

    def __init__(self, sources: Sequence[Source], filter_pattern: str = "") -> None:
        self._queue: queue.Queue[Feed] = queue.Queue(_MOST_WAITING)
        self._pattern = filter_pattern
        # Groups that are not there yet: their function never ran.
        self._absent: list[LogGroupSource] = []
        self._arns: dict[str, str] = {}
        self._begin([source for source in sources if isinstance(source, LogGroupSource)])

    def join(self, sources: Sequence[Source]) -> None:
        """Sessions for these too, and for those whose groups have come up since; what fails is said."""
        joining = [*self._absent, *(source for source in sources if isinstance(source, LogGroupSource))]
        self._absent = []
        try:
            self._begin(joining)
        except MonitorError as error:
            self._say(Notice(f"no live session: {error.message}; polling goes on"))

    def _begin(self, sources: Sequence[LogGroupSource]) -> None:
        by_connection: dict[int, list[LogGroupSource]] = {}
        for source in sources:
            by_connection.setdefault(id(source.connection), []).append(source)
        for there in by_connection.values():
            connection = there[0].connection
            known = [source for source in there if self._exists(source)]
            for first in range(0, len(known), _MOST_GROUPS):
                part = known[first : first + _MOST_GROUPS]
                session = self._open(connection, part)
                threading.Thread(target=self._run, args=(connection, part, session), daemon=True).start()

    def _exists(self, source: LogGroupSource) -> bool:
        if source.key in self._arns:
            return True
        try:
            self._arns[source.key] = source.target.arn or group_arn(source.connection, source.target.group)
        except NotFoundError:
            self._absent.append(source)
            return False
        return True

    def take(self, seconds: float, clock: Clock) -> list[Feed]:  # noqa: ARG002 - a queue waits by itself
        """Wait up to `seconds` for events; returns at once when there are some."""
        taken: list[Feed] = []
        try:
            taken.append(self._queue.get(timeout=max(seconds, 0.01)))
            while len(taken) < _AT_ONCE:
                taken.append(self._queue.get_nowait())
        except queue.Empty:
            return taken
        return taken

    def _open(self, connection: Connection, sources: Iterable[LogGroupSource]) -> Iterator[dict[str, Any]]:
        arns = sorted({self._arns[source.key] for source in sources})
        parameters: dict[str, Any] = {"logGroupIdentifiers": arns}
        if self._pattern:
            parameters["logEventFilterPattern"] = self._pattern
        return iter(connection.call("logs", "StartLiveTail", **parameters)["responseStream"])

    def _run(self, connection: Connection, sources: list[LogGroupSource], session: Iterator[dict[str, Any]]) -> None:
        wait_s, sampled_at = 1.0, 0.0
        while True:
            try:
                for update in session:
                    found = update.get("sessionUpdate")
                    if not found:
                        continue
                    wait_s = 1.0
                    if found["sessionMetadata"].get("sampled") and time.monotonic() - sampled_at > _SAY_AGAIN_S:
                        sampled_at = time.monotonic()
                        self._say(Notice("live tail is sampled above 500 events/s; polling brings the rest"))
                    for raw in found.get("sessionResults", []):
                        self._put(raw, sources)
                why = "the live session was closed"
            except (ClientError, BotoCoreError) as error:
                why = _why(error, connection)
            except OSError as error:
                why = f"the live session broke: {error}"
            self._say(Notice(f"{why}; a new one is opened, and polling covers the gap"))
            while True:
                time.sleep(wait_s)
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
                try:
                    session = self._open(connection, sources)
                    break
                except MonitorError as error:
                    self._say(Notice(f"no live session: {error.message}"))

    def _put(self, raw: dict[str, Any], sources: list[LogGroupSource]) -> None:
        group, stream = str(raw.get("logGroupIdentifier", "")), str(raw.get("logStreamName", ""))
        name = group.partition("log-group:")[2] or group.rpartition(":")[2]
        if not any(source.target.group == name and source.target.owns(stream) for source in sources):
            return
        # An event without a timestamp of its own was logged about when it was ingested.
        at_ms = raw.get("timestamp") or raw.get("ingestionTime") or time.time_ns() // 1_000_000
        event = LogEvent(int(at_ms), str(raw.get("message", "")), stream, name, "", raw.get("ingestionTime"))
        event.origin = sources[0].origin
        self._say(event)

    def _say(self, item: Feed) -> None:
        """Queue an event or a notice; a full queue drops it, since a thread that waits here may be the reader's own.

        Polling finds the events.
        """
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(item)


def _why(error: ClientError | BotoCoreError, connection: Connection) -> str:
    if isinstance(error, ClientError) and "SessionTimeout" in str(error):
        return "the live session ended after its three hours"
    return translated(error, "logs", "StartLiveTail", connection.where).message


def group_arn(connection: Connection, group: str) -> str:
    """The ARN of a group as StartLiveTail takes it: without `:*` at its end.

    Raises:
        NotFoundError: there is no such group yet.
    """
    for page in connection.pages("logs", "DescribeLogGroups", token="nextToken", logGroupNamePrefix=group):
        for one in page.get("logGroups", []):
            if one["logGroupName"] == group:
                return str(one.get("logGroupArn") or one["arn"]).removesuffix(":*")
    raise NotFoundError(f"log group {group} does not exist yet", "live tail needs it; leave out --live")
