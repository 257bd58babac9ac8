"""Traces requests of requests and httpx, and the calls of aiobotocore, where MONITOR_PATCH names them."""

from __future__ import annotations

import functools

from monitor.runtime import frames, lines, load, segments

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

_MOST_CHARACTERS = 1000


def patch_requests(sessions: ModuleType) -> None:
    """Trace what `requests` sends."""
    base: Any = sessions.Session
    base.send = segments.traced(base.send, _begin_request, _end_request)


def patch_httpx(httpx: ModuleType) -> None:
    """Trace what httpx's clients send, each on its own: concurrent requests do not meet in one stack."""
    client: Any = httpx.Client
    client.send = segments.traced(client.send, _begin_request, _end_request)
    asynchronous: Any = httpx.AsyncClient
    asynchronous.send = _traced_coroutine(asynchronous.send, _begin_request, _end_request)


def patch_aiobotocore(client: ModuleType) -> None:
    """Trace the calls of aiobotocore's clients."""
    aws_calls = load.own_module("aws_calls")
    base: Any = client.AioBaseClient
    base._make_api_call = _traced_coroutine(base._make_api_call, aws_calls.begin, aws_calls.describe)


def _traced_coroutine(
    original: Callable[..., Any],
    begin: Callable[..., segments.Subsegment | None],
    end: Callable[[segments.Subsegment, Any, BaseException | None], None],
) -> Callable[..., Any]:
    """A coroutine function inside a subsegment of its own."""

    @functools.wraps(original)
    @frames.unseen
    async def call(self: Any, *arguments: Any, **named: Any) -> Any:
        subsegment = lines.attempt("tracing a call", lambda: begin(self, arguments, named))
        try:
            answer = await original(self, *arguments, **named)
        except BaseException as error:
            frames.hide_frame(error)
            segments.finish(subsegment, end, None, error)
            raise
        segments.finish(subsegment, end, answer, None)
        return answer

    return call


def _begin_request(_client: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> segments.Subsegment | None:
    trace = segments.current_trace()
    if trace is None:
        return None
    request = arguments[0] if arguments else named["request"]
    url = str(request.url)
    subsegment = segments.Subsegment(_host(url), trace, segments.parent_id(trace), "remote")
    # What follows the question mark can hold secrets.
    path = url.partition("?")[0][:_MOST_CHARACTERS]
    subsegment.document["http"] = {"request": {"method": str(request.method), "url": path}}
    subsegment.add_header(request.headers)
    return subsegment


def _host(url: str) -> str:
    authority = url.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2]
    if authority.startswith("["):  # an IPv6 address
        return authority.partition("]")[0] + "]"
    return authority.partition(":")[0] or "request"


def _end_request(subsegment: segments.Subsegment, response: Any, error: BaseException | None) -> None:
    if error is not None:
        subsegment.fail(error, frames.traceback_of(error))
    status = getattr(response, "status_code", None)
    if isinstance(status, int):
        subsegment.document["http"]["response"] = {"status": status}
        subsegment.document |= {"fault": True} if status >= 500 else {"error": True} if status >= 400 else {}
