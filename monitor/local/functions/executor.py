"""Lambda's Invoke: from the HTTP request to the response, with log, metrics and trace segments."""

import asyncio
import base64
import json
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from monitor.local.functions.function_spec import FunctionSpec, read_function
from monitor.local.functions.invocation import InvokeRequest, InvokeResult
from monitor.local.functions.lambda_metrics import LambdaMetrics
from monitor.local.functions.pool import Pool
from monitor.local.functions.unpack import BadPackageError
from monitor.local.server.aws_calls import AwsCalls
from monitor.local.server.http_answer import HttpAnswer, error_answer
from monitor.local.server.tenant import Tenant
from monitor.local.xray.xray_segments import Sampler, lambda_segments, open_trace

MAX_SYNC_BYTES = 6_291_456
MAX_ASYNC_BYTES = 1_048_576
ACCOUNT_CONCURRENCY = 1000
# The client context of a DryRun, which never reaches a function. Lambda itself ignores it.
NEW_ENVIRONMENT = "monitor.new-environment"


@dataclass(frozen=True, slots=True)
class InvokeCall:
    """The relevant parts of an Invoke request."""

    tenant: Tenant
    function: str
    """The function's name."""
    qualifier: str
    """A version, an alias, or ""."""
    invocation_type: str
    log_type: str
    client_context: str
    trace_header: str
    payload: bytes


class Executor:
    """Runs invocations. It is used from one event loop only, together with its pool."""

    def __init__(
        self, emulator: AwsCalls, aws: AwsCalls, pool: Pool, put_segment: Callable[[str], None], max_running: int
    ) -> None:
        self._emulator = emulator
        self._metrics = LambdaMetrics(aws)
        self._pool = pool
        self._put_segment = put_segment
        self._places = asyncio.Semaphore(max_running)
        self._sampler = Sampler()
        self._accepted: Counter[tuple[str, str, str]] = Counter()
        self._background: set[asyncio.Task[HttpAnswer]] = set()

    async def invoke(self, call: InvokeCall) -> HttpAnswer:
        """Answer an Invoke request. A DryRun with NEW_ENVIRONMENT makes the next invocation a cold start."""
        received_s = time.time()
        refused = _check_payload(call)
        if refused is not None:
            return refused
        query = f"Qualifier={quote(call.qualifier, safe='')}".encode() if call.qualifier else b""
        path = f"/2015-03-31/functions/{quote(call.function, safe=':$')}"
        found = await self._emulator.rest(call.tenant, "GET", path, query)
        if found.status != 200:
            headers = tuple((name, value) for name, value in found.headers if name == "x-amzn-errortype")
            return HttpAnswer(found.status, found.body, headers)
        spec = read_function(call.tenant, json.loads(found.body))
        if not spec.runtime.startswith("python"):
            message = f"The embedded stack runs functions in Python, not {spec.runtime or 'container images'}."
            return error_answer(400, "InvalidParameterValueException", message, {"Type": "User"})
        if call.invocation_type == "DryRun":
            if _wants_new_environment(call.client_context):
                self._pool.retire(spec.function_key)
            return HttpAnswer(204)
        throttled = self._throttle(spec)
        if throttled is not None:
            await self._metrics.throttled(spec, _resource(spec, call), received_s)
            return throttled
        self._accepted[spec.function_key] += 1
        running = asyncio.create_task(self._run(spec, call, received_s))
        self._background.add(running)
        running.add_done_callback(self._background.discard)
        if call.invocation_type == "Event":
            return HttpAnswer(202)
        # A caller that disconnects does not stop a function.
        return await asyncio.shield(running)

    async def close(self) -> None:
        """Cancel running invocations and close every environment."""
        for task in list(self._background):
            task.cancel()
        await self._pool.close()

    def _throttle(self, spec: FunctionSpec) -> HttpAnswer | None:
        reserved = spec.reserved_concurrency
        if reserved is not None and self._accepted[spec.function_key] >= reserved:
            reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
        elif self._accepted.total() >= ACCOUNT_CONCURRENCY:
            reason = "ConcurrentInvocationLimitExceeded"
        else:
            return None
        return error_answer(429, "TooManyRequestsException", "Rate Exceeded.", {"Reason": reason, "Type": "User"})

    async def _run(self, spec: FunctionSpec, call: InvokeCall, received_s: float) -> HttpAnswer:
        try:
            async with self._places:
                return await self._run_in_place(spec, call, received_s)
        finally:
            self._accepted[spec.function_key] -= 1

    async def _run_in_place(self, spec: FunctionSpec, call: InvokeCall, received_s: float) -> HttpAnswer:
        trace, parent = open_trace(call.trace_header, spec.tracing_active, self._sampler, received_s)
        request = InvokeRequest(
            request_id=str(uuid.uuid4()),
            payload=call.payload or b"{}",
            invoked_arn=f"{spec.arn}:{call.qualifier}" if call.qualifier else spec.arn,
            trace=trace,
            client_context=_client_context(call.client_context),
            received_s=received_s,
        )
        try:
            environment = await self._pool.take(spec)
        except BadPackageError as error:
            return error_answer(502, "InvalidZipFileException", str(error))
        concurrent = self._accepted[spec.function_key]
        try:
            result = await environment.invoke(request)
        except OSError as error:
            environment.retired = True
            return error_answer(500, "ServiceException", f"the sandbox could not be started: {error}")
        finally:
            self._pool.give_back(environment)
        if trace.sampled:
            for document in lambda_segments(spec, request, result, parent):
                self._put_segment(document)
        await self._metrics.invoked(
            spec,
            _resource(spec, call),
            failed=bool(result.function_error),
            duration_ms=result.report.duration_ms,
            concurrent=concurrent,
            at_s=received_s,
        )
        return _answer(spec, call, request, result)


