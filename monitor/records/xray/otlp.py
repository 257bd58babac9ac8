"""OpenTelemetry spans -> X-Ray segment documents, so that one reader reads both.

Spans come as OTLP (JSON, or protobuf by `otlp_protobuf`), or as CloudWatch keeps them in `aws/spans`: one JSON object a
span, whose attributes are a plain object. Names are OpenTelemetry's semantic conventions, those of before and after the
HTTP conventions became stable in 2023.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from monitor.kernel.json_fields import list_of, object_of
from monitor.records.xray.otlp_protobuf import parse_request
from monitor.records.xray.span import FUNCTION_ORIGIN, Json, integer, text

Document = dict[str, Any]

_KINDS = ("", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
_ERROR = 2
_LONGEST_ANNOTATION = 1000
_OWN_METADATA = "aws.xray.metadata."
# Attributes that have a place of their own in a document.
_PLACED = frozenset(
    (
        "aws.request_id", "aws.requestId", "aws.xray.annotations", "aws.xray.error", "aws.xray.fault",
        "aws.xray.in_progress", "aws.xray.kind", "aws.xray.resource_names", "aws.xray.retries", "aws.xray.throttle",
        "db.query.text", "db.statement", "db.system", "db.system.name", "exception.type", "faas.invocation_id",
        "http.method", "http.request.method", "http.response.status_code", "http.status_code", "http.target",
        "http.url", "retry_attempts", "rpc.method", "rpc.service", "rpc.system", "url.full",
    )
)  # fmt: skip


def is_request(value: Json) -> bool:
    """Whether a JSON object is an OTLP request."""
    return isinstance(value.get("resourceSpans"), list)


def is_span(value: Json) -> bool:
    """Whether a JSON object is a span of `aws/spans`."""
    return isinstance(value.get("traceId"), str) and isinstance(value.get("spanId"), str)


def parse_protobuf(data: bytes) -> Json:
    """OTLP protobuf as OTLP JSON has it. Raises ValueError for what is not a request."""
    return parse_request(data)


def documents_of(values: Iterable[Json], *, live: bool = False) -> list[Document]:
    """The documents of all spans in OTLP requests and objects of `aws/spans`.

    `live`: the spans are a part of a trace, whose other documents come by themselves (the embedded stack). Otherwise an
    invocation's span whose parent is not here becomes the function's segment.
    """
    spans = [pair for value in values for pair in _spans(value)]
    ids = {text(span.get("spanId")) for span, _ in spans}
    return [_document(span, resource, ids, live=live) for span, resource in spans]


def _spans(value: Json) -> Iterator[tuple[Json, Json]]:
    """The spans of a request, each with its resource's attributes."""
    if is_span(value):
        yield value, _attributes(object_of(value.get("resource")).get("attributes"))
        return
    for group in map(object_of, list_of(value.get("resourceSpans"))):
        resource = _attributes(object_of(group.get("resource")).get("attributes"))
        scopes = [*list_of(group.get("scopeSpans")), *list_of(group.get("instrumentationLibrarySpans"))]
        for scope in map(object_of, scopes):
            for span in list_of(scope.get("spans")):
                if isinstance(span, dict):
                    yield span, resource


def _document(span: Json, resource: Json, ids: set[str], *, live: bool) -> Document:
    attributes = _attributes(span.get("attributes"))
    kind = _kind(span.get("kind"))
    parent_id = text(span.get("parentSpanId"))
    is_handler = "faas.invocation_id" in attributes
    is_local = parent_id in ids if not live else bool(parent_id)
    document: Document = {
        "id": text(span.get("spanId")),
        "trace_id": xray_trace_id(text(span.get("traceId"))),
        "name": text(span.get("name")),
        "start_time": _seconds(span.get("startTimeUnixNano")),
    }
    if parent_id:
        document["parent_id"] = parent_id
    if attributes.get("aws.xray.in_progress") is True:
        document["in_progress"] = True
    else:
        document["end_time"] = _seconds(span.get("endTimeUnixNano"))
    if origin := _origin(kind, resource, attributes, is_handler=is_handler, is_local=is_local):
        document["origin"] = origin
    elif is_local or (parent_id and kind not in ("SERVER", "CONSUMER")):
        document["type"] = "subsegment"
    if namespace := _namespace(kind, attributes):
        document["namespace"] = namespace
    document |= _details(attributes, resource, is_handler=is_handler)
    document |= _outcome(span, attributes)
    document |= _notes(attributes, span, is_handler=is_handler)
    if links := [_link(object_of(one)) for one in list_of(span.get("links"))]:
        document["links"] = links
    return document


