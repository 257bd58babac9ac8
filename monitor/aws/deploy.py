"""Deploying and invoking functions, mostly on the embedded stack."""

import base64
import hashlib
import json
import platform
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.aws.answers import Answer, UnreadableAnswerError
from monitor.aws.connection import Connection, WaitFailedError, WaitTimeoutError
from monitor.errors import MonitorError, NotFoundError, UnreachableError, UsageError
from monitor.records.invoke_result import InvocationResult
from monitor.records.message import parse_message
from monitor.records.record import Report
from monitor.records.start_kinds import InitFacts, classify_init

_ROLE = "arn:aws:iam::000000000000:role/lambda-monitor-local"
_WITHIN_S = 60.0
# Lambda's quota for a zip in the request; larger ones, up to 250 MB unzipped, are read from S3.
DIRECT_UPLOAD_BYTES = 50 * 1024 * 1024
# A change takes AWS seconds; the embedded stack takes it at once.
_POLL_S, _LOCAL_POLL_S = 0.5, 0.1
# As monitor/local/functions/executor.py reads it.
_NEW_ENVIRONMENT = "monitor.new-environment"


@dataclass(frozen=True, slots=True)
class Deployment:
    """A function to create or update: its package and the configuration that matters.

    `runtime` is this machine's Python where it is None; `layers` are version ARNs.
    """

    name: str
    package: Path
    handler: str
    memory_mb: int = 512
    timeout_s: int = 15
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    runtime: str | None = None
    layers: tuple[str, ...] = ()


def deploy(connection: Connection, deployment: Deployment) -> None:
    """Create the function, or update it to this package and configuration; return when it is active.

    What the function has already is not sent: each update is a deployment, for `--since deploy` and `diagnose` too.
    """
    configuration: dict[str, Any] = {
        "FunctionName": deployment.name,
        "Handler": deployment.handler,
        "MemorySize": deployment.memory_mb,
        "Timeout": deployment.timeout_s,
        "Environment": {"Variables": deployment.environment},
        "TracingConfig": {"Mode": "Active"},
        "Role": _ROLE,
        "Runtime": deployment.runtime or f"python{sys.version_info[0]}.{sys.version_info[1]}",
        "Layers": list(deployment.layers),
    }
    architectures = ["arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"]
    found = _configuration(connection, deployment.name)
    if found is None:
        with _code(connection, deployment.package) as code:
            connection.call("lambda", "CreateFunction", Code=code, Architectures=architectures, **configuration)
        wait_until_active(connection, deployment.name)
        return
    if _as_sent(found) != configuration:
        connection.call("lambda", "UpdateFunctionConfiguration", **configuration)
        wait_until_updated(connection, deployment.name)
    if (found.get("CodeSha256"), found.get("Architectures")) != (_sha256(deployment.package), architectures):
        with _code(connection, deployment.package) as code:
            connection.call(
                "lambda", "UpdateFunctionCode", FunctionName=deployment.name, Architectures=architectures, **code
            )
        wait_until_updated(connection, deployment.name)


