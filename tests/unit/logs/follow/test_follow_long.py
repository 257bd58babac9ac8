"""A day of following in a given clock: memory and calls stay bounded; a state goes on where it stood."""

import contextlib
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.aws.rate import RateLimiter
from monitor.errors import UsageError
from monitor.logs.follow.follow import Follow, Pulse
from monitor.logs.follow.join import Join
from monitor.logs.follow.past import sliced_pages
from monitor.logs.follow.seen_events import SeenEvents
from monitor.logs.follow.state import read_state, write_state
from monitor.records.event import LogEvent
from tests.examples import examples
from tests.fakes.ledger import FakeClock, LedgerSource

NOW = 1_795_402_121_000
HOUR = 3_600_000


def event(at_ms: int, number: int) -> LogEvent:
    return LogEvent(at_ms, f"event {number}", stream="s", group="g", event_id=f"{number:09d}")


@pytest.mark.parametrize("per_hour", [0, 120])
def test_a_day_of_following_remembers_minutes_and_calls_seldom(per_hour: int) -> None:
    clock = FakeClock(NOW, NOW + 24 * HOUR)
    made = [event(NOW + number * HOUR // max(per_hour, 1), number) for number in range(24 * per_hour)]
    source = LedgerSource(clock, [(one.timestamp_ms + 3_000, one) for one in made], page=1000)
    follow = Follow([source], NOW, clock, workers=1)
    most, count = 0, 0
    try:
        for item in follow:
            if isinstance(item, Pulse):
                most = max(most, len(follow._seen))
            else:
                count += 1
    except KeyboardInterrupt:
        pass
    assert count >= len(made) - 2
    # 15 minutes of sweep, and a minute of bucket; 17,280 polls at five seconds when idle.
    assert most <= per_hour * 18 / 60 + 1
    assert source.calls <= (17_400 if per_hour == 0 else 45_000)


def test_later_than_the_lateness_is_marked_late() -> None:
    clock = FakeClock(NOW, NOW + HOUR // 4)
    late = event(NOW + 1000, 1)
    source = LedgerSource(clock, [(NOW + 300_000, late), (NOW + 2000, event(NOW + 1000, 2))])
    found = []
    with contextlib.suppress(KeyboardInterrupt):
        found.extend(item for item in Follow([source], NOW, clock, workers=1) if isinstance(item, LogEvent))
    assert [(one.event_id, one.late) for one in found] == [("000000002", False), ("000000001", True)]


@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 90_000), st.integers(0, 30_000)), max_size=40),
    st.lists(st.integers(1, 60), min_size=1, max_size=4),
    st.sets(st.integers(2, 40), max_size=10),
)
def test_any_schedule_with_restarts_is_printed_once(
    made: list[tuple[int, int]], stops: list[int], failing: set[int]
) -> None:
    entries = [(NOW + at + late, event(NOW + at, number)) for number, (at, late) in enumerate(made)]
    clock = FakeClock(NOW, NOW + HOUR)
    source = LedgerSource(clock, entries, page=5, fails=lambda call: call in failing)
    printed: Counter[str] = Counter()
    state = None
    for pulses in [*stops, 400]:
        follow = Follow([source], NOW, clock, resume=state, workers=1)
        batch: list[str] = []
        for item in follow:
            if isinstance(item, LogEvent):
                batch.append(item.event_id)
            elif isinstance(item, Pulse):
                # What was printed, and the state behind it: whatever came after is gone with the process.
                printed.update(batch)
                batch, state = [], follow.state()
                pulses -= 1
                if not pulses or clock.ms > NOW + 300_000:
                    break
    assert printed == Counter(one.event_id for _, one in entries)


def test_a_state_survives_its_file(tmp_path: Path) -> None:
    clock = FakeClock(NOW, NOW + HOUR)
    source = LedgerSource(clock, [(NOW, event(NOW - 5_000, 1))])
    follow = Follow([source], NOW - 60_000, clock, workers=1, once=True)
    assert sum(isinstance(item, LogEvent) for item in follow) == 1
    path = tmp_path / "point"
    assert read_state(path) is None
    write_state(path, follow.state())
    assert list(tmp_path.iterdir()) == [path]
    again = Follow([source], NOW - 60_000, clock, workers=1, once=True, resume=read_state(path))
    assert sum(isinstance(item, LogEvent) for item in again) == 0
    path.write_text("[1]")
    with pytest.raises(UsageError, match="not a checkpoint"):
        read_state(path)


def test_slices_meet_without_a_gap_or_an_overlap() -> None:
    chance = random.Random(3)
    made = [event(NOW + chance.randrange(4 * HOUR), number) for number in range(800)]
    clock = FakeClock(NOW + 5 * HOUR, NOW + 6 * HOUR)
    source = LedgerSource(clock, [(0, one) for one in made], page=50)
    found = [one for page in sliced_pages(source, NOW, NOW + 4 * HOUR, clock.ms) for one in page]
    assert [one.timestamp_ms for one in found] == sorted(one.timestamp_ms for one in made)
    assert Counter(one.event_id for one in found) == Counter(one.event_id for one in made)


def test_throttling_halves_the_rate_once_a_burst_and_it_recovers() -> None:
    clock = FakeClock(NOW, NOW + HOUR)
    limiter = RateLimiter(clock, 10.0)
    limiter.throttled()
    limiter.throttled()
    assert limiter.take_notices() == ["throttled by CloudWatch Logs: reading at 4.0 calls/s"]
    for _ in range(100):
        limiter.succeeded()
    for _ in range(80):
        limiter.acquire()
    # A burst of a second, and then eight a second.
    assert 8_500 <= clock.ms - NOW <= 10_000


def test_memory_is_bounded_by_number_too() -> None:
    seen = SeenEvents(most=1000)
    for number in range(5000):
        assert seen.is_new(event(NOW + number * 200, number))
        seen.shrink(NOW + number * 200 - 60_000)
    assert len(seen) <= 1600
    assert seen.floor_ms > NOW


def test_whichever_is_first_prints_and_the_other_is_silent() -> None:
    one = event(NOW, 1)
    live = LogEvent(NOW, "event 1", stream="s", group="g")
    join = Join()
    assert [join.live(live), join.polled(one), join.polled(event(NOW, 1)), join.live(live)] == [
        True,
        False,
        True,
        False,
    ]
    join.forget_before(NOW + HOUR)
    assert len(join) == 0


def test_a_source_that_joins_is_read_and_pushed() -> None:
    clock = FakeClock(NOW, NOW + HOUR // 10)
    old = LedgerSource(clock, [(NOW + 500, event(NOW + 500, 1))], name="old")
    # Made after the follow began, and before it was found.
    new = LedgerSource(
        clock, [(NOW + 21_000, event(NOW + 20_000, 2)), (NOW + 90_000, event(NOW + 89_000, 3))], name="new"
    )
    joined: list[str] = []

    class Feed:
        def take(self, seconds: float, clock: Any) -> list[LogEvent]:
            clock.sleep(max(seconds, 0.01))
            return []

        def join(self, sources: Sequence[Any]) -> None:
            joined.extend(source.name for source in sources)

    seen: list[str] = []
    follow = Follow(
        [old], NOW, clock, live=Feed(), discover=lambda: [old, new] if clock.ms > NOW + 25_000 else [old], workers=1
    )
    with contextlib.suppress(KeyboardInterrupt):
        said = (item for item in follow if not isinstance(item, Pulse))
        seen.extend(item.event_id if isinstance(item, LogEvent) else item.text for item in said)
    assert sorted(seen) == ["000000001", "000000002", "000000003", "also following new"]
    assert joined == ["new"]
