"""Pair log lines into invocations, from the interleaved lines of many execution environments.

The state is the open invocations, those that ended in the last few seconds, and a flag for each stream whose process
died. It does not grow with the number of invocations.
"""

from collections.abc import Callable, Iterable, Iterator

from monitor.records.credibility import Survivors
from monitor.records.environment import LINGER_MS, Environment
from monitor.records.event import LogEvent
from monitor.records.invocation import Invocation
from monitor.records.message import parse_fact, parse_message
from monitor.records.open_invocation import OpenInvocation
from monitor.records.record import ExceptionText, PlatformOther, Record, Report
from monitor.records.stream import has_hint

_MOST_LINGERING = 10_000
_MOST_STREAMS = 50_000


def pair(
    events: Iterable[LogEvent], *, keep_events: bool = False, pairing: "Pairing | None" = None
) -> Iterator[Invocation]:
    """Yield the invocations of `events`, each soon after it ends; those without a REPORT come last.

    Args:
        events: any number of streams and groups, interleaved; each stream in order.
        keep_events: each invocation includes its lines and those of its init. Every line is then parsed, which also
            separates the lines of simultaneous invocations on a managed instance.
        pairing: what pairs them, for callers that ask what else it saw.

    A missing value is a Missing with a reason, never a guess.
    """
    parse: Callable[[str], Record | None] = parse_message if keep_events else parse_fact
    pairing = pairing or Pairing(keep_events=keep_events)
    for event in events:
        record = parse(event.message)
        if record is not None or keep_events or has_hint(event.message):
            yield from pairing.add(event, record)
    yield from pairing.finish()


class Pairing:
    """Incremental pairing, for callers that have parsed the records or follow a log.

    `malformed` counts unreadable platform records that belong to no invocation.
    """

    def __init__(self, *, keep_events: bool = False) -> None:
        self.malformed = 0
        # Events of web functions, which are not paired into invocations.
        self.unsupported = 0
        # Exceptions without an invocation in the log, each with its environment and time; the caller takes them.
        self.unclaimed: list[tuple[Environment, int, ExceptionText]] = []
        self._keep_events = keep_events
        self._environments: dict[tuple[str, str], Environment] = {}
        # What ended and waits for late lines, in order.
        self._lingering: dict[int, tuple[Environment, OpenInvocation]] = {}
        self._ready: list[Invocation] = []
        self._survivors = Survivors()

    def survived(self, group: str, stream: str, request_id: str) -> None:
        """An invocation of a stream ended well, which the caller counted itself."""
        self._survivors.add((group, stream), request_id, began=True)

    def began(self, group: str, at_ms: int) -> None:
        """An invocation of a group began, which the caller counted itself: its lines do not name their streams."""
        environment = self._environment(group, "")
        if environment.since_ms is None:
            environment.since_ms = at_ms

    def awaits_server(self) -> bool:
        """Whether an environment is being initialized, so that a line can tell of a web server that starts there."""
        return any(environment.init.started for environment in self._environments.values())

    def add(self, event: LogEvent, record: Record | None) -> list[Invocation]:
        """Add an event and its record; return the invocations that are now complete."""
        environment = self._environments.get((event.group, event.stream))
        if environment is None:
            environment = self._environment(event.group, event.stream)
        found = environment.take(record, event.timestamp_ms)
        if has_hint(event.message):
            environment.take_hint(found, event.message)
        if self._keep_events:
            environment.keep(found, event)
        if isinstance(record, Report):
            if found is not None and found is environment.closed and not found.nested:
                self._lingering.setdefault(id(found), (environment, found))
        elif isinstance(record, PlatformOther):
            self.unsupported += record.of_web_function
        if environment.complete or environment.unclaimed:
            self._take_complete(environment)
        if self._lingering:
            self._emit_ended(event.timestamp_ms)
        return self._take_ready() if self._ready else []

    def is_new(self, group: str, stream: str) -> bool:
        """Whether nothing is known of a stream."""
        key = (group, stream)
        return key not in self._environments and self._survivors.last(key) is None

    def settle(self, group: str, stream: str) -> list[Invocation] | None:
        """Whether the next invocation of a stream needs nothing that the state holds: a caller can count it itself.

        None if it does; otherwise what is complete. What another REPORT could change stays: a caller that meets one
        adds the last two invocations that it counted itself, and then the REPORT.
        """
        environment = self._environments.get((group, stream))
        if environment is None:
            return []
        if environment.opened or environment.ignored:
            return None
        for ended in environment.ended():
            if not ended.may_go_on():
                environment.emit(ended)
        is_idle = environment.idle(but_ended=True)
        self._take_complete(environment)
        # If it is not idle, what is complete waits for the next `add`.
        return self._take_ready() if is_idle else None

    def ended(self, group: str, stream: str) -> list[str]:
        """The request ids of a stream's invocations that another REPORT could change, the last one first."""
        environment = self._environments.get((group, stream))
        return [] if environment is None else [one.request_id for one in reversed(environment.ended())]

    def release(self, group: str, stream: str) -> list[Invocation]:
        """Emit the first of the invocations that `ended` names: the caller counted two others since."""
        environment = self._environments.get((group, stream))
        if environment is not None and environment.ended():
            environment.emit(environment.ended()[0])
            self._take_complete(environment)
        return self._take_ready()

    def finish(self) -> list[Invocation]:
        """At the end of the input: the invocations that are open or wait for a late line."""
        for environment in list(self._environments.values()):
            environment.accept_nested()
            self._take_complete(environment)
        while self._lingering:
            self._emit_oldest()
        for environment in list(self._environments.values()):
            self._forget(environment)
        return self._take_ready()

    def tick(self, now_ms: int) -> list[Invocation]:
        """The invocations that ended long enough ago, when time passes without new lines."""
        self._emit_ended(now_ms)
        return self._take_ready()

    def _environment(self, group: str, stream: str) -> Environment:
        found = self._environments.get((group, stream))
        if found is None:
            found = self._environments[group, stream] = Environment(group, stream, self._survivors)
            if len(self._environments) > _MOST_STREAMS:
                self._forget(next(iter(self._environments.values())))
        return found

    def _emit_ended(self, now_ms: int) -> None:
        """Emit the invocations that ended long enough ago."""
        while self._lingering:
            _, oldest = next(iter(self._lingering.values()))
            if now_ms - (oldest.end_ms or 0) <= LINGER_MS and len(self._lingering) <= _MOST_LINGERING:
                return
            self._emit_oldest()

    def _emit_oldest(self) -> None:
        environment, oldest = self._lingering.pop(next(iter(self._lingering)))
        # One that was printed by another invocation has become part of it.
        if oldest in environment.ended():
            environment.emit(oldest)
            self._take_complete(environment)

    def _take_complete(self, environment: Environment) -> None:
        """Take what an environment has to tell, and forget it if it holds nothing that a later line needs."""
        for opened, invocation in environment.complete:
            self._lingering.pop(id(opened), None)
            self._ready.append(invocation)
        environment.complete.clear()
        if environment.unclaimed:
            self.unclaimed += [(environment, at_ms, exception) for at_ms, exception in environment.unclaimed]
            environment.unclaimed.clear()
        if environment.name and environment.idle():
            self._environments.pop(environment.key, None)

    def _forget(self, environment: Environment) -> None:
        """Take all that an environment holds: the input ends, or too many are open."""
        environment.tell_end()
        self.malformed += environment.malformed
        self._take_complete(environment)
        self._environments.pop(environment.key, None)

    def _take_ready(self) -> list[Invocation]:
        ready, self._ready = self._ready, []
        return ready
