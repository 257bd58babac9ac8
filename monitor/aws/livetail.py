"""A feed of events from StartLiveTail: sessions stay open, and ends and gaps are reported.

A session takes ten groups, sends an update a second of at most 500 events (sampled above that), and ends after
three hours. Its events carry no id; monitor/logs/follow/join.py matches them with what FilterLogEvents holds.
"""

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
from monitor.kernel.json_fields import list_of, object_of, text_of, whole_of
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
        RefusedError, UnreachableError: a first session cannot be opened.
    """

    def __init__(self, sources: Sequence[Source], filter_pattern: str = "") -> None:
        self._queue: queue.Queue[Feed] = queue.Queue(_MOST_WAITING)
        self._pattern = filter_pattern
        # Groups that do not exist yet: their function never ran.
        self._absent: list[LogGroupSource] = []
        self._arns: dict[str, str] = {}
        self._begin([source for source in sources if isinstance(source, LogGroupSource)])

    def join(self, sources: Sequence[Source]) -> None:
        """Open sessions for more sources, and for groups that exist now. Failures become notices."""
        joining = [*self._absent, *(source for source in sources if isinstance(source, LogGroupSource))]
        self._absent = []
        try:
            self._begin(joining)
        except MonitorError as error:
            self._say(f"no live session: {error.message}; polling continues")

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
        while True:
            why = self._read(connection, sources, session)
            self._say(f"{why}; a new one is opened, and polling covers the gap")
            session = self._opened_again(connection, sources)

    def _read(self, connection: Connection, sources: list[LogGroupSource], session: Iterator[dict[str, Any]]) -> str:
        """Pass on the events of one session until it ends; the answer is why it did."""
        sampled_at = 0.0
        try:
            for update in session:
                found = object_of(update.get("sessionUpdate"))
                is_sampled = object_of(found.get("sessionMetadata")).get("sampled") is True
                if is_sampled and time.monotonic() - sampled_at > _SAY_AGAIN_S:
                    sampled_at = time.monotonic()
                    self._say("live tail is sampled above 500 events/s; polling brings the rest")
                for raw in list_of(found.get("sessionResults")):
                    self._put(object_of(raw), sources)
        except (ClientError, BotoCoreError) as error:
            return _why(error, connection)
        except Exception as error:  # noqa: BLE001 - whatever the parser of a stream of bytes raises for other bytes
            return f"the live session broke ({type(error).__name__})"
        return "the live session was closed"

    def _opened_again(self, connection: Connection, sources: list[LogGroupSource]) -> Iterator[dict[str, Any]]:
        wait_s = 1.0
        while True:
            time.sleep(wait_s)
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
            try:
                return self._open(connection, sources)
            except MonitorError as error:
                self._say(f"no live session: {error.message}")

    def _say(self, text: str) -> None:
        self._pass_on(Notice(text))

    def _put(self, raw: dict[str, Any], sources: list[LogGroupSource]) -> None:
        group, stream = text_of(raw.get("logGroupIdentifier")) or "", text_of(raw.get("logStreamName")) or ""
        name = group.partition("log-group:")[2] or group.rpartition(":")[2]
        if not any(source.target.group == name and source.target.owns(stream) for source in sources):
            return
        ingested_ms = whole_of(raw.get("ingestionTime"))
        # An event without a time of its own happened about when it was ingested.
        at_ms = whole_of(raw.get("timestamp")) or ingested_ms or time.time_ns() // 1_000_000
        event = LogEvent(at_ms, text_of(raw.get("message")) or "", stream, name, "", ingested_ms)
        event.origin = sources[0].origin
        self._pass_on(event)

    def _pass_on(self, item: Feed) -> None:
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            # Polling finds an event; a feed that stalls would lose its oldest at the server anyway.
            return


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
