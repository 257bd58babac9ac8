"""Finds the traces of a function, and one trace by a trace id, request id or keyword."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from monitor.aws.connection import Connection
from monitor.aws.metrics import get_metric_data, whole_minutes
from monitor.errors import NotFoundError, RefusedError
from monitor.kernel.clock import Clock
from monitor.kernel.window import Window
from monitor.records.metric import MetricQuery, total
from monitor.records.xray.trace import Trace, TraceFilter, TraceSummary
from monitor.traces.analyze_invocations import (
    MeasuredTrace,
    choose_figures,
    cold_ms,
    has_qualifier,
    measure,
    trace_figures,
)
from monitor.traces.analyze_summary import filter_expression, matches, summary_of
from monitor.traces.model import Figures, ListedTrace, Sampling, TraceList
from monitor.traces.workflow_source import INSIGHTS, SEARCHED, TraceSource, read_trace
from monitor.traces.workflow_starts import with_starts

# How many traces' documents are read for those that are wanted, unless a person asks for more.
EXAMINED = 500
_HOUR_S, _DAY_S = 3600, 86_400


def list_traces(
    source: TraceSource,
    window: Window,
    wanted: TraceFilter,
    *,
    limit: int,
    examine: int = EXAMINED,
    explained: bool = False,
) -> TraceList:
    """The function's newest traces that match, newest first; `explained`: with how many invocations there were.

    Whatever the number of summaries, no more than `examine` are kept. What summaries do not tell (cold, a version) is
    looked for in the newest `examine` traces' documents.
    """
    if source.is_searched and not wanted.expression:
        listed = _from_spans(source, window, wanted, limit, examine)
        # A query of the spans answers no more ids than were asked for: they cannot be counted.
        countable = explained and INSIGHTS not in listed.notes[0]
        return replace(listed, sampling=_sampling(source, window, listed.found)) if countable else listed
    looks_inside = wanted.cold or bool(source.qualifiers)
    found = _Count()
    newest = heapq.nlargest(
        examine if looks_inside else limit,
        found.each(source.summaries(window, filter_expression(source.function, wanted))),
        key=lambda one: one.start_ms or 0.0,
    )
    measured, unread = _listed(source, newest, window)
    items = tuple(_limited(measured, source, wanted, limit))
    countable = explained and not wanted.at_server and not source.qualifiers
    sampling = _sampling(source, window, found.number) if countable else None
    notes = [SEARCHED.format(ids="summaries, as a filter expression needs them")] if source.is_searched else []
    if looks_inside and found.number > len(newest):
        notes.append(_looked_into(len(newest), found.number))
    return TraceList(items, found.number, len(newest), sampling, (*notes, *unread))


def _from_spans(source: TraceSource, window: Window, wanted: TraceFilter, limit: int, examine: int) -> TraceList:
    looks_inside = wanted.cold or wanted.at_server
    ids, number, origin = source.logged_ids(window, examine if looks_inside else limit)
    traces = source.traces(ids, window)
    measured = [ListedTrace(summary_of(trace), _figures(trace, source)) for trace in traces if trace.roots]
    read, unread = with_starts(source, measured)
    chosen = (one for one in read if matches(one.summary, wanted) and (not wanted.cold or _is_cold(one)))
    items = heapq.nlargest(limit, chosen, key=lambda one: one.summary.start_ms or 0.0)
    notes = [SEARCHED.format(ids=origin)]
    if looks_inside and number > len(ids):
        notes.append(_looked_into(len(ids), number))
    return TraceList(tuple(items), number, len(ids), None, (*notes, *unread))


def _looked_into(examined: int, found: int) -> str:
    return f"read the newest {examined:,} of {found:,} traces; --examine N reads more"


class _Count:
    def __init__(self) -> None:
        self.number = 0

    def each(self, summaries: Iterable[TraceSummary]) -> Iterator[TraceSummary]:
        for summary in summaries:
            self.number += 1
            yield summary


def _listed(
    source: TraceSource, newest: Sequence[TraceSummary], window: Window
) -> tuple[list[ListedTrace], tuple[str, ...]]:
    """The summaries with figures: the documents are let go as soon as they are measured."""
    by_id = {summary.id: summary for summary in newest}
    figures = {trace.id: _figures(trace, source) for trace in source.traces(list(by_id), window)}
    return with_starts(source, [ListedTrace(summary, figures.get(summary.id)) for summary in newest])


def _limited(
    listed: Iterable[ListedTrace], source: TraceSource, wanted: TraceFilter, limit: int
) -> Iterator[ListedTrace]:
    for one in listed:
        if limit <= 0:
            return
        if wanted.cold and not _is_cold(one):
            continue
        if source.qualifiers and one.figures and not has_qualifier(one.figures, source.qualifiers):
            continue
        limit -= 1
        yield one


def _is_cold(one: ListedTrace) -> bool:
    return bool(one.figures and one.figures.cold)


def _figures(trace: Trace, source: TraceSource) -> Figures | None:
    mine = [one for one in trace_figures(trace) if one.function == source.function]
    if source.qualifiers:
        return next((one for one in mine if has_qualifier(one, source.qualifiers)), choose_figures(mine))
    return choose_figures(mine)


def _sampling(source: TraceSource, window: Window, traces: int) -> Sampling:
    start_ms, end_ms = whole_minutes(window)
    length_s = (end_ms - start_ms) // 1000
    period_s = length_s if length_s <= _DAY_S else _HOUR_S
    query = MetricQuery(
        "invocations", "AWS/Lambda", "Invocations", "Sum", period_s, (("FunctionName", source.function),)
    )
    try:
        found = get_metric_data(source.connection, [query], start_ms, end_ms)
    except RefusedError as error:
        source.connection.warn_denied(error, "the number of invocations is unknown")
        return Sampling(None, traces)
    return Sampling(total(found.get("invocations")), traces)


def trace_by_id(connection: Connection, trace_id: str, clock: Clock | None = None) -> MeasuredTrace:
    """One trace.

    Raises:
        NotFoundError: X-Ray does not have it.
    """
    trace, notes = read_trace(connection, trace_id, clock)
    return measure(trace, notes)


def latest(source: TraceSource, window: Window) -> MeasuredTrace:
    """The function's newest trace.

    Raises:
        NotFoundError: there is none in the window.
    """
    items = list_traces(source, window, TraceFilter(), limit=1).items
    return trace_by_id(source.connection, _first(items, source).summary.id, source.clock)


def slowest_cold(source: TraceSource, window: Window, examine: int = EXAMINED) -> MeasuredTrace:
    """The function's cold trace with the longest init and handler together.

    Not the longest total: that holds the wait for an execution environment too, which says nothing of the function.

    Raises:
        NotFoundError: there is none in the window.
    """
    items = list_traces(source, window, TraceFilter(cold=True), limit=examine, examine=examine).items
    slowest = sorted(items, key=lambda one: cold_ms(one.figures), reverse=True)
    return trace_by_id(source.connection, _first(slowest, source).summary.id, source.clock)


def _first(listed: Sequence[ListedTrace], source: TraceSource) -> ListedTrace:
    if listed:
        return listed[0]
    raise NotFoundError(
        f"no such trace of {source.target} in the window",
        f"give a longer --since; is active tracing on? `monitor function show {source.function}` tells",
    )
