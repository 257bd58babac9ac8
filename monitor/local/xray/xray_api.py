"""The X-Ray API (rest-json) over the trace store."""

import json
import time
from collections.abc import Callable
from typing import Any

from monitor.local.server.http_answer import HttpAnswer, error_answer, json_answer
from monitor.local.xray.otlp_spans import segment_documents
from monitor.local.xray.trace_summaries import get_trace_summaries
from monitor.local.xray.xray_store import BadDocumentError, StoredTrace, XRayStore, node_end_s

# OpenTelemetry's path, also of X-Ray's own OTLP endpoint.
OTLP_PATH = "/v1/traces"
_MAX_BATCH = 5
_MAX_DOCUMENTS = 50


class XRayApi:
    """Answers requests by path. An unsupported operation gets an error that names it."""

    def __init__(self, store: XRayStore) -> None:
        self._store = store
        self._operations: dict[str, Callable[[dict[str, Any]], HttpAnswer]] = {
            "/TraceSegments": self._put,
            "/TraceSummaries": self._summaries,
            "/Traces": self._batch_get,
            "/GetTraceSegmentDestination": _destination,
            "/GetSamplingRules": _no_rules,
            "/SamplingTargets": _no_targets,
            "/TelemetryRecords": _telemetry,
        }

    def answer(self, method: str, path: str, body: bytes) -> HttpAnswer:
        """Answer one request."""
        if path == OTLP_PATH and method == "POST":
            return self._put_spans(body)
        operation = self._operations.get(path)
        if operation is None or method != "POST":
            return error_answer(
                501, "NotImplementedException", f"the embedded stack has no X-Ray operation at {method} {path}"
            )
        try:
            payload = json.loads(body or b"{}")
        except (ValueError, RecursionError):
            return error_answer(400, "InvalidRequestException", "the body is not JSON")
        if not isinstance(payload, dict):
            return error_answer(400, "InvalidRequestException", "the body is not a JSON object")
        return operation(payload)

    def _put_spans(self, body: bytes) -> HttpAnswer:
        try:
            documents = segment_documents(body)
        except ValueError as error:
            return error_answer(400, "InvalidRequestException", f"the body is not an OTLP request: {error}")
        rejected = 0
        for document in documents:
            try:
                self._store.put(document)
            except BadDocumentError:
                rejected += 1
        return json_answer({"partialSuccess": {"rejectedSpans": str(rejected)}} if rejected else {})

    def _put(self, payload: dict[str, Any]) -> HttpAnswer:
        documents = payload.get("TraceSegmentDocuments")
        if not isinstance(documents, list) or len(documents) > _MAX_DOCUMENTS:
            return error_answer(
                400, "InvalidRequestException", "TraceSegmentDocuments must be a list of at most 50 documents"
            )
        unprocessed = []
        for document in documents:
            try:
                self._store.put(str(document))
            except BadDocumentError as error:
                unprocessed.append({"Id": error.ident, "ErrorCode": error.code, "Message": str(error)})
        return json_answer({"UnprocessedTraceSegments": unprocessed})

    def _summaries(self, payload: dict[str, Any]) -> HttpAnswer:
        return get_trace_summaries(self._store, payload)

    def _batch_get(self, payload: dict[str, Any]) -> HttpAnswer:
        ids = payload.get("TraceIds")
        if (
            not isinstance(ids, list)
            or not all(isinstance(ident, str) for ident in ids)
            or not 1 <= len(ids) <= _MAX_BATCH
        ):
            return error_answer(400, "InvalidRequestException", f"TraceIds must be a list of 1 to {_MAX_BATCH} ids")
        found = [(ident, self._store.get(ident)) for ident in dict.fromkeys(ids)]
        return json_answer(
            {
                "Traces": [_trace(trace) for _, trace in found if trace is not None],
                "UnprocessedTraceIds": [ident for ident, trace in found if trace is None],
            }
        )


def _trace(trace: StoredTrace) -> dict[str, Any]:
    segments = trace.segments()
    start = min(float(segment["start_time"]) for segment in segments)
    end = max(node_end_s(segment) for segment in segments)
    return {
        "Id": trace.trace_id,
        "Duration": round(max(end - start, 0), 3),
        "LimitExceeded": trace.limit_exceeded,
        "Segments": [{"Id": segment["id"], "Document": json.dumps(segment)} for segment in segments],
    }


def _destination(_: dict[str, Any]) -> HttpAnswer:
    return json_answer({"Destination": "XRay", "Status": "ACTIVE"})


def _no_rules(_: dict[str, Any]) -> HttpAnswer:
    return json_answer({"SamplingRuleRecords": []})


def _no_targets(_: dict[str, Any]) -> HttpAnswer:
    return json_answer(
        {"SamplingTargetDocuments": [], "LastRuleModification": time.time(), "UnprocessedStatistics": []}
    )


def _telemetry(_: dict[str, Any]) -> HttpAnswer:
    return json_answer({})
