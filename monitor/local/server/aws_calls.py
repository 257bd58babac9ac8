"""AWS calls that the stack makes to itself, in process, on behalf of a tenant."""

import json
from typing import Any

from monitor.local.server.asgi_call import AsgiCaller, AsgiResponse
from monitor.local.server.tenant import Tenant

_TARGETS = {
    "logs": ("Logs_20140328", "application/x-amz-json-1.1"),
    "monitoring": ("GraniteServiceVersion20100801", "application/x-amz-json-1.0"),
}


class AwsCalls:
    """JSON-protocol and Lambda REST calls through an AsgiCaller."""

    def __init__(self, caller: AsgiCaller) -> None:
        self._caller = caller

    async def json(self, tenant: Tenant, service: str, operation: str, payload: dict[str, Any]) -> AsgiResponse:
        """Call `operation` of logs or monitoring. The response may be an error."""
        target, content_type = _TARGETS[service]
        headers = (
            tenant.signed(service),
            ("x-amz-target", f"{target}.{operation}"),
            ("content-type", content_type),
            ("host", "127.0.0.1"),
        )
        return await self._caller.call("POST", "/", headers=headers, body=json.dumps(payload).encode())

    async def rest(self, tenant: Tenant, method: str, path: str, query: bytes = b"") -> AsgiResponse:
        """Call a Lambda REST path."""
        headers = (tenant.signed("lambda"), ("host", "127.0.0.1"))
        return await self._caller.call(method, path, query=query, headers=headers)


def error_code(response: AsgiResponse) -> str:
    """The exception name in a JSON error response, or ""."""
    try:
        body = json.loads(response.body)
    except ValueError:
        return ""
    return str(body.get("__type", "")).rpartition("#")[2] if isinstance(body, dict) else ""
