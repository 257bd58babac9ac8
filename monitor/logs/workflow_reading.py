"""Reading logs: log groups in one or several regions, or saved logs."""

from collections import Counter
from collections.abc import Iterator, Sequence

from monitor.aws.connection import Connection
from monitor.aws.logs import LogGroupSource, group_exists
from monitor.aws.targets import Located, resolve
from monitor.errors import DeniedError, NotFoundError, UsageError
from monitor.kernel.clock import SystemClock
from monitor.kernel.place import Place
from monitor.kernel.target import LogTarget, TargetSelection
from monitor.kernel.values import dataclass
from monitor.kernel.window import Window
from monitor.logs.follow.follow import Notice, follow, history
from monitor.logs.model_saved import SavedFiles
from monitor.records.event import LogEvent, Source


@dataclass(frozen=True, slots=True)
class Reading:
    """The sources of a command's targets, and their connections (none for a saved log)."""

    sources: tuple[Source, ...]
    targets: tuple[LogTarget, ...]
    connections: tuple[Connection, ...]
    selection: TargetSelection = TargetSelection()
    filter_pattern: str = ""

    @property
    def can_grow(self) -> bool:
        """Whether globs or tags may match more functions while the log is read."""
        return self.selection.can_grow

    def discover(self) -> Sequence[Source]:
        """The sources that the targets match now."""
        return open_reading(self.connections, self.selection, self.filter_pattern).sources

    @property
    def names(self) -> dict[tuple[str, str], str]:
        """The display name of each log group, by (origin, group); with the origin if two have the same name."""
        origins = [source.origin if isinstance(source, LogGroupSource) else "" for source in self.sources]
        pairs = list(zip(origins, self.targets, strict=False))
        often = Counter(target.name for _, target in pairs)
        return {
            (origin, target.group): f"{target.name} {origin}" if origin and often[target.name] > 1 else target.name
            for origin, target in pairs
        }

    @property
    def places(self) -> dict[str, Place]:
        """The profile and region of each origin; none for a saved log."""
        return {
            source.origin: Place(source.connection.profile or "", source.target.region)
            for source in self.sources
            if isinstance(source, LogGroupSource)
        }

    @property
    def can_follow(self) -> bool:
        """Whether new events can arrive."""
        return bool(self.targets)

    def events(self, window: Window) -> Iterator[LogEvent]:
        """The events of the window, in order; unlike FilterLogEvents' end time, the window's end is exclusive."""
        return history(self.sources, window.start_ms, window.end_ms - 1)

    def all_events(self) -> Iterator[LogEvent]:
        """All events of the sources, for a saved log without a window."""
        return history(self.sources, 0, None)

    def follow(self, window: Window) -> Iterator[LogEvent | Notice]:
        """The events since the start of the window, and then new events."""
        return follow(self.sources, window.start_ms, SystemClock())

    @property
    def notices(self) -> tuple[str, ...]:
        """What was not understood of saved logs, once they were read."""
        if self.targets:
            return ()
        from monitor.logs.saved.source import SavedLog

        logs = (one for one in self.sources if isinstance(one, SavedLog))
        return tuple(text for one in logs for text in one.understanding.notices(one.name))

    def nothing(self) -> NotFoundError:
        """The likely reason why no event was read, and what to do; to be shown or raised."""
        if not self.targets:
            if any(getattr(source, "window", None) for source in self.sources):
                return NotFoundError(
                    "no log event was read in the window", "leave out --since and --until to read all events"
                )
            return NotFoundError("no log event was read", "is this the output of `aws logs`, or a log as text?")
        absent = [
            target.group
            for target, source in zip(self.targets, self.sources, strict=True)
            if isinstance(source, LogGroupSource) and _is_absent(source)
        ]
        if absent:
            return NotFoundError(
                f"log group {', '.join(absent)} does not exist yet", "Lambda creates it when the function first runs"
            )
        names = ", ".join(self.names.values())
        if self.filter_pattern:
            return NotFoundError(
                f"nothing in the window of {names} matches the filter {self.filter_pattern!r}",
                "leave --filter out to see what was logged, or give a longer --since",
            )
        return NotFoundError(f"{names} logged nothing in the window", "give a longer --since")


def _is_absent(source: LogGroupSource) -> bool:
    """Whether the log group is known not to exist; without permission to list groups, it is assumed to exist."""
    try:
        return not group_exists(source.connection, source.target.group)
    except DeniedError as error:
        source.connection.warn_denied(error, "monitor cannot check whether the log group exists")
        return False


def open_reading(connections: Sequence[Connection], selection: TargetSelection, filter_pattern: str = "") -> Reading:
    """The sources of a selection in every region.

    Raises:
        UsageError: the selection is empty, or a target is invalid.
        NotFoundError: a target does not exist in any of the regions.
    """
    if selection.is_empty:
        raise UsageError("no TARGET was given", "name a function, e.g. `monitor tail my-function`, or give --from FILE")
    pairs = resolve(connections, selection)
    origins = _origins(connections)
    sources = tuple(
        LogGroupSource(connection, target, filter_pattern, origin=origins[id(connection)])
        for connection, target in pairs
    )
    found = tuple(target for _, target in pairs)
    return Reading(sources, found, tuple(connections), selection, filter_pattern)


def open_target(connection: Connection, target: str, filter_pattern: str = "") -> Reading:
    """The sources of one TARGET in one region. Raises as `open_reading` does."""
    return open_reading([connection], TargetSelection((target,)), filter_pattern)


def _origins(connections: Sequence[Connection]) -> dict[int, str]:
    """What distinguishes each connection, by its id: region, profile or both; "" if there is only one."""
    if len(connections) <= 1:
        return {id(connection): "" for connection in connections}
    profiles = len({connection.profile for connection in connections}) > 1
    regions = len({connection.region for connection in connections}) > 1
    return {
        id(one): "/".join([*([one.profile or "default"] if profiles else []), *([one.region] if regions else [])])
        for one in connections
    }


def open_located(found: Sequence[Located], filter_pattern: str = "") -> Reading:
    """The sources of targets that were already resolved, each with its connection."""
    connections = {id(connection): connection for connection, _ in found}
    sources = tuple(LogGroupSource(connection, target, filter_pattern) for connection, target in found)
    return Reading(sources, tuple(target for _, target in found), tuple(connections.values()))


def open_saved(files: SavedFiles, window: Window | None = None, *, known_only: bool = False) -> Reading:
    """The events of saved logs; only those of `window`, if there is one.

    `known_only`: a log in which nothing of Lambda is recognized is an error.
    """
    from monitor.logs.saved.source import SavedLog

    return Reading((SavedLog(files, window, known_only),), (), ())
