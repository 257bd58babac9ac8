"""A stack as `monitor local up` starts it, and requests that no AWS client would send."""

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from monitor.local.server.launch import PrivateStack
from tests.functional.local.conftest import Client, Function, client_of

REGION = "ap-southeast-1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an HTTP request got."""

    status: int
    body: bytes

    @property
    def code(self) -> str:
        """AWS's error code in a JSON error."""
        return str(json.loads(self.body).get("__type", ""))


Send = Callable[..., Answer]


@pytest.fixture(scope="session")
def stack() -> Iterator[PrivateStack]:
    with PrivateStack() as running:
        yield running


@pytest.fixture
def client(stack: PrivateStack) -> Client:
    """`client("logs")`: a boto3 client with the key of the stack."""
    return client_of(stack.endpoint, stack.access_key)


@pytest.fixture
def deploy(client: Client) -> Callable[..., Function]:
    """`deploy(code, **settings)`: a function with that code."""

    def make(code: str, **settings: Any) -> Function:
        return Function(client).create(code, **settings)

    return make


def signed(key: str, service: str) -> dict[str, str]:
    """A signature's credential scope, which is what the stack reads of it."""
    scope = f"{key}/20261123/{REGION}/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}


@pytest.fixture
def send(stack: PrivateStack) -> Send:
    """`send("GET", "/", host="evil.example", …)`: one request exactly as written; no header is added but Host."""

    def request(method: str, path: str, body: bytes = b"", host: str = "", **headers: str) -> Answer:
        return raw_request(stack.endpoint, method, path, body, host, headers)

    return request


def raw_request(
    endpoint: str, method: str, path: str, body: bytes = b"", host: str = "", headers: dict[str, str] | None = None
) -> Answer:
    address = endpoint.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=20)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", host or address)
        for name, value in (headers or {}).items():
            connection.putheader(name.replace("_", "-"), value)
        if body:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        response = connection.getresponse()
        return Answer(response.status, response.read())
    finally:
        connection.close()
