"""X-Ray traces: summaries (GetTraceSummaries) and documents (BatchGetTraces)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from monitor.aws.connection import Connection
from monitor.kernel.window import Window
from monitor.records.xray.documents import parse_summary, parse_traces, trace_id_time_ms
from monitor.records.xray.trace import Trace, TraceSummary

# GetTraceSummaries takes six hours at most, users of the API report (its model does not say); slices do no harm.
_SLICE_MS = 6 * 3_600_000
# BatchGetTraces' limit.
TRACES_A_CALL = 5
# The API's times are whole seconds, and both ends of a range belong to it: only so near to an edge can a trace come
# twice.
_EDGE_MS = 2_000


def summaries(
    connection: Connection, window: Window, expression: str, *, by_event: bool = False
) -> Iterator[TraceSummary]:
    """The trace summaries of the window, newest slice first; a trace on the edge of two slices comes once.

    A trace belongs to the time in its id; `by_event`: to the time of its latest segment, so that long ones are found
    when they end. Memory does not grow with the number of summaries, only with those on the edges.
    """
    time_range = {"TimeRangeType": "Event"} if by_event else {}
    on_edge: set[str] = set()
    end_ms = window.end_ms
    while end_ms > window.start_ms:
        start_ms = max(window.start_ms, end_ms - _SLICE_MS)
        parameters: dict[str, Any] = {
            "StartTime": datetime.fromtimestamp(start_ms / 1000, UTC),
            "EndTime": datetime.fromtimestamp(end_ms / 1000, UTC),
            "FilterExpression": expression,
            **time_range,
        }
        several = end_ms < window.end_ms or start_ms > window.start_ms
        for page in connection.pages("xray", "GetTraceSummaries", token="NextToken", **parameters):
            for raw in page.get("TraceSummaries", []):
                summary = parse_summary(_plain(raw))
                if summary is None:
                    continue
                if several and (by_event or _is_near(summary, start_ms, end_ms)):
                    if summary.id in on_edge:
                        continue
                    on_edge.add(summary.id)
                yield summary
        end_ms = start_ms


def _is_near(summary: TraceSummary, start_ms: float, end_ms: float) -> bool:
    at_ms = trace_id_time_ms(summary.id)
    return at_ms is None or min(abs(at_ms - start_ms), abs(at_ms - end_ms)) <= _EDGE_MS


def _plain(raw: dict[str, Any]) -> dict[str, Any]:
    """A summary with its datetimes, which botocore makes, as numbers again."""
    return {key: value.timestamp() if isinstance(value, datetime) else value for key, value in raw.items()}


def get_traces(connection: Connection, ids: Sequence[str]) -> Iterator[Trace]:
    """The traces of `ids`, 5 a call; one that X-Ray does not have (yet) comes with the reason."""
    for first in range(0, len(ids), TRACES_A_CALL):
        some = list(ids[first : first + TRACES_A_CALL])
        answer = connection.call("xray", "BatchGetTraces", TraceIds=some)
        yield from parse_traces(
            {"Traces": answer.get("Traces", []), "UnprocessedTraceIds": answer.get("UnprocessedTraceIds", [])}
        )
