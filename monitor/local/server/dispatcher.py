"""The endpoint's ASGI application: selects by path and operation who answers a request."""

import asyncio
import json
import os
from urllib.parse import urlsplit

from monitor.local.functions.code_urls import PREFIX, CodeUrls
from monitor.local.functions.lambda_api import LambdaApi
from monitor.local.logs.logs_api import LogsApi
from monitor.local.metrics.metric_data import MetricData
from monitor.local.server.asgi_call import AsgiApp, AsgiCaller, Receive, Scope, Send
from monitor.local.server.aws_calls import AwsCalls
from monitor.local.server.data_plane import DataPlane
from monitor.local.server.http_answer import HttpAnswer, error_answer
from monitor.local.server.registry import IDENTITY_PATH
from monitor.local.server.request import MAX_BODY_BYTES, Request, TooLargeError, pass_on, read_request, until_stopped
from monitor.local.xray.xray_api import XRayApi

_SMALL_BODY_BYTES = 8 * 1024 * 1024
_GET_METRIC_DATA = "GraniteServiceVersion20100801.GetMetricData"


class Dispatcher:
    """Answers every request on the stack's port. IDENTITY_PATH returns `identity`."""

    def __init__(self, emulator: AsgiApp, endpoint: str, identity: str, stopping: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        self._emulator = emulator
        self._caller = AsgiCaller(emulator, loop)
        self._urls = CodeUrls(endpoint)
        self._identity = identity
        self._stopping = stopping
        self._logs = LogsApi(emulator, AwsCalls(self._caller))
        self._metric_data = MetricData(AwsCalls(self._caller))
        self._data_plane: DataPlane | None = None
        self._lambda: LambdaApi | None = None

    def connect(self, data_plane: DataPlane) -> None:
        """Connect the parts that answer Invoke and X-Ray. Until then only the emulator answers."""
        self._data_plane = data_plane
        self._lambda = LambdaApi(self._caller, data_plane, self._urls)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _acknowledge_lifespan(receive, send)
            return
        if scope["type"] != "http":
            await self._emulator(scope, receive, send)
            return
        try:
            await self._route(read_request(scope, receive), send)
        except TooLargeError:
            await error_answer(413, "RequestEntityTooLargeException", f"more than {MAX_BODY_BYTES} bytes").send(send)
        except ConnectionResetError:
            return  # the client disconnected before its request was complete

    async def _route(self, request: Request, send: Send) -> None:
        if _foreign(request.headers.get("origin", "")):
            # Any web page could otherwise create and run functions here; no AWS client sends an Origin.
            await error_answer(403, "AccessDeniedException", "requests of web pages are refused").send(send)
        elif request.path == IDENTITY_PATH:
            await HttpAnswer(200, json.dumps({"pid": os.getpid(), "identity": self._identity}).encode()).send(send)
        elif request.path.startswith(PREFIX):
            query = request.scope.get("query_string", b"").decode("latin-1")
            await self._urls.serve(request.method, request.path, query, request.headers.get("range", ""), send)
        elif request.service == "xray" or (not request.service and XRayApi.owns(request.path)):
            await self._xray(request, send)
        elif request.headers.get("x-amz-target", "").startswith("Logs_20140328."):
            await self._to_logs(request, send)
        elif request.headers.get("x-amz-target", "") == _GET_METRIC_DATA:
            body = await request.body(_SMALL_BODY_BYTES)
            answer = await self._metric_data.answer(request.tenant, body)
            await (answer.send(send) if answer else pass_on(self._emulator, request, send, body))
        elif self._lambda is not None and LambdaApi.handles(request):
            body = await request.body()
            answer = await self._lambda.answer(request, body)
            if answer is None:
                await pass_on(self._emulator, request, send, body)
            else:
                await answer.send(send)
        else:
            await pass_on(self._emulator, request, send)

    async def _xray(self, request: Request, send: Send) -> None:
        body = await request.body(_SMALL_BODY_BYTES)
        data_plane = self._data_plane
        if data_plane is None:
            await error_answer(503, "ServiceUnavailable", "the stack is starting").send(send)
            return

        async def answer() -> HttpAnswer:
            return data_plane.xray.answer(request.method, request.path, body)

        await (await data_plane.run(answer)).send(send)

    async def _to_logs(self, request: Request, send: Send) -> None:
        handlers = {"PutLogEvents": self._logs.put_log_events, "FilterLogEvents": self._logs.filter_log_events}
        if request.target in handlers:
            await handlers[request.target](request, send, await request.body(_SMALL_BODY_BYTES))
        elif request.target == "StartLiveTail":
            body = await request.body(_SMALL_BODY_BYTES)
            # A session ends when its client disconnects, or when the stack stops.
            await self._logs.start_live_tail(request, until_stopped(self._stopping, request.receive), send, body)
        else:
            await pass_on(self._emulator, request, send)


def _foreign(origin: str) -> bool:
    return bool(origin) and urlsplit(origin).hostname not in ("127.0.0.1", "localhost", "::1")


async def _acknowledge_lifespan(receive: Receive, send: Send) -> None:
    """Acknowledge the server's lifespan. stack.py drives the emulator's own, so that its state is always saved."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
