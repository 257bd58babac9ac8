"""Read for `monitor tail`: past events in pages, or a follow with its checkpoint, in batches."""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.errors import DeniedError, MonitorError
from monitor.kernel.clock import SystemClock
from monitor.kernel.values import dataclass
from monitor.kernel.window import Window
from monitor.logs.follow.follow import Follow
from monitor.logs.follow.past import history, sliced_pages
from monitor.logs.follow.polling import PollSettings
from monitor.logs.follow.state import read_state, write_state
from monitor.logs.workflow_reading import Reading
from monitor.records.event import LogEvent, Notice, Pulse, Source

if TYPE_CHECKING:
    from monitor.aws.livetail import LiveTail

Batch = Sequence[LogEvent]
Item = Batch | Notice | Pulse

# The first batch is small, so that the first line is printed soon.
_FIRST_CHUNK, _CHUNK = 50, 2_000
_WRITE_EVERY_S = 1.0
# A checkpoint that takes long to write is written less often: it takes a twentieth of the time at most.
_WRITE_SHARE = 20


@dataclass(frozen=True, slots=True)
class TailPlan:
    """How to read: `live` is off, on or auto; `discover` returns the sources that exist now."""

    window: Window
    follows: bool
    settings: PollSettings
    checkpoint: Path | None = None
    live: str = "off"
    filter_pattern: str = ""
    discover: Callable[[], Sequence[Source]] | None = None


class Tail:
    """The batches of a plan; iterate over it once. Call `saved` after each Pulse has been handled."""

    def __init__(self, reading: Reading, plan: TailPlan) -> None:
        self._reading, self._plan = reading, plan
        self._follow: Follow | None = None
        self._written_s, self._cost_s = 0.0, 0.0
        self._dirty = False
        self._said: list[str] = []

    def __iter__(self) -> Iterator[Item]:
        if not self._plan.follows and self._plan.checkpoint is None:
            yield from self._past()
            return
        yield from self._batched(self._make())

    def held(self) -> Batch:
        """Events that were held back for order when a follow stops; none if a checkpoint will read them again."""
        if self._follow is None or self._plan.checkpoint is not None:
            return []
        return list(self._follow.held())

    def saved(self, finally_: bool = False) -> None:
        """Write the checkpoint if it is due: all events handed on so far have been handled."""
        path, now_s = self._plan.checkpoint, time.monotonic()
        if path is None or self._follow is None or not (self._dirty or finally_):
            return
        if not finally_ and now_s - self._written_s < max(_WRITE_EVERY_S, self._cost_s * _WRITE_SHARE):
            return
        write_state(path, self._follow.state())
        self._written_s = time.monotonic()
        self._cost_s = self._written_s - now_s
        self._dirty = False

    def _past(self) -> Iterator[Item]:
        reading, window = self._reading, self._plan.window
        if not reading.targets:
            for source in reading.sources:
                yield from source.pages(0, None)
            yield from (Notice(text) for text in reading.notices)
            return
        if len(reading.sources) == 1:
            pages = sliced_pages(reading.sources[0], window.start_ms, window.end_ms - 1, window.end_ms)
            first = next((page for page in pages if page), ())
            yield first[:_FIRST_CHUNK]
            yield first[_FIRST_CHUNK:]
            yield from pages
            return
        events = history(reading.sources, window.start_ms, window.end_ms - 1)
        while chunk := list(islice(events, _CHUNK)):
            yield chunk

    def _make(self) -> Follow:
        plan, path = self._plan, self._plan.checkpoint
        self._follow = Follow(
            self._reading.sources,
            plan.window.start_ms,
            SystemClock(),
            plan.settings,
            end_ms=None if plan.follows else plan.window.end_ms - 1,
            resume=None if path is None else read_state(path),
            live=self._live(),
            discover=plan.discover,
            notices=self._notices,
            once=not plan.follows,
        )
        return self._follow

    def _notices(self) -> list[str]:
        said, self._said = self._said, []
        return said + [text for connection in self._reading.connections for text in connection.limiter.take_notices()]

    def _live(self) -> "LiveTail | None":
        if self._plan.live == "off" or not self._plan.follows:
            return None
        from monitor.aws.livetail import LiveTail

        try:
            return LiveTail(self._reading.sources, self._plan.filter_pattern)
        except MonitorError as error:
            if self._plan.live != "auto":
                raise
            instead = "live tail is not available; polling instead"
            if isinstance(error, DeniedError):
                self._reading.connections[0].warn_denied(error, instead)
            else:
                self._said.append(f"{error.message}; {instead}")
            return None

    def _batched(self, follow: Follow) -> Iterator[Item]:
        batch: list[LogEvent] = []
        enough = _FIRST_CHUNK
        for item in follow:
            if isinstance(item, LogEvent):
                batch.append(item)
                if len(batch) < enough or self._plan.checkpoint is not None:
                    continue
            if batch:
                self._dirty = True
                yield batch
                batch, enough = [], _CHUNK
            if not isinstance(item, LogEvent):
                yield item
