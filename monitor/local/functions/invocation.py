"""What goes into an execution environment and what comes out of it."""

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
    """JSON, or "" when the caller gave none."""
    received_s: float
    """Epoch seconds at which the service took the request."""


@dataclass(frozen=True, slots=True)
class InitSpan:
    """An init phase of its own (not one folded into an invocation), epoch seconds."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class InvokeResult:
    """One finished invocation. `function_error` is "" or Unhandled, as X-Amz-Function-Error has it."""

    payload: bytes
    function_error: str
    report: Report
    log_tail: bytes
    init: InitSpan | None
    start_s: float
    answered_s: float
    end_s: float
    xray_cause: str
    """The runtime's own description of an exception, JSON, or ""."""
