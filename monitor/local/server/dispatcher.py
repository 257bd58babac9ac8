"""The endpoint's ASGI application: selects by path and operation who answers a request."""

import asyncio
import sys

from monitor.local.functions.code_urls import PREFIX, CodeUrls
from monitor.local.functions.lambda_api import LambdaApi
from monitor.local.logs.logs_api import LogsApi
from monitor.local.metrics.metric_data import MetricData
from monitor.local.server.access import CALLER
from monitor.local.server.asgi_call import AsgiApp, AsgiCaller, Message, Receive, Scope, Send
from monitor.local.server.aws_calls import AwsCalls
from monitor.local.server.data_plane import DataPlane
from monitor.local.server.http_answer import HttpAnswer, error_answer, refusal
from monitor.local.server.member_types import CHECKED_SERVICES, wrong_member
from monitor.local.server.request import (
    MAX_BODY_BYTES,
    MAX_OBJECT_BYTES,
    Request,
    TooLargeError,
    parse_object,
    pass_on,
    read_request,
    until_stopped,
    without_surrogates,
)
from monitor.local.server.services import denied, unsupported
from monitor.local.xray.xray_api import OTLP_PATH

_SMALL_BODY_BYTES = 8 * 1024 * 1024


class Dispatcher:
    """Answers every request that the gate lets in, and the calls that the stack makes to itself."""

    def __init__(self, emulator: AsgiApp, endpoint: str, stopping: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        self._emulator = emulator
        self._caller = AsgiCaller(emulator, loop)
        self._urls = CodeUrls(endpoint)
        self._stopping = stopping
        self._logs = LogsApi(emulator, AwsCalls(self._caller))
        self._metric_data = MetricData(AwsCalls(self._caller))
        self._data_plane: DataPlane | None = None
        self._lambda: LambdaApi | None = None

    def connect(self, data_plane: DataPlane) -> None:
        """Connect the parts that answer Lambda and X-Ray."""
        self._data_plane = data_plane
        self._lambda = LambdaApi(self._caller, data_plane, self._urls)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _acknowledge_lifespan(receive, send)
            return
        started = False

        async def send_started(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._route(read_request(scope, receive), send_started)
        except TooLargeError:
            message = f"Request must be smaller than {MAX_BODY_BYTES} bytes"
            await refusal(scope, 413, "RequestEntityTooLargeException", message).send(send)
        except ConnectionResetError:
            return  # the client disconnected before its request was complete
        except Exception as error:
            if started:
                raise
            sys.stderr.write(f"error: {scope['method']} {scope['path'][:200]!r}: {type(error).__name__}\n")
            await refusal(scope, 500, "InternalFailure", "the embedded stack failed on this request").send(send)

    async def _route(self, request: Request, send: Send) -> None:
        if request.path.startswith(PREFIX):
            query = request.scope.get("query_string", b"").decode("latin-1")
            await self._urls.serve(request.method, request.path, query, request.headers.get("range", ""), send)
            return
        if request.service == "xray" and request.path == OTLP_PATH:
            await self._xray(request, send, await request.body(_SMALL_BODY_BYTES))  # protobuf is not text
            return
        body = None
        if request.service not in ("lambda", "s3"):
            body = without_surrogates(await request.body(_SMALL_BODY_BYTES))
        if operation := unsupported(request, body):
            message = f"The embedded stack does not support {operation}."
            await refusal(request.scope, 400, "UnknownOperationException", message).send(send)
        elif operation := denied(request):
            message = f"A function on the embedded stack is not authorized to perform: {operation}"
            await refusal(request.scope, 403, "AccessDeniedException", message).send(send)
        elif body is None:
            await self._to_lambda_or_s3(request, send)
        elif (
            request.service in CHECKED_SERVICES
            and CALLER in request.scope
            and (wrong := wrong_member(request.target, parse_object(body)))
        ):
            await refusal(request.scope, 400, "SerializationException", wrong).send(send)
        elif request.service == "xray":
            await self._xray(request, send, body)
        elif request.service == "logs":
            await self._to_logs(request, send, body)
        elif request.target == "GetMetricData":
            answer = await self._metric_data.answer(request.tenant, body)
            await (answer.send(send) if answer else pass_on(self._emulator, request, send, body))
        else:
            await pass_on(self._emulator, request, send, body)

    async def _to_lambda_or_s3(self, request: Request, send: Send) -> None:
        if request.service == "s3":
            await pass_on(self._emulator, request, send, limit=MAX_OBJECT_BYTES)
        elif self._lambda is not None and LambdaApi.handles(request):
            await (await self._lambda.answer(request, await request.body())).send(send)
        else:
            await pass_on(self._emulator, request, send)

    async def _xray(self, request: Request, send: Send, body: bytes) -> None:
        data_plane = self._data_plane
        if data_plane is None:
            await error_answer(503, "ServiceUnavailable", "the stack is starting").send(send)
            return

        async def answer() -> HttpAnswer:
            return data_plane.xray.answer(request.method, request.path, body)

        await (await data_plane.run(answer)).send(send)

    async def _to_logs(self, request: Request, send: Send, body: bytes) -> None:
        handlers = {"PutLogEvents": self._logs.put_log_events, "FilterLogEvents": self._logs.filter_log_events}
        if request.target in handlers:
            await handlers[request.target](request, send, body)
        elif request.target == "StartLiveTail":
            # A session ends when its client disconnects, or when the stack stops.
            await self._logs.start_live_tail(request, until_stopped(self._stopping, request.receive), send, body)
        else:
            await pass_on(self._emulator, request, send, body)


async def _acknowledge_lifespan(receive: Receive, send: Send) -> None:
    """Acknowledge the server's lifespan. stack.py drives the emulator's own, so that its state is always saved."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
