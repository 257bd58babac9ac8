"""The state that all widgets of a dashboard share while it is rendered: time range, connections, log events."""

import re
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.aws.connection import Connection
from monitor.aws.logs import LogGroupSource
from monitor.errors import NotFoundError, RefusedError
from monitor.kernel.clock import CancellableClock
from monitor.kernel.target import LogTarget
from monitor.kernel.window import Window
from monitor.logs.follow.follow import history
from monitor.records.event import LogEvent

# The number of latest events that are read from a log group.
MOST_EVENTS = 50_000
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}")


@dataclass
class RenderContext:
    """The shared state. `engine` is insights or scan; with `inherits`, widgets keep their own periods."""

    connection: Connection
    window: Window
    now_ms: int
    engine: str
    inherits: bool = False
    scanned_bytes: float = 0.0
    scanned_events: int = 0
    clock: CancellableClock = field(default_factory=CancellableClock)
    _connections: dict[str, Connection] = field(default_factory=dict)
    _events: dict[tuple[str, str, Window], Sequence[LogEvent] | None] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, region: str) -> Connection:
        """The connection for a region; "" is the region of the command.

        Raises:
            RefusedError: `region` is not the name of a region, but a placeholder, for example.
        """
        ours = self.connection
        if not region or region == ours.region:
            return ours
        if not _REGION.fullmatch(region):
            raise RefusedError(f"{region!r} is not the name of a region", "write e.g. ap-southeast-1")
        with self._lock:
            if region not in self._connections:
                self._connections[region] = ours.in_region(region)
            return self._connections[region]

    def events(self, region: str, group: str, window: Window) -> Sequence[LogEvent] | None:
        """The latest events of a log group in `window`, read once for all widgets; None if there is no such group."""
        connection = self.at(region)
        with self._lock:
            key = (connection.region, group, window)
            if key not in self._events:
                source = LogGroupSource(connection, LogTarget(group, group, connection.region, None))
                try:
                    found = history([source], window.start_ms, window.end_ms - 1)
                    self._events[key] = tuple(deque(found, MOST_EVENTS))
                except NotFoundError:
                    self._events[key] = None
                self.scanned_events += len(self._events[key] or ())
            return self._events[key]

    def billed(self, scanned_bytes: float) -> None:
        """Record how much Logs Insights read."""
        with self._lock:
            self.scanned_bytes += scanned_bytes
