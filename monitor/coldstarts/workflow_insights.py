"""Reads cold starts with Logs Insights: few lines are read, and the server counts the warm invocations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from monitor.aws.connection import Connection
from monitor.aws.insights import GROUPS_A_QUERY, Answer, Query, Row, row_time_ms, run_queries
from monitor.aws.logs import LogGroupSource
from monitor.coldstarts.analyze_insights import (
    MOST_STREAMS,
    facts_query,
    hides_an_init,
    in_order,
    lines_query,
    warm_count,
    warm_query,
    with_starts,
)
from monitor.coldstarts.analyze_tally import Tally
from monitor.coldstarts.model import OnRead
from monitor.errors import RefusedError, UsageError
from monitor.kernel import prices
from monitor.kernel.clock import Clock
from monitor.kernel.missing import Unavailable
from monitor.kernel.target import LogTarget
from monitor.kernel.window import Window
from monitor.logs.workflow_reading import Reading
from monitor.records.event import LogEvent
from monitor.records.pairing import pair

_GB = 1e9
_LINES = "lines of failed inits"

Stream = tuple[str, str]


@dataclass(slots=True)
class InsightsTally:
    """The counts, the bytes scanned for them, and notes about what is missing."""

    tally: Tally
    scanned_bytes: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def cost_usd(self) -> float:
        """The approximate cost of the queries."""
        return insights_usd(self.scanned_bytes)


def insights_usd(scanned_bytes: float) -> float:
    """The approximate cost of scanning so many bytes."""
    return scanned_bytes / _GB * prices.INSIGHTS_GB


def tally_by_insights(reading: Reading, tally: Tally, on_read: OnRead, *, clock: Clock | None = None) -> InsightsTally:
    """Count the same events as a scan in `tally`. The percentiles of warm durations are the server's estimates.

    `reading` is of one profile and region.

    Raises:
        UsageError: there are no log groups to query.
        RefusedError: none of the log groups may be queried.
    """
    window = tally.window
    if window is None or not reading.targets:
        raise UsageError("--engine insights needs log groups in AWS", "leave out --engine with --from")
    found = InsightsTally(tally)
    sources = [source for source in reading.sources if isinstance(source, LogGroupSource)]
    if sources:
        _one_region(sources[0].connection, [one.target for one in sources], window, found, on_read, clock)
    unavailable = tally.unavailable
    if unavailable and len(unavailable) >= len({target.group for target in reading.targets}):
        raise RefusedError(unavailable[0].message, unavailable[0].hint)
    return found


def _one_region(
    connection: Connection,
    targets: Sequence[LogTarget],
    window: Window,
    found: InsightsTally,
    on_read: OnRead,
    clock: Clock | None,
) -> None:
    owners: dict[str, list[LogTarget]] = {}
    for target in targets:
        owners.setdefault(target.group, []).append(target)
    bounds = (window.start_ms, window.end_ms)
    absent: set[str] = set()
    streams: dict[Stream, list[LogEvent]] = {}
    facts = _batches("cold starts", list(owners), facts_query(*bounds), bounds)
    with run_queries(connection, facts, clock=clock) as answers:
        for answer in answers:
            _account(answer, found, absent, on_read)
            _collect(answer.rows, owners, streams)
    hidden = [stream for stream, events in streams.items() if hides_an_init(in_order(events))]
    if len(hidden) > MOST_STREAMS:
        found.notes.append(f"{len(hidden) - MOST_STREAMS} streams with failed or suppressed inits were not examined")
    hidden = hidden[:MOST_STREAMS]
    groups = [group for group in owners if group not in absent]
    names = [name for _, name in hidden]
    queries = _batches("warm invocations", groups, warm_query(*bounds, names), bounds)
    if hidden:
        queries += _batches(_LINES, sorted({group for group, _ in hidden}), lines_query(*bounds, names), bounds)
    whole: dict[Stream, list[LogEvent]] = {}
    with run_queries(connection, queries, clock=clock) as answers:
        for answer in answers:
            _account(answer, found, absent, on_read)
            if answer.query.name == _LINES:
                _collect(answer.rows, owners, whole)
            else:
                _count(answer.rows, owners, found.tally)
    for stream, events in streams.items():
        ordered = in_order(whole[stream]) if stream in whole else with_starts(events)
        for invocation in pair(ordered):
            found.tally.add(invocation)


def _batches(name: str, groups: Sequence[str], text: str, bounds: tuple[int, int]) -> list[Query]:
    return [
        Query(name, tuple(groups[first : first + GROUPS_A_QUERY]), text, *bounds)
        for first in range(0, len(groups), GROUPS_A_QUERY)
    ]


def _account(answer: Answer, found: InsightsTally, absent: set[str], on_read: OnRead) -> None:
    on_read(len(answer.query.groups))
    found.scanned_bytes += answer.scanned_bytes
    if answer.is_cut:
        found.notes.append("a query returned more than 100,000 lines, and the rest is missing; give a shorter --since")
    if answer.error is not None:
        for group in answer.query.groups:
            if group not in absent:
                absent.add(group)
                found.tally.unavailable.append(Unavailable(group, answer.error.message, answer.error.hint))


def _collect(rows: Sequence[Row], owners: dict[str, list[LogTarget]], streams: dict[Stream, list[LogEvent]]) -> None:
    for event in _events(rows):
        if any(target.owns(event.stream) for target in owners.get(event.group, ())):
            streams.setdefault((event.group, event.stream), []).append(event)


def _events(rows: Sequence[Row]) -> Iterator[LogEvent]:
    for row in rows:
        at_ms = row_time_ms(row.get("@timestamp", ""))
        if at_ms is not None:
            group = row.get("@log", "").rpartition(":")[2]
            yield LogEvent(at_ms, row.get("@message", ""), row.get("@logStream", ""), group)


def _count(rows: Sequence[Row], owners: dict[str, list[LogTarget]], tally: Tally) -> None:
    for row in rows:
        warm = warm_count(row)
        # Written like a stream name, so that other versions and other functions of a shared group are left out.
        stream = f"2000/01/01/{row.get('fn', '')}[{warm.version}]0"
        if any(target.owns(stream) for target in owners.get(warm.group, ())):
            tally.counted(warm)
