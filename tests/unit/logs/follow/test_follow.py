"""The ledger: each event that becomes visible in time is handed on once, whatever happens."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import UnreachableError
from monitor.logs.follow.follow import Notice, PollSettings, follow, history
from monitor.records.event import LogEvent
from tests.examples import examples
from tests.fakes.ledger import FakeClock, LedgerSource

NOW = 1_795_402_121_000
MINUTE = 60_000


def event(at_ms: int, number: int, stream: str = "s") -> LogEvent:
    return LogEvent(at_ms, f"event {number}", stream=stream, group="g", event_id=f"{number:09d}")


def run(source: LedgerSource, settings: PollSettings | None = None) -> tuple[list[LogEvent], list[Notice]]:
    events: list[LogEvent] = []
    notices: list[Notice] = []
    try:
        for item in follow([source], NOW - MINUTE, source.clock, settings):
            if isinstance(item, Notice):
                notices.append(item)
            else:
                events.append(item)
    except KeyboardInterrupt:
        pass
    return events, notices


def clock(minutes: float = 5) -> FakeClock:
    return FakeClock(NOW, NOW + round(minutes * MINUTE))


def test_late_and_disordered_events_are_each_handed_on_once() -> None:
    chance = random.Random(7)
    made = [event(NOW + number * 40, number, stream=f"s{number % 9}") for number in range(3000)]
    entries = [(one.timestamp_ms + chance.randrange(30_000), one) for one in made]
    events, notices = run(LedgerSource(clock(), entries, page=100))
    assert sorted(one.event_id for one in events) == [one.event_id for one in made]
    assert notices == []


def test_an_event_dated_an_hour_ahead_blinds_nothing() -> None:
    future = event(NOW + 60 * MINUTE, 1)
    later = [event(NOW + 5_000 * number, 1 + number) for number in range(1, 20)]
    entries = [(NOW + 1_000, future), *((one.timestamp_ms + 2_000, one) for one in later)]
    events, _ = run(LedgerSource(clock(), entries))
    assert sorted(one.event_id for one in events) == sorted(one.event_id for one in [future, *later])


def test_many_events_of_one_millisecond_are_all_there() -> None:
    entries = [(NOW + 2_000 + number, event(NOW + 1_500, number)) for number in range(500)]
    events, _ = run(LedgerSource(clock(), entries, page=7))
    assert len(events) == 500


def test_a_read_that_fails_half_way_loses_and_doubles_nothing() -> None:
    entries = [(NOW + 500 * number, event(NOW + 500 * number, number)) for number in range(200)]
    source = LedgerSource(clock(), entries, fails=lambda call: call % 5 == 2)
    events, notices = run(source)
    assert [one.event_id for one in events] == [event(0, number).event_id for number in range(200)]
    assert {notice.text for notice in notices} == {
        "ledger: logs:FilterLogEvents was throttled repeatedly; trying again",
        "ledger: reading again after 5 s; no event was lost",
    }


def test_an_outage_longer_than_the_lateness_loses_nothing() -> None:
    entries = [(NOW + 1_000 * number, event(NOW + 1_000 * number, number)) for number in range(250)]
    down = range(4, 22)
    events, _ = run(LedgerSource(clock(6), entries, fails=lambda call: call in down), PollSettings(lateness_ms=10_000))
    assert len({one.event_id for one in events}) == len(events) == 250


def test_an_endpoint_that_stays_down_ends_the_follow_with_its_error() -> None:
    entries = [(NOW, event(NOW + number, number)) for number in range(10)]
    source = LedgerSource(clock(60), entries, fails=lambda call: call > 1)
    with pytest.raises(UnreachableError, match="throttled"):
        list(follow([source], NOW - MINUTE, source.clock))


def test_order_holds_within_the_hold_back() -> None:
    a, b = event(NOW + 1_000, 1, "a"), event(NOW + 1_400, 2, "b")
    # The later event is visible a poll before the earlier one.
    entries = [(NOW + 1_500, b), (NOW + 2_600, a)]
    events, _ = run(LedgerSource(clock(1), entries), PollSettings(reorder_ms=3_000))
    assert events == [a, b]
    events, _ = run(LedgerSource(clock(1), entries), PollSettings(reorder_ms=0))
    assert events == [b, a]


def test_an_idle_follow_calls_seldom_and_remembers_little() -> None:
    source = LedgerSource(clock(60), [])
    run(source)
    assert source.calls < 60 * 60 / 4


def test_groups_are_merged_by_time() -> None:
    ends = clock()
    one = LedgerSource(ends, [(0, event(NOW + number, number)) for number in (1, 4, 5)])
    two = LedgerSource(ends, [(0, event(NOW + number, number)) for number in (2, 3, 6)])
    assert [item.timestamp_ms - NOW for item in history([one, two], NOW, None)] == [1, 2, 3, 4, 5, 6]


@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 90_000), st.integers(0, 30_000), st.integers(0, 3)), max_size=60),
    st.sets(st.integers(2, 60), max_size=19),
    st.integers(1, 7),
)
def test_any_schedule_within_the_lateness_is_printed_once(
    made: list[tuple[int, int, int]], failing: set[int], page: int
) -> None:
    entries = [
        (NOW + at_ms + late_ms, event(NOW + at_ms, number, f"s{stream}"))
        for number, (at_ms, late_ms, stream) in enumerate(made)
    ]
    # Nineteen failures in a row at most: twenty are an outage, and end the follow by its error.
    source = LedgerSource(clock(6), entries, page=page, fails=lambda call: call in failing)
    events, _ = run(source)
    assert sorted(one.event_id for one in events) == sorted(one.event_id for _, one in entries)
