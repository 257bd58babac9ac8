"""A target that vanishes ends its own reading, and not the follow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import cast

import pytest

from monitor.aws.livetail import _MOST_WAITING, LiveTail
from monitor.aws.logs import LogGroupSource
from monitor.errors import NotFoundError
from monitor.kernel.clock import SystemClock
from monitor.logs.follow.follow import Follow, Notice
from monitor.records.event import LogEvent, Source
from tests.fakes.ledger import FakeClock, LedgerSource

NOW = 1_795_402_121_000


def event(at_ms: int, text: str) -> LogEvent:
    return LogEvent(at_ms, text, stream="s", group="g", event_id=f"{at_ms}{text}")


@dataclass
class Vanishing:
    """A log group that is deleted at a time."""

    clock: FakeClock
    until_ms: int
    name: str = "gone"
    key: str = "gone"

    def pages(self, start_ms: int, end_ms: int | None) -> Iterator[Sequence[LogEvent]]:
        if self.clock.ms >= self.until_ms:
            raise NotFoundError("log group gone does not exist")
        yield [event(NOW - 1, "before it went")]


def followed(clock: FakeClock, *sources: Source, discover: object = None) -> tuple[list[str], list[str]]:
    events, notices = [], []
    find = None if discover is None else lambda: (_ for _ in ()).throw(discover)  # type: ignore[arg-type]
    try:
        for item in Follow(sources, NOW - 60_000, clock, workers=1, discover=find):
            if isinstance(item, Notice):
                notices.append(item.text)
            elif isinstance(item, LogEvent):
                events.append(item.message)
    except KeyboardInterrupt:
        pass
    return events, notices


def test_the_other_targets_are_followed_after_one_has_vanished() -> None:
    clock = FakeClock(NOW, NOW + 60_000)
    entries = [(NOW + at_ms, event(NOW + at_ms, f"at {at_ms}")) for at_ms in range(1_000, 40_000, 1_000)]
    stays = LedgerSource(clock, entries, name="stays")
    events, notices = followed(clock, Vanishing(clock, NOW + 10_000), stays)
    assert set(events) == {"before it went", *(one.message for _, one in entries)}
    assert [text for text in notices if "no longer followed" in text] == [
        "gone is no longer followed: log group gone does not exist"
    ]


def test_the_last_target_that_vanishes_ends_the_follow_with_its_error() -> None:
    clock = FakeClock(NOW, NOW + 60_000)
    with pytest.raises(NotFoundError, match="log group gone"):
        followed(clock, Vanishing(clock, NOW + 10_000))


def test_a_function_that_is_deleted_is_followed_as_long_as_its_log_group_exists() -> None:
    clock = FakeClock(NOW, NOW + 200_000)
    entries = [(NOW + at_ms, event(NOW + at_ms, f"at {at_ms}")) for at_ms in range(1_000, 150_000, 10_000)]
    events, _ = followed(clock, LedgerSource(clock, entries), discover=NotFoundError("no function ai-*"))
    assert len(events) == len(entries)


class _NoSessions(LiveTail):
    def _begin(self, sources: Sequence[LogGroupSource]) -> None:
        if sources:
            raise NotFoundError("no session")


def test_a_live_tail_with_a_full_queue_does_not_block_its_reader() -> None:
    live = _NoSessions([])
    for number in range(_MOST_WAITING):
        live._say(event(NOW, str(number)))
    source = cast("LogGroupSource", SimpleNamespace(key="k"))
    live._absent = [source]
    live.join([])
    assert len(live.take(0, SystemClock())) > 0


def test_a_live_event_without_a_timestamp_is_an_event() -> None:
    live = _NoSessions([])
    target = SimpleNamespace(group="/aws/lambda/f", owns=lambda stream: True)
    source = cast("LogGroupSource", SimpleNamespace(target=target, origin="", key="k"))
    raw = {"logGroupIdentifier": "1:/aws/lambda/f", "logStreamName": "s", "message": "hello", "ingestionTime": NOW}
    live._put(raw, [source])
    (found,) = live.take(0, SystemClock())
    assert isinstance(found, LogEvent)
    assert (found.timestamp_ms, found.message) == (NOW, "hello")
