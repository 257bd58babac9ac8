"""The sources of a function's traces: X-Ray's store or, with Transaction Search, its log group."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from monitor.aws import functions, trace_search
from monitor.aws.connection import Connection
from monitor.aws.targets import one_function
from monitor.aws.traces import get_traces, summaries
from monitor.errors import NotFoundError, RefusedError
from monitor.kernel.clock import Clock, SystemClock
from monitor.kernel.window import Window
from monitor.logs.workflow_reading import open_target
from monitor.records.event import LogEvent
from monitor.records.message import parse_fact
from monitor.records.record import Report
from monitor.records.xray.documents import trace_id_time_ms
from monitor.records.xray.trace import AbsenceKind, Trace, TraceSummary

# What X-Ray indexes takes it seconds; an id older than this that is not there will not come.
_YOUNG_MS = 90_000
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 8.0
# A trace belongs to the time in its id; an asynchronous invocation can wait for six hours.
_BEFORE_MS, _AFTER_MS = 60_000, 6 * 3_600_000
_REPORTS = '?"XRAY TraceId" ?"platform.report"'
INSIGHTS = "Logs Insights on aws/spans"
SEARCHED = (
    "Transaction Search is on: X-Ray's summaries cover only the spans that it indexes (1% unless set otherwise); "
    "ids come from {ids}, spans from aws/spans"
)


@dataclass(frozen=True)
class TraceSource:
    """A function's traces in one region. `qualifiers`: only what ran as one of these versions or aliases."""

    connection: Connection
    target: str
    function: str
    qualifiers: tuple[str, ...] = ()
    clock: Clock = field(default_factory=SystemClock)

    @cached_property
    def is_searched(self) -> bool:
        """Whether Transaction Search is on."""
        return trace_search.is_active(self.connection)

    def check(self) -> None:
        """Make sure that there is such a function, or a log that it left, where it has no trace.

        Raises:
            NotFoundError: there is not; the hint says what to look at.
        """
        open_target(self.connection, self.target)

    def summaries(self, window: Window, expression: str, *, by_event: bool = False) -> Iterator[TraceSummary]:
        """X-Ray's summaries; those whose ARNs name other versions or aliases than wanted are left out."""
        for summary in summaries(self.connection, window, expression, by_event=by_event):
            if not self.qualifiers or self._may_match(summary):
                yield summary

    def _may_match(self, summary: TraceSummary) -> bool:
        mark = f":function:{self.function}:"
        named = {arn.partition(mark)[2] for arn in summary.resource_arns if mark in arn}
        return not named or not named.isdisjoint(self.qualifiers)

    def traces(self, ids: Sequence[str], window: Window) -> Iterator[Trace]:
        """The documents of `ids`, wherever they are kept; one that is not there is a reasoned absence."""
        if not self.is_searched:
            return get_traces(self.connection, ids)
        return trace_search.retrieve(self.connection, ids, window, self.clock)

    def logged_ids(self, window: Window, limit: int) -> tuple[list[str], int, str]:
        """Under Transaction Search: the newest ids, how many traced invocations there are, and where that is from."""
        try:
            reading = open_target(self.connection, self.target, _REPORTS)
            if not reading.targets:
                raise NotFoundError(f"{self.target} has no log group")
            stamped = _Counted(reading.events(window))
            newest = heapq.nlargest(limit, stamped.traced())
            return [trace_id for _, trace_id in dict.fromkeys(newest)], stamped.count, "the function's log"
        except RefusedError as error:
            self.connection.warn_denied(error, "ids of traces come from Logs Insights on aws/spans")
            ids = trace_search.span_ids(self.connection, self.function, window, limit, self.clock)
            return ids, len(ids), INSIGHTS


class _Counted:
    """The traced invocations that REPORT lines tell of, and how many."""

    def __init__(self, events: Iterable[LogEvent]) -> None:
        self._events = events
        self.count = 0

    def traced(self) -> Iterator[tuple[int, str]]:
        for event in self._events:
            record = parse_fact(event.message)
            if isinstance(record, Report) and record.trace_id and record.sampled is not False:
                self.count += 1
                yield event.timestamp_ms, record.trace_id


def open_source(connection: Connection, target: str, clock: Clock | None = None) -> TraceSource:
    """The traces of a TARGET: a function's name, name:alias, or ARN.

    Raises:
        UsageError: it is a log group or a glob.
        NotFoundError: the alias is not there, or the ARN is of another region.
    """
    name, qualifier = one_function(connection, target, "give the name of a function, name:alias or its ARN")
    qualifiers: tuple[str, ...] = ()
    if qualifier:
        qualifiers = (qualifier,)
        try:
            found = functions.alias_versions(connection, name, qualifier)
            qualifiers = tuple(dict.fromkeys((qualifier, *found)))
        except RefusedError as error:
            if isinstance(error, NotFoundError):
                raise
            connection.warn_denied(error, f"only traces that name {qualifier} are listed")
    return TraceSource(connection, target, name, qualifiers, clock or SystemClock())


def read_trace(connection: Connection, trace_id: str, clock: Clock | None = None) -> tuple[Trace, tuple[str, ...]]:
    """One trace, and what there is to say of how it was read.

    A young one that X-Ray has not indexed yet is asked for again, for as long as it is young. One that its own store
    lacks is looked for among Transaction Search's spans, where that is on.

    Raises:
        NotFoundError: it is nowhere.
    """
    clock = clock or SystemClock()
    wait_s, searched = _FIRST_WAIT_S, None
    started_ms = trace_id_time_ms(trace_id)
    while True:
        trace = next(get_traces(connection, [trace_id]), None)
        if trace is not None and trace.roots:
            return trace, ()
        if searched is None:
            searched = trace_search.is_active(connection)
        if searched:
            at_ms = round(started_ms) if started_ms is not None else clock.now_ms() - _AFTER_MS
            window = Window(at_ms - _BEFORE_MS, min(at_ms + _AFTER_MS, clock.now_ms() + _BEFORE_MS))
            trace = next(trace_search.retrieve(connection, [trace_id], window, clock), None)
            if trace is not None and trace.roots:
                return trace, (SEARCHED.format(ids="what was asked for"),)
        if started_ms is None or not -_YOUNG_MS <= clock.now_ms() - started_ms <= _YOUNG_MS:
            break
        clock.sleep(wait_s)
        wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
    if trace is not None and any(one.kind is not AbsenceKind.NOT_FOUND for one in trace.absent):
        return trace, ()
    raise NotFoundError(
        f"X-Ray in {connection.where} has no trace {trace_id}",
        "it may not be indexed yet, be older than 30 days, not be sampled, or be in another region",
    )
