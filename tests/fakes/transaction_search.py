"""A loopback stand-in for AWS with Transaction Search on, in the shapes of botocore's models.

No emulator has StartTraceRetrieval, ListRetrievedTraces or spans in a log group. What is here follows the API's
reference: summaries hold only what is indexed, BatchGetTraces finds nothing, a retrieval is SCHEDULED, then RUNNING,
then COMPLETE, and its pages hold `Spans` with documents. Nothing here has been checked against AWS itself.
"""

import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]


@dataclass
class TransactionSearch:
    """What the stand-in holds: `documents` by trace id, `reports` as (epoch ms, message), and what was asked of it."""

    function: str
    documents: dict[str, list[Json]] = field(default_factory=dict)
    reports: list[tuple[int, str]] = field(default_factory=list)
    indexed: tuple[str, ...] = ()
    logs_denied: bool = False
    destination: str = "CloudWatchLogs"
    unindexed_reads: int = 0
    polls_until_complete: int = 2
    page: int = 2
    asked: Counter[str] = field(default_factory=Counter)
    requests: list[tuple[str, Json]] = field(default_factory=list)
    _retrievals: dict[str, list[str]] = field(default_factory=dict)

    def answer(self, operation: str, body: Json) -> tuple[int, Json]:
        """An API's answer: status and body."""
        self.asked[operation] += 1
        self.requests.append((operation, body))
        method = getattr(self, f"_{operation}", None)
        if method is None:
            return 403, {"__type": "AccessDeniedException", "message": f"not authorized to perform: x:{operation}"}
        found: tuple[int, Json] = method(body)
        return found

    def _GetTraceSegmentDestination(self, _: Json) -> tuple[int, Json]:  # noqa: N802
        return 200, {"Destination": self.destination, "Status": "ACTIVE"}

    def _TraceSummaries(self, _: Json) -> tuple[int, Json]:  # noqa: N802
        return 200, {"TraceSummaries": [{"Id": one, "Duration": 0.1} for one in self.indexed]}

    def _Traces(self, body: Json) -> tuple[int, Json]:  # noqa: N802
        ids = body["TraceIds"]
        if self.destination == "CloudWatchLogs" or self.asked["Traces"] <= self.unindexed_reads:
            return 200, {"Traces": [], "UnprocessedTraceIds": ids}
        known = [one for one in ids if one in self.documents]
        traces = [{"Id": one, "Segments": self._parts(one)} for one in known]
        return 200, {"Traces": traces, "UnprocessedTraceIds": [one for one in ids if one not in known]}

    def _parts(self, trace_id: str) -> list[Json]:
        return [{"Id": one["id"], "Document": json.dumps(one)} for one in self.documents[trace_id]]

    def _StartTraceRetrieval(self, body: Json) -> tuple[int, Json]:  # noqa: N802
        if not 1 <= len(body["TraceIds"]) <= 100:
            return 400, {"__type": "InvalidRequestException", "message": "TraceIds: 1 to 100"}
        token = f"token-{len(self._retrievals) + 1}"
        self._retrievals[token] = body["TraceIds"]
        return 200, {"RetrievalToken": token}

    def _ListRetrievedTraces(self, body: Json) -> tuple[int, Json]:  # noqa: N802
        polls = self.asked["ListRetrievedTraces"]
        if polls <= self.polls_until_complete:
            return 200, {"RetrievalStatus": "SCHEDULED" if polls == 1 else "RUNNING", "Traces": []}
        ids = [one for one in self._retrievals[body["RetrievalToken"]] if one in self.documents]
        at = int(body.get("NextToken") or 0)
        page = [{"Id": one, "Duration": 1.0, "Spans": self._parts(one)} for one in ids[at : at + self.page]]
        more = {"NextToken": str(at + self.page)} if at + self.page < len(ids) else {}
        return 200, {"RetrievalStatus": "COMPLETE", "TraceFormat": body.get("TraceFormat"), "Traces": page, **more}

    def _configuration(self, _: Json) -> tuple[int, Json]:
        return 200, {"FunctionName": self.function, "FunctionArn": f"arn:aws:lambda:r:1:function:{self.function}"}

    def _FilterLogEvents(self, body: Json) -> tuple[int, Json]:  # noqa: N802
        if self.logs_denied:
            return 400, {"__type": "AccessDeniedException", "message": "not authorized"}
        start, end = body["startTime"], body.get("endTime", 2**62)
        events = [
            {"timestamp": at, "message": message, "logStreamName": "2026/01/01/[$LATEST]x", "eventId": str(number)}
            for number, (at, message) in enumerate(self.reports)
            if start <= at <= end
        ]
        return 200, {"events": events}

    def _StartQuery(self, _: Json) -> tuple[int, Json]:  # noqa: N802
        return 200, {"queryId": "q-1"}

    def _GetQueryResults(self, _: Json) -> tuple[int, Json]:  # noqa: N802
        if self.asked["GetQueryResults"] == 1:
            return 200, {"status": "Running", "results": []}
        # Spans carry the id in W3C's form.
        rows = [[{"field": "traceId", "value": one[2:].replace("-", "")}] for one in self.documents]
        return 200, {"status": "Complete", "results": rows}


class Served:
    """The stand-in behind a port of 127.0.0.1, while the context lasts."""

    def __init__(self, search: TransactionSearch) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
                target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
                self._reply(target or self.path.strip("/"), body)

            def do_GET(self) -> None:
                self._reply(self.path.partition("?")[0].rpartition("/")[2], {})

            def _reply(self, operation: str, body: Json) -> None:
                status, document = search.answer(operation, body)
                data = json.dumps(document).encode()
                self.send_response(status)
                if status >= 400:
                    self.send_header("x-amzn-errortype", str(document["__type"]))
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
