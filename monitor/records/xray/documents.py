"""Segment documents and OpenTelemetry spans -> traces, in all the shapes they are saved in.

`parse_traces` takes what a file or an API answered: `aws xray batch-get-traces` output, one trace, bare segment
documents, a daemon's datagrams one a line, OTLP as JSON or protobuf, spans of `aws/spans`. Spans are put in a tree by
their ids, whatever the documents' order, doubling or depth. Nothing in them raises: what cannot be read is in
`Trace.absent`, with a reason.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.kernel.encodings import decode_text
from monitor.kernel.json_fields import list_of, object_of
from monitor.records.xray.otlp import documents_of, is_request, is_span, parse_protobuf
from monitor.records.xray.span import Json, integer, kind_of, make_span, number, text, time_s
from monitor.records.xray.trace import Absence, AbsenceKind, Span, SpanKind, Trace, TraceSummary

# Real traces are 5 to 15 deep; what recurses over a span must stay far from Python's own limit.
MAX_DEPTH = 64
_MARGIN = re.compile(r"(?<=\n)[\[{]")


def parse_traces(data: object) -> tuple[Trace, ...]:
    """Every trace in `data`: text or bytes of JSON values, or what `json.loads` made of one.

    Documents without an envelope are grouped by their trace_id. Ids that X-Ray reported as
    unprocessed come out as empty traces with the reason.
    """
    if isinstance(data, bytes | bytearray):
        request = _protobuf(bytes(data))
        if request is not None:
            return _from_list([request])
        data = decode_text(bytes(data), "replace")
    values = list(_values(data)) if isinstance(data, str) else [data]
    if len(values) == 1 and isinstance(values[0], list):
        values = values[0]
    elif len(values) == 1 and isinstance(events := object_of(values[0]).get("events"), list):
        values = events  # `aws logs filter-log-events`
    return _from_list(values)


def parse_trace(documents: Iterable[object], trace_id: str = "", duration_s: float | None = None) -> Trace:
    """One trace from its documents, each a JSON text, an object, or `{"Id", "Document"}` around either."""
    absent: list[Absence] = []
    nodes: list[Json] = []
    for document in documents:
        node = _document(document)
        if isinstance(node, Absence):
            absent.append(node)
        else:
            nodes.append(node)
    if not trace_id:
        trace_id = next((found for node in nodes if (found := text(node.get("trace_id")))), "")
    roots, lacking = build_tree(nodes)
    return Trace(trace_id, duration_s, roots, (*absent, *lacking))


def parse_summary(raw: object) -> TraceSummary | None:
    """One item of GetTraceSummaries; None when it is not an object with an Id.

    StartTime is missing from older saved answers: then the trace id's own time is taken.
    """
    node = object_of(raw)
    trace_id = text(node.get("Id"))
    if not trace_id:
        return None
    http = object_of(node.get("Http"))
    services = (text(object_of(service).get("Name")) for service in list_of(node.get("ServiceIds")))
    arns = (text(object_of(resource).get("ARN")) for resource in list_of(node.get("ResourceARNs")))
    return TraceSummary(
        id=trace_id,
        start_ms=_start_ms(node.get("StartTime"), trace_id),
        duration_ms=_positive_ms(node.get("Duration")),
        response_ms=_positive_ms(node.get("ResponseTime")),
        has_fault=node.get("HasFault") is True,
        has_error=node.get("HasError") is True,
        has_throttle=node.get("HasThrottle") is True,
        partial=node.get("IsPartial") is True,
        url=text(http.get("HttpURL")),
        method=text(http.get("HttpMethod")),
        status=integer(http.get("HttpStatus")),
        annotations={
            str(key): values
            for key, found in object_of(node.get("Annotations")).items()
            if (values := _annotation_values(found))
        },
        services=tuple(dict.fromkeys(service for service in services if service)),
        resource_arns=tuple(arn for arn in arns if arn),
    )


def trace_id_time_ms(trace_id: str) -> float | None:
    """The time that a trace id carries (`1-` and eight hex digits of epoch seconds), whole seconds."""
    version, _, rest = trace_id.partition("-")
    digits = rest.partition("-")[0]
    if version != "1" or len(digits) != 8:
        return None
    try:
        return int(digits, 16) * 1000.0
    except ValueError:
        return None


def _values(data: str) -> Iterator[object]:
    """The JSON values in `data`, one after another; what is not JSON comes out as the text it is."""
    decoder = json.JSONDecoder()
    position = 0
    while position < len(data):
        if data[position].isspace():
            position += 1
            continue
        try:
            value, position = decoder.raw_decode(data, position)
        except (ValueError, RecursionError):
            # Go on where a value can start: at the left margin, never inside one that is cut.
            found = _MARGIN.search(data, position + 1)
            end = found.start() if found else len(data)
            yield data[position:end]
            position = end
        else:
            if not (isinstance(value, dict) and set(value) == {"format", "version"}):
                yield value


def _protobuf(data: bytes) -> Json | None:
    """OTLP protobuf as OTLP JSON has it; None for anything else. A request begins with a 10, which text seldom does."""
    if not data.startswith(b"\n"):
        return None
    try:
        return parse_protobuf(data)
    except ValueError:
        return None


def _from_list(elements: list[object]) -> tuple[Trace, ...]:
    traces: list[Trace] = []
    loose: dict[str, list[object]] = {}
    opentelemetry = [node for element in elements if is_request(node := _logged(element)) or is_span(node)]
    for document in documents_of(opentelemetry):
        loose.setdefault(text(document["trace_id"]), []).append(document)
    for element in elements:
        node = _logged(element)
        if is_request(node) or is_span(node):
            continue
        if isinstance(node.get("Traces"), list):
            missing = [text(trace_id) for trace_id in list_of(node.get("UnprocessedTraceIds"))]
            traces += [_from_envelope(object_of(trace)) for trace in list_of(node["Traces"])]
            traces += [_not_found(trace_id) for trace_id in missing if trace_id]
        elif "Segments" in node or "Spans" in node:
            traces.append(_from_envelope(node))
        elif node and all("Segments" in object_of(value) for value in node.values()):
            # By their ids, as programs save them.
            traces += [_from_envelope({"Id": trace_id, **object_of(value)}) for trace_id, value in node.items()]
        else:
            found = _document(element)
            trace_id = "" if isinstance(found, Absence) else text(found.get("trace_id"))
            loose.setdefault(trace_id, []).append(element)
    # Documents without an id (fragments, what cannot be read) belong to the only trace there is.
    if "" in loose and len(loose) == 2:
        nameless = loose.pop("")
        next(iter(loose.values())).extend(nameless)
    traces += [parse_trace(documents, trace_id) for trace_id, documents in loose.items()]
    return tuple(traces)


def _logged(element: object) -> Json:
    """An object, also one that is the `message` of a saved log event, as the events of `aws/spans` are."""
    node: Json = object_of(element)
    message = node.get("message", node.get("@message"))
    if isinstance(message, str) and '"spanId"' in message:
        inner: Json | Absence = _document(message)
        return {} if isinstance(inner, Absence) else inner
    return node


def _from_envelope(node: Json) -> Trace:
    # ListRetrievedTraces calls a trace's documents Spans, BatchGetTraces calls them Segments.
    documents = [*list_of(node.get("Segments")), *list_of(node.get("Spans"))]
    trace = parse_trace(documents, text(node.get("Id")), _positive(node.get("Duration")))
    if node.get("LimitExceeded") is not True:
        return trace
    reason = "the trace is over X-Ray's limit on its size: later segments are left out"
    cut = Absence(AbsenceKind.CUT, trace.id, reason)
    return Trace(trace.id, trace.duration_s, trace.roots, (*trace.absent, cut))


def _document(element: object) -> Json | Absence:
    what = "document"
    if isinstance(element, dict) and "Document" in element:
        what = text(element.get("Id")) or what
        element = element["Document"]
    if isinstance(element, str | bytes | bytearray):
        try:
            element = json.loads(element)
        except ValueError as error:
            reason = f"not JSON, or cut: {error}" if element else "empty"
            return Absence(AbsenceKind.UNREADABLE, what, reason)
        except RecursionError:
            return Absence(AbsenceKind.UNREADABLE, what, "nested too deep to be read")
    if isinstance(element, dict):
        return element
    return Absence(AbsenceKind.UNREADABLE, what, f"not a JSON object but {type(element).__name__}")


def _not_found(trace_id: str) -> Trace:
    reason = "X-Ray did not return it: not indexed yet, older than 30 days, or not sampled"
    return Trace(trace_id, absent=(Absence(AbsenceKind.NOT_FOUND, trace_id, reason),))


def _positive(value: object) -> float | None:
    found = number(value)
    return found if found is not None and found >= 0 else None


def _positive_ms(value: object) -> float | None:
    found = _positive(value)
    return None if found is None else found * 1000


def _start_ms(value: object, trace_id: str) -> float | None:
    if isinstance(value, str) and number(value) is None:
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if isinstance(value, datetime):
        try:
            return value.timestamp() * 1000
        except (OverflowError, OSError, ValueError):
            return None
    found = time_s(value)
    return trace_id_time_ms(trace_id) if found is None else found * 1000


def _annotation_values(found: object) -> tuple[str | float | bool, ...]:
    values: list[str | float | bool] = []
    for item in list_of(found):
        for value in object_of(object_of(item).get("AnnotationValue")).values():
            if isinstance(value, str | bool):
                values.append(value)
            elif (as_number := number(value)) is not None:
                values.append(as_number)
    return tuple(values)


@dataclass(slots=True)
class _Node:
    raw: Json
    id: str
    parent_id: str
    is_segment: bool
    parent: "_Node | None" = None
    children: list["_Node"] = field(default_factory=list)
    depth: int = 0
    start_s: float | None = None
    kind: SpanKind = SpanKind.LOCAL

    @property
    def label(self) -> str:
        name = text(self.raw.get("name"))
        return f"{name} ({self.id})" if name else self.id

    @property
    def is_done(self) -> bool:
        return time_s(self.raw.get("end_time")) is not None and self.raw.get("in_progress") is not True


def build_tree(documents: Sequence[Json]) -> tuple[tuple[Span, ...], tuple[Absence, ...]]:
    """The top spans of `documents` in order of time, and what is not in the tree as it was sent."""
    absent: list[Absence] = []
    nodes = _link(_merged(_flatten(documents, absent), absent), absent)
    ordered = _ordered(nodes, absent)
    for node in reversed(ordered):
        known = [child.start_s for child in node.children if child.start_s is not None]
        node.start_s = time_s(node.raw.get("start_time"))
        if node.start_s is None and known:
            node.start_s = min(known)
    return _spans(ordered, absent), tuple(absent)


def _flatten(documents: Sequence[Json], absent: list[Absence]) -> list[_Node]:
    nodes: list[_Node] = []
    for document in documents:
        is_fragment = "subsegments" in document and not ("name" in document or "id" in document)
        if is_fragment:
            absent.append(Absence(AbsenceKind.FRAGMENT, "document", "subsegments without their segment"))
        pending: list[tuple[object, str, bool]] = [(document, "", document.get("type") != "subsegment")]
        if is_fragment:
            pending = [(child, "", False) for child in reversed(list_of(document.get("subsegments")))]
        while pending:
            raw, parent_id, is_segment = pending.pop()
            if not isinstance(raw, dict):
                absent.append(Absence(AbsenceKind.UNREADABLE, parent_id, "a subsegment that is not an object"))
                continue
            node_id = text(raw.get("id")) or f"#{len(nodes) + 1}"
            nodes.append(_Node(raw, node_id, parent_id or text(raw.get("parent_id")), is_segment))
            pending += [(child, node_id, False) for child in reversed(list_of(raw.get("subsegments")))]
    return nodes


def _merged(nodes: list[_Node], absent: list[Absence]) -> list[_Node]:
    """One node an id. A finished document replaces the one sent while it was in progress."""
    by_id: dict[str, _Node] = {}
    for node in nodes:
        known = by_id.get(node.id)
        if known is None:
            by_id[node.id] = node
        elif known.raw.get("name") != node.raw.get("name"):
            absent.append(Absence(AbsenceKind.DOUBLED, node.label, f"its id is also that of {known.label}"))
            node.id = f"{node.id}#{len(by_id) + 1}"
            by_id[node.id] = node
        else:
            if known.is_done == node.is_done:
                absent.append(Absence(AbsenceKind.DOUBLED, node.label, "sent twice, shown once"))
            first, last = (node.raw, known.raw) if known.is_done else (known.raw, node.raw)
            finished = known.is_done or node.is_done
            known.raw = {**first, **last, "in_progress": False} if finished else {**first, **last}
            known.parent_id = known.parent_id or node.parent_id
    return list(by_id.values())


def _link(nodes: list[_Node], absent: list[Absence]) -> list[_Node]:
    by_id = {node.id: node for node in nodes}
    for node in nodes:
        node.parent = by_id.get(node.parent_id)
        if node.parent is node:
            node.parent = None
        if node.parent is not None:
            node.parent.children.append(node)
        elif node.parent_id:
            reason = f"its parent {node.parent_id} is in no document"
            absent.append(Absence(AbsenceKind.NO_PARENT, node.label, reason))
    return nodes


def _ordered(nodes: list[_Node], absent: list[Absence]) -> list[_Node]:
    """Parents before children; circles opened, depth bounded."""
    ordered: list[_Node] = []
    seen: set[int] = set()
    too_deep = 0
    for root in [*(node for node in nodes if node.parent is None), *nodes]:
        if id(root) in seen:
            continue
        if root.parent is not None:
            absent.append(Absence(AbsenceKind.NO_PARENT, root.label, "its parents form a circle"))
            root.parent = None
        seen.add(id(root))
        pending = [root]
        while pending:
            node = pending.pop()
            ordered.append(node)
            above = node.parent
            if above is not None and above.depth >= MAX_DEPTH and above.parent is not None:
                too_deep += 1
                node.parent = above.parent
            node.depth = 0 if node.parent is None else node.parent.depth + 1
            below = [child for child in node.children if id(child) not in seen]
            seen.update(map(id, below))
            pending += below
    if too_deep:
        reason = f"nested deeper than {MAX_DEPTH} levels: shown at level {MAX_DEPTH}"
        absent.append(Absence(AbsenceKind.CUT, f"{too_deep} subsegments", reason))
    for node in nodes:
        node.children = []
    for node in nodes:
        if node.parent is not None:
            node.parent.children.append(node)
    return ordered


def _spans(ordered: list[_Node], absent: list[Absence]) -> tuple[Span, ...]:
    for node in ordered:
        above = None if node.parent is None else node.parent.kind
        node.kind = kind_of(node.raw, above, is_segment=node.is_segment)
    built: dict[int, Span] = {}
    tops: list[Span] = []
    for node in reversed(ordered):
        children = [built.pop(id(child)) for child in node.children if id(child) in built]
        if node.start_s is None:
            absent.append(Absence(AbsenceKind.NO_TIME, node.label, "no start_time: it has no place in the trace"))
            continue
        parent_id = node.parent.id if node.parent else node.parent_id
        span = make_span(node.raw, node.id, parent_id, node.start_s, node.kind, _by_time(children))
        if node.parent is None:
            tops.append(span)
        else:
            built[id(node)] = span
    return _by_time(tops[::-1])


def _by_time(spans: list[Span]) -> tuple[Span, ...]:
    return tuple(sorted(spans, key=lambda span: span.start_s))
