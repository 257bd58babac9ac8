"""awslambdaric's compiled `runtime_client` in Python, for sandboxes with another Python version than this one.

It is copied as runtime_client.py into the runtime folder of such a sandbox and imports only the standard library.
"""

import http.client
import os

_PATH = "/2018-06-01/runtime/invocation/"
_state: dict[str, http.client.HTTPConnection] = {}
_agent: list[str] = []


def initialize_client(user_agent: str) -> None:
    """Store the user agent; awslambdaric calls this once, at import."""
    _agent[:] = [user_agent]


def next() -> tuple[bytes, dict[str, str]]:  # noqa: A001 - the name that awslambdaric calls
    """Wait for an event; returns its body and headers."""
    return _call("GET", "next", b"", {})


def post_invocation_result(invoke_id: str, data: bytes, content_type: str, _invocation_id: str | None = None) -> None:
    """Post the response of a handler."""
    _call("POST", f"{invoke_id}/response", data, {"Content-Type": content_type})


def post_error(invoke_id: str, data: str, xray_fault: str, _invocation_id: str | None = None) -> None:
    """Post the exception of a handler, and its description for X-Ray."""
    headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-XRay-Error-Cause": xray_fault}
    _call("POST", f"{invoke_id}/error", data.encode(), headers)


def _call(method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    connection = _state.setdefault("api", http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"]))
    connection.request(method, _PATH + path, body or None, headers | {"User-Agent": "".join(_agent)})
    response = connection.getresponse()
    answer = response.read()
    if response.status not in (200, 202):
        raise RuntimeError(f"Failed to post handler response. Http response code: {response.status}.")
    return answer, dict(response.getheaders())
