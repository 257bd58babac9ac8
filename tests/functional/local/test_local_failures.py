"""Crashes, time-outs, memory and failing inits on the embedded stack: as on Lambda, log lines included."""

import re
from collections.abc import Callable
from typing import Any

import pytest

Deploy = Callable[..., Any]
ECHO = "def handler(event, context):\n    return event\n"


def test_a_crash_is_an_exit_error_and_the_next_init_is_folded_into_the_duration(deploy: Deploy) -> None:
    code = """
import os, time
time.sleep(0.3)
def handler(event, context):
    print("last words")
    if event == "crash":
        os._exit(1)
    return "fine"
"""
    function = deploy(code)

    crash, after, warm = function.invoke("crash"), function.invoke("again"), function.invoke("again")

    reason = f"RequestId: {crash.request_id} Error: Runtime exited with error: exit status 1"
    assert crash.error == "Unhandled"
    assert crash.payload == {"errorType": "Runtime.ExitError", "errorMessage": reason}
    lines = function.log()
    assert "last words\n" in lines
    assert f"{reason}\nRuntime.ExitError\n" in lines
    assert function.report_line(crash.request_id).endswith("\tStatus: error\tError Type: Runtime.ExitError\n")
    assert "Init Duration" in function.report(crash.request_id)
    assert after.payload == "fine"
    assert "Init Duration" not in function.report(after.request_id)
    assert float(function.report(after.request_id)["Duration"]) > 300
    assert float(function.report(warm.request_id)["Duration"]) < 200


def test_a_time_out_ends_the_sandbox_and_says_so(deploy: Deploy) -> None:
    function = deploy("import time\ndef handler(event, context):\n    time.sleep(30)\n", Timeout=1)

    answer = function.invoke()

    assert answer.error == "Unhandled"
    assert answer.payload["errorMessage"].endswith("Task timed out after 1.00 seconds")
    lines = function.log()
    said = next(line for line in lines if "Task timed out" in line)
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\dT[\d:.]+Z {answer.request_id} Task timed out after 1\.00 seconds\n\n", said)
    assert lines.index(said) < lines.index(f"END RequestId: {answer.request_id}\n")
    assert "\tDuration: 1000.00 ms\t" in function.report_line(answer.request_id)
    assert function.report_line(answer.request_id).endswith("\tStatus: timeout\n")


def test_memory_beyond_the_limit_kills_children_counted(deploy: Deploy) -> None:
    code = """
import subprocess, sys, time
def handler(event, context):
    if event == "child":
        subprocess.run([sys.executable, "-c", "a = b'x' * 400_000_000; import time; time.sleep(5)"])
    a = b"x" * 400_000_000
    time.sleep(5)
"""
    function = deploy(code, MemorySize=128)

    answer, child = function.invoke(), function.invoke("child")

    assert answer.payload["errorType"] == "Runtime.OutOfMemory"
    assert answer.payload["errorMessage"].endswith("Runtime exited with error: signal: killed")
    line = function.report_line(answer.request_id)
    assert "\tMax Memory Used: 128 MB\t" in line
    assert line.endswith("\tStatus: error\tError Type: Runtime.OutOfMemory\n")
    assert child.payload["errorType"] == "Runtime.OutOfMemory"


def test_a_failing_init_is_reported_twice_and_its_error_is_the_answer(deploy: Deploy) -> None:
    function = deploy("import nothing_of_that_name\n")

    answer = function.invoke()

    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == "Runtime.ImportModuleError"
    assert "No module named 'nothing_of_that_name'" in answer.payload["errorMessage"]
    lines = function.log()
    kinds = [line.split(" ")[0] for line in lines if not line.startswith("[")]
    assert kinds == ["INIT_START", "INIT_REPORT", "INIT_REPORT", "START", "END", "REPORT"]
    reports = [line for line in lines if line.startswith("INIT_REPORT")]
    assert [function.fields(line)["Phase"] for line in reports] == ["init", "invoke"]
    assert all(line.endswith("\tStatus: error\tError Type: Runtime.ImportModuleError\n") for line in reports)
    line = function.report_line(answer.request_id)
    assert "Init Duration" not in line
    assert line.endswith("\tStatus: error\tError Type: Runtime.ImportModuleError\n")


def test_an_init_that_exits_is_an_exit_error(deploy: Deploy) -> None:
    function = deploy("import os\nos._exit(7)\n")

    answer = function.invoke()

    assert answer.payload["errorType"] == "Runtime.ExitError"
    assert answer.payload["errorMessage"].endswith("exit status 7")
    reports = [function.fields(line) for line in function.log() if line.startswith("INIT_REPORT")]
    assert [one["Error Type"] for one in reports] == ["Runtime.ExitError"] * 2


def test_an_init_over_its_limit_is_tried_again_under_the_functions_own_time_out(deploy: Deploy, own_stack: Any) -> None:
    limit_s = own_stack.init_limit_s
    slow = deploy(f"import time\ntime.sleep({limit_s + 0.3})\n" + ECHO, Timeout=6)
    hopeless = deploy("import time\ntime.sleep(30)\n" + ECHO, Timeout=1)

    answer, lost = slow.invoke("late"), hopeless.invoke()

    assert answer.payload == "late"
    init = slow.fields(next(line for line in slow.log() if line.startswith("INIT_REPORT")))
    assert (init["Phase"], init["Status"]) == ("init", "timeout")
    assert float(init["INIT_REPORT Init Duration"]) == pytest.approx(limit_s * 1000, abs=150)
    assert "Init Duration" not in slow.report(answer.request_id)
    assert float(slow.report(answer.request_id)["Duration"]) > limit_s * 1000
    assert lost.payload["errorMessage"].endswith("Task timed out after 1.00 seconds")
    reports = [hopeless.fields(line) for line in hopeless.log() if line.startswith("INIT_REPORT")]
    assert [(one["Phase"], one["Status"]) for one in reports] == [("init", "timeout"), ("invoke", "timeout")]
    assert hopeless.report(lost.request_id)["Status"] == "timeout"
