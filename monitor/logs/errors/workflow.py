"""Read a log and group its failures, once or continuously."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from monitor.aws.logs import LogGroupSource
from monitor.kernel.place import Place
from monitor.kernel.window import Window
from monitor.logs.analyze_select import InvocationFilter
from monitor.logs.errors.analyze import Failures
from monitor.logs.errors.model import FailureGroup
from monitor.logs.follow.polling import PollSettings
from monitor.logs.tail.workflow import Tail, TailPlan
from monitor.logs.workflow_reading import Reading
from monitor.records.event import LogEvent, Notice, Pulse
from monitor.records.invocation import Invocation
from monitor.records.message import parse_message
from monitor.records.pairing import Pairing


@dataclass(frozen=True, slots=True)
class Update:
    """A snapshot: all groups (`first`), or only those that grew; `events` counts the events read so far."""

    groups: tuple[FailureGroup, ...]
    events: int
    dropped: int
    first: bool


def failures(
    reading: Reading, window: Window, *, follows: bool, seen: Callable[[int], None], executions: tuple[str, ...] = ()
) -> Iterator[Update | Notice]:
    """Yield all groups of the window and, with `follows`, each group that grows. `seen` receives each batch's size.

    With `executions` (names, ids or ARNs), only invocations of these durable executions are read.
    """
    picked = _Picked(executions) if executions else None
    counted = _Places(reading, window.start_ms if reading.targets else None)
    events, told = 0, False
    for item in Tail(reading, TailPlan(window, follows, PollSettings())):
        if isinstance(item, Notice):
            yield item
        elif isinstance(item, Pulse):
            if item.past:
                continue
            for event in picked.tick(item.now_ms) if picked else ():
                counted.add(event)
            counted.tick(item.now_ms)
            if not told:
                yield from counted.left_out()
                counted.changed()
                yield Update(counted.groups(), events, counted.dropped, True)
                told = True
            elif grown := counted.changed():
                yield Update(grown, events, counted.dropped, False)
        else:
            events += len(item)
            seen(len(item))
            for event in item if picked is None else picked.add(item):
                counted.add(event)
    for event in picked.finish() if picked else ():
        counted.add(event)
    counted.finish()
    yield from counted.left_out()
    yield Update(counted.groups(), events, counted.dropped, True)


class _Picked:
    """The events of the invocations of some durable executions, each when its invocation has ended."""

    def __init__(self, executions: tuple[str, ...]) -> None:
        self._scope = InvocationFilter(executions=executions)
        self._pairings: dict[str, Pairing] = {}

    def add(self, events: Iterable[LogEvent]) -> Iterator[LogEvent]:
        for event in events:
            if event.origin not in self._pairings:
                self._pairings[event.origin] = Pairing(keep_events=True)
            yield from self._of(self._pairings[event.origin].add(event, parse_message(event.message)))

    def tick(self, now_ms: int) -> Iterator[LogEvent]:
        for pairing in self._pairings.values():
            yield from self._of(pairing.tick(now_ms))

    def finish(self) -> Iterator[LogEvent]:
        for pairing in self._pairings.values():
            yield from self._of(pairing.finish())

    def _of(self, invocations: Iterable[Invocation]) -> Iterator[LogEvent]:
        for one in invocations:
            if self._scope.wants(one, logged_error=False):
                yield from one.events


class _Places:
    """The failures of each place: functions of the same name in two regions are two functions."""

    def __init__(self, reading: Reading, since_ms: int | None) -> None:
        self._places = reading.places
        self._since_ms = since_ms
        self._by_origin: dict[str, Failures] = {}
        self._deployed = {
            (source.connection.profile or "", target.region, target.function): target.changed_ms
            for source in reading.sources
            if isinstance(source, LogGroupSource) and (target := source.target).function and target.info
        }

    def add(self, event: LogEvent) -> None:
        counted = self._by_origin.get(event.origin)
        if counted is None:
            counted = self._by_origin[event.origin] = Failures(self._places.get(event.origin, Place()))
        counted.add(event, parse_message(event.message))

    def tick(self, now_ms: int) -> None:
        for counted in self._by_origin.values():
            counted.tick(now_ms)

    def finish(self) -> None:
        for counted in self._by_origin.values():
            counted.finish()

    @property
    def dropped(self) -> int:
        return sum(counted.dropped for counted in self._by_origin.values())

    def groups(self) -> tuple[FailureGroup, ...]:
        """All groups, most frequent first."""
        found = [
            group for one in self._by_origin.values() for group in one.groups(self._since_ms, self._deployed_in(one))
        ]
        return tuple(sorted(found, key=lambda group: (-group.count, -group.last_ms)))

    def changed(self) -> tuple[FailureGroup, ...]:
        """The groups that grew since the last call, in the order of their last failure."""
        found = [
            group for one in self._by_origin.values() for group in one.changed(self._since_ms, self._deployed_in(one))
        ]
        return tuple(sorted(found, key=lambda group: group.last_ms))

    def left_out(self) -> Iterator[Notice]:
        ignored = sum(counted.ignored for counted in self._by_origin.values())
        if ignored:
            yield Notice(
                f"ignored {ignored:,} {'line' if ignored == 1 else 'lines'} like Lambda's own, which a function printed"
            )
        count = sum(counted.unsupported for counted in self._by_origin.values())
        if count:
            yield Notice(
                f"{count:,} events are from a web function (platform.invokeReport and others), which is not "
                "supported: failures of its requests are not counted"
            )

    def _deployed_in(self, counted: Failures) -> Callable[[str], int | None]:
        place = counted.place
        return lambda function: self._deployed.get((place.profile, place.region, function))