def _origin(kind: str, resource: Json, attributes: Json, *, is_handler: bool, is_local: bool) -> str:
    """The origin that makes a span a segment; "" for a part of one."""
    own = text(resource.get("aws.xray.origin"))
    if own and attributes.get("aws.xray.kind") in ("service", "function", "segment"):
        return own
    if is_local or kind not in ("SERVER", "CONSUMER", ""):
        return ""
    if is_handler:
        return FUNCTION_ORIGIN
    return text(resource.get("cloud.platform")) if resource.get("cloud.platform") != "aws_lambda" else ""


def _namespace(kind: str, attributes: Json) -> str:
    if attributes.get("rpc.system") in ("aws-api", "aws.api"):
        return "aws"
    return "remote" if kind in ("CLIENT", "PRODUCER") else ""


def _details(attributes: Json, resource: Json, *, is_handler: bool) -> Document:
    """The request, the AWS call and the query that a span describes."""
    found: Document = {}
    request = {
        "method": _first(attributes, "http.request.method", "http.method"),
        "url": _first(attributes, "url.full", "http.url", "http.target", "url.path"),
    }
    status = integer(_first(attributes, "http.response.status_code", "http.status_code"))
    if any(request.values()) or status is not None:
        found["http"] = {"request": {name: value for name, value in request.items() if value}}
        if status is not None:
            found["http"]["response"] = {"status": status}
    if statement := _first(attributes, "db.query.text", "db.statement"):
        found["sql"] = {
            "sanitized_query": statement,
            "database_type": text(_first(attributes, "db.system.name", "db.system")),
        }
    aws: Document = {
        "operation": text(attributes.get("rpc.method")) if "rpc.system" in attributes else "",
        "region": text(_first(attributes, "aws.region", "cloud.region")),
        "request_id": text(_first(attributes, "faas.invocation_id", "aws.request_id", "aws.requestId")),
        "retries": integer(_first(attributes, "retry_attempts", "aws.xray.retries")),
        "resource_names": _names(attributes),
    }
    if is_handler:
        aws["function_arn"] = text(_first(attributes, "cloud.resource_id") or resource.get("cloud.resource_id"))
    if filled := {name: value for name, value in aws.items() if value not in ("", None, [])}:
        found["aws"] = filled
    return found


def _names(attributes: Json) -> list[str]:
    """The resources that an AWS call names."""
    keys = ("aws.s3.bucket", "aws.sqs.queue.url", "aws.queue_url", "aws.sns.topic.arn", "aws.lambda.function.name")
    names = [text(attributes[key]) for key in keys if key in attributes]
    names += [text(name) for name in list_of(attributes.get("aws.dynamodb.table_names"))]
    names += text(attributes.get("aws.xray.resource_names")).split(", ")
    return [name for name in names if name]


def _outcome(span: Json, attributes: Json) -> Document:
    """Fault or error, and the exceptions that events record."""
    found: Document = {}
    status = object_of(span.get("status"))
    exceptions = [one for one in map(_exception, list_of(span.get("events"))) if one]
    if _is_error(status.get("code")):
        http = integer(_first(attributes, "http.response.status_code", "http.status_code"))
        is_theirs = http is not None and 400 <= http < 500
        found["error" if is_theirs or attributes.get("aws.xray.fault") is False else "fault"] = True
        if not exceptions and text(status.get("message")):
            exceptions = [{"id": "", "type": "", "message": text(status.get("message"))}]
    if attributes.get("aws.xray.throttle") is True:
        found["throttle"] = True
    if exceptions:
        found["cause"] = {"exceptions": exceptions}
    return found


def _is_error(code: object) -> bool:
    return code == _ERROR or (isinstance(code, str) and code.removeprefix("STATUS_CODE_") == "ERROR")


def _exception(event: object) -> Document | None:
    node = object_of(event)
    if node.get("name") != "exception":
        return None
    attributes = _attributes(node.get("attributes"))
    return {
        "id": "",
        "type": text(attributes.get("exception.type")),
        "message": text(attributes.get("exception.message")),
        "stack": _stack(text(attributes.get("exception.stacktrace"))),
        "remote": attributes.get("aws.xray.remote") is True,
    }


