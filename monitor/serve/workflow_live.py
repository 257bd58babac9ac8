"""Follows log groups for the page: one reading for all tabs, which ends when nobody looks at it."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from monitor.errors import MonitorError
from monitor.kernel.clock import CancellableClock, CancelledError
from monitor.logs.follow.follow import Follow
from monitor.logs.follow.polling import PollSettings
from monitor.logs.follow.state import State
from monitor.logs.workflow_reading import Reading
from monitor.records.event import LogEvent, Notice, Pulse
from monitor.records.invocation import Invocation
from monitor.serve.analyze_live import LiveLog
from monitor.serve.model import LiveBatch, Position

_AT_ONCE = 500
_REORDER_MS = 1_000
_RETRY_S = 20.0
# A tab that reconnects within this time finds the reading where it was.
_IDLE_S = 30.0
_MOST_FEEDS = 8
PAST_MS = 600_000


class Feed:
    """A follow in a thread of its own, from ten minutes ago, as long as somebody watches.

    `name` tells its positions from those of another feed.
    """

    def __init__(
        self, open_reading: Callable[[], Reading], log: LiveLog, clock: CancellableClock | None = None
    ) -> None:
        self._open, self._log, self._clock = open_reading, log, clock or CancellableClock()
        self._lock = threading.Lock()
        self._watchers, self._left_s = 0, time.monotonic()
        self.name = secrets.token_hex(4)
        self._thread = threading.Thread(target=self._run, name="serve-feed", daemon=True)
        self._problem = ""
        self._caught_up = False
        self.failure: Exception | None = None
        """Why the reading ended for good: an error that nobody foresaw."""

    def start(self) -> None:
        """Begin reading."""
        self._thread.start()

    def stop(self) -> None:
        """End the reading; it stops at its next pause."""
        self._clock.cancel()

    def join(self, timeout_s: float) -> None:
        """Wait for the reading to end."""
        self._thread.join(timeout_s)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Count a watcher while it is there."""
        with self._lock:
            self._watchers += 1
        try:
            yield
        finally:
            with self._lock:
                self._watchers -= 1
                self._left_s = time.monotonic()

    @property
    def is_watched(self) -> bool:
        """Whether somebody watches now."""
        with self._lock:
            return self._watchers > 0

    @property
    def is_idle(self) -> bool:
        """Whether nobody has watched for a while."""
        with self._lock:
            return not self._watchers and time.monotonic() - self._left_s > _IDLE_S

    @property
    def is_alive(self) -> bool:
        """Whether it still reads, or has something to say about why it does not."""
        return self.failure is not None or self._thread.is_alive()

    def after(self, position: Position, notice: int) -> tuple[LiveBatch, int, bool, str]:
        """The next batch, the number of the last notice, whether the past has been read, and why reading stopped."""
        with self._lock:
            batch, number = self._log.after(position, notice)
            return batch, number, self._caught_up, self._problem

    def find(self, request_id: str) -> Invocation | None:
        """An invocation that is still kept."""
        with self._lock:
            return self._log.find(request_id)

    def _run(self) -> None:
        state: State | None = None
        start_ms = self._clock.now_ms() - PAST_MS
        try:
            while True:
                follow: Follow | None = None
                try:
                    reading = self._open()
                    follow = self._follow(reading, start_ms, state)
                    self._problem = ""
                    self._read(follow)
                except MonitorError as error:
                    self._problem = f"{error.message}; reading continues in {_RETRY_S:.0f} s" + (
                        f" ({error.hint})" if error.hint else ""
                    )
                    state = follow.state() if follow is not None else state
                    # A source that the follow gave up is not in its state: what is older than this was shown.
                    start_ms = max(start_ms, self._clock.now_ms() - PAST_MS)
                    self._clock.sleep(_RETRY_S)
        except CancelledError:
            return
        except Exception as error:  # noqa: BLE001 - it ends this thread, and the command ends with it
            self.failure = error
            self._problem = f"reading ended: {type(error).__name__}: {error}; this is a defect of monitor"

    def _follow(self, reading: Reading, start_ms: int, state: State | None) -> Follow:
        return Follow(
            reading.sources,
            start_ms,
            self._clock,
            PollSettings(reorder_ms=_REORDER_MS),
            resume=state,
            discover=reading.discover if reading.can_grow else None,
            notices=lambda: [text for one in reading.connections for text in one.limiter.take_notices()],
        )

    def _read(self, follow: Follow) -> None:
        batch: list[LogEvent] = []
        for item in follow:
            if isinstance(item, LogEvent):
                batch.append(item)
                if len(batch) < _AT_ONCE:
                    continue
            with self._lock:
                self._log.add(batch)
                batch = []
                if isinstance(item, Notice):
                    self._log.say(item.text)
                elif isinstance(item, Pulse) and not item.past:
                    self._log.tick(item.now_ms)
                    self._caught_up = True
            if self.is_idle:
                raise CancelledError


class Feeds:
    """The feeds that are watched, by what they read. When there are too many, one that nobody watches ends first."""

    def __init__(self, make: Callable[[str], Feed]) -> None:
        self._make = make
        self._feeds: dict[str, Feed] = {}
        self._lock = threading.Lock()

    def feed(self, target: str) -> Feed:
        """The feed of a TARGET, "" for all targets of the page."""
        with self._lock:
            for name in [name for name, feed in self._feeds.items() if not feed.is_alive]:
                del self._feeds[name]
            found = self._feeds.pop(target, None)
            if found is None:
                found = self._make(target)
                found.start()
            self._feeds[target] = found
            while len(self._feeds) > _MOST_FEEDS:
                others = [name for name in self._feeds if name != target]
                unwatched = (name for name in others if not self._feeds[name].is_watched)
                self._feeds.pop(next(unwatched, others[0])).stop()
            return found

    @property
    def failure(self) -> Exception | None:
        """Why a feed ended for good."""
        with self._lock:
            feeds = list(self._feeds.values())
        return next((feed.failure for feed in feeds if feed.failure is not None), None)

    def find(self, request_id: str) -> Invocation | None:
        """An invocation that a feed still keeps."""
        with self._lock:
            feeds = list(self._feeds.values())
        return next((found for feed in feeds if (found := feed.find(request_id)) is not None), None)

    def stop(self) -> None:
        """End all feeds."""
        with self._lock:
            feeds, self._feeds = list(self._feeds.values()), {}
        for feed in feeds:
            feed.stop()
