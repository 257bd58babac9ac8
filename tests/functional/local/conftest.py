"""A stack in a process of its own, with a short init limit, and functions made on it."""

import base64
import json
import re
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from monitor.local.server.launch import PrivateStack
from tests.functional.conftest import zip_of

REGION = "ap-southeast-1"
INIT_LIMIT_S = 1.5
Client = Callable[[str], Any]


def client_of(endpoint: str, access_key: str) -> Client:
    make: Any = boto3.client

    def client(service: str) -> Any:
        return make(
            service,
            endpoint_url=endpoint,
            region_name=REGION,
            aws_access_key_id=access_key,
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=30, inject_host_prefix=False),
        )

    return client


@dataclass(frozen=True, slots=True)
class Answer:
    """What Invoke answered."""

    payload: Any
    error: str
    request_id: str
    tail: str
    trace_id: str


@dataclass(slots=True)
class Function:
    """A function of a stack, and what it logged."""

    client: Client
    group: str = ""
    name: str = field(default_factory=lambda: f"fn-{uuid.uuid4().hex[:8]}")

    def create(self, code: str | bytes, **settings: Any) -> "Function":
        options: dict[str, Any] = {
            "Runtime": f"python{sys.version_info.major}.{sys.version_info.minor}",
            "Role": "arn:aws:iam::000000000000:role/r",
            "Handler": "app.handler",
            "Code": {"ZipFile": zip_of({"app.py": code}) if isinstance(code, str) else code},
            "Timeout": 10,
        }
        self.client("lambda").create_function(FunctionName=self.name, **(options | settings))
        self.group = settings.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{self.name}")
        return self

    def invoke(self, event: Any = None, *, trace: str = "", **arguments: Any) -> Answer:
        """Invoke; `trace` is sent as X-Amzn-Trace-Id."""
        caller = self.client("lambda")
        if trace:
            caller.meta.events.register(
                "before-send.lambda.Invoke", lambda request, **_: request.headers.__setitem__("X-Amzn-Trace-Id", trace)
            )
        payload = json.dumps(event).encode()
        response = caller.invoke(FunctionName=self.name, Payload=payload, LogType="Tail", **arguments)
        headers = response["ResponseMetadata"]["HTTPHeaders"]
        return Answer(
            json.loads(response["Payload"].read() or b"null"),
            response.get("FunctionError", ""),
            headers["x-amzn-requestid"],
            base64.b64decode(headers.get("x-amz-log-result", "")).decode(),
            headers.get("x-amzn-trace-id", "").removeprefix("Root=").split(";")[0],
        )

    def log(self) -> list[str]:
        messages: list[str] = []
        token: dict[str, str] = {}
        for _ in range(100):
            page = self.client("logs").filter_log_events(logGroupName=self.group, **token)
            messages += [event["message"] for event in page["events"]]
            if "nextToken" not in page:
                break
            token = {"nextToken": page["nextToken"]}
        return messages

    def report_line(self, request_id: str) -> str:
        return next(line for line in self.log() if line.startswith(f"REPORT RequestId: {request_id}"))

    def report(self, request_id: str) -> dict[str, str]:
        return self.fields(self.report_line(request_id))

    def fields(self, line: str) -> dict[str, str]:
        """`Key: value` pairs; the unit of a number is left off."""
        pairs = (part.partition(": ") for part in re.split(r"[\t\n]+", line) if ": " in part)
        return {key: re.sub(r" (ms|MB)$", "", value) for key, _, value in pairs}


@dataclass(frozen=True, slots=True)
class Running:
    endpoint: str
    access_key: str = field(repr=False)
    init_limit_s: float = INIT_LIMIT_S
    region: str = REGION


@pytest.fixture(scope="session")
def own_stack() -> Iterator[Running]:
    """A process of its own: other tests run a stack in this one, and want Lambda's own init limit."""
    with PrivateStack("--init-limit-s", str(INIT_LIMIT_S)) as stack:
        yield Running(stack.endpoint, stack.access_key)


@pytest.fixture
def client(own_stack: Running) -> Client:
    """`client("logs")`: a boto3 client of the stack."""
    return client_of(own_stack.endpoint, own_stack.access_key)


@pytest.fixture
def deploy(own_stack: Running) -> Callable[..., Function]:
    """`deploy(code, **settings)`: a function of that code, with CreateFunction's settings."""

    def make(code: str | bytes, **settings: Any) -> Function:
        return Function(client_of(own_stack.endpoint, own_stack.access_key)).create(code, **settings)

    return make


@pytest.fixture
def deploy_on() -> Callable[..., Function]:
    """`deploy_on(stack, code, …)`: the same on another stack; with `name`, the handle of an existing function."""

    def make(stack: Any, code: str = "", name: str = "", **settings: Any) -> Function:
        client = client_of(stack.endpoint, stack.access_key)
        return Function(client, f"/aws/lambda/{name}", name) if name else Function(client).create(code, **settings)

    return make


@pytest.fixture
def package() -> Callable[[dict[str, str]], bytes]:
    """`package({"app.py": text})`: a zip."""
    return zip_of


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for the registry, and for the temporary folders of stacks that are killed."""
    monkeypatch.setenv("MONITOR_STATE_HOME", str(tmp_path / "home"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    return tmp_path
