"""Cold starts out of a log: read, pair, sum up; one pass, in memory that does not grow with the log."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from monitor.analyze.coldstarts import ColdStarts
from monitor.analyze.imports import ImportTable, tree_of_record
from monitor.analyze.invocations import pair
from monitor.model.coldstart import ColdStart, ColdStartSummary
from monitor.model.event import LogEvent
from monitor.model.imports import ImportRow
from monitor.model.invocation import Invocation
from monitor.model.window import Window
from monitor.ops.reading import Reading
from monitor.parse.record import parse_fact

_MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class ColdStartReport:
    """What `monitor coldstarts` shows: a summary a function, each cold start, and where init went by package.

    `cold_starts` holds the first 10,000 at most, in order of time; `imports` is empty where no init record was logged.
    """

    engine: str
    summaries: tuple[ColdStartSummary, ...]
    cold_starts: tuple[ColdStart, ...]
    imports: tuple[ImportRow, ...]


def cold_starts(reading: Reading, window: Window | None, seen: Callable[[], None]) -> ColdStartReport:
    """The cold starts of all that `reading` holds in the window (None: all of it); `seen` is called for each event."""
    events = reading.all_events() if window is None else reading.events(window)
    collected: dict[str, ColdStarts] = {
        target.function: _empty(reading, target.function, window) for target in reading.targets if target.function
    }
    found: list[ColdStart] = []
    table = ImportTable()
    for invocation in pair(_counted(events, seen), parse=parse_fact):
        name = invocation.function
        if name not in collected:
            collected[name] = _empty(reading, name, window)
        _add(invocation, collected[name], found, table)
    return ColdStartReport(
        engine="scan",
        summaries=tuple(collected[name].result() for name in sorted(collected)),
        cold_starts=tuple(sorted(found, key=lambda one: one.at_ms)),
        imports=table.result(),
    )


def _empty(reading: Reading, function: str, window: Window | None) -> ColdStarts:
    target = next((one for one in reading.targets if one.function == function), None)
    architecture = target.info.architecture if target and target.info else None
    return ColdStarts(function, window=window, region=target.region if target else None, architecture=architecture)


def _add(invocation: Invocation, into: ColdStarts, found: list[ColdStart], table: ImportTable) -> None:
    one = into.add(invocation)
    if one is None:
        return
    if len(found) < _MOST_KEPT:
        found.append(one)
    if one.init_record is not None:
        table.add(tree_of_record(one.init_record))


def _counted(events: Iterable[LogEvent], seen: Callable[[], None]) -> Iterator[LogEvent]:
    for event in events:
        seen()
        yield event
