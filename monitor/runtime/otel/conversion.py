"""The runtime's own subsegments as OpenTelemetry spans, by OpenTelemetry's semantic conventions.

Source of the names: https://opentelemetry.io/docs/specs/semconv/ (faas, cloud, rpc, http, db, exception), version 1.37.
"""

from __future__ import annotations

import json
import os

from monitor.runtime import lines, settings
from monitor.runtime.otel import protobuf

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_MOST_METADATA = 16_000
_HEX = frozenset("0123456789abcdefABCDEF")
_SQL = {"postgresql": "postgresql", "mysql": "mysql", "sqlite3": "sqlite"}


def resource() -> dict[str, Any]:
    """What sends the spans: this function, with what OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES add."""
    env = os.environ.get
    memory = env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    log_group = env("AWS_LAMBDA_LOG_GROUP_NAME")
    found: dict[str, Any] = {
        "service.name": settings.service(),
        "cloud.provider": "aws",
        "cloud.platform": "aws_lambda",
        "cloud.region": env("AWS_REGION"),
        "faas.name": env("AWS_LAMBDA_FUNCTION_NAME"),
        "faas.version": env("AWS_LAMBDA_FUNCTION_VERSION"),
        "faas.instance": env("AWS_LAMBDA_LOG_STREAM_NAME"),
        "faas.max_memory": int(memory) * 1024 * 1024 if memory.isdecimal() else None,
        "aws.log.group.names": [log_group] if log_group else None,
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "monitor.runtime",
    }
    found |= settings.pairs("OTEL_RESOURCE_ATTRIBUTES")
    if name := env("OTEL_SERVICE_NAME"):
        found["service.name"] = name
    return {key: value for key, value in found.items() if value is not None}


def is_hex(text: str) -> bool:
    """Whether a text has hexadecimal digits only; `int` takes more than them."""
    return _HEX.issuperset(text)


def hex_trace_id(trace_id: str) -> str:
    """X-Ray's trace id as W3C writes it: 32 hexadecimal digits."""
    return trace_id.removeprefix("1-").replace("-", "")


def from_document(document: dict[str, Any]) -> list[protobuf.SpanData]:
    """The span of a finished subsegment document, and those of the subsegments inside it."""
    spans = []
    waiting = [(document, str(document["parent_id"]), True)]
    trace_id = hex_trace_id(document["trace_id"])
    while waiting:
        one, parent_id, outermost = waiting.pop()
        spans.append(_span(one, trace_id, parent_id, outermost))
        waiting += [(inner, one["id"], False) for inner in one.get("subsegments", ())]
    return spans


def _span(document: dict[str, Any], trace_id: str, parent_id: str, outermost: bool) -> protobuf.SpanData:
    namespace = document.get("namespace")
    kind = document.get("otel_kind") or (protobuf.CLIENT if namespace else protobuf.INTERNAL)
    span = protobuf.SpanData(trace_id, document["id"], parent_id, document["name"], kind)
    span.parent_is_remote = outermost and namespace is None
    span.start_ns, span.end_ns = (_nanoseconds(document[name]) for name in ("start_time", "end_time"))
    span.attributes = dict(_attributes(document))
    span.links = list(document.get("otel_links", ()))
    if namespace == "aws":
        span.name = f"{document.get('otel_service', span.name)}.{document['aws']['operation']}"
    _describe_failure(document, span)
    return span


def _nanoseconds(time_s: float) -> int:
    # A float has the time since the epoch to a quarter of a microsecond: more digits would be noise.
    return round(time_s * 1_000_000) * 1000


