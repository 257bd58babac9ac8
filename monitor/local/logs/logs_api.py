"""The parts of CloudWatch Logs that the emulator lacks: EMF metrics, paging, filter patterns."""

import json
import sys
import time
from dataclasses import replace
from typing import Any

from monitor.kernel.json_fields import list_of, object_of, text_of, whole_of
from monitor.local.logs.emf import extract
from monitor.local.logs.event_stream import payload_of, with_payload
from monitor.local.logs.filter_log_events import filter_log_events
from monitor.local.logs.filter_pattern import BadPatternError, Matcher, compile_pattern
from monitor.local.server.asgi_call import AsgiApp, Message, Receive, Send
from monitor.local.server.aws_calls import AwsCalls, error_code
from monitor.local.server.http_answer import error_answer
from monitor.local.server.request import Request, parse_object, pass_on
from monitor.local.server.tenant import Tenant

_MAX_DATA_PER_CALL = 1000


class LogsApi:
    """Completes the emulator's CloudWatch Logs, one method per operation."""

    def __init__(self, emulator: AsgiApp, calls: AwsCalls) -> None:
        self._emulator = emulator
        self._calls = calls

    async def put_log_events(self, request: Request, send: Send, body: bytes) -> None:
        """Forward the request. Metrics in accepted EMF events are stored before the response is sent."""
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        await pass_on(self._emulator, request, collect, body)
        if any(message.get("status") == 200 for message in messages):
            try:
                await self._extract(request.tenant, body)
            except Exception as error:  # noqa: BLE001 - the events are stored, and the client must hear that
                sys.stderr.write(f"error: metrics could not be extracted from log events: {type(error).__name__}\n")
        for message in messages:
            await send(message)

    async def filter_log_events(self, request: Request, send: Send, body: bytes) -> None:
        """Answer the request here."""
        fields = parse_object(body)
        if fields is None:
            await error_answer(400, "SerializationException", "the body is not a JSON object").send(send)
            return
        await (await filter_log_events(self._calls, request.tenant, fields)).send(send)

    async def start_live_tail(self, request: Request, receive: Receive, send: Send, body: bytes) -> None:
        """Stream the emulator's session. A filter pattern is applied here to its events."""
        fields = parse_object(body) or {}
        pattern = fields.get("logEventFilterPattern") or ""
        try:
            matcher = compile_pattern(str(pattern))
        except BadPatternError as error:
            await error_answer(400, "InvalidParameterException", str(error)).send(send)
            return
        plain = json.dumps({name: value for name, value in fields.items() if name != "logEventFilterPattern"}).encode()

        async def filtered(message: Message) -> None:
            await send(_filter_update(message, matcher, pattern) if pattern else message)

        headers = [(name, value) for name, value in request.scope["headers"] if name.lower() != b"content-length"]
        headers.append((b"content-length", str(len(plain)).encode()))
        forwarded = replace(request, scope={**request.scope, "headers": headers}, receive=receive)
        await pass_on(self._emulator, forwarded, filtered, plain)

    async def _extract(self, tenant: Tenant, body: bytes) -> None:
        if b"CloudWatchMetrics" not in body:
            return
        now_ms = time.time_ns() // 1_000_000
        metrics: dict[str, list[dict[str, Any]]] = {}
        for event in map(object_of, list_of((parse_object(body) or {}).get("logEvents"))):
            found = extract(text_of(event.get("message")) or "", whole_of(event.get("timestamp")) or now_ms)
            for namespace, data in found.items():
                metrics.setdefault(namespace, []).extend(data)
        for namespace, data in metrics.items():
            for start in range(0, len(data), _MAX_DATA_PER_CALL):
                payload = {"Namespace": namespace, "MetricData": data[start : start + _MAX_DATA_PER_CALL]}
                answer = await self._calls.json(tenant, "monitoring", "PutMetricData", payload)
                if answer.status != 200:
                    # CloudWatch accepts the events anyway and counts EMFValidationErrors. Here the reason is printed.
                    why = error_code(answer) or answer.status
                    sys.stderr.write(f"{len(payload['MetricData'])} metrics of {namespace!r} were not stored: {why}\n")


def _filter_update(message: Message, matcher: Matcher, pattern: str) -> Message:
    """One chunk of a session (one event-stream message) without the events that do not match."""
    if message["type"] != "http.response.body":
        return message
    body = message.get("body", b"")
    payload = parse_object(payload_of(body)) or {}
    if "sessionResults" in payload:
        payload["sessionResults"] = [one for one in payload["sessionResults"] if matcher(one.get("message", ""))]
    elif "sessionId" in payload:
        payload["logEventFilterPattern"] = pattern
    else:
        return message
    return {**message, "body": with_payload(body, json.dumps(payload).encode())}
