"""GetTraceSummaries: summaries of the traces in a time range that match a filter expression, in pages."""

import base64
import json
import time
from dataclasses import dataclass
from typing import Any

from monitor.kernel.json_fields import number_of
from monitor.local.server.http_answer import HttpAnswer, error_answer, json_answer
from monitor.local.xray.filter_expression import BadExpressionError, compile_expression
from monitor.local.xray.trace_facts import Annotation, ServiceFacts, TraceFacts, read_facts
from monitor.local.xray.xray_store import XRayStore

_PAGE = 100


@dataclass(frozen=True, slots=True, order=True)
class _Position:
    """The sort key of traces: start, then id. A token contains the last position of a page."""

    start_s: float
    trace_id: str


def get_trace_summaries(store: XRayStore, payload: dict[str, Any]) -> HttpAnswer:
    """Answer one request. `payload` is its JSON body, with times in epoch seconds."""
    start, end = payload.get("StartTime"), payload.get("EndTime")
    start, end = number_of(start), number_of(end)
    if start is None or end is None or start > end:
        return error_answer(400, "InvalidRequestException", "StartTime and EndTime must be a range in epoch seconds")
    try:
        matches = compile_expression(str(payload.get("FilterExpression") or ""))
        after = _read_token(payload.get("NextToken"))
    except BadExpressionError as error:
        return error_answer(400, "InvalidRequestException", f"FilterExpression: {error}")
    except ValueError:
        return error_answer(400, "InvalidRequestException", "NextToken is not valid")
    by_event = payload.get("TimeRangeType") == "Event"
    found: list[tuple[_Position, TraceFacts]] = []
    seen = 0
    for trace in store.traces():
        facts = read_facts(trace)
        seen += 1
        # By TraceId (the default) only the start of a trace must be in the range.
        last_s = facts.end_s if by_event else facts.start_s
        if facts.start_s <= end and last_s >= start and matches(facts):
            found.append((_Position(facts.start_s, facts.trace_id), facts))
    found.sort(key=lambda pair: pair[0])
    rest = [pair for pair in found if after is None or pair[0] > after]
    page = rest[:_PAGE]
    answer: dict[str, Any] = {
        "TraceSummaries": [summary(facts) for _, facts in page],
        "ApproximateTime": time.time(),
        "TracesProcessedCount": seen,
    }
    if len(rest) > _PAGE:
        answer["NextToken"] = _token(page[-1][0])
    return json_answer(answer)


def summary(facts: TraceFacts) -> dict[str, Any]:
    """One TraceSummary (X-Ray API reference)."""
    root = facts.root
    http = dict(root.http)
    names = {"HttpURL": "url", "HttpStatus": "status", "HttpMethod": "method", "UserAgent": "user_agent"}
    names["ClientIp"] = "client_ip"
    services = list({_service_key(one): _service_id(one) for one in facts.services}.values())
    return {
        "Id": facts.trace_id,
        "StartTime": facts.start_s,
        "MatchedEventTime": facts.start_s,
        "Duration": round(facts.duration_s, 3),
        "ResponseTime": round(root.duration_s, 3),
        "HasFault": root.fault,
        "HasError": root.error,
        "HasThrottle": root.throttle,
        "IsPartial": any(one.in_progress for one in facts.services),
        "Http": {name: http[field] for name, field in names.items() if field in http},
        "Annotations": _annotations(facts),
        "Users": _users(facts),
        "ServiceIds": services,
        "ResourceARNs": [{"ARN": arn} for arn in dict.fromkeys(one.arn for one in facts.services) if arn],
        "InstanceIds": [],
        "AvailabilityZones": [],
        "EntryPoint": _service_id(root),
        "FaultRootCauses": [],
        "ErrorRootCauses": [],
        "ResponseTimeRootCauses": [],
        "Revision": 1,
    }


def _service_key(one: ServiceFacts) -> tuple[str, str, str]:
    return (one.name, one.type, one.account)


def _service_id(one: ServiceFacts) -> dict[str, Any]:
    found: dict[str, Any] = {"Name": one.name, "Names": [one.name]}
    if one.type:
        found["Type"] = one.type
    if one.account:
        found["AccountId"] = one.account
    return found


def _annotations(facts: TraceFacts) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in facts.services:
        for key, value in one.annotations:
            entry = {"AnnotationValue": _annotation_value(value), "ServiceIds": [_service_id(one)]}
            found.setdefault(key, []).append(entry)
    return found


def _annotation_value(value: Annotation) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BooleanValue": value}
    return {"NumberValue": value} if isinstance(value, int | float) else {"StringValue": value}


def _users(facts: TraceFacts) -> list[dict[str, Any]]:
    return [{"UserName": user, "ServiceIds": [_service_id(one)]} for one in facts.services for user in one.users]


def _token(position: _Position) -> str:
    return base64.urlsafe_b64encode(json.dumps([position.start_s, position.trace_id]).encode()).decode()


def _read_token(token: Any) -> _Position | None:
    if not token:
        return None
    try:
        start_s, trace_id = json.loads(base64.urlsafe_b64decode(str(token)))
        return _Position(float(start_s), str(trace_id))
    except (TypeError, UnicodeError, OverflowError, RecursionError) as error:
        raise ValueError(str(error)) from None
