"""One reading for all tabs: it ends when nobody looks, and goes on after an error without losing a line."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from monitor.errors import RefusedError
from monitor.logs.workflow_reading import Reading
from monitor.records.event import LogEvent
from monitor.serve import workflow_live
from monitor.serve.analyze_live import LiveLog
from monitor.serve.model import Position
from monitor.serve.workflow_live import Feed, Feeds


class Growing:
    """A log that gets a line at each read, and refuses some reads."""

    name = key = "growing"

    def __init__(self, refused: Callable[[int], bool] = lambda _call: False) -> None:
        self.events: list[LogEvent] = []
        self.calls = 0
        self._refused = refused

    def pages(self, start_ms: int, end_ms: int | None) -> Iterator[Sequence[LogEvent]]:
        self.calls += 1
        if self._refused(self.calls):
            raise RefusedError("the limit is reached", "wait")
        number = len(self.events)
        at_ms = time.time_ns() // 1_000_000 - 2_000
        self.events.append(LogEvent(at_ms, f"line {number}\n", "s", "/aws/lambda/one", str(number)))
        yield [one for one in self.events if one.timestamp_ms >= start_ms]


def feed_of(source: Growing) -> Feed:
    log = LiveLog(lambda event, _record: event.message.strip(), lambda event: event.group)
    return Feed(lambda: Reading((source,), (), ()), log)


def texts(feed: Feed) -> list[str]:
    return [line.text for line in feed.after(Position(), 0)[0].lines]


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end_s, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow_live, "_RETRY_S", 0.05)
    monkeypatch.setattr(workflow_live, "_IDLE_S", 0.2)


@pytest.mark.usefixtures("hasty")
def test_a_refused_read_is_told_and_tried_again_without_losing_or_doubling_a_line() -> None:
    source = Growing(lambda call: call in (2, 3))
    feed = feed_of(source)
    with feed.watched():
        feed.start()
        problems: list[str] = []

        def seen() -> bool:
            problems.append(feed.after(Position(), 0)[3])
            return len(texts(feed)) >= 3

        wait_for(seen)
        assert any("the limit is reached" in one and "(wait)" in one for one in problems)
        shown = texts(feed)
        assert shown == [f"line {number}" for number in range(len(shown))]
        wait_for(lambda: feed.after(Position(), 0)[3] == "")
        feed.stop()
    feed.join(5)
    assert not feed.is_alive


@pytest.mark.usefixtures("hasty")
def test_a_log_that_nobody_watches_is_not_read_any_more() -> None:
    source = Growing()
    feeds = Feeds(lambda _target: feed_of(source))
    feed = feeds.feed("one")
    with feed.watched():
        wait_for(lambda: source.calls >= 2)
        assert feeds.feed("one") is feed
    wait_for(lambda: not feed.is_alive)
    calls = source.calls
    time.sleep(0.3)
    assert source.calls == calls
    again = feeds.feed("one")
    assert again is not feed
    assert again.name != feed.name
    feeds.stop()
    again.join(5)


def test_too_many_logs_end_the_one_that_was_looked_at_longest_ago() -> None:
    feeds = Feeds(lambda _target: feed_of(Growing()))
    first = feeds.feed("0")
    rest = [feeds.feed(str(number)) for number in range(1, 9)]
    first.join(10)
    assert not first.is_alive
    assert all(feed.is_alive for feed in rest)
    feeds.stop()
    for feed in rest:
        feed.join(10)
    assert not [one for one in threading.enumerate() if one.name == "serve-feed"]


def test_a_log_that_somebody_watches_is_not_the_one_that_ends() -> None:
    feeds = Feeds(lambda _target: feed_of(Growing()))
    first = feeds.feed("0")
    with first.watched():
        rest = [feeds.feed(str(number)) for number in range(1, 9)]
        rest[0].join(10)
        assert first.is_alive
        assert not rest[0].is_alive
    feeds.stop()
    for feed in (first, *rest):
        feed.join(10)


def test_an_error_that_nobody_foresaw_is_shown_on_the_page_and_stays_there() -> None:
    class Broken(Growing):
        def pages(self, start_ms: int, end_ms: int | None) -> Iterator[Sequence[LogEvent]]:
            raise RecursionError("too deep")

    made: list[Feed] = []

    def make(_target: str) -> Feed:
        made.append(feed_of(Broken()))
        return made[-1]

    feeds = Feeds(make)
    feed = feeds.feed("")
    wait_for(lambda: feeds.failure is not None)
    assert isinstance(feeds.failure, RecursionError)
    assert "RecursionError: too deep; this is a defect" in feed.after(Position(), 0)[3]
    # A page that asks again gets the same answer, and no further reading that fails alike.
    assert feeds.feed("") is feed
    assert len(made) == 1