def _answer(spec: FunctionSpec, call: InvokeCall, request: InvokeRequest, result: InvokeResult) -> HttpAnswer:
    headers = [
        ("x-amzn-requestid", request.request_id),
        ("x-amz-executed-version", spec.version),
        ("x-amzn-trace-id", request.trace.header),
    ]
    if result.function_error:
        headers.append(("x-amz-function-error", result.function_error))
    if call.log_type == "Tail":
        headers.append(("x-amz-log-result", base64.b64encode(result.log_tail).decode()))
    return HttpAnswer(200, result.payload, tuple(headers))


def _check_payload(call: InvokeCall) -> HttpAnswer | None:
    limit = MAX_ASYNC_BYTES if call.invocation_type == "Event" else MAX_SYNC_BYTES
    if len(call.payload) > limit:
        message = (
            f"Request must be smaller than {limit} bytes for the InvokeFunction operation, got {len(call.payload)}"
        )
        return error_answer(413, "RequestTooLargeException", message)
    if call.invocation_type not in ("RequestResponse", "Event", "DryRun"):
        return error_answer(
            400, "InvalidParameterValueException", f"{call.invocation_type!r} is not an invocation type"
        )
    try:
        json.loads(call.payload or b"{}")
    except (ValueError, RecursionError) as error:
        message = f"Could not parse request body into json: {error}"
        return error_answer(400, "InvalidRequestContentException", message)
    return None


def _client_context(header: str) -> str:
    """The decoded client context as ASCII JSON for a header; "" when it is absent or not JSON."""
    try:
        return json.dumps(json.loads(base64.b64decode(header))) if header else ""
    except (ValueError, RecursionError):
        return ""


def _wants_new_environment(header: str) -> bool:
    try:
        context = json.loads(_client_context(header) or "{}")
        return bool(context["custom"][NEW_ENVIRONMENT])
    except (KeyError, TypeError):
        return False


def _resource(spec: FunctionSpec, call: InvokeCall) -> str:
    return f"{spec.name}:{call.qualifier}" if call.qualifier else spec.name
