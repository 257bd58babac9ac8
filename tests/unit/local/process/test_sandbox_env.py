import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from monitor.local.functions.function_spec import read_function
from monitor.local.functions.pool import log_stream_name
from monitor.local.logs.event_stream import payload_of, with_payload
from monitor.local.process.interpreter import OWN_NAME, Interpreter, Interpreters
from monitor.local.process.sandbox_env import SandboxPaths, build_environment, build_runtime_dir, translate_path
from monitor.local.server.tenant import Tenant, parse_authorization

PATHS = SandboxPaths(Path("/c/var/task"), Path("/l/opt"), Path("/r/var/runtime"), Path("/s/home"), Path("/s/tmp"))


def spec(**configuration: Any) -> Any:
    base = {
        "FunctionName": "fn",
        "FunctionArn": "arn:aws:lambda:eu-west-1:000000000000:function:fn:3",
        "Version": "3",
        "Handler": "app.handler",
        "Runtime": "python3.11",
        "MemorySize": 512,
        "Timeout": 9,
    }
    return read_function(Tenant("test", "eu-west-1"), {"Configuration": base | configuration})


def environment(function: Any) -> dict[str, str]:
    return build_environment(
        function,
        PATHS,
        runtime_name="python3.11",
        runtime_api="127.0.0.1:1",
        endpoint="http://127.0.0.1:2",
        xray_address="127.0.0.1:3",
        log_stream="stream",
        access_key="key",
    )


def test_a_function_sees_lambdas_variables_and_its_own() -> None:
    variables = {"A": "b", "LANG": "vi_VN.UTF-8", "AWS_LAMBDA_FUNCTION_NAME": "forged", "AWS_REGION": "forged"}

    env = environment(spec(Environment={"Variables": variables}))

    assert env["A"] == "b"
    assert env["LANG"] == "vi_VN.UTF-8"
    assert env["AWS_LAMBDA_FUNCTION_NAME"] == "fn"
    assert env["AWS_LAMBDA_FUNCTION_VERSION"] == "3"
    assert env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "512"
    assert env["AWS_REGION"] == env["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert env["AWS_XRAY_CONTEXT_MISSING"] == "LOG_ERROR"
    assert "AWS_LAMBDA_LOG_FORMAT" not in env
    assert "PYTHONDONTWRITEBYTECODE" not in env


def test_json_format_tells_the_runtime() -> None:
    env = environment(spec(LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"}))

    assert (env["AWS_LAMBDA_LOG_FORMAT"], env["AWS_LAMBDA_LOG_LEVEL"]) == ("JSON", "DEBUG")


def test_lambdas_folders_in_pythonpath_are_read_as_the_ones_that_stand_for_them() -> None:
    assert translate_path("/var/task:/var/task/app:/opt/lib:/var/tasks:x", PATHS) == (
        "/c/var/task:/c/var/task/app:/l/opt/lib:/var/tasks:x"
    )


def test_the_runtime_folder_has_lambdas_libraries_and_nothing_of_ours(tmp_path: Path) -> None:
    build_runtime_dir(tmp_path / "runtime")

    names = {path.name for path in (tmp_path / "runtime").iterdir()}
    assert {"awslambdaric", "boto3", "botocore", "simplejson", "six.py", "urllib3", "sandbox_main.py"} <= names
    assert not {"monitor", "rich", "click", "ministack", "pytest", "aws_lambda_powertools"} & names
    assert all(path.exists() for path in (tmp_path / "runtime").iterdir())


def test_a_runtime_that_this_machine_lacks_runs_on_this_python_and_says_so(tmp_path: Path) -> None:
    async def find(runtime: str) -> Interpreter:
        return await Interpreters(tmp_path / runtime).find(runtime)

    own, absent = asyncio.run(find(OWN_NAME)), asyncio.run(find("python3.99"))

    assert own.label == "python:" + ".".join(map(str, sys.version_info[:3]))
    assert absent.label == f"{own.label} (here in place of python3.99)"
    assert (absent.path, absent.name) == (own.path, OWN_NAME)


def test_a_runtime_that_this_machine_has_runs_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "python3.98"
    fake = tmp_path / "bin" / name
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho 3.98.1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:/usr/bin:/bin")

    async def find() -> Interpreter:
        return await Interpreters(tmp_path / "runtimes").find(name)

    found = asyncio.run(find())

    assert (found.path, found.name, found.label) == (str(fake), name, "python:3.98.1")
    assert (found.runtime_root / "runtime_client.py").is_file()
    assert not list(found.runtime_root.glob("*.so"))


def test_stream_names_follow_the_log_group() -> None:
    assert log_stream_name(spec(), "ab").endswith("/[3]ab")
    assert log_stream_name(spec(LoggingConfig={"LogGroup": "/shared"}), "ab").endswith("/fn[3][ab]")


def test_the_credential_scope_names_account_region_and_service() -> None:
    header = "AWS4-HMAC-SHA256 Credential=111122223333/20260101/ap-southeast-1/xray/aws4_request, SignedHeaders=host"

    tenant, service = parse_authorization(header)

    assert (tenant.account, tenant.region, service) == ("111122223333", "ap-southeast-1", "xray")
    assert parse_authorization(tenant.signed("logs")[1]) == (tenant, "logs")
    assert parse_authorization("")[0].account == "000000000000"


def test_an_event_stream_payload_is_replaced_with_good_checksums() -> None:
    from botocore.eventstream import EventStreamBuffer

    header = b"\x0b:event-type\x07\x00\x01x"
    message = with_payload(b"\0" * 4 + len(header).to_bytes(4, "big") + b"\0" * 4 + header + b"\0" * 4, b'{"a": 1}')

    changed = with_payload(message, b'{"long": "er"}')

    buffer = EventStreamBuffer()
    buffer.add_data(changed)
    event: Any = next(iter(buffer))
    assert json.loads(event.payload) == {"long": "er"}
    assert event.headers == {":event-type": "x"}
    assert payload_of(changed) == b'{"long": "er"}'
    assert payload_of(b"short") == b""
