"""Cold starts out of a log: by which engine and why; read, paired and summed up in memory that does not grow."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from monitor.aws import functions
from monitor.aws.connection import Connection
from monitor.aws.logs import LogGroupSource
from monitor.coldstarts.analyze_tally import Tally
from monitor.coldstarts.model import By, ColdStartReport, FunctionFacts, OnRead
from monitor.coldstarts.workflow_insights import USD_A_GB, tally_by_insights
from monitor.errors import MonitorError, RefusedError, UnreachableError
from monitor.kernel.missing import Unavailable
from monitor.kernel.window import Window
from monitor.logs.follow.follow import history
from monitor.logs.saved.source import SavedLog
from monitor.logs.workflow_reading import Reading
from monitor.records.event import LogEvent
from monitor.records.pairing import pair

# FilterLogEvents reads some 5 to 10 MB a second in most regions: this is about a minute.
SCAN_UP_TO_BYTES = 500_000_000
SCAN_UP_TO_GROUPS = 20
_DAY_MS = 86_400_000
# The window is scanned for the facts and for the warm ones; a third time only the streams with failed inits.
_QUERIES = 2


@dataclass(frozen=True, slots=True)
class Scan:
    """What Logs Insights is about to scan; None where DescribeLogGroups may not be asked."""

    size_bytes: float | None

    @property
    def cost_usd(self) -> float | None:
        """About what it costs."""
        return None if self.size_bytes is None else self.size_bytes / 1e9 * USD_A_GB


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
    """The report by the engine that was asked for (auto, scan, insights); it says which was used, why, and the cost.

    `agree` hears what Insights is about to scan before it does, and raises to prevent it.
    """
    reason = ""
    if engine == "auto":
        engine, reason = choose(reading, window)
    if engine == "scan":
        return read_tally(reading, window, on_read, by, assumed).report(engine, reason)
    if window is not None and (foreseen := foresee(reading, window)) is not None:
        agree(foreseen)
    found = tally_by_insights(reading, window, on_read, facts_of(reading, by), by)
    scanned = f"Logs Insights scanned {found.scanned_bytes / 1e6:,.1f} MB, about ${found.cost_usd:.4f}"
    return found.tally.report(engine, "; ".join(text for text in (reason, scanned, *found.notes) if text))


def foresee(reading: Reading, window: Window) -> Scan | None:
    """What Insights is to scan, by DescribeLogGroups' stored bytes; None on the embedded stack, which bills nothing.

    One listing a region and prefix of names, 50 groups a call: not one call a group.
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
        connection.warn_denied(error, "what Logs Insights scans, and its price, is told when it is done")
        return Scan(None)
    return Scan(size * _QUERIES)


def _common(first: str, last: str) -> str:
    """What the names of all groups begin with, from the first and the last of them."""
    differing = (at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other)
    return first[: next(differing, len(first))]


def choose(reading: Reading, window: Window | None) -> tuple[str, str]:
    """The engine for a reading, and the reason in words; "" where there was no choice."""
    sources = [source for source in reading.sources if isinstance(source, LogGroupSource)]
    if not sources or window is None:
        return "scan", ""
    # The embedded stack does not discover Lambda's fields; it is asked the same all the same.
    local = any(source.connection.local for source in sources)
    if len(sources) > SCAN_UP_TO_GROUPS:
        if local:
            return "scan", ""
        return "insights", f"Logs Insights was used: {len(sources)} log groups are many to read"
    size, refusing = 0.0, ""
    for source in sources:
        try:
            held, infrequent = _held(source.connection, source.target.group, window)
        except MonitorError as error:
            # Without logs:DescribeLogGroups nothing is known of the size: reading costs no money.
            source.connection.warn_denied(error, "the log is read, whatever its size")
            return "scan", ""
        size += held
        refusing = source.target.group if infrequent else refusing
    if local:
        return "scan", ""
    if refusing:
        return "insights", f"Logs Insights was used: {refusing} is of the INFREQUENT_ACCESS class, which cannot be read"
    if size > SCAN_UP_TO_BYTES:
        return "insights", f"Logs Insights was used: the window holds about {size / 1e6:,.0f} MB"
    return "scan", ""


def _held(connection: Connection, group: str, window: Window) -> tuple[float, bool]:
    """About how many bytes of a group lie in the window, and whether its class refuses to be read."""
    pages = connection.pages("logs", "DescribeLogGroups", token="nextToken", logGroupNamePrefix=group)
    found = next((one for page in pages for one in page.get("logGroups", []) if one["logGroupName"] == group), None)
    if found is None:
        return 0.0, False
    return _in_window(found, window), found.get("logGroupClass") == "INFREQUENT_ACCESS"


def _in_window(group: dict[str, Any], window: Window) -> float:
    """About how many of a group's bytes lie in the window, as if it had always logged as much."""
    kept_ms = max(window.end_ms - int(group.get("creationTime", 0)), 1)
    if days := group.get("retentionInDays"):
        kept_ms = min(kept_ms, int(days) * _DAY_MS)
    return float(group.get("storedBytes", 0)) * min(1.0, (window.end_ms - window.start_ms) / kept_ms)


def facts_of(reading: Reading, by: By | None = None) -> dict[str, FunctionFacts]:
    """What is known of the functions beside their log; their aliases where it is grouped by them."""
    found: dict[str, FunctionFacts] = {}
    for target, source in zip(reading.targets, reading.sources, strict=False):
        if target.function is None:
            continue
        aliases: dict[str, str] = {}
        if by is By.ALIAS and isinstance(source, LogGroupSource):
            try:
                aliases = functions.aliases_by_version(source.connection, target.function)
            except RefusedError as error:
                source.connection.warn_denied(error, "versions are shown by their numbers")
        architecture = target.info.architecture if target.info else None
        found[target.function] = FunctionFacts(target.region, architecture, aliases)
    return found


def read_tally(
    reading: Reading,
    window: Window | None,
    on_read: OnRead,
    by: By | None = None,
    assumed: FunctionFacts | None = None,
) -> Tally:
    """The tally of all that `reading` holds in the window (None: all of it).

    `on_read` hears how many lines were read; `assumed` is taken to hold of a file's functions, which nothing is known
    of.
    """
    tally = Tally(window=window, functions=facts_of(reading, by), by=by, assumed=assumed)
    source = reading.sources[0] if len(reading.sources) == 1 else None
    if isinstance(source, SavedLog):
        _read_file(source, tally, on_read)
        return tally
    errors: list[MonitorError] = []
    for one in reading.sources:
        # One after the other, not merged by time: no figure needs an order across groups.
        start_ms, end_ms = (0, None) if window is None else (window.start_ms, window.end_ms - 1)
        try:
            for invocation in pair(_counted(history((one,), start_ms, end_ms), on_read)):
                tally.add(invocation)
        except (RefusedError, UnreachableError) as error:
            errors.append(error)
            tally.unavailable.append(Unavailable(one.name, error.message, error.hint))
    if errors and len(errors) == len(reading.sources):
        raise errors[0]
    return tally


def _counted(events: Iterator[LogEvent], on_read: OnRead) -> Iterator[LogEvent]:
    for event in events:
        on_read(1)
        yield event


def _read_file(source: SavedLog, tally: Tally, on_read: OnRead) -> None:
    for invocation in pair(_counted(history((source,), 0, None), on_read)):
        tally.add(invocation)
