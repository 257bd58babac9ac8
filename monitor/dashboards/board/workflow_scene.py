"""What all widgets of a dashboard that is being drawn share: the window, the regions, the logs read so far."""

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

# The latest events of a group that are looked at, whatever its size.
MOST_EVENTS = 50_000
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}")


@dataclass
class Scene:
    """One drawing. `engine` is insights or scan; `inherits` says that widgets keep their periods."""

    connection: Connection
    window: Window
    now_ms: int
    engine: str
    inherits: bool = False
    scanned_bytes: float = 0.0
    scanned_events: int = 0
    clock: CancellableClock = field(default_factory=CancellableClock)
    _connections: dict[str, Connection] = field(default_factory=dict)
    _events: dict[tuple[str, str], Sequence[LogEvent]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, region: str) -> Connection:
        """The connection for a region; "" means the one that was asked for.

        Raises:
            RefusedError: it is no region's name, but a placeholder, say.
        """
        ours = self.connection
        if not region or region == ours.region:
            return ours
        if not _REGION.fullmatch(region):
            raise RefusedError(f"its region is {region!r}, which is none", "write e.g. ap-southeast-1")
        with self._lock:
            if region not in self._connections:
                self._connections[region] = Connection(
                    profile=ours.profile,
                    region=region,
                    endpoint_url=ours.endpoint_url,
                    local=ours.local,
                    command=ours.command,
                    tell=ours.tell,
                )
            return self._connections[region]

    def events(self, region: str, group: str) -> Sequence[LogEvent]:
        """The latest events of a log group in the window, read once however many widgets want them."""
        connection = self.at(region)
        with self._lock:
            key = (connection.region, group)
            if key not in self._events:
                source = LogGroupSource(connection, LogTarget(group, group, connection.region, None))
                try:
                    found = history([source], self.window.start_ms, self.window.end_ms - 1)
                    self._events[key] = tuple(deque(found, MOST_EVENTS))
                except NotFoundError:
                    # A function that has never run has no log group: no events, and no mistake.
                    self._events[key] = ()
                self.scanned_events += len(self._events[key])
            return self._events[key]

    def billed(self, scanned_bytes: float) -> None:
        """Note what Logs Insights read."""
        with self._lock:
            self.scanned_bytes += scanned_bytes
