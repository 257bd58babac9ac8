"""One execution environment: init, invoke, timeout, crash and re-init, with the platform's log lines.

Lifecycle (AWS Lambda developer guide, "Lambda execution environment lifecycle"): the init may take 10 s. If it fails
or takes longer, it is repeated inside the first invocation, within the function's timeout. After a crash or a timeout
the next invocation begins with such a "suppressed" init, whose time is part of Duration and not of Init Duration.
"""

import asyncio
import json
import math
import time
from collections import deque
from dataclasses import dataclass

from monitor.local.functions.function_spec import FunctionSpec
from monitor.local.functions.invocation import InitSpan, InvokeRequest, InvokeResult
from monitor.local.functions.platform_log import (
    Exited,
    InitReport,
    InitStart,
    PlatformEvent,
    Report,
    Start,
    TimedOut,
    json_lines,
    text_lines,
)
from monitor.local.logs.log_writer import LogWriter
from monitor.local.process.log_frames import LogRecord
from monitor.local.process.process import Ended, Ready, RuntimeProcess
from monitor.local.process.runtime_api import MAX_RESPONSE_BYTES, RuntimeAnswer, RuntimeEvent
from monitor.local.process.sandbox import Sandbox

_TAIL_BYTES = 4096
_FLUSH_EVERY_S = 0.5
_EXIT_LIMIT_S = 2.0


