"""The request to an execution environment and its result."""

from dataclasses import dataclass

from monitor.local.functions.platform_log import Report, TraceRef


@dataclass(frozen=True, slots=True)
class InvokeRequest:
    """One event for a function."""

    request_id: str
    payload: bytes
    invoked_arn: str
    trace: TraceRef
    client_context: str
    """JSON, or "" when the caller sent none."""
    received_s: float
    """Epoch seconds at which the service received the request."""


@dataclass(frozen=True, slots=True)
class InitSpan:
    """A separate init phase (not one inside an invocation), in epoch seconds."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class InvokeResult:
    """One finished invocation. `function_error` is the value of X-Amz-Function-Error: "" or Unhandled."""

    payload: bytes
    function_error: str
    report: Report
    log_tail: bytes
    init: InitSpan | None
    start_s: float
    answered_s: float
    end_s: float
    xray_cause: str
    """The runtime's description of an exception as JSON, or ""."""
