"""Traces the calls that botocore's clients make: a subsegment each, and the trace header on the request.

Two methods of botocore are wrapped once the application has imported it. Nothing that goes wrong here reaches the call:
it is made as it is without the runtime, and there is one warning.
"""

from __future__ import annotations

import functools
import sys

from monitor.runtime import frames, lines, segments, settings

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

_MODULE = "botocore.client"
# Parameters that name the resource, as X-Ray knows them.
_RESOURCES = {
    "TableName": "table_name",
    "IndexName": "index_name",
    "Bucket": "bucket_name",
    "Key": "key",
    "QueueUrl": "queue_url",
    "QueueName": "queue_name",
    "TopicArn": "topic_arn",
    "FunctionName": "function_name",
    "StreamName": "stream_name",
    "StateMachineArn": "state_machine_arn",
    "InvocationType": "invocation_type",
}
_TRACING_CALLS = frozenset({"GetSamplingRules", "GetSamplingTargets", "PutTraceSegments", "PutTelemetryRecords"})
_MOST_CHARACTERS = 1000


def patch_aws(client: ModuleType) -> None:
    """Wrap two methods of botocore's BaseClient; `client` is the module `botocore.client`."""
    base: Any = client.BaseClient
    base._make_api_call = segments.traced(base._make_api_call, begin, describe)
    make_request = base._make_request

    @functools.wraps(make_request)
    @frames.unseen
    def _make_request(self: Any, operation_model: Any, request_dict: Any, *arguments: Any, **named: Any) -> Any:
        lines.attempt("adding the trace header to an AWS call", lambda: _add_header(request_dict))
        try:
            return make_request(self, operation_model, request_dict, *arguments, **named)
        except BaseException as error:
            frames.hide_frame(error)
            raise

    base._make_request = _make_request


def _is_traced_otherwise() -> bool:
    """Whether the X-Ray SDK traces botocore already, or the application decides by itself what is traced."""
    if hasattr(sys.modules.get(_MODULE), "_xray_enabled"):
        return True
    return segments.traced_by_the_application() and settings.patched_libraries() is None


def begin(client: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> segments.Subsegment | None:
    """Open the subsegment of an AWS call; None where it is not traced, or traced by the application."""
    trace = segments.current_trace()
    if trace is None or _is_traced_otherwise():
        return None
    operation = named.get("operation_name", arguments[0] if arguments else "")
    parameters = named.get("api_params", arguments[1] if len(arguments) > 1 else None)
    service = client._service_model.metadata.get("endpointPrefix", "aws")
    if service == "xray" and operation in _TRACING_CALLS:
        return None
    subsegment = segments.Subsegment(service, trace, segments.parent_id(trace), "aws")
    aws: dict[str, Any] = {"operation": operation, "region": client.meta.region_name}
    if isinstance(parameters, dict):
        for name, member in _RESOURCES.items():
            if isinstance(value := parameters.get(name), str):
                aws[member] = value[:_MOST_CHARACTERS]
    subsegment.document["aws"] = aws
    if settings.tracing() == "otlp":
        # OpenTelemetry names a service by its id (DynamoDB), X-Ray by its endpoint (dynamodb).
        subsegment.document["otel_service"] = str(client._service_model.service_id)
    return subsegment


def _add_header(request: dict[str, Any]) -> None:
    subsegment = segments.innermost()
    # Below the handler's own subsegment there is one for this call; without it the call is not traced.
    if subsegment is not None and subsegment.document.get("namespace") == "aws":
        subsegment.add_header(request["headers"])


def describe(subsegment: segments.Subsegment, answer: Any, error: BaseException | None) -> None:
    """Complete the subsegment of an AWS call by its answer, or by the exception that it raised."""
    if error is not None:
        answer = getattr(error, "response", None)
    document = subsegment.document
    described = answer.get("ResponseMetadata") if isinstance(answer, dict) else None
    status = None
    if isinstance(described, dict):
        status = described.get("HTTPStatusCode")
        details = {
            "request_id": described.get("RequestId"),
            "id_2": (described.get("HTTPHeaders") or {}).get("x-amz-id-2"),
            "retries": described.get("RetryAttempts") or None,
        }
        document["aws"] |= {name: value for name, value in details.items() if value is not None}
        if isinstance(status, int):
            document["http"] = {"response": {"status": status}}
    if error is not None:
        subsegment.fail(error, frames.traceback_of(error))
        if isinstance(status, int) and 400 <= status < 500:
            del document["fault"]
            document["error"] = True
            document["throttle"] = status == 429 or None
            document["cause"]["exceptions"][0]["remote"] = True
