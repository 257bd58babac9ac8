"""A trace as OpenTelemetry's OTLP JSON: an ExportTraceServiceRequest that any collector's HTTP receiver takes.

Encoding: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding (ids are hex, 64-bit numbers text, enums
numbers). Attribute names are OpenTelemetry's semantic conventions where there is one, else `aws.xray.…`.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping

from monitor.records.xray.span import FUNCTION_ORIGIN, SERVICE_ORIGIN
from monitor.records.xray.trace import Span, SpanException, SpanKind, Trace
from monitor.traces.render_detail import exception_text

Json = dict[str, object]

_SEGMENTS = {SpanKind.SERVICE, SpanKind.FUNCTION, SpanKind.SEGMENT, SpanKind.INFERRED}
_LAMBDA = {SpanKind.SERVICE, SpanKind.FUNCTION}
_SPAN_ID = re.compile(r"[0-9a-f]{16}", re.ASCII)
_TRACE_ID = re.compile(r"1-([0-9a-f]{8})-([0-9a-f]{24})", re.ASCII)
# Numbers of the protocol's enums.
_INTERNAL, _SERVER, _CLIENT, _CONSUMER = 1, 2, 3, 5
_OK_UNSET, _ERROR = 0, 2
_LONGEST_METADATA = 16_384
_LATEST_US = (1 << 64) // 1000


def render_otlp(trace: Trace) -> str:
    """One JSON document, one resource a service.

    OTLP requires an end: that of a span in progress is its start, and `aws.xray.in_progress` says so.
    """
    groups: dict[tuple[str, str, str], list[Json]] = {}
    trace_id = _trace_id(trace.id)
    pending: list[tuple[Span, Span, Span | None]] = [(root, root, None) for root in reversed(trace.roots)]
    while pending:
        span, owner, parent = pending.pop()
        owner = span if span.kind in _SEGMENTS else owner
        key = (owner.name, owner.origin, owner.resource_arn or (owner.aws.function_arn if owner.aws else ""))
        groups.setdefault(key, []).append(_span(span, trace_id, parent))
        pending += [(child, owner, span) for child in reversed(span.children)]
    resources = [
        {
            "resource": {"attributes": _attributes(dict(_resource(*key)))},
            "scopeSpans": [{"scope": {"name": "lambda-monitor"}, "spans": spans}],
        }
        for key, spans in groups.items()
    ]
    return json.dumps({"resourceSpans": resources}, ensure_ascii=False, allow_nan=False)


def _trace_id(trace_id: str) -> str:
    """X-Ray's id without its version and dashes is W3C's; any other id is told apart by its hash."""
    match = _TRACE_ID.fullmatch(trace_id)
    return match[1] + match[2] if match else hashlib.sha256(trace_id.encode("utf-8", "replace")).hexdigest()[:32]


def _span_id(span_id: str) -> str:
    if _SPAN_ID.fullmatch(span_id) and int(span_id, 16):
        return span_id
    return hashlib.sha256(span_id.encode("utf-8", "replace")).hexdigest()[:16]


def _resource(name: str, origin: str, arn: str) -> Iterator[tuple[str, object]]:
    yield "service.name", name or "unknown_service"
    if origin.startswith("AWS::"):
        yield "cloud.provider", "aws"
        yield "aws.xray.origin", origin
    if origin in (SERVICE_ORIGIN, FUNCTION_ORIGIN):
        yield "cloud.platform", "aws_lambda"
        yield "faas.name", name
    if arn:
        yield "cloud.resource_id", arn
        parts = arn.split(":")
        if len(parts) > 4:
            yield "cloud.region", parts[3]
            yield "cloud.account.id", parts[4]


def _span(span: Span, trace_id: str, parent: Span | None) -> Json:
    document: Json = {
        "traceId": trace_id,
        "spanId": _span_id(span.id),
        "name": _utf8(span.name) or "(no name)",
        "kind": _kind(span),
        "startTimeUnixNano": _nanoseconds(span.start_s),
        "endTimeUnixNano": _nanoseconds(max(span.start_s, span.end_s or span.start_s)),
        "attributes": _attributes(dict(_facts(span))),
        "status": _status(span),
    }
    parent_id = parent.id if parent is not None else span.parent_id
    if parent_id:
        document["parentSpanId"] = _span_id(parent_id)
    if span.exceptions:
        at = span.end_s if span.end_s is not None else span.start_s
        document["events"] = [_event(exception, at) for exception in span.exceptions]
    if span.links:
        document["links"] = [
            {
                "traceId": _trace_id(link.trace_id),
                "spanId": _span_id(link.span_id),
                "attributes": _attributes({"aws.xray.reference_type": link.reference_type}),
            }
            for link in span.links
        ]
    return document


def _kind(span: Span) -> int:
    if span.kind in _SEGMENTS:
        return _SERVER
    if span.kind is SpanKind.DOWNSTREAM:
        return _CLIENT
    return _CONSUMER if span.kind is SpanKind.DWELL else _INTERNAL


def _nanoseconds(time_s: float) -> str:
    # A double holds an epoch time to the microsecond: more digits would be noise. The field holds 64 bits.
    return str(min(max(0, round(time_s * 1_000_000)), _LATEST_US) * 1000)


def _status(span: Span) -> Json:
    if not (span.fault or span.error or span.throttle):
        return {"code": _OK_UNSET}
    told = next((one.message or one.type for one in span.exceptions if one.message or one.type), span.cause_message)
    return {"code": _ERROR, "message": _utf8(told[:1000])} if told else {"code": _ERROR}


def _event(exception: SpanException, time_s: float) -> Json:
    facts = {
        "exception.type": exception.type,
        "exception.message": exception.message,
        "exception.stacktrace": exception_text(exception) if exception.stack else "",
        "aws.xray.remote": exception.remote or "",
    }
    return {"name": "exception", "timeUnixNano": _nanoseconds(time_s), "attributes": _attributes(facts)}


def _facts(span: Span) -> Iterator[tuple[str, object]]:
    yield "aws.xray.kind", span.kind.value
    yield "aws.xray.in_progress", span.in_progress or ""
    yield "aws.xray.throttle", span.throttle or ""
    yield "aws.xray.fault", span.fault or ""
    if span.http is not None:
        yield "http.request.method", span.http.method
        yield "url.full", span.http.url
        yield "http.response.status_code", span.http.status
    if span.aws is not None:
        yield "faas.invocation_id" if span.kind in _LAMBDA else "aws.request_id", span.aws.request_id
        yield "rpc.system", "aws-api" if span.aws.operation else ""
        yield "rpc.service", span.name if span.aws.operation else ""
        yield "rpc.method", span.aws.operation
        yield "aws.xray.resource_names", ", ".join(span.aws.resource_names)
        yield "aws.xray.retries", span.aws.retries
        yield "aws.log.group.names", ", ".join(span.aws.log_groups)
    if span.sql is not None:
        yield "db.system.name", span.sql.database_type.lower()
        yield "db.query.text", span.sql.query
    # The collector's X-Ray exporter reads this list to make annotations again.
    yield "aws.xray.annotations", list(span.annotations) or None
    yield from span.annotations.items()
    for name, value in span.metadata.items():
        yield f"aws.xray.metadata.{name}", json.dumps(value, ensure_ascii=False, default=str)[:_LONGEST_METADATA]


def _attributes(values: Mapping[str, object]) -> list[Json]:
    """Key-value pairs; what is empty is left out, and so is a key that is: OpenTelemetry allows none."""
    filled = ((key, value) for key, value in values.items() if key and value not in ("", None))
    return [{"key": _utf8(key), "value": _value(value)} for key, value in filled]


def _value(value: object) -> Json:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int) and -(1 << 63) <= value < 1 << 63:
        return {"intValue": str(value)}
    if isinstance(value, int | float):
        return {"doubleValue": float(value)}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(one) for one in value]}}
    return {"stringValue": _utf8(str(value))}


def _utf8(text: str) -> str:
    # A lone surrogate, which JSON documents can hold, is no UTF-8.
    return text.encode("utf-8", "replace").decode()
