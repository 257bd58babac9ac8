"""Saved traces: a file, or stdin, of X-Ray documents in any of their shapes."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from monitor.errors import UsageError
from monitor.records.xray.documents import parse_traces
from monitor.records.xray.trace import Trace, TraceFilter
from monitor.traces.analyze_figures import choose_figures, trace_figures
from monitor.traces.analyze_summary import matches, summary_of
from monitor.traces.model import ListedTrace, TraceList

# A trace is 500 KB at most, and files are made by hand: more than this is a mistake.
_MOST_BYTES = 512 * 1024 * 1024


def read_file(path: str) -> tuple[Trace, ...]:
    """The traces of a file, or of stdin for "-": what `aws xray batch-get-traces` printed, bare documents, datagrams.

    Raises:
        UsageError: it cannot be read, or holds nothing.
    """
    try:
        data = sys.stdin.buffer.read(_MOST_BYTES + 1) if path == "-" else _read(Path(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "give a readable file, or - for stdin") from error
    if len(data) > _MOST_BYTES:
        raise UsageError(f"{path} is larger than 512 MB", "split it, e.g. with jq")
    traces = parse_traces(data)
    if not traces:
        raise UsageError(f"{path} holds no trace", "is it the output of `aws xray batch-get-traces`?")
    return traces


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MOST_BYTES + 1)


def list_file(traces: Sequence[Trace], wanted: TraceFilter, *, limit: int, function: str = "") -> TraceList:
    """The traces at hand that match, newest first; `function`: the figures of its invocation, else of the first.

    Raises:
        UsageError: a filter expression was given, which only X-Ray evaluates.
    """
    if wanted.expression:
        raise UsageError("--filter works at the server, which --from has none of", "use the other filters")
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
