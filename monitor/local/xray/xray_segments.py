"""The two segments that Lambda writes for an invocation (in the layout before 2025).

`AWS::Lambda` is the service's segment. Its child `AWS::Lambda::Function` contains Initialization (before its start,
only for cold starts), Invocation and Overhead. The handler's own subsegments arrive from the SDK with the function
segment as parent.
"""

import json
import random
import secrets
import time
from collections.abc import Callable
from typing import Any

from monitor.local.functions.function_spec import FunctionSpec
from monitor.local.functions.invocation import InvokeRequest, InvokeResult
from monitor.local.functions.platform_log import TraceRef
from monitor.records.platform import parse_trace_header
from monitor.records.xray.span import FUNCTION_ORIGIN, INITIALIZATION, INVOCATION, OVERHEAD, SERVICE_ORIGIN


def new_segment_id() -> str:
    """16 hexadecimal digits."""
    return secrets.token_hex(8)


def new_trace_id(now_s: float) -> str:
    """Version 1: epoch seconds in hex, then 96 random bits."""
    return f"1-{int(now_s):08x}-{secrets.token_hex(12)}"


class Sampler:
    """Lambda's fixed rule: the first request of each second, then 5%."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._second = -1

    def sample(self, now_s: float) -> bool:
        if int(now_s) != self._second:
            self._second = int(now_s)
            return True
        return self._chance() < 0.05


def open_trace(header: str, active: bool, sampler: Sampler, now_s: float) -> tuple[TraceRef, str]:
    """The trace of an invocation, and the caller's segment ("" at the root).

    The caller's sampling decision is used. Without one the sampler decides, if tracing is active.
    """
    fields = parse_trace_header(header)
    decided = fields.get("Sampled") in ("0", "1")
    sampled = fields["Sampled"] == "1" if decided else active and sampler.sample(now_s)
    root = fields.get("Root") or new_trace_id(now_s)
    return TraceRef(root, new_segment_id(), sampled), fields.get("Parent", "")


def lambda_segments(spec: FunctionSpec, request: InvokeRequest, result: InvokeResult, parent: str) -> list[str]:
    """The segment documents of one invocation, as JSON."""
    service_id = new_segment_id()
    flags = _flags(result)
    function: dict[str, Any] = {
        "id": request.trace.segment_id,
        "trace_id": request.trace.trace_id,
        "parent_id": service_id,
        "name": spec.name,
        "start_time": result.start_s,
        "end_time": result.end_s,
        "origin": FUNCTION_ORIGIN,
        "aws": {
            "account_id": spec.tenant.account,
            "function_arn": spec.arn,
            "resource_names": [spec.name],
        },
        **flags,
        "subsegments": _subsegments(spec, result, flags),
    }
    service: dict[str, Any] = {
        "id": service_id,
        "trace_id": request.trace.trace_id,
        "name": spec.name,
        "start_time": request.received_s,
        "end_time": max(time.time(), result.end_s),
        "origin": SERVICE_ORIGIN,
        "resource_arn": spec.arn,
        "http": {"response": {"status": 200}},
        "aws": {"request_id": request.request_id},
        **{key: value for key, value in flags.items() if key != "cause"},
    }
    if parent:
        service["parent_id"] = parent
    return [json.dumps(service), json.dumps(function)]


def _subsegments(spec: FunctionSpec, result: InvokeResult, flags: dict[str, Any]) -> list[dict[str, Any]]:
    aws = {"function_arn": spec.arn}
    found: list[dict[str, Any]] = []
    if result.init is not None and result.init.end_s > result.init.start_s:
        # The init ends when the runtime requests an event; the event is delivered a moment later.
        end_s = min(result.init.end_s, result.start_s)
        found.append(_subsegment(INITIALIZATION, result.init.start_s, end_s, aws))
    outcome = {key: value for key, value in flags.items() if key != "cause"}
    found.append(_subsegment(INVOCATION, result.start_s, result.answered_s, aws) | outcome)
    found.append(_subsegment(OVERHEAD, result.answered_s, max(result.end_s, result.answered_s), aws))
    return found


def _subsegment(name: str, start_s: float, end_s: float, aws: dict[str, str]) -> dict[str, Any]:
    return {"id": new_segment_id(), "name": name, "start_time": start_s, "end_time": end_s, "aws": aws}


def _flags(result: InvokeResult) -> dict[str, Any]:
    """For a failed invocation: error or fault, and the exception in X-Ray's format."""
    if not result.function_error:
        return {}
    try:
        payload = json.loads(result.payload)
    except ValueError:
        payload = {}
    exception: dict[str, Any] = {
        "id": new_segment_id(),
        "type": str(payload.get("errorType") or result.report.error_type or "Error"),
        "message": str(payload.get("errorMessage", "")),
    }
    cause: dict[str, Any] = {"exceptions": [exception]}
    try:
        described = json.loads(result.xray_cause) if result.xray_cause else {}
    except ValueError:
        described = {}
    if isinstance(described, dict) and described.get("exceptions"):
        cause["working_directory"] = described.get("working_directory", "")
        cause["paths"] = described.get("paths", [])
        exception["stack"] = described["exceptions"][0].get("stack", [])
    # As in real traces: an exception of the handler is an error, a failure of the runtime is a fault.
    return {"fault" if result.report.platform_failed else "error": True, "cause": cause}
