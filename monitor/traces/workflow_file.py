"""Reads saved traces, X-Ray documents or OpenTelemetry spans in any form, from a file or stdin."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from monitor.errors import NotFoundError, UsageError
from monitor.kernel.window import Window
from monitor.logs.workflow_find import LATEST, SLOWEST_COLD
from monitor.records.xray.documents import parse_traces
from monitor.records.xray.trace import AbsenceKind, Trace, TraceFilter
from monitor.traces.analyze_invocations import MeasuredTrace, choose_figures, cold_ms, measure, trace_figures
from monitor.traces.analyze_summary import matches, summary_of
from monitor.traces.model import ListedTrace, TraceList

# A trace is 500 KB at most, and files are made by hand: more than this is a mistake.
_MOST_BYTES = 512 * 1024 * 1024


def read_file(path: str, window: Window | None = None) -> tuple[Trace, ...]:
    """The traces of a file, or of stdin for "-": what `aws xray batch-get-traces` printed, documents, datagrams, OTLP.

    Of `window` only, if there is one; a trace without a time is always included.

    Raises:
        UsageError: it cannot be read, or contains no trace.
        NotFoundError: none of its traces is of the window.
    """
    try:
        data = sys.stdin.buffer.read(_MOST_BYTES + 1) if path == "-" else _read(Path(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "give a readable file, or - for stdin") from error
    if len(data) > _MOST_BYTES:
        raise UsageError(f"{path} is larger than 512 MB", "split it, e.g. with jq")
    traces = parse_traces(data)
    if not any(trace.roots or _is_missing(trace) for trace in traces):
        raise UsageError(f"{path} contains no trace{_likeness(data)}", _TAKEN)
    if window is None:
        return traces
    found = tuple(trace for trace in traces if _starts_in(trace, window))
    if not found:
        raise NotFoundError(f"{path}: no trace in the window", "leave out --since and --until to read all traces")
    return found


def _starts_in(trace: Trace, window: Window) -> bool:
    start_ms = summary_of(trace).start_ms
    return start_ms is None or window.start_ms <= start_ms < window.end_ms


_TAKEN = "give the output of `aws xray batch-get-traces`, X-Ray segment documents, or OTLP as JSON or protobuf"
# What other files begin with, and what they are.
_LIKENESSES = (
    (b'"TraceSummaries"', "the response of GetTraceSummaries, which has ids and totals only"),
    (b'"Services"', "a service graph"),
    (b"An error occurred", "an error message of the AWS CLI"),
    (b'"resourceLogs"', "OTLP logs"),
    (b'"resourceMetrics"', "OTLP metrics"),
)


def _likeness(data: bytes) -> str:
    return next((f": it looks like {what}" for mark, what in _LIKENESSES if mark in data[:100_000]), "")


def _is_missing(trace: Trace) -> bool:
    """Whether X-Ray was asked for this trace and did not return it."""
    return bool(trace.id) and any(one.kind is AbsenceKind.NOT_FOUND for one in trace.absent)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MOST_BYTES + 1)


def list_file(traces: Sequence[Trace], wanted: TraceFilter, *, limit: int, function: str = "") -> TraceList:
    """The traces that match, newest first, with the figures of the invocation of `function`, else of the first."""
    items = sorted(_matching(traces, wanted, function), key=lambda one: one.summary.start_ms or 0.0, reverse=True)
    return TraceList(tuple(items[:limit]), len(traces), len(traces))


def _matching(traces: Sequence[Trace], wanted: TraceFilter, function: str) -> Iterator[ListedTrace]:
    for trace in traces:
        summary = summary_of(trace)
        found = trace_figures(trace)
        cold = next((one for one in found if one.cold), None) if not function else None
        figures = choose_figures(found, function=function) if function else cold or choose_figures(found)
        if function and figures is None:
            continue
        if matches(summary, wanted) and (not wanted.cold or (figures is not None and figures.cold)):
            yield ListedTrace(summary, figures)


def choose_trace(traces: Sequence[Trace], which: str | None, source: str) -> MeasuredTrace:
    """One of the traces of a file: by its id, a request id, `latest` or `slowest-cold`; None: the only one.

    Raises:
        UsageError: there are several and none was named.
        NotFoundError: none is the one that was named.
    """
    readable = [trace for trace in traces if trace.roots or trace.absent]
    if which is None:
        if len(readable) > 1:
            some = ", ".join(trace.id for trace in readable[:3])
            raise UsageError(f"{source} contains {len(readable)} traces", f"name one: {some} …, latest or slowest-cold")
        which = readable[0].id if readable else ""
    whole = [trace for trace in readable if trace.roots]
    chosen: MeasuredTrace | None = None
    if which == LATEST:
        newest = max(whole, key=lambda trace: summary_of(trace).start_ms or 0.0, default=None)
        chosen = None if newest is None else measure(newest)
    elif which == SLOWEST_COLD:
        slowest = max(map(measure, whole), key=_cold_ms, default=None)
        chosen = slowest if slowest is not None and _cold_ms(slowest) else None
    elif (named := next((trace for trace in readable if trace.id == which), None)) is not None:
        chosen = measure(named)
    else:
        chosen = next((one for one in map(measure, readable) if any(f.request_id == which for f in one.figures)), None)
    if chosen is None:
        raise NotFoundError(
            f"{source} contains no trace {which}".rstrip(), ("list them with `monitor traces list --from`")
        )
    return chosen


def _cold_ms(measured: MeasuredTrace) -> float:
    return max((cold_ms(one) for one in measured.figures if one.cold), default=0.0)
