"""Which events were already handed on: bounded by the window that is read again and again."""

from monitor.model.event import LogEvent

Key = tuple[str, str, int, str]


class Seen:
    """Event ids within the overlap window; older ones are forgotten, since they are not asked for any more."""

    def __init__(self) -> None:
        self._at_ms: dict[str | Key, int] = {}

    def __len__(self) -> int:
        return len(self._at_ms)

    def is_new(self, event: LogEvent) -> bool:
        """Whether `event` was not here before; it is from now on."""
        # Files and live tail have no event id; what can be seen of the event stands in for it.
        key = event.event_id or (event.group, event.stream, event.timestamp_ms, event.message)
        if key in self._at_ms:
            return False
        self._at_ms[key] = event.timestamp_ms
        return True

    def forget_before(self, timestamp_ms: int) -> None:
        """Drop what is older than `timestamp_ms`."""
        if any(at_ms < timestamp_ms for at_ms in self._at_ms.values()):
            self._at_ms = {key: at_ms for key, at_ms in self._at_ms.items() if at_ms >= timestamp_ms}
