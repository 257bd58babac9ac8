"""X-Ray documents -> traces, in all the shapes they are saved in.

`parse_traces` takes what a file or an API answered: `aws xray batch-get-traces` output, one trace,
bare segment documents, a daemon's datagrams one a line. Nothing in them raises: what cannot be
read is in `Trace.absent`, with a reason.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from monitor.kernel.json_fields import list_of, object_of
from monitor.records.xray.span import Json, integer, number, text, time_s
from monitor.records.xray.trace import Absence, AbsenceKind, Trace, TraceSummary
from monitor.records.xray.tree import build_tree

_MARGIN = re.compile(r"(?<=\n)[\[{]")


def parse_traces(data: object) -> tuple[Trace, ...]:
    """Every trace in `data`: text or bytes of JSON values, or what `json.loads` made of one.

    Documents without an envelope are grouped by their trace_id. Ids that X-Ray reported as
    unprocessed come out as empty traces with the reason.
    """
    if isinstance(data, bytes | bytearray):
        data = data.decode("utf-8", "replace")
    if isinstance(data, str):
        values = list(_values(data))
        return _from_list(values[0] if len(values) == 1 and isinstance(values[0], list) else values)
    return _from_list(data if isinstance(data, list) else [data])


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


def _from_list(elements: list[object]) -> tuple[Trace, ...]:
    traces: list[Trace] = []
    loose: dict[str, list[object]] = {}
    for element in elements:
        node = object_of(element)
        if isinstance(node.get("Traces"), list):
            missing = [text(trace_id) for trace_id in list_of(node.get("UnprocessedTraceIds"))]
            traces += [_from_envelope(object_of(trace)) for trace in list_of(node["Traces"])]
            traces += [_not_found(trace_id) for trace_id in missing if trace_id]
        elif "Segments" in node or "Spans" in node:
            traces.append(_from_envelope(node))
        else:
            document = _document(element)
            trace_id = "" if isinstance(document, Absence) else text(document.get("trace_id"))
            loose.setdefault(trace_id, []).append(element)
    # Documents without an id (fragments, what cannot be read) belong to the only trace there is.
    if "" in loose and len(loose) == 2:
        nameless = loose.pop("")
        next(iter(loose.values())).extend(nameless)
    traces += [parse_trace(documents, trace_id) for trace_id, documents in loose.items()]
    return tuple(traces)


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