def _as_sent(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What `deploy` sends of a configuration, from one in the shape of an answer."""
    return {
        **{key: answer.get(key) for key in ("FunctionName", "Handler", "MemorySize", "Timeout", "Role", "Runtime")},
        "Environment": {"Variables": answer.get("Environment", {}).get("Variables", {})},
        "TracingConfig": {"Mode": answer.get("TracingConfig", {}).get("Mode")},
        "Layers": [one["Arn"] for one in answer.get("Layers") or ()],
    }


def _sha256(package: Path) -> str:
    """The CodeSha256 of a package, "" if it cannot be read."""
    try:
        with package.open("rb") as file:
            return base64.b64encode(hashlib.file_digest(file, "sha256").digest()).decode()
    except OSError:
        return ""


@contextmanager
def _code(connection: Connection, package: Path) -> Iterator[dict[str, Any]]:
    """A package as CreateFunction takes it: its bytes or, above the limit of a direct upload, a temporary S3 object."""
    try:
        if package.stat().st_size <= DIRECT_UPLOAD_BYTES:
            yield {"ZipFile": package.read_bytes()}
            return
        file = package.open("rb")
    except OSError as error:
        hint = "give --package a folder or a .zip file"
        raise UsageError(f"{package} cannot be read: {error.strerror}", hint) from error
    if not connection.local:
        file.close()
        hint = "upload it to S3, or build a smaller package or a container image"
        raise UsageError(f"{package} is larger than 50 MB, the limit of a direct upload", hint)
    bucket, key, region = f"monitor-{uuid.uuid4().hex}", "package.zip", connection.region
    # us-east-1 is the default, and S3 does not accept its name here.
    options = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    with file:
        connection.call("s3", "CreateBucket", Bucket=bucket, **options)
        try:
            connection.call("s3", "PutObject", Bucket=bucket, Key=key, Body=file)
            yield {"S3Bucket": bucket, "S3Key": key}
        finally:
            connection.call("s3", "DeleteObject", Bucket=bucket, Key=key)
            connection.call("s3", "DeleteBucket", Bucket=bucket)


def exists(connection: Connection, name: str) -> bool:
    """Whether there is such a function."""
    return _configuration(connection, name) is not None


def _configuration(connection: Connection, name: str) -> Answer | None:
    try:
        return connection.call("lambda", "GetFunctionConfiguration", FunctionName=name)
    except NotFoundError:
        return None


def wait_until_active(connection: Connection, name: str, within_s: float = _WITHIN_S) -> None:
    """Wait until a function that was created, or a version (`name:version`), can be invoked.

    Raises:
        MonitorError: it cannot, or not within that time.
    """
    _wait(connection, name, "function_active", "become active", within_s)


def wait_until_updated(connection: Connection, name: str) -> None:
    """Wait until the last change of a function is in force.

    Raises:
        MonitorError: the change failed, or took longer than a minute.
    """
    _wait(connection, name, "function_updated", "take the change", _WITHIN_S)


def _wait(connection: Connection, name: str, waiter: str, end: str, within_s: float) -> None:
    every_s = _LOCAL_POLL_S if connection.local else _POLL_S
    try:
        connection.wait("lambda", waiter, every_s=every_s, within_s=within_s, FunctionName=name)
    except WaitFailedError as error:
        answer = error.answer
        reason = answer.get("StateReason") or answer.get("LastUpdateStatusReason") or "no reason was given"
        raise MonitorError(f"{name} did not {end}: {reason}") from error
    except WaitTimeoutError as error:
        raise UnreachableError(f"{name} did not {end} within {within_s:.0f} s", "try again") from error


def refresh(connection: Connection, name: str) -> None:
    """Make the next invocation on the embedded stack a cold start, without a change of the function.

    The request is a DryRun, which invokes nothing. The stack ends the function's warm environments when the client
    context of a DryRun asks for it; Lambda ignores it.
    """
    context = base64.b64encode(json.dumps({"custom": {_NEW_ENVIRONMENT: True}}).encode()).decode()
    connection.call("lambda", "Invoke", FunctionName=name, InvocationType="DryRun", ClientContext=context)


def set_limits(connection: Connection, name: str, memory_mb: int | None, timeout_s: int | None) -> None:
    """Change memory and timeout; None leaves a limit unchanged."""
    limits = {"MemorySize": memory_mb, "Timeout": timeout_s}
    given = {key: value for key, value in limits.items() if value is not None}
    connection.call("lambda", "UpdateFunctionConfiguration", FunctionName=name, **given)
    wait_until_updated(connection, name)


def invoke(connection: Connection, name: str, payload: bytes) -> InvocationResult:
    """Invoke the function and wait for the result."""
    return invoke_with_log(connection, name, payload)[0]


def invoke_with_log(
    connection: Connection, name: str, payload: bytes, qualifier: str = ""
) -> tuple[InvocationResult, str]:
    """Invoke the function, or its version or alias, and wait for the result; with the last 4 KB of its log."""
    began = time.perf_counter()
    version = {"Qualifier": qualifier} if qualifier else {}
    answer = connection.call("lambda", "Invoke", FunctionName=name, Payload=payload, LogType="Tail", **version)
    elapsed_ms = (time.perf_counter() - began) * 1000
    tail = _decoded(answer.get("LogResult", ""))
    report = _report(tail)
    result = InvocationResult(
        request_id=answer.get("ResponseMetadata", {}).get("RequestId", ""),
        function_error=answer.get("FunctionError"),
        payload=connection.read(answer["Payload"], "lambda:Invoke"),
        report=report,
        elapsed_ms=elapsed_ms,
        kind=classify_init(InitFacts(certain=False), report, None).kind if report is not None else None,
    )
    return result, tail


def _decoded(tail: str) -> str:
    try:
        return base64.b64decode(tail, validate=True).decode(errors="replace")
    except ValueError:
        raise UnreadableAnswerError("lambda:Invoke", "LogResult is not base64") from None


def _report(tail: str) -> Report | None:
    # REPORT is the last record of an invocation, and its XRAY line the last of REPORT.
    start = tail.rfind("REPORT RequestId:")
    texts = [tail[start:]] if start >= 0 else [line for line in tail.splitlines() if "platform.report" in line]
    record = parse_message(texts[-1]) if texts else None
    return record if isinstance(record, Report) else None


def drive(
    connection: Connection,
    name: str,
    payload: bytes,
    *,
    cold: int,
    warm: int,
    concurrency: int,
    fresh: Callable[[Connection, str], None] = refresh,
) -> Iterator[InvocationResult]:
    """`cold` invocations that each start a fresh environment, then `warm` ones, `concurrency` at a time."""
    for _ in range(cold):
        fresh(connection, name)
        yield invoke(connection, name, payload)
    with ThreadPoolExecutor(max_workers=concurrency) as pool:
        futures = [pool.submit(invoke, connection, name, payload) for _ in range(warm)]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()
