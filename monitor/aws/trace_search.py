"""Traces under Transaction Search, where X-Ray keeps every span in CloudWatch Logs and indexes few of them.

GetTraceSummaries then covers the indexed spans alone (1% unless set otherwise) and BatchGetTraces finds nothing: ids
come from the function's own log or from Logs Insights on `aws/spans`, documents from a retrieval.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Transaction-Search.html
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from monitor.aws.connection import Connection
from monitor.aws.insights import Query, QueryPolling, run_query
from monitor.errors import RefusedError, UnreachableError
from monitor.kernel.clock import Clock
from monitor.kernel.window import Window
from monitor.records.xray.documents import parse_traces
from monitor.records.xray.trace import Trace

SPANS_GROUP = "aws/spans"
# StartTraceRetrieval's limit.
_IDS_A_RETRIEVAL = 100
# It usually takes seconds. After two minutes it is an error.
_LONGEST_MS = 120_000
_POLL_S, _SLOWEST_S = 0.5, 5.0
# The query language's own greatest `limit`.
_MOST_IDS = 10_000
_QUERY_POLLING = QueryPolling(first_s=0.5, factor=1.0, longest_s=0.5, deadline_s=_LONGEST_MS / 1000)
_WORKING = {"SCHEDULED", "RUNNING", "Scheduled", "Running", "Unknown"}
_W3C = re.compile(r"[0-9a-f]{32}", re.ASCII)


def is_active(connection: Connection) -> bool:
    """Whether spans go to CloudWatch Logs. Without the permission to ask, X-Ray's own store is assumed."""
    try:
        answer = connection.call("xray", "GetTraceSegmentDestination")
    except RefusedError as error:
        connection.warn_denied(error, "assuming that traces are in X-Ray's own store")
        return False
    return answer.get("Destination") == "CloudWatchLogs"


def retrieve(connection: Connection, ids: Sequence[str], window: Window, clock: Clock) -> Iterator[Trace]:
    """The traces of `ids` from the spans' log group, by StartTraceRetrieval and ListRetrievedTraces.

    Raises:
        UnreachableError: a retrieval failed, or took longer than two minutes.
    """
    for first in range(0, len(ids), _IDS_A_RETRIEVAL):
        some = list(ids[first : first + _IDS_A_RETRIEVAL])
        started = connection.call(
            "xray",
            "StartTraceRetrieval",
            TraceIds=some,
            StartTime=datetime.fromtimestamp(window.start_ms / 1000, UTC),
            EndTime=datetime.fromtimestamp(window.end_ms / 1000, UTC),
        )
        found: set[str] = set()
        for trace in _retrieved(connection, started["RetrievalToken"], clock):
            found.add(trace.id)
            yield trace
        yield from parse_traces({"Traces": [], "UnprocessedTraceIds": [one for one in some if one not in found]})


def _retrieved(connection: Connection, token: str, clock: Clock) -> Iterator[Trace]:
    deadline_ms = clock.now_ms() + _LONGEST_MS
    wait_s = _POLL_S
    while True:
        # Until it is complete the answer is empty, the API's reference says.
        pages = connection.pages(
            "xray", "ListRetrievedTraces", token="NextToken", RetrievalToken=token, TraceFormat="XRAY"
        )
        for page in pages:
            status = page.get("RetrievalStatus", "")
            if status in _WORKING:
                break
            if status != "COMPLETE":
                raise UnreachableError(f"the retrieval of traces ended as {status}", "try again, or a shorter --since")
            yield from parse_traces({"Traces": page.get("Traces", [])})
        else:
            return
        if clock.now_ms() >= deadline_ms:
            raise UnreachableError(
                "the retrieval of traces from aws/spans takes longer than 2 minutes", "try a shorter --since"
            )
        clock.sleep(wait_s)
        wait_s = min(wait_s * 1.5, _SLOWEST_S)


def span_ids(connection: Connection, function: str, window: Window, limit: int, clock: Clock) -> list[str]:
    """Ids of a function's traces, newest first, by Logs Insights on `aws/spans` (billed by what it scans)."""
    name = function.replace("\\", "\\\\").replace('"', '\\"')
    named = " or ".join(f'{field} = "{name}"' for field in _NAME_FIELDS)
    most = max(1, min(limit, _MOST_IDS))
    newest = f"stats max(@timestamp) as last by traceId | sort last desc | limit {most}"
    text = f"filter {named} | {newest}"
    query = Query(f"traces of {function}", (SPANS_GROUP,), text, window.start_ms, window.end_ms, most)
    answer = run_query(connection, query, polling=_QUERY_POLLING, clock=clock)
    return [xray_id(row["traceId"]) for row in answer.rows if "traceId" in row]


# Where a span in `aws/spans` names the function: OpenTelemetry's resource, X-Ray's segment, Application Signals.
_NAME_FIELDS = (
    "`resource.attributes.faas.name`",
    "`resource.attributes.service.name`",
    "`attributes.aws.local.service`",
    "name",
)


def xray_id(trace_id: str) -> str:
    """A trace id as X-Ray writes it; spans carry it in W3C's form, 32 hex digits."""
    return f"1-{trace_id[:8]}-{trace_id[8:]}" if _W3C.fullmatch(trace_id) else trace_id
