"""X-Ray's traces: which there are (GetTraceSummaries), and their documents (BatchGetTraces)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from monitor.aws.connection import Connection
from monitor.model.trace import Trace, TraceSummary
from monitor.model.window import Window
from monitor.parse.xray import parse_summary, parse_traces

# GetTraceSummaries takes six hours at most, users of the API report (its model does not say); slices do no harm.
_SLICE_MS = 6 * 3_600_000
# BatchGetTraces' limit.
_TRACES_A_CALL = 5


def function_filter(function: str) -> str:
    """The filter expression for traces that a function took part in.

    By name alone: with the type AWS::Lambda::Function added, a trace that lacks the function's own segment (it was
    never sent, or comes late) would be missed.
    """
    return f'service("{function}")'


def summaries(connection: Connection, window: Window, expression: str) -> Iterator[TraceSummary]:
    """What X-Ray has of the window, newest slice first; a trace on the edge of two slices comes once."""
    seen: set[str] = set()
    end_ms = window.end_ms
    while end_ms > window.start_ms:
        start_ms = max(window.start_ms, end_ms - _SLICE_MS)
        parameters: dict[str, Any] = {
            "StartTime": datetime.fromtimestamp(start_ms / 1000, UTC),
            "EndTime": datetime.fromtimestamp(end_ms / 1000, UTC),
            "FilterExpression": expression,
        }
        for page in connection.pages("xray", "GetTraceSummaries", token="NextToken", **parameters):
            for raw in page.get("TraceSummaries", []):
                summary = parse_summary(_plain(raw))
                if summary is not None and summary.id not in seen:
                    seen.add(summary.id)
                    yield summary
        end_ms = start_ms


def _plain(raw: dict[str, Any]) -> dict[str, Any]:
    """A summary as JSON would hold it: botocore makes datetimes of its times."""
    return {key: value.timestamp() if isinstance(value, datetime) else value for key, value in raw.items()}


def get_traces(connection: Connection, ids: Sequence[str]) -> Iterator[Trace]:
    """The traces of `ids`, in fives; one that X-Ray does not have (yet) comes as a reasoned absence."""
    for first in range(0, len(ids), _TRACES_A_CALL):
        some = list(ids[first : first + _TRACES_A_CALL])
        answer = connection.call("xray", "BatchGetTraces", TraceIds=some)
        found = {
            "Traces": answer.get("Traces", []),
            "UnprocessedTraceIds": answer.get("UnprocessedTraceIds", []),
        }
        yield from parse_traces(found)
