"""Invocations on the embedded stack: what the handler sees, what its caller gets, what is logged."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

ECHO = "def handler(event, context):\n    return event\n"
Deploy = Callable[..., Any]
Client = Callable[[str], Any]


def test_a_cold_invocation_reports_the_init_and_a_warm_one_does_not(deploy: Deploy) -> None:
    function = deploy("import time\ntime.sleep(0.2)\n" + ECHO)

    cold = function.invoke({"câu": "xin chào"})
    warm = function.invoke(7)

    assert cold.payload == {"câu": "xin chào"}
    assert warm.payload == 7
    assert [line.split(" ")[0] for line in function.log()] == ["INIT_START", *(["START", "END", "REPORT"] * 2)]
    first, second = function.report(cold.request_id), function.report(warm.request_id)
    assert 200 < float(first["Init Duration"]) < 2000
    assert float(first["Duration"]) < 150
    assert int(first["Billed Duration"]) >= float(first["Init Duration"])
    assert first["Memory Size"] == "128"
    assert 5 < int(first["Max Memory Used"]) < 128
    assert "Init Duration" not in second
    assert "Status" not in second
    assert warm.tail.startswith("START RequestId: " + warm.request_id)


def test_the_handler_sees_lambda_and_not_this_machine(deploy: Deploy, own_stack: Any) -> None:
    code = """
import importlib.util, os, sys, tempfile
import boto3
def handler(event, context):
    groups = [one["logGroupName"] for one in boto3.client("logs").describe_log_groups()["logGroups"]]
    return {
        "rich": importlib.util.find_spec("rich") is not None, "path": sys.path, "cwd": os.getcwd(),
        "env": dict(os.environ), "arn": context.invoked_function_arn, "tmp": tempfile.gettempdir(),
        "left": context.get_remaining_time_in_millis(), "found": context.log_group_name in groups,
    }
"""
    variables = {"PYTHONPATH": "/var/task:/var/task/app", "A": "b"}
    function = deploy(code, MemorySize=256, Environment={"Variables": variables})

    seen = function.invoke().payload

    env, root = seen["env"], seen["env"]["LAMBDA_TASK_ROOT"]
    assert seen["rich"] is False
    assert root.endswith("/var/task")
    assert seen["path"][:3] == [root, f"{root}/app", env["LAMBDA_RUNTIME_DIR"]]
    assert not any("site-packages" in entry for entry in seen["path"])
    assert seen["cwd"] == root
    expected = {
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_REGION": own_stack.region,
        "AWS_ENDPOINT_URL": own_stack.endpoint,
        "_HANDLER": "app.handler",
        "TZ": ":UTC",
        "A": "b",
    }
    assert {name: env.get(name) for name in expected} == expected
    assert not {"_LAMBDA_TELEMETRY_LOG_FD", "MONITOR_LAYERS_ROOT", "VIRTUAL_ENV", "MONITOR_STATE_HOME"} & set(env)
    assert seen["arn"] == f"arn:aws:lambda:{own_stack.region}:000000000000:function:{function.name}"
    assert 0 < seen["left"] <= 10_000
    assert seen["tmp"] == env["TMPDIR"]
    assert seen["found"] is True


def test_output_becomes_one_event_a_line_and_one_a_log_record(deploy: Deploy) -> None:
    code = """
import logging, sys
def handler(event, context):
    print("một dòng"); print("two\\nlines"); sys.stderr.write("no newline")
    logging.getLogger().error("record\\nof two lines")
