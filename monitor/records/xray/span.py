"""One X-Ray segment document's fields -> model. Whatever has the wrong type is treated as missing."""

import math
from collections.abc import Mapping
from typing import TypeAlias

from monitor.kernel.json_fields import list_of, object_of
from monitor.records.xray.trace import AwsCall, Frame, Http, Link, Span, SpanException, SpanKind, Sql

Json: TypeAlias = Mapping[str, object]

MAX_EXCEPTIONS = 50
MAX_FRAMES = 200
MAX_METADATA_DEPTH = 32
# What Lambda calls its own two segments' origins, and in the old layout the parts of the function's.
SERVICE_ORIGIN, FUNCTION_ORIGIN = "AWS::Lambda", "AWS::Lambda::Function"
INITIALIZATION, INVOCATION, OVERHEAD = "Initialization", "Invocation", "Overhead"
_UNDER_FUNCTION = {
    INITIALIZATION: SpanKind.INIT,
    "Init": SpanKind.INIT,
    "Restore": SpanKind.RESTORE,
    INVOCATION: SpanKind.INVOCATION,
    OVERHEAD: SpanKind.OVERHEAD,
}
_RESOURCE_KEYS = ("table_name", "bucket_name", "topic_arn", "queue_url", "function_name", "key_id")


def number(value: object) -> float | None:
    """A finite number, also one spelt as text (`1.6E9`)."""
    if type(value) is float:  # nearly all of them: the quick way
        return value if math.isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if math.isfinite(result) else None


def integer(value: object) -> int | None:
    """A whole number of ordinary size."""
    result = number(value)
    return int(result) if result is not None and abs(result) < 2**53 else None


def text(value: object) -> str:
    """A string; a number becomes one, anything else is empty."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    found = None if isinstance(value, bool) else number(value)
    return "" if found is None else f"{found:g}"


def bounded(value: object, depth: int = MAX_METADATA_DEPTH) -> object:
    """JSON of any depth, cut (`"…"`) where nobody reads on and recursion over it would not end well."""
    if isinstance(value, dict):
        return {key: bounded(item, depth - 1) for key, item in value.items()} if depth else "…"
    if isinstance(value, list):
        return [bounded(item, depth - 1) for item in value] if depth else "…"
    return value


def time_s(value: object) -> float | None:
    """Epoch seconds; nothing before 1970 or past year 9999 is a time."""
    result = number(value)
    return result if result is not None and 0 <= result < 253_402_300_800 else None


def kind_of(node: Json, parent: SpanKind | None, *, is_segment: bool) -> SpanKind:
    """What a document measures, given its parent's kind (None: it has none)."""
    name = text(node.get("name"))
    if node.get("inferred") is True:
        return SpanKind.INFERRED
    if is_segment:
        return _segment_kind(node)
    own = object_of(object_of(node.get("metadata")).get("monitor")).get("kind")
    if own in ("import", "phase", "handler"):
        return SpanKind(own)
    if parent in (SpanKind.IMPORT, SpanKind.PHASE):
        return SpanKind.IMPORT
    if parent in (SpanKind.FUNCTION, None) and name in _UNDER_FUNCTION:
        return _UNDER_FUNCTION[name]
    if name in ("Dwell Time", "QueueTime") and parent in (SpanKind.SERVICE, SpanKind.INFERRED):
        return SpanKind.DWELL
    if name.startswith("Attempt #") and parent is SpanKind.SERVICE:
        return SpanKind.ATTEMPT
    if node.get("namespace") in ("aws", "remote"):
        return SpanKind.DOWNSTREAM
    return SpanKind.HANDLER if name.startswith("## ") else SpanKind.LOCAL


def _segment_kind(node: Json) -> SpanKind:
    origin = node.get("origin")
    if origin == SERVICE_ORIGIN:
        return SpanKind.SERVICE
    if origin == FUNCTION_ORIGIN:
        return SpanKind.FUNCTION
    # The documentation's fragments of subsegments have a namespace, real segments have none.
    return SpanKind.DOWNSTREAM if node.get("namespace") in ("aws", "remote") else SpanKind.SEGMENT


