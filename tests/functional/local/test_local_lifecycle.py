"""The embedded stack's own life: loopback only, ports, background, state, and an end that leaves nothing."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import NotFoundError, UsageError
from monitor.local.server import registry

ECHO = "def handler(event, context):\n    return event\n"
DeployOn = Callable[..., Any]


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def left_behind(home: Path) -> list[Path]:
    """What is in the temporary folder, given some seconds: its deletion goes on after the stack's end."""
    deadline = time.monotonic() + 15
    while any((home / "tmp").iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return list((home / "tmp").iterdir())


def test_it_listens_on_the_loopback_only(own_stack: Any) -> None:
    port = int(own_stack.endpoint.rpartition(":")[2])
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            address = probe.getsockname()[0]
        except OSError:
            pytest.skip("this machine has no other address")

    with closing(socket.socket()) as other:
        other.settimeout(2)
        with pytest.raises(ConnectionRefusedError):
            other.connect((address, port))


def test_a_second_stack_in_one_process_is_refused() -> None:
    twice = "from monitor.local.server.stack import Stack\nwith Stack() as a, Stack() as b:\n    a.start(); b.start()"

    done = subprocess.run([sys.executable, "-c", twice], capture_output=True, text=True, timeout=60, check=False)

    assert "UsageError: this process already runs a stack" in done.stderr


def test_a_stack_can_be_started_again_and_is_empty(home: Path) -> None:
    code = """
import boto3
from monitor.local.server.stack import Stack
def groups(stack):
    return boto3.client("logs", endpoint_url=stack.endpoint, region_name="us-east-1",
                        aws_access_key_id=stack.access_key, aws_secret_access_key="b")
with Stack() as one:
    one.start()
    groups(one).create_log_group(logGroupName="g")
with Stack() as two:
    two.start()
    print(len(groups(two).describe_log_groups()["logGroups"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)

    assert (done.stdout, done.stderr) == ("0\n", "")
    assert left_behind(home) == []


def test_a_stack_stops_while_somebody_tails_and_a_function_runs(home: Path, deploy_on: DeployOn) -> None:
    info = registry.detach(0)
    function = deploy_on(info, "import time\ndef handler(event, context):\n    time.sleep(event)\n", Timeout=60)
    function.invoke(0)
    group = f"arn:aws:logs:ap-southeast-1:000000000000:log-group:{function.group}"
    tail = function.client("logs").start_live_tail(logGroupIdentifiers=[group])["responseStream"]
    assert "sessionStart" in next(iter(tail))
    function.client("lambda").invoke(FunctionName=function.name, InvocationType="Event", Payload=b"30")

    started = time.monotonic()
    registry.down(info.port)

    assert time.monotonic() - started < 6
    tail.close()
    assert not running(info.pid)
    assert left_behind(home) == []


def test_a_port_in_use_is_refused_with_the_option_that_helps(own_stack: Any, home: Path) -> None:
    port = int(own_stack.endpoint.rpartition(":")[2])

    with pytest.raises(UsageError, match=f"port {port} is in use") as refused:
        registry.detach(port)

    assert "--port" in refused.value.hint
    assert list((home / "home").glob("*.json")) == []


def test_without_the_extra_it_names_what_to_install(home: Path) -> None:
    code = (
        "import sys; sys.modules['ministack'] = None\n"
        "from monitor.local.server.stack import Stack\n"
        "from monitor.errors import UsageError\n"
        "try:\n    Stack().start()\n"
        "except UsageError as error:\n    print(error.message, '|', error.hint)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)

    assert "ministack" in done.stdout
    assert "pip install 'lambda-monitor[local]'" in done.stdout


def test_a_state_folder_survives_a_restart_and_is_its_owner_s_alone(home: Path, deploy_on: DeployOn) -> None:
    state = home / "state"
    first = registry.detach(0, state)
    try:
        function = deploy_on(first, ECHO, TracingConfig={"Mode": "Active"})
        answer = function.invoke("before", trace="Sampled=1")
        assert (home / "home" / f"stack-{first.port}.json").stat().st_mode & 0o777 == 0o600
        with pytest.raises(UsageError, match="in use"):
            registry.detach(first.port)
    finally:
        registry.down(first.port)
    assert not registry.is_alive(first)
    with pytest.raises(NotFoundError):
        registry.down(first.port)
    everything = [state, *state.rglob("*")]
    assert len(everything) > 3
    readable = {str(path): oct(path.stat().st_mode) for path in everything if path.stat().st_mode & 0o077}
    assert readable == {}

    second = registry.detach(0, state)
    try:
        again = deploy_on(second, name=function.name)
        assert again.invoke("after").payload == "after"
        assert again.report_line(answer.request_id)
        assert again.client("xray").batch_get_traces(TraceIds=[answer.trace_id])["Traces"]
    finally:
        registry.down(second.port)
    assert left_behind(home) == []


def test_sandboxes_die_with_a_stack_that_is_killed(home: Path, deploy_on: DeployOn) -> None:
    info = registry.detach(0)
    code = """
import os, subprocess
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
def handler(event, context):
    return os.getpid(), child.pid
"""
    pids = deploy_on(info, code).invoke().payload
    assert all(running(pid) for pid in pids)

    os.kill(info.pid, 9)
    os.waitpid(info.pid, 0)

    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(running(pid) for pid in pids):
        time.sleep(0.02)
    assert [pid for pid in pids if running(pid)] == []
    assert not registry.is_alive(info)
    assert len(list((home / "tmp").iterdir())) == 1
    registry.down(registry.detach(0).port)
    assert left_behind(home) == []  # the next stack clears what the killed one left


def test_a_stack_that_held_large_packages_ends_quickly_and_leaves_nothing(
    home: Path, deploy_on: DeployOn, package: Callable[[dict[str, str]], bytes]
) -> None:
    info = registry.detach(0)
    try:
        for number in range(4):
            files = {f"lib{file % 40}/m{file}.py": "" for file in range(4300)} | {"app.py": f"# {number}\n{ECHO}"}
            assert deploy_on(info, package(files), Timeout=60).invoke(number).payload == number
        started = time.monotonic()
    finally:
        registry.down(info.port)

    assert time.monotonic() - started < 6
    assert not running(info.pid)
    assert list((home / "home").iterdir()) == []
    assert left_behind(home) == []


def test_functions_that_start_cold_at_once_log_everything(home: Path, deploy_on: DeployOn) -> None:
    info = registry.detach(0)
    try:
        # Inits that end just before, while and after a flush of half a second's records is on its way.
        slow = [f"import time\ntime.sleep({0.42 + 0.01 * number})\n{ECHO}" for number in range(12)]
        functions = [deploy_on(info, code) for code in slow]
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda function: function.invoke(), functions))
        kinds = [[line.split(maxsplit=1)[0] for line in function.log()] for function in functions]
    finally:
        registry.down(info.port)

    assert [answer.error for answer in answers] == [""] * 12
    assert kinds == [["INIT_START", "START", "END", "REPORT"]] * 12
