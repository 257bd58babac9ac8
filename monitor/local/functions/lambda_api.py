"""The parts of the Lambda API that the emulator lacks: Invoke, downloadable code, retired environments."""

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
from monitor.local.server.data_plane import DataPlane
from monitor.local.server.http_answer import HttpAnswer, error_answer
from monitor.local.server.request import Request, parse_object
from monitor.local.server.tenant import Tenant

_INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
_FUNCTION = re.compile(r"/2015-03-31/functions/([^/]+)")
_CHANGED = re.compile(r"/2015-03-31/functions/([^/]+)/(?:code|configuration)")
_LAYER = re.compile(r"/2018-10-31/layers(?:/[^/]+/versions/\d+)?")
_CREATE = "/2015-03-31/functions"


class LambdaApi:
    """Answers requests under /2015-03-31 and /2018-10-31, or completes the emulator's response to them."""

    def __init__(self, emulator: AsgiCaller, data_plane: DataPlane, urls: CodeUrls) -> None:
        self._emulator = emulator
        self._data_plane = data_plane
        self._urls = urls

    @staticmethod
    def handles(request: Request) -> bool:
        """Whether `answer` handles this request."""
        path, method = request.path, request.method
        if method == "POST":
            return path.rstrip("/") == _CREATE or _INVOKE.fullmatch(path) is not None
        if method == "PUT":
            return _CHANGED.fullmatch(path) is not None
        if method == "DELETE":
            return _FUNCTION.fullmatch(path) is not None
        return method == "GET" and bool(_FUNCTION.fullmatch(path) or _LAYER.fullmatch(path))

    async def answer(self, request: Request, body: bytes) -> HttpAnswer:
        """Answer the request."""
        invoke = _INVOKE.fullmatch(request.path)
        if request.method == "POST" and invoke is not None:
            return await self._invoke(request, unquote(invoke.group(1)), body)
        if request.method == "GET":
            return await self._get(request)
        if request.method == "DELETE":
            return await self._change(request, body)
        refused = await self._check_code(request, body)
        return refused if refused is not None else await self._change(request, body)

    async def _invoke(self, request: Request, function: str, body: bytes) -> HttpAnswer:
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
        return await self._data_plane.run(lambda: self._data_plane.executor.invoke(call))

    async def _change(self, request: Request, body: bytes) -> HttpAnswer:
        """Create, update or delete: store the new code and end the environments of the old one."""
        response = await self._forward(request, body)
        if response.status < 300:
            changed = _CHANGED.fullmatch(request.path) or _FUNCTION.fullmatch(request.path)
            if changed is not None:
                name, _ = split_function(unquote(changed.group(1)))
                key = (request.tenant.account, request.tenant.region, name)
                await self._data_plane.run(lambda: _retire(self._data_plane, key))
            if request.method != "DELETE":
                await self._store_code(request, response)
        return _forwarded(response)

    async def _check_code(self, request: Request, body: bytes) -> HttpAnswer | None:
        """The error response for a package that Lambda refuses, or None. It may be in the request or in S3."""
        fields = parse_object(body) or {}
        code = fields.get("Code", fields)
        if not isinstance(code, dict):
            return None
        try:
            if isinstance(code.get("ZipFile"), str):
                check_package(_zip_bytes(code["ZipFile"]))
            elif isinstance(code.get("S3Bucket"), str) and isinstance(code.get("S3Key"), str):
                check_package(await self._object(request.tenant, code["S3Bucket"], code["S3Key"]))
        except BadPackageError as error:
            return error_answer(400, "InvalidParameterValueException", str(error), {"Type": "User"})
        return None

    async def _object(self, tenant: Tenant, bucket: str, key: str) -> bytes:
        headers = (tenant.signed("s3"), ("host", "127.0.0.1"))
        found = await self._emulator.call("GET", f"/{bucket}/{key}", headers=headers)
        if found.status != 200:
            raise BadPackageError("Error occurred while GetObject. S3 Error Message: The specified key does not exist.")
        return found.body

    async def _store_code(self, request: Request, response: AsgiResponse) -> None:
        """Store each new package, because the emulator serves only the code of $LATEST and versions need their own."""
        name = (parse_object(response.body) or {}).get("FunctionName", "")
        headers = (request.tenant.signed("lambda"), ("host", "127.0.0.1"))
        found = await self._emulator.call("GET", f"{_CREATE}/{name}", headers=headers)
        if found.status == 200:
            spec = read_function(request.tenant, json.loads(found.body))
            # Unpacked now and not at the first invocation: Lambda also prepares the code before a function is active.
            if await self._zip_of(spec) is not None:
                await self._data_plane.run(lambda: self._unpacked(spec))

    async def _unpacked(self, spec: FunctionSpec) -> None:
        with contextlib.suppress(BadPackageError):  # the next invocation reports it
            await self._data_plane.code.task_root(spec)

    async def _get(self, request: Request) -> HttpAnswer:
        """Answer GetFunction and GetLayerVersion with a working download URL."""
        response = await self._forward(request, b"")
        answer = parse_object(response.body)
        if response.status != 200 or answer is None:
            return _forwarded(response)
        if "Code" in answer and "Configuration" in answer:
            path = await self._zip_of(read_function(request.tenant, answer))
        elif "Content" in answer:
            layer = answer
            path = await self._data_plane.run(lambda: self._data_plane.code.layer_zip(request.tenant, layer["Content"]))
        else:
            return _forwarded(response)
        if path is not None:
            answer["Code" if "Code" in answer else "Content"]["Location"] = self._urls.publish(path)
        return HttpAnswer(200, json.dumps(answer).encode(), _response_headers(response))

    async def _zip_of(self, spec: FunctionSpec) -> Path | None:
        async def fetch() -> Path | None:
            try:
                return await self._data_plane.code.zip_of(spec)
            except BadPackageError:
                return None  # an image, or created before this stack: use the emulator's own response

        return await self._data_plane.run(fetch)

    async def _forward(self, request: Request, body: bytes) -> AsgiResponse:
        query = request.scope.get("query_string", b"")
        headers = [(name, value) for name, value in request.headers.items() if name not in _HOP_BY_HOP]
        return await self._emulator.call(request.method, request.path, query=query, headers=headers, body=body)


def split_function(text: str) -> tuple[str, str]:
    """The name and the qualifier ("" for none) of a FunctionName: a name, a partial ARN or an ARN."""
    rest = text.rpartition("function:")[2]
    name, _, qualifier = rest.partition(":")
    return name, qualifier


async def _retire(data_plane: DataPlane, key: tuple[str, str, str]) -> None:
    data_plane.pool.retire(key)


def _zip_bytes(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise BadPackageError("ZipFile is not base64") from None


def _response_headers(response: AsgiResponse) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in response.headers if name not in _OWN_HEADERS)


def _forwarded(response: AsgiResponse) -> HttpAnswer:
    return HttpAnswer(response.status, response.body, _response_headers(response), response.header("content-type"))


_HOP_BY_HOP = frozenset(("content-length", "transfer-encoding", "connection", "expect"))
_OWN_HEADERS = frozenset(("content-length", "content-type"))