def _stack(traceback: str) -> list[Document]:
    """The frames of a traceback's text as Python prints it, the innermost last."""
    frames = []
    for line in traceback.splitlines():
        # `  File "/var/task/app.py", line 3, in handler`
        path, middle, rest = line.strip().removeprefix('File "').partition('", line ')
        if middle and line.strip().startswith('File "'):
            at, _, label = rest.partition(", in ")
            frames.append({"path": path, "line": integer(at), "label": label})
    return frames


def _notes(attributes: Json, span: Json, *, is_handler: bool) -> Document:
    """What has no place of its own: short values as annotations, others as metadata."""
    annotations: Document = {}
    metadata: dict[str, Any] = {}
    own: dict[str, Any] = {"kind": "handler"} if is_handler else {}
    for name, value in attributes.items():
        if name.startswith("monitor."):
            own[name.removeprefix("monitor.")] = value
        elif name.startswith(_OWN_METADATA):
            metadata[name.removeprefix(_OWN_METADATA)] = _decoded(value)
        elif name in _PLACED:
            continue
        elif isinstance(value, list | dict) or (isinstance(value, str) and len(value) > _LONGEST_ANNOTATION):
            metadata.setdefault("attributes", {})[name] = value
        elif value is not None:
            annotations[name] = value
    others = [one for one in map(object_of, list_of(span.get("events"))) if one.get("name") != "exception"]
    if others:
        metadata["events"] = [
            {
                "name": text(one.get("name")),
                "time": _seconds(one.get("timeUnixNano")),
                **_attributes(one.get("attributes")),
            }
            for one in others
        ]
    if own:
        metadata["monitor"] = own
    found = {"annotations": annotations, "metadata": metadata}
    return {name: value for name, value in found.items() if value}


def _decoded(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _link(link: Json) -> Document:
    return {
        "trace_id": xray_trace_id(text(link.get("traceId"))),
        "id": text(link.get("spanId")),
        "attributes": {
            "aws.xray.reserved.reference_type": text(_attributes(link.get("attributes")).get("aws.xray.reference_type"))
        },
    }


def xray_trace_id(trace_id: str) -> str:
    """A trace id as X-Ray writes it; OpenTelemetry writes 32 hexadecimal digits, OTLP JSON in either case."""
    lower = trace_id.lower()
    is_hex = len(lower) == 32 and set(lower) <= set("0123456789abcdef")
    return f"1-{lower[:8]}-{lower[8:]}" if is_hex else trace_id


def _kind(value: object) -> str:
    if isinstance(value, str):
        return value.removeprefix("SPAN_KIND_").upper()
    position = integer(value)
    return _KINDS[position] if position is not None and 0 <= position < len(_KINDS) else ""


def _seconds(value: object) -> float | None:
    """Epoch seconds of nanoseconds: a whole number, or its digits as OTLP JSON has them."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 25:
        value = int(value)
    # As whole numbers: a float has too few digits for them.
    return value / 1_000_000_000 if isinstance(value, int) and not isinstance(value, bool) else None


def _first(attributes: Json, *names: str) -> Any:
    return next((attributes[name] for name in names if attributes.get(name) not in (None, "")), None)


def _attributes(value: object) -> dict[str, Any]:
    """Attributes as a plain object, from one or from OTLP's list of pairs."""
    if isinstance(value, dict):
        return value
    pairs = [object_of(pair) for pair in list_of(value)]
    return {text(pair.get("key")): _value(pair.get("value")) for pair in pairs}


def _value(value: object, depth: int = 0) -> Any:
    node = object_of(value)
    if "intValue" in node:
        found = node["intValue"]
        return int(found) if isinstance(found, str) and found.lstrip("-").isdecimal() and len(found) < 25 else found
    if "arrayValue" in node and depth < 16:
        return [_value(one, depth + 1) for one in list_of(object_of(node["arrayValue"]).get("values"))]
    if "kvlistValue" in node and depth < 16:
        pairs = [object_of(pair) for pair in list_of(object_of(node["kvlistValue"]).get("values"))]
        return {text(pair.get("key")): _value(pair.get("value"), depth + 1) for pair in pairs}
    return next(
        (node[name] for name in ("stringValue", "boolValue", "doubleValue", "bytesValue") if name in node), None
    )