def _attributes(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    request, response = (document.get("http", {}).get(part, {}) for part in ("request", "response"))
    if request:
        yield "http.request.method", request["method"]
        yield "url.full", request["url"]
        yield "server.address", document["name"]
    if response:
        yield "http.response.status_code", response["status"]
    if "aws" in document:
        aws = document["aws"]
        yield "rpc.system", "aws-api"
        yield "rpc.service", document.get("otel_service", document["name"])
        yield "rpc.method", aws["operation"]
        names = {"region": "cloud.region", "request_id": "aws.request_id", "retries": "retry_attempts"}
        names |= {"table_name": "aws.dynamodb.table_names", "bucket_name": "aws.s3.bucket", "key": "aws.s3.key"}
        names |= {"queue_url": "aws.sqs.queue.url", "topic_arn": "aws.sns.topic.arn"}
        for member, name in names.items():
            if member in aws:
                yield name, [aws[member]] if member == "table_name" else aws[member]
    if "sql" in document:
        yield "db.system.name", _SQL.get(document["name"], document["name"])
        yield "db.query.text", document["sql"]["sanitized_query"]
    if document.get("throttle"):
        yield "aws.xray.throttle", True
    yield from document.get("annotations", {}).items()
    metadata = dict(document.get("metadata", {}))
    for name, value in metadata.pop("monitor", {}).items():
        yield f"monitor.{name}", value
    for name, value in metadata.items():
        yield f"aws.xray.metadata.{name}", lines.cut(json.dumps(value, default=str), _MOST_METADATA)


def _describe_failure(document: dict[str, Any], span: protobuf.SpanData) -> None:
    """The exceptions of a subsegment's cause as events, and its status."""
    for exception in document.get("cause", {}).get("exceptions", ()):
        stack = reversed(exception["stack"])
        trace = "".join(f'  File "{one["path"]}", line {one["line"]}, in {one["label"]}\n' for one in stack)
        described = {
            "exception.type": exception["type"],
            "exception.message": exception["message"],
            "exception.stacktrace": f"Traceback (most recent call last):\n{trace}{exception['type']}: "
            f"{exception['message']}\n",
        }
        span.events.append(protobuf.Event("exception", span.end_ns, described))
        span.attributes["error.type"] = exception["type"]
        span.message = span.message or exception["message"]
    if document.get("fault") or document.get("error"):
        span.status = protobuf.ERROR


def handler_attributes(context: Any, event: Any, cold_start: bool) -> dict[str, Any]:
    """The FaaS attributes of the handler's span."""
    arn = str(getattr(context, "invoked_function_arn", "") or "")
    parts = arn.split(":")
    found: dict[str, Any] = {
        "faas.coldstart": cold_start,
        "faas.invocation_id": getattr(context, "aws_request_id", None),
        # The alias or version at an ARN's end is not of the resource.
        "cloud.resource_id": ":".join(parts[:7]) or None,
        "cloud.account.id": parts[4] if len(parts) > 4 else None,
        "aws.lambda.invoked_arn": arn or None,
        **_trigger(event),
    }
    return {name: value for name, value in found.items() if value is not None}


def _trigger(event: Any) -> dict[str, Any]:
    """What called the function, as far as its event tells."""
    if not isinstance(event, dict):
        return {}
    request = event.get("requestContext")
    if isinstance(request, dict):
        return {"faas.trigger": "http", **_request(event, request)}
    records = event.get("Records")
    first = records[0] if isinstance(records, list) and records else None
    source = str(first.get("eventSource") or first.get("EventSource")) if isinstance(first, dict) else None
    if source in {"aws:sqs", "aws:sns", "aws:kinesis"}:
        return {"faas.trigger": "pubsub"}
    if source in {"aws:s3", "aws:dynamodb"}:
        return {"faas.trigger": "datasource"}
    return {"faas.trigger": "timer"} if event.get("detail-type") == "Scheduled Event" else {}


def _request(event: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """The HTTP request of API Gateway's events, of function URLs' and of load balancers'."""
    http = request.get("http")
    http = http if isinstance(http, dict) else {}
    headers = headers_of(event)
    found = {
        "http.request.method": http.get("method") or event.get("httpMethod"),
        "url.path": http.get("path") or event.get("path"),
        "http.route": event.get("resource") or str(event.get("routeKey") or "").partition(" ")[2] or None,
        "url.scheme": headers.get("x-forwarded-proto"),
        "server.address": request.get("domainName") or headers.get("host"),
        "user_agent.original": http.get("userAgent") or headers.get("user-agent"),
    }
    return {name: value for name, value in found.items() if isinstance(value, str) and value}


def headers_of(event: Any) -> dict[str, Any]:
    """The headers of an HTTP event, their names in lower case."""
    headers = event.get("headers") if isinstance(event, dict) else None
    return {str(name).lower(): value for name, value in headers.items()} if isinstance(headers, dict) else {}
