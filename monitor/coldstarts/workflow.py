"""Reads cold starts from logs: chooses the engine, pairs the events, and counts in bounded memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from monitor.aws import functions
from monitor.aws.connection import Connection
from monitor.aws.logs import INSIGHTS_ONLY, LogGroupSource
from monitor.coldstarts.analyze_report import report_of
from monitor.coldstarts.analyze_tally import Tally
from monitor.coldstarts.model import By, ColdStartReport, FunctionFacts, OnRead
from monitor.coldstarts.workflow_insights import InsightsTally, insights_usd, tally_by_insights
from monitor.errors import MonitorError, RefusedError, UnreachableError
from monitor.kernel.missing import Unavailable
from monitor.kernel.place import Place
from monitor.kernel.window import Window
from monitor.logs.follow.follow import history
from monitor.logs.saved.source import QuickReader, SavedLog
from monitor.logs.workflow_reading import Reading
from monitor.records.event import LogEvent
from monitor.records.forms.aws_cli import TAIL
from monitor.records.forms.plain import PLAIN
from monitor.records.imports import ImportTable
from monitor.records.pairing import Pairing, pair
from monitor.records.quick import columns, messages
from monitor.records.quick.columns import QuickColumns
from monitor.records.quick.messages import QuickMessages

T = TypeVar("T")
# FilterLogEvents returns about 5 to 10 MB a second in most regions: this takes about a minute.
SCAN_UP_TO_BYTES = 500_000_000
SCAN_UP_TO_GROUPS = 20
_DAY_MS = 86_400_000
# The window is scanned by two queries. A third one only reads the streams with failed inits.
_QUERIES = 2


@dataclass(frozen=True, slots=True)
class Scan:
    """The bytes that Logs Insights will scan; None if DescribeLogGroups is denied."""

    size_bytes: float | None

    @property
    def cost_usd(self) -> float | None:
        """The approximate cost."""
        return None if self.size_bytes is None else insights_usd(self.size_bytes)


Agree = Callable[[Scan], None]


def read_cold_starts(
    reading: Reading,
    window: Window | None,
    engine: str,
    on_read: OnRead,
    by: By | None = None,
    assumed: FunctionFacts | None = None,
    agree: Agree = lambda _scan: None,
) -> ColdStartReport:
    """The report by the given engine (auto, scan, insights). It names the engine used, the reason, and the cost.

    `agree` is called with the size before Insights scans, and can raise to prevent it.
    """
    reason = ""
    if engine == "auto":
        engine, reason = choose(reading, window)
    if engine == "scan":
        return report_of(read_tallies(reading, window, on_read, by, assumed), engine, reason)
    if window is not None and (foreseen := foresee(reading, window)) is not None:
        agree(foreseen)
    imports = ImportTable()
    found = _each_place(
        reading,
        lambda place, part: tally_by_insights(
            part, Tally(window=window, functions=facts_of(part, by), by=by, place=place, imports=imports), on_read
        ),
        lambda place: InsightsTally(Tally(window=window, by=by, place=place, imports=imports)),
        lambda one: one.tally,
    )
    cost_usd, scanned_mb = sum(one.cost_usd for one in found), sum(one.scanned_bytes for one in found) / 1e6
    scanned = f"Logs Insights scanned {scanned_mb:,.1f} MB, about ${cost_usd:.4f}"
    notes = (text for one in found for text in one.notes)
    return report_of(
        [one.tally for one in found], engine, ("; ").join(text for text in (reason, scanned, *notes) if text)
    )


def _each_place(
    reading: Reading, read: Callable[[Place, Reading], T], failed: Callable[[Place], T], tally_of: Callable[[T], Tally]
) -> list[T]:
    """What `read` returns for each profile and region; one that refuses is unavailable if another does not."""
    places = by_place(reading)
    found: list[T] = []
    errors: list[MonitorError] = []
    for place, part in places:
        try:
            found.append(read(place, part))
        except (RefusedError, UnreachableError) as error:
            errors.append(error)
            found.append(failed(place))
            names = [source.name for source in part.sources]
            tally_of(found[-1]).unavailable.extend(Unavailable(name, error.message, error.hint) for name in names)
    if errors and len(errors) == len(places):
        raise errors[0]
    return found


def by_place(reading: Reading) -> list[tuple[Place, Reading]]:
    """The sources of each profile and region; those of a saved log have no place."""
    if not reading.targets:
        return [(Place(), reading)]
    parts: dict[int, list[int]] = {}
    for index, source in enumerate(reading.sources):
        parts.setdefault(id(source.connection) if isinstance(source, LogGroupSource) else 0, []).append(index)
    found = []
    for indexes in parts.values():
        sources = tuple(reading.sources[index] for index in indexes)
        first = sources[0]
        connections = (first.connection,) if isinstance(first, LogGroupSource) else reading.connections
        profile = connections[0].profile or "" if connections else ""
        targets = tuple(reading.targets[index] for index in indexes)
        part = Reading(sources, targets, connections, reading.selection, reading.filter_pattern)
        found.append((Place(profile, targets[0].region), part))
    return found


def foresee(reading: Reading, window: Window) -> Scan | None:
    """The bytes that Insights will scan, from DescribeLogGroups. None on the embedded stack, which is free.

    Lists the groups by region and common name prefix, 50 groups a call, instead of one call for each group.
    """
    by_connection: dict[int, tuple[Connection, set[str]]] = {}
    for source in reading.sources:
        if isinstance(source, LogGroupSource) and not source.connection.local:
            by_connection.setdefault(id(source.connection), (source.connection, set()))[1].add(source.target.group)
    if not by_connection:
        return None
    size = 0.0
    try:
        for connection, groups in by_connection.values():
            prefix = _common(min(groups), max(groups))
            parameters = {"logGroupNamePrefix": prefix} if prefix else {}
            for page in connection.pages("logs", "DescribeLogGroups", token="nextToken", **parameters):
                found = (one for one in page.get("logGroups", []) if one["logGroupName"] in groups)
                size += sum(_in_window(one, window) for one in found)
    except MonitorError as error:
        connection.warn_denied(error, "the size of the scan and its price are only known afterwards")
        return Scan(None)
    return Scan(size * _QUERIES)


def _common(first: str, last: str) -> str:
    """The common prefix of all names, from the first and the last name in order."""
    differing = (at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other)
    return first[: next(differing, len(first))]


def choose(reading: Reading, window: Window | None) -> tuple[str, str]:
    """The engine for a reading and the reason for it; "" if there was no choice."""
    sources = [source for source in reading.sources if isinstance(source, LogGroupSource)]
    if not sources or window is None:
        return "scan", ""
    # The embedded stack does not discover Lambda's fields, so it is scanned.
    local = any(source.connection.local for source in sources)
    if len(sources) > SCAN_UP_TO_GROUPS:
        if local:
            return "scan", ""
        return "insights", f"used Logs Insights, since there are {len(sources)} log groups"
    size, refusing = 0.0, ""
    for source in sources:
        try:
            held, infrequent = _held(source.connection, source.target.group, window)
        except MonitorError as error:
            # Without logs:DescribeLogGroups the size is not known. Reading is free.
            source.connection.warn_denied(error, "the log is read without a check of its size")
            return "scan", ""
        size += held
        refusing = source.target.group if infrequent else refusing
    if local:
        return "scan", ""
    if refusing:
        return "insights", f"used Logs Insights, since only it can read the class of {refusing}"
    if size > SCAN_UP_TO_BYTES:
        return "insights", f"used Logs Insights, since the window has about {size / 1e6:,.0f} MB of logs"
    return "scan", ""


def _held(connection: Connection, group: str, window: Window) -> tuple[float, bool]:
    """The approximate bytes of a group in the window, and whether its class does not allow reading."""
    pages = connection.pages("logs", "DescribeLogGroups", token="nextToken", logGroupNamePrefix=group)
    found = next((one for page in pages for one in page.get("logGroups", []) if one["logGroupName"] == group), None)
    if found is None:
        return 0.0, False
    return _in_window(found, window), found.get("logGroupClass") in INSIGHTS_ONLY


def _in_window(group: dict[str, Any], window: Window) -> float:
    """The approximate bytes of a group in the window, as if it had always logged at the same rate."""
    kept_ms = max(window.end_ms - int(group.get("creationTime", 0)), 1)
    if days := group.get("retentionInDays"):
        kept_ms = min(kept_ms, int(days) * _DAY_MS)
    return float(group.get("storedBytes", 0)) * min(1.0, (window.end_ms - window.start_ms) / kept_ms)


def facts_of(reading: Reading, by: By | None = None) -> dict[str, FunctionFacts]:
    """Facts about the functions; with their aliases when they are grouped by alias."""
    found: dict[str, FunctionFacts] = {}
    for target, source in zip(reading.targets, reading.sources, strict=False):
        if target.function is None:
            continue
        aliases: dict[str, str] = {}
        if by is By.ALIAS and isinstance(source, LogGroupSource):
            try:
                aliases = functions.aliases_by_version(source.connection, target.function)
            except RefusedError as error:
                source.connection.warn_denied(error, "versions are shown by number")
        architecture = target.info.architecture if target.info else None
        found[target.function] = FunctionFacts(target.region, architecture, aliases, target.changed_ms)
    return found


def read_tallies(
    reading: Reading,
    window: Window | None,
    on_read: OnRead,
    by: By | None = None,
    assumed: FunctionFacts | None = None,
) -> list[Tally]:
    """Count the invocations of `reading` in the window (None: all of them), for each profile and region.

    `on_read` is called with the number of lines read; `assumed` has the facts used for functions of a file.
    """
    imports = ImportTable()

    def empty(place: Place, functions: dict[str, FunctionFacts] | None = None) -> Tally:
        return Tally(window=window, functions=functions, by=by, assumed=assumed, place=place, imports=imports)

    return _each_place(
        reading,
        lambda place, part: _read_part(part, window, on_read, empty(place, facts_of(part, by))),
        empty,
        lambda tally: tally,
    )


def _read_part(reading: Reading, window: Window | None, on_read: OnRead, tally: Tally) -> Tally:
    source = reading.sources[0] if len(reading.sources) == 1 else None
    if isinstance(source, SavedLog):
        _read_file(source, tally, on_read)
        return tally
    errors: list[MonitorError] = []
    for one in reading.sources:
        # Groups are read one after the other: no figure depends on the order across groups.
        start_ms, end_ms = (0, None) if window is None else (window.start_ms, window.end_ms - 1)
        try:
            _add_all(tally, _counted(history((one,), start_ms, end_ms), on_read))
        except (RefusedError, UnreachableError) as error:
            errors.append(error)
            tally.unavailable.append(Unavailable(one.name, error.message, error.hint))
    if errors and len(errors) == len(reading.sources):
        raise errors[0]
    return tally


def _add_all(tally: Tally, events: Iterator[LogEvent]) -> None:
    pairing = Pairing()
    for invocation in pair(events, pairing=pairing):
        tally.add(invocation)
    tally.unsupported += pairing.unsupported


def _counted(events: Iterator[LogEvent], on_read: OnRead) -> Iterator[LogEvent]:
    for event in events:
        on_read(1)
        yield event


class _QuickForms:
    """The quick readers of saved logs, and the tally that they count into."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._columns, self._messages = QuickColumns(tally), QuickMessages(tally)

    def reader_of(self, form: str, text: str) -> QuickReader | None:
        """The reader of a log that begins with `text`."""
        if form == TAIL.name and columns.is_quick(text):
            return self._columns
        # An hour is read from the columns.
        if form == PLAIN.name and messages.is_quick(text) and not self._tally.by_hour:
            return self._messages
        return None

    def finish(self) -> None:
        """Count what is left."""
        self._columns.finish()
        self._messages.finish()
        self._tally.unsupported += self._columns.unsupported + self._messages.unsupported


def _read_file(source: SavedLog, tally: Tally, on_read: OnRead) -> None:
    if source.window is not None:
        _add_all(tally, _counted(history((source,), 0, None), on_read))
        return
    quick = _QuickForms(tally)
    events = (event for page in source.read_quickly(quick) for event in page)
    _add_all(tally, _counted(events, on_read))
    quick.finish()
    on_read(source.understanding.events)