"""
    function = deploy(code)

    function.invoke()

    lines = function.log()
    assert {"một dòng\n", "two\n", "lines\n", "no newline"} <= set(lines)
    assert next(line for line in lines if line.startswith("[ERROR]")).endswith("record\nof two lines\n")


def test_a_flood_of_output_arrives_whole_and_in_order(deploy: Deploy) -> None:
    function = deploy("def handler(event, context):\n    for n in range(9000):\n        print(n, 'x' * 200)\n")

    function.invoke()

    printed = [line.split(" ")[0] for line in function.log() if line.endswith("x\n")]
    assert printed == [str(number) for number in range(9000)]


def test_an_unhandled_exception_is_lambdas_error_and_keeps_the_sandbox(deploy: Deploy) -> None:
    function = deploy("def handler(event, context):\n    raise ValueError('sai rồi')\n")

    first, second = function.invoke(), function.invoke()

    assert first.error == "Unhandled"
    assert first.payload["errorType"] == "ValueError"
    assert first.payload["errorMessage"] == "sai rồi"
    assert first.payload["requestId"] == first.request_id
    lines = function.log()
    assert any(line.startswith("[ERROR] ValueError: sai rồi\nTraceback") for line in lines)
    assert "Status" not in function.report(first.request_id)
    assert "Init Duration" not in function.report(second.request_id)
    assert sum(line.startswith("INIT_START") for line in lines) == 1


def test_a_change_of_configuration_starts_a_fresh_environment(deploy: Deploy, client: Client) -> None:
    function = deploy("import os\ndef handler(event, context):\n    return os.getpid(), os.environ.get('A')\n")

    first, same = function.invoke().payload, function.invoke().payload
    client("lambda").update_function_configuration(FunctionName=function.name, Environment={"Variables": {"A": "b"}})
    changed = function.invoke().payload

    assert first == same
    assert changed[0] != first[0]
    assert changed[1] == "b"


def test_concurrent_invocations_get_environments_of_their_own_up_to_the_reserve(deploy: Deploy, client: Client) -> None:
    function = deploy("import os, time\ndef handler(event, context):\n    time.sleep(0.5)\n    return os.getpid()\n")
    client("lambda").put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=2)
    found: list[Any] = []

    def call() -> None:
        try:
            found.append(function.invoke().payload)
        except ClientError as error:
            found.append(error.response["Error"]["Code"] + str(error.response["ResponseMetadata"]["HTTPStatusCode"]))

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(type(one).__name__ for one in found) == ["int", "int", "str"]
    assert "TooManyRequestsException429" in found
    assert len(set(found)) == 3


def test_an_event_invocation_is_answered_at_once_and_runs(deploy: Deploy, client: Client) -> None:
    function = deploy("def handler(event, context):\n    print('ran', event)\n")
    api = client("lambda")

    assert api.invoke(FunctionName=function.name, InvocationType="DryRun")["StatusCode"] == 204
    assert api.invoke(FunctionName=function.name, InvocationType="Event", Payload=b'"x"')["StatusCode"] == 202

    for _ in range(200):
        groups = client("logs").describe_log_groups(logGroupNamePrefix=function.group)["logGroups"]
        if groups and any(line.startswith("REPORT") for line in function.log()):
            break
        time.sleep(0.05)
    assert "ran x\n" in function.log()


def test_what_cannot_be_invoked_says_why(deploy: Deploy, client: Client) -> None:
    api = client("lambda")
    function = deploy("def handler(event, context):\n    return 'x' * 7_000_000\n")

    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        api.invoke(FunctionName="not-there")
    with pytest.raises(ClientError, match="InvalidRequestContentException"):
        api.invoke(FunctionName=function.name, Payload=b"{")
    with pytest.raises(ClientError, match="RequestTooLargeException"):
        api.invoke(FunctionName=function.name, Payload=b'"' + b"x" * 6_300_000 + b'"')
    assert function.invoke().payload["errorType"] == "Function.ResponseSizeTooLarge"


def test_json_format_writes_platform_events_and_no_report_line(deploy: Deploy, client: Client) -> None:
    import json
    import re

    code = """
import logging
def handler(event, context):
    logging.getLogger().warning("cẩn thận")
    if event == "raise":
        raise KeyError("k")
"""
    settings = {"LogFormat": "JSON", "LogGroup": f"/shared/{time.time_ns()}"}
    function = deploy(code, LoggingConfig=settings, TracingConfig={"Mode": "Active"})

    fine, failed = function.invoke(trace="Sampled=1"), function.invoke("raise", trace="Sampled=0")

    records = [json.loads(line) for line in function.log()]
    assert [record.get("type", record.get("level")) for record in records] == [
        "platform.initStart",
        *("platform.start", "WARNING", "platform.report"),
        *("platform.start", "WARNING", "ERROR", "platform.runtimeDone", "platform.report"),
    ]
    first, last = records[3]["record"], records[-1]["record"]
    assert first["requestId"] == fine.request_id
    assert first["status"] == "success"
    assert first["metrics"]["initDurationMs"] > 0
    assert first["tracing"]["value"].startswith(f"Root={fine.trace_id};Parent=")
    assert last["requestId"] == failed.request_id
    assert last["status"] == "error"
    assert "initDurationMs" not in last["metrics"]
    assert "tracing" not in last
    streams = client("logs").describe_log_streams(logGroupName=function.group)["logStreams"]
    names = [re.sub(r"[0-9a-f]{32}", "ID", one["logStreamName"])[11:] for one in streams]
    assert names == [f"{function.name}[$LATEST][ID]"]
