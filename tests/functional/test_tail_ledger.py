"""The follow over the wire, against a log group that is late, disordered and failing: nothing lost, nothing doubled."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from monitor.aws.connection import Connection
from monitor.aws.livetail import LiveTail
from monitor.aws.logs import LogGroupSource
from monitor.errors import RefusedError
from monitor.kernel.clock import SystemClock
from monitor.kernel.target import LogTarget
from monitor.logs.follow.follow import Follow, Notice, PollSettings, Pulse
from monitor.records.event import LogEvent
from tests.fakes.ledger_server import Faults, Group, LedgerServer, Live, Stored, schedule

GROUP = "/aws/lambda/fn"
WORST = Faults(throttle=0.2, error=0.05, reset=0.03, slow=0.02, slow_s=1.0, empty=0.1)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


@dataclass
class Followed:
    events: list[LogEvent]
    at_ms: list[int]
    notices: list[str]

    @property
    def printed(self) -> Counter[str]:
        return Counter(event.event_id for event in self.events)


def source(server: LedgerServer) -> LogGroupSource:
    connection = Connection(region="eu-west-1", endpoint_url=server.url)
    return LogGroupSource(connection, LogTarget("fn", GROUP, "eu-west-1"))


# Backing off takes as long as it takes: what is expected is waited for, and then a little, for doubles.
PATIENCE_MS = 60_000


def until(follow: Follow, ends_ms: int, expected: int) -> Iterator[LogEvent | Notice]:
    count = 0
    for item in follow:
        if not isinstance(item, Pulse):
            count += isinstance(item, LogEvent)
            yield item
        elif item.now_ms >= ends_ms + (PATIENCE_MS if count < expected else 0):
            return


def followed(server: LedgerServer, start_ms: int, ends_ms: int, settings: PollSettings, expected: int = 0) -> Followed:
    one = source(server)
    follow = Follow([one], start_ms, SystemClock(), settings, notices=one.connection.limiter.take_notices)
    result = Followed([], [], [])
    for item in until(follow, ends_ms, expected):
        if isinstance(item, Notice):
            result.notices.append(item.text)
        else:
            result.events.append(item)
            result.at_ms.append(time.time_ns() // 1_000_000)
    return result


def test_everything_that_becomes_visible_late_among_faults_is_printed_once() -> None:
    now_ms = time.time_ns() // 1_000_000
    events = schedule(now_ms, seconds=5, per_s=300, late_ms=5_000)
    with LedgerServer(WORST, page_events=200) as server:
        server.put(GROUP, events)
        result = followed(
            server, now_ms - 1000, now_ms + 12_000, PollSettings(lateness_ms=10_000), expected=len(events)
        )
    assert result.printed == Counter(event.id for event in events)
    assert server.throttled > 0
    assert any("throttled" in text for text in result.notices)


def test_events_visible_within_the_hold_back_come_in_order() -> None:
    now_ms = time.time_ns() // 1_000_000
    events = schedule(now_ms, seconds=4, per_s=200, late_ms=900, future=False)
    with LedgerServer(page_events=100) as server:
        server.put(GROUP, events)
        result = followed(server, now_ms - 1000, now_ms + 8_000, PollSettings(reorder_ms=1_000))
    times = [event.timestamp_ms for event in result.events]
    assert len(times) == len(events)
    assert times == sorted(times)


def test_what_is_later_than_the_lateness_is_swept_up_and_marked() -> None:
    now_ms = time.time_ns() // 1_000_000
    late = Stored(now_ms, "1", "s", "late", visible_ms=now_ms + 4_000)
    with LedgerServer() as server:
        server.put(GROUP, [late, Stored(now_ms, "2", "s", "in time", visible_ms=now_ms + 500)])
        settings = PollSettings(lateness_ms=1_000, reorder_ms=100, sweep_every_ms=5_000)
        # Glances reach ten seconds back, but for a start they never read before it.
        result = followed(server, now_ms - 1000, now_ms + 7_000, settings)
    assert result.printed == Counter(["1", "2"])


def test_a_group_that_cannot_be_tailed_is_named_with_what_to_do() -> None:
    with LedgerServer() as server:
        server.groups[GROUP] = Group(group_class="INFREQUENT_ACCESS")
        with pytest.raises(RefusedError, match="INFREQUENT_ACCESS") as refused:
            list(source(server).pages(0, None))
    assert "Insights" in refused.value.hint


def test_live_joined_with_polling_prints_each_as_often_as_it_is_stored() -> None:
    now_ms = time.time_ns() // 1_000_000
    # A tenth is never delivered live, updates above 60 events are sampled, sessions time out and break off.
    events = schedule(now_ms, seconds=6, per_s=300, late_ms=3_000, live_share=0.9)
    live = Live(per_update=60, ends_after_s=2.5, cut_after_s=4.0)
    with LedgerServer(Faults(throttle=0.2, error=0.05, empty=0.1), live, page_events=500) as server:
        server.put(GROUP, events)
        one = source(server)
        feed = LiveTail([one])
        follow = Follow([one], now_ms - 1000, SystemClock(), PollSettings(lateness_ms=10_000), live=feed)
        printed: Counter[tuple[str, int, str]] = Counter()
        notices: list[str] = []
        without_id = 0
        for item in until(follow, now_ms + 12_000, len(events)):
            if isinstance(item, Notice):
                notices.append(item.text)
                continue
            printed[item.stream, item.timestamp_ms, item.message] += 1
            without_id += not item.event_id
        sessions = server.sessions
    assert printed == Counter((event.stream, event.timestamp_ms, event.message) for event in events)
    assert without_id > len(events) / 10
    assert sessions > 1
    assert any("three hours" in text for text in notices)
    assert any("sampled" in text for text in notices)


def test_a_group_that_comes_up_later_joins_the_live_sessions() -> None:
    now_ms = time.time_ns() // 1_000_000
    with LedgerServer() as server:
        server.put(GROUP, [])
        there = source(server)
        absent = LogGroupSource(there.connection, LogTarget("new", "/aws/lambda/new", "eu-west-1"))
        feed = LiveTail([there, absent])
        assert server.sessions == 1
        server.put("/aws/lambda/new", [Stored(now_ms, "1", "s", "hello", now_ms, now_ms + 2_500)])
        feed.join([])
        found = [one for _ in range(40) for one in feed.take(0.1, SystemClock())]
    assert [(one.group, one.message) for one in found if isinstance(one, LogEvent)] == [("/aws/lambda/new", "hello")]