@dataclass(frozen=True, slots=True)
class _Init:
    """The result of one init. `reason` is set when the process ended without reporting an error."""

    status: str
    error_type: str
    body: bytes
    reason: str
    span: InitSpan
    duration_ms: float


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The result of an invocation, before its REPORT is written."""

    payload: bytes
    ended_ns: int
    status: str = "success"
    error_type: str = ""
    platform_failed: bool = False
    xray_cause: str = ""


class Environment:
    """Runs invocations, one at a time, in a sandbox."""

    def __init__(self, spec: FunctionSpec, sandbox: Sandbox, writer: LogWriter, init_limit_s: float) -> None:
        self.spec = spec
        self.retired = False
        self.idle_since_s = 0.0
        self._sandbox = sandbox
        self._writer = writer
        self._init_limit_s = init_limit_s
        self._process: RuntimeProcess | None = None
        self._fresh = True
        self._tail: deque[str] = deque()
        self._tail_chars = 0

    async def invoke(self, request: InvokeRequest) -> InvokeResult:
        """Run one invocation. Its log events can be read when this returns."""
        self._tail.clear()
        self._tail_chars = 0
        flusher = asyncio.create_task(self._flush_while_running())
        try:
            return await self._invoke(request)
        finally:
            flusher.cancel()
            if self._process is not None:
                self._process.busy.clear()
            await self._writer.flush()

    async def close(self) -> None:
        """End the process and remove the sandbox's folders."""
        if self._process is not None and self._process.alive:
            await self._process.kill()
        await self._writer.flush()
        await asyncio.to_thread(self._sandbox.remove)

    async def _invoke(self, request: InvokeRequest) -> InvokeResult:
        first: _Init | None = None
        if self._fresh:
            self._fresh = False
            first = await self._initialize("init", self._init_limit_s)
        start_ns = time.monotonic_ns()
        deadline_ns = start_ns + int(self.spec.timeout_s * 1e9)
        folded: _Init | None = None
        if self._process is None or not self._process.alive:
            folded = await self._initialize("invoke", self.spec.timeout_s)
        self._write(Start(request.request_id, self.spec.version, request.trace))
        if folded is not None and folded.status != "success":
            outcome = self._failed_init(request, folded)
        else:
            outcome = await self._run(request, deadline_ns)
            if folded is None and self._process is not None:
                start_ns = self._process.handed_out_ns or start_ns
        init = first if first is not None and first.status == "success" else None
        return self._report(request, outcome, init, start_ns)

    async def _initialize(self, phase: str, limit_s: float) -> _Init:
        """Start a process and wait until it requests its first event, fails, or reaches `limit_s`."""
        arn = f"arn:aws:lambda:{self.spec.tenant.region}::runtime:local"
        self._write(InitStart(self._sandbox.interpreter.label, arn, phase))
        process = self._process = await self._sandbox.launch(self._take)
        status, error_type, body, reason = "success", "", b"", ""
        limit_ns = process.started_ns + int(limit_s * 1e9)
        ended_ns = limit_ns
        try:
            outcome = await process.next_outcome((limit_ns - time.monotonic_ns()) / 1e9)
        except TimeoutError:
            status = "timeout"
            await process.kill()
        else:
            if isinstance(outcome, Ready):
                ended_ns = outcome.at_ns
            else:
                status, ended_ns = "error", outcome.at_ns
                if isinstance(outcome, RuntimeAnswer):
                    error_type, body = outcome.error_type or "Runtime.Unknown", outcome.body
                    await self._wait_for_exit(process)
                else:
                    error_type = "Runtime.OutOfMemory" if outcome.out_of_memory else "Runtime.ExitError"
                    reason = outcome.reason
        process.drain()
        duration_ms = (ended_ns - process.started_ns) / 1e6
        self._write(InitReport(duration_ms, phase, status, error_type))
        span = InitSpan(_epoch_s(process.started_ns), _epoch_s(ended_ns))
        return _Init(status, error_type, body, reason, span, duration_ms)

    async def _wait_for_exit(self, process: RuntimeProcess) -> None:
        """Wait for a runtime that has reported a failed init to exit; kill it when it does not."""
        try:
            await process.next_outcome(_EXIT_LIMIT_S)
        except TimeoutError:
            await process.kill()
        if process.alive:
            await process.kill()

    async def _run(self, request: InvokeRequest, deadline_ns: int) -> _Outcome:
        """Send the event to the runtime and wait for the outcome."""
        process = self._process
        assert process is not None
        process.busy.set()
        remaining_s = (deadline_ns - time.monotonic_ns()) / 1e9
        process.hand_out(self._event(request, remaining_s))
        try:
            outcome = await process.next_outcome(remaining_s)
        except TimeoutError:
            await process.kill()
            process.drain()
            self._write(TimedOut(request.request_id, self.spec.timeout_s))
            message = f"RequestId: {request.request_id} Error: Task timed out after {self.spec.timeout_s:.2f} seconds"
            payload = _error_payload("Sandbox.Timedout", message)
            return _Outcome(payload, deadline_ns, "timeout", "", platform_failed=True)
        process.drain()
        if isinstance(outcome, Ended):
            return self._exited(request, outcome)
        if isinstance(outcome, Ready):
            raise RuntimeError("the runtime requested a second event")  # noqa: TRY004 - no caller passed a wrong type
        if outcome.kind == "response":
            return _Outcome(outcome.body, outcome.at_ns)
        if outcome.kind == "too-large":
            message = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
            payload = _error_payload("Function.ResponseSizeTooLarge", message)
            return _Outcome(payload, outcome.at_ns, "error", "Function.ResponseSizeTooLarge")
        return _Outcome(outcome.body, outcome.at_ns, "error", outcome.error_type, xray_cause=outcome.xray_cause)

    def _exited(self, request: InvokeRequest, ended: Ended) -> _Outcome:
        self._write(Exited(request.request_id, ended.reason))
        error_type = "Runtime.OutOfMemory" if ended.out_of_memory else "Runtime.ExitError"
        payload = _error_payload(error_type, f"RequestId: {request.request_id} Error: {ended.reason}")
        return _Outcome(payload, ended.at_ns, "error", error_type, platform_failed=True)

    def _failed_init(self, request: InvokeRequest, init: _Init) -> _Outcome:
        """The outcome of an invocation during which the repeated init failed."""
        now_ns = time.monotonic_ns()
        if init.status == "timeout":
            self._write(TimedOut(request.request_id, self.spec.timeout_s))
            message = f"RequestId: {request.request_id} Error: Task timed out after {self.spec.timeout_s:.2f} seconds"
            return _Outcome(_error_payload("Sandbox.Timedout", message), now_ns, "timeout", platform_failed=True)
        payload = init.body
        if init.reason:
            self._write(Exited(request.request_id, init.reason))
            payload = _error_payload(init.error_type, f"RequestId: {request.request_id} Error: {init.reason}")
        return _Outcome(payload, now_ns, "error", init.error_type, platform_failed=True)

    def _report(self, request: InvokeRequest, outcome: _Outcome, init: _Init | None, start_ns: int) -> InvokeResult:
        timed_out = outcome.status == "timeout"
        duration_ms = self.spec.timeout_s * 1000 if timed_out else (outcome.ended_ns - start_ns) / 1e6
        init_ms = init.duration_ms if init is not None else None
        process = self._process
        report = Report(
            request_id=request.request_id,
            duration_ms=duration_ms,
            # Computed from the rounded figures, so that the printed values add up.
            billed_ms=math.ceil(round(round(duration_ms, 2) + round(init_ms or 0.0, 2), 2)),
            memory_mb=self.spec.memory_mb,
            max_memory_mb=process.peak_mb() if process is not None else 0,
            produced_bytes=len(outcome.payload),
            init_ms=init_ms,
            status=outcome.status,
            error_type=outcome.error_type,
            platform_failed=outcome.platform_failed,
            trace=request.trace,
        )
        self._write(report)
        return InvokeResult(
            payload=outcome.payload,
            function_error="" if outcome.status == "success" else "Unhandled",
            report=report,
            log_tail="".join(self._tail).encode()[-_TAIL_BYTES:],
            init=init.span if init is not None else None,
            start_s=_epoch_s(start_ns),
            answered_s=_epoch_s(start_ns) + duration_ms / 1000,
            end_s=time.time(),
            xray_cause=outcome.xray_cause,
        )

    def _event(self, request: InvokeRequest, remaining_s: float) -> RuntimeEvent:
        headers = [
            ("Lambda-Runtime-Aws-Request-Id", request.request_id),
            ("Lambda-Runtime-Deadline-Ms", str(int((time.time() + remaining_s) * 1000))),
            ("Lambda-Runtime-Invoked-Function-Arn", request.invoked_arn),
            ("Lambda-Runtime-Trace-Id", request.trace.header),
        ]
        if request.client_context:
            headers.append(("Lambda-Runtime-Client-Context", request.client_context))
        return RuntimeEvent(request.request_id, request.payload, tuple(headers))

    def _write(self, event: PlatformEvent) -> None:
        now_ms = _now_ms()
        level = self.spec.system_log_level
        lines = json_lines(event, now_ms, level) if self.spec.json_logs else text_lines(event, now_ms)
        self._take([LogRecord(now_ms, line) for line in lines])

    def _take(self, records: list[LogRecord]) -> int:
        """Queue log records of the platform or the process for the stream. Returns the size of the queue in bytes."""
        self._writer.add(records)
        for record in records:
            self._tail.append(record.message)
            self._tail_chars += len(record.message)
        while self._tail and self._tail_chars - len(self._tail[0]) > _TAIL_BYTES:
            self._tail_chars -= len(self._tail.popleft())
        return self._writer.pending_bytes

    async def _flush_while_running(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_EVERY_S)
            await self._writer.flush()


def _error_payload(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}, separators=(",", ":")).encode()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _epoch_s(monotonic_ns: int) -> float:
    """A time of the monotonic clock as epoch seconds."""
    return (time.time_ns() - time.monotonic_ns() + monotonic_ns) / 1e9