def make_span(
    node: Json, span_id: str, parent_id: str, start_s: float, kind: SpanKind, children: tuple[Span, ...]
) -> Span:
    """The span of a document whose place in the tree is known."""
    cause = node.get("cause")
    details = object_of(cause)
    return Span(
        id=span_id,
        name=text(node.get("name")),
        start_s=start_s,
        end_s=None if node.get("in_progress") is True else time_s(node.get("end_time")),
        kind=kind,
        parent_id=parent_id,
        origin=text(node.get("origin")),
        namespace=text(node.get("namespace")),
        resource_arn=text(node.get("resource_arn")),
        inferred=node.get("inferred") is True,
        fault=node.get("fault") is True,
        error=node.get("error") is True,
        throttle=node.get("throttle") is True,
        cause_message=text(details.get("message")),
        cause_id=cause if isinstance(cause, str) else "",
        exceptions=tuple(map(_exception, list_of(details.get("exceptions"))[:MAX_EXCEPTIONS])),
        http=_http(node.get("http")),
        aws=_aws(node.get("aws")),
        sql=_sql(node.get("sql")),
        annotations=_annotations(node.get("annotations")),
        metadata={str(key): bounded(item) for key, item in object_of(node.get("metadata")).items()},
        links=tuple(link for link in map(_link, list_of(node.get("links"))) if link.trace_id),
        children=children,
    )


def _exception(value: object) -> SpanException:
    node = object_of(value)
    frames = [object_of(frame) for frame in list_of(node.get("stack"))]
    # Java and Node.js write the innermost frame first, Python's SDK and runtime client last.
    if frames and text(frames[-1].get("path")).endswith(".py"):
        frames.reverse()
    return SpanException(
        type=text(node.get("type")),
        message=text(node.get("message")),
        stack=tuple(
            Frame(text(f.get("path")), integer(f.get("line")), text(f.get("label"))) for f in frames[:MAX_FRAMES]
        ),
        remote=node.get("remote") is True,
        id=text(node.get("id")),
        truncated=max(0, integer(node.get("truncated")) or 0),
    )


def _http(value: object) -> Http | None:
    node = object_of(value)
    if not node:
        return None
    request, response = object_of(node.get("request")), object_of(node.get("response"))
    http = Http(text(request.get("method")), text(request.get("url")), integer(response.get("status")))
    return None if http == Http() else http


def _aws(value: object) -> AwsCall | None:
    node = object_of(value)
    if not node:
        return None
    names = [text(name) for name in list_of(node.get("resource_names"))]
    names += [text(node[key]) for key in _RESOURCE_KEYS if key in node]
    groups = (text(object_of(log).get("log_group")) for log in list_of(node.get("cloudwatch_logs")))
    call = AwsCall(
        operation=text(node.get("operation")),
        region=text(node.get("region")),
        resource_names=tuple(dict.fromkeys(name for name in names if name)),
        request_id=text(node.get("request_id")),
        retries=integer(node.get("retries")),
        function_arn=text(node.get("function_arn")),
        log_groups=tuple(group for group in groups if group),
    )
    return None if call == AwsCall() else call


def _sql(value: object) -> Sql | None:
    node = object_of(value)
    if not node:
        return None
    sql = Sql(text(node.get("url")), text(node.get("database_type")), text(node.get("sanitized_query")))
    return None if sql == Sql() else sql


def _annotations(value: object) -> dict[str, str | float | bool]:
    found: dict[str, str | float | bool] = {}
    for key, item in object_of(value).items():
        if isinstance(item, str | bool) or (isinstance(item, int | float) and number(item) is not None):
            found[str(key)] = item
    return found


def _link(value: object) -> Link:
    node = object_of(value)
    reference = text(object_of(node.get("attributes")).get("aws.xray.reserved.reference_type"))
    return Link(text(node.get("trace_id")), text(node.get("id")), reference)
