"""Finding the traces of a function, and one trace by whatever a person has in hand."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from monitor.analyze.trace_figures import trace_figures
from monitor.analyze.waterfall import build_waterfall
from monitor.aws.connection import Connection
from monitor.aws.traces import function_filter, get_traces, summaries
from monitor.errors import NotFoundError
from monitor.model.trace import Trace, TraceSummary
from monitor.model.waterfall import Figures, Waterfall
from monitor.model.window import Window

_TRACE_ID = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}", re.ASCII)
# How many traces are looked into for the one that is wanted.
_MOST_EXAMINED = 500


@dataclass(frozen=True, slots=True)
class ListedTrace:
    """A line of the list: X-Ray's summary, and the figures of the function's invocation (None: not in the trace)."""

    summary: TraceSummary
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class ShownTrace:
    """One trace, laid out."""

    trace: Trace
    waterfall: Waterfall
    figures: tuple[Figures, ...]


def is_trace_id(text: str) -> bool:
    """Whether `text` is the id of a trace."""
    return _TRACE_ID.fullmatch(text) is not None


def list_traces(
    connection: Connection, function: str, window: Window, *, limit: int, cold_only: bool = False
) -> Iterator[ListedTrace]:
    """The function's newest traces, newest first."""
    newest = sorted(
        summaries(connection, window, function_filter(function)), key=lambda one: one.start_ms or 0.0, reverse=True
    )
    looked_into = newest[:_MOST_EXAMINED] if cold_only else newest[:limit]
    traces = {trace.id: trace for trace in get_traces(connection, [summary.id for summary in looked_into])}
    listed = (ListedTrace(summary, _figures(traces.get(summary.id), function)) for summary in looked_into)
    return islice((one for one in listed if not cold_only or (one.figures and one.figures.cold)), limit)


def _figures(trace: Trace | None, function: str) -> Figures | None:
    if trace is None:
        return None
    return next((one for one in trace_figures(trace) if one.function == function), None)


def trace_by_id(connection: Connection, trace_id: str) -> ShownTrace:
    """One trace.

    Raises:
        NotFoundError: X-Ray does not have it.
    """
    trace = next(get_traces(connection, [trace_id]), None)
    if trace is None or not trace.roots:
        raise NotFoundError(
            f"X-Ray in {connection.where} has no trace {trace_id}",
            "it may be seconds from being indexed, older than 30 days, not sampled, or of another region",
        )
    return laid_out(trace)


def laid_out(trace: Trace) -> ShownTrace:
    """A trace with its waterfall and figures."""
    return ShownTrace(trace, build_waterfall(trace), trace_figures(trace))


def latest(connection: Connection, function: str, window: Window) -> ShownTrace:
    """The function's newest trace.

    Raises:
        NotFoundError: there is none in the window.
    """
    return trace_by_id(connection, _first(list_traces(connection, function, window, limit=1), function).summary.id)


def slowest_cold(connection: Connection, function: str, window: Window) -> ShownTrace:
    """The function's cold trace with the longest init and handler together.

    Raises:
        NotFoundError: there is none in the window.
    """
    cold = sorted(
        list_traces(connection, function, window, limit=_MOST_EXAMINED, cold_only=True),
        key=lambda one: one.figures.total_ms or 0.0 if one.figures else 0.0,
        reverse=True,
    )
    return trace_by_id(connection, _first(iter(cold), function).summary.id)


def _first(listed: Iterator[ListedTrace], function: str) -> ListedTrace:
    for one in listed:
        return one
    raise NotFoundError(
        f"no such trace of {function} in the window",
        "give a longer --since; is active tracing on? `monitor function show` tells",
    )
