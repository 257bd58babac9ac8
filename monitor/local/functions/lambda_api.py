"""What the endpoint adds to the emulator's Lambda API: Invoke, code that is really there, retired environments."""

import base64
import binascii
import contextlib
import json
import re
from pathlib import Path
from urllib.parse import unquote

from monitor.local.functions.code_urls import CodeUrls
from monitor.local.functions.executor import InvokeCall
from monitor.local.functions.function_spec import FunctionSpec, read_function
from monitor.local.functions.unpack import BadPackageError, check_package
from monitor.local.server.asgi_call import AsgiCaller, AsgiResponse
from monitor.local.server.backstage import Backstage
from monitor.local.server.http_answer import HttpAnswer, error_answer
from monitor.local.server.request import Request, parse_object

_INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
_FUNCTION = re.compile(r"/2015-03-31/functions/([^/]+)")
_CHANGED = re.compile(r"/2015-03-31/functions/([^/]+)/(?:code|configuration)")
_LAYER = re.compile(r"/2018-10-31/layers(?:/[^/]+/versions/\d+)?")
_CREATE = "/2015-03-31/functions"


class LambdaApi:
    """Answers, or wraps the emulator's answer to, requests under /2015-03-31 and /2018-10-31."""

    def __init__(self, emulator: AsgiCaller, backstage: Backstage, urls: CodeUrls) -> None:
        self._emulator = emulator
        self._backstage = backstage
        self._urls = urls

    @staticmethod
    def wants(request: Request) -> bool:
        """Whether `answer` has something to do with the request."""
        path, method = request.path, request.method
        if method == "POST":
            return path.rstrip("/") == _CREATE or _INVOKE.fullmatch(path) is not None
        if method == "PUT":
            return _CHANGED.fullmatch(path) is not None
        if method == "DELETE":
            return _FUNCTION.fullmatch(path) is not None
        return method == "GET" and bool(_FUNCTION.fullmatch(path) or _LAYER.fullmatch(path))

    async def answer(self, request: Request, body: bytes) -> HttpAnswer | None:
        """Answer; None for an Invoke that is the emulator's to run."""
        invoke = _INVOKE.fullmatch(request.path)
        if request.method == "POST" and invoke is not None:
            return await self._invoke(request, unquote(invoke.group(1)), body)
        if request.method == "GET":
            return await self._get(request)
        if request.method == "DELETE":
            return await self._change(request, body)
        refused = _check_code(body)
        return refused if refused is not None else await self._change(request, body)

    async def _invoke(self, request: Request, function: str, body: bytes) -> HttpAnswer | None:
        name, qualifier = split_function(function)
        call = InvokeCall(
            tenant=request.tenant,
            function=name,
            qualifier=request.query("Qualifier") or qualifier,
            invocation_type=request.headers.get("x-amz-invocation-type", "RequestResponse"),
            log_type=request.headers.get("x-amz-log-type", "None"),
            client_context=request.headers.get("x-amz-client-context", ""),
            trace_header=request.headers.get("x-amzn-trace-id", ""),
            payload=body,
        )
        return await self._backstage.run(lambda: self._backstage.executor.invoke(call))

    async def _change(self, request: Request, body: bytes) -> HttpAnswer:
        """Create, update or delete: keep the code that came with it, end what ran the old one."""
        response = await self._forward(request, body)
        if response.status < 300:
            changed = _CHANGED.fullmatch(request.path) or _FUNCTION.fullmatch(request.path)
            if changed is not None:
                name, _ = split_function(unquote(changed.group(1)))
                key = (request.tenant.account, request.tenant.region, name)
                await self._backstage.run(lambda: _retire(self._backstage, key))
            if request.method != "DELETE":
                await self._keep_code(request, response)
        return _pass_back(response)

    async def _keep_code(self, request: Request, response: AsgiResponse) -> None:
        """The emulator serves the code of $LATEST only: take each as it comes, for the versions made of it."""
        name = (parse_object(response.body) or {}).get("FunctionName", "")
        headers = (request.tenant.signed("lambda"), ("host", "127.0.0.1"))
        found = await self._emulator.call("GET", f"{_CREATE}/{name}", headers=headers)
        if found.status == 200:
            spec = read_function(request.tenant, json.loads(found.body))
            # Unpacked now and not at the first invocation: Lambda makes the code ready before a function is active.
            if await self._zip_of(spec) is not None:
                await self._backstage.run(lambda: self._unpacked(spec))

    async def _unpacked(self, spec: FunctionSpec) -> None:
        with contextlib.suppress(BadPackageError):  # an invocation meets it again, and answers with it
            await self._backstage.code.task_root(spec)

    async def _get(self, request: Request) -> HttpAnswer:
        """GetFunction and GetLayerVersion name where their zip really is."""
        response = await self._forward(request, b"")
        answer = parse_object(response.body)
        if response.status != 200 or answer is None:
            return _pass_back(response)
        if "Code" in answer and "Configuration" in answer:
            path = await self._zip_of(read_function(request.tenant, answer))
        elif "Content" in answer:
            layer = answer
            path = await self._backstage.run(lambda: self._backstage.code.layer_zip(request.tenant, layer["Content"]))
        else:
            return _pass_back(response)
        if path is not None:
            answer["Code" if "Code" in answer else "Content"]["Location"] = self._urls.publish(path)
        return HttpAnswer(200, json.dumps(answer).encode(), _kept(response))

    async def _zip_of(self, spec: FunctionSpec) -> Path | None:
        async def fetch() -> Path | None:
            try:
                return await self._backstage.code.zip_of(spec)
            except BadPackageError:
                return None  # made before this stack kept code, or an image: the emulator's own answer stands

        return await self._backstage.run(fetch)

    async def _forward(self, request: Request, body: bytes) -> AsgiResponse:
        query = request.scope.get("query_string", b"")
        headers = [(name, value) for name, value in request.headers.items() if name not in _HOP_BY_HOP]
        return await self._emulator.call(request.method, request.path, query=query, headers=headers, body=body)


def split_function(text: str) -> tuple[str, str]:
    """A FunctionName as Lambda takes it (name, partial or whole ARN, each with or without `:qualifier`).

    The name, and the qualifier or "".
    """
    rest = text.rpartition("function:")[2]
    name, _, qualifier = rest.partition(":")
    return name, qualifier


async def _retire(backstage: Backstage, key: tuple[str, str, str]) -> None:
    backstage.pool.retire(key)


def _check_code(body: bytes) -> HttpAnswer | None:
    """The refusal of a package that Lambda refuses, or None; one that lies in S3 is checked when it is run."""
    fields = parse_object(body) or {}
    code = fields.get("Code", fields)
    encoded = code.get("ZipFile") if isinstance(code, dict) else None
    if not isinstance(encoded, str):
        return None
    try:
        check_package(base64.b64decode(encoded, validate=True))
    except binascii.Error:
        return error_answer(400, "InvalidParameterValueException", "ZipFile is not base64", {"Type": "User"})
    except BadPackageError as error:
        return error_answer(400, "InvalidParameterValueException", str(error), {"Type": "User"})
    return None


def _kept(response: AsgiResponse) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in response.headers if name not in _OWN_HEADERS)


def _pass_back(response: AsgiResponse) -> HttpAnswer:
    return HttpAnswer(response.status, response.body, _kept(response), response.header("content-type"))


_HOP_BY_HOP = frozenset(("content-length", "transfer-encoding", "connection", "expect"))
_OWN_HEADERS = frozenset(("content-length", "content-type"))
