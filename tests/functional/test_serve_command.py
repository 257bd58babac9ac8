"""`monitor serve` as a command: what it prints, what it refuses, and that nothing stays behind."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.endpoint import Endpoint

from monitor.aws.connection import Connection
from monitor.kernel.clock import SystemClock
from monitor.kernel.target import TargetSelection
from monitor.kernel.window import Window
from monitor.local.server.stack import Stack
from monitor.serve.workflow_account import Account, Ask
from monitor.serve.workflow_budget import Budget
from tests.clean_environment import clean_environment
from tests.functional.conftest import Driven, Run


@contextmanager
def served(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """The running command, and the address and the token that it printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", "serve", "--port", "0", "--no-open", *arguments],
        env=clean_environment(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        printed = process.stdout.readline()
        found = re.fullmatch(r"(http://127\.0\.0\.1:\d+)/#token=([\w-]{43})\n", printed)
        assert found is not None, printed + (process.stderr.read() if process.stderr else "")
        yield process, found[1], found[2]
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def asked(address: str, token: str, path: str) -> Any:
    request = urllib.request.Request(f"{address}/api/{path}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=90) as answer:
        return json.loads(answer.read())


def stop(process: subprocess.Popen[str]) -> tuple[int, str, float]:
    """Press Ctrl-C; the exit code, stderr, and how long it took."""
    began_s = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    return process.returncode, err, time.monotonic() - began_s


def test_it_prints_its_address_and_ends_at_once_by_ctrl_c(stack: Stack, driven: Driven) -> None:
    # By its name: other tests deploy more functions to the stack than a page follows together.
    with served("--local", driven.function, MONITOR_LOCAL_ENDPOINT=stack.endpoint) as (process, address, token):
        state = asked(address, token, "state")
        assert driven.function in state["names"]
        assert state["local"] is True
        assert state["spending"]["hour_limit"] == 20_000
        # An open stream does not keep it.
        request = urllib.request.Request(f"{address}/api/events", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=30) as stream:
            assert stream.readline().startswith(b"id: ")
            code, err, _ = stop(process)
    assert code == 0
    assert "Stopped" in err
    assert "Traceback" not in err


def test_the_limit_of_calls_stops_the_page(stack: Stack, driven: Driven) -> None:
    arguments = ("--local", driven.function, "--calls-per-hour", "2")
    with served(*arguments, MONITOR_LOCAL_ENDPOINT=stack.endpoint) as (_, address, token):
        messages = []
        for _ in range(4):
            try:
                asked(address, token, f"cold?fn={driven.function}&since=1h")
            except urllib.error.HTTPError as error:
                messages.append(json.loads(error.read())["error"])
        assert messages
        assert "the limit of 2 AWS calls an hour is reached" in messages[-1]["message"]
        assert "--calls-per-hour" in messages[-1]["hint"]
        spending = asked(address, token, "state")["spending"]
        assert spending["calls"] == 2
        assert spending["stopped"]


def test_only_the_named_functions_are_on_the_page(stack: Stack, driven: Driven, monitor: Run) -> None:
    refused = monitor("--local", "serve", "no-such-function", "--port", "0", "--no-open")
    assert refused.code == 3
    assert "no-such-function" in refused.err


def test_a_port_in_use_is_one_line(stack: Stack, driven: Driven, monitor: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = monitor("--local", "serve", "--port", str(port), "--no-open")
    assert refused.code == 2
    assert f"port {port} is in use" in refused.err
    assert refused.err.count("\n") == 2


@pytest.mark.slow
def test_with_local_alone_a_newcomer_sees_a_real_cold_start() -> None:
    """The second of two commands; the first is `pip install`."""
    with served("--local") as (process, address, token):
        state = asked(address, token, "state")
        (name,) = state["names"]
        report = asked(address, token, f"cold?fn={name}&since=1h")["report"]
        assert len(report["cold_starts"]) == 2
        assert all(one["init_ms"] > 0 for one in report["cold_starts"])
        code, err, _ = stop(process)
    assert code == 0
    assert "starting one for this page" in err


def test_each_request_that_a_view_makes_is_counted(
    connection: Connection, driven: Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    send = Endpoint._send

    def counted(endpoint: Endpoint, request: Any) -> Any:
        sent.append(request.url)
        return send(endpoint, request)

    monkeypatch.setattr(Endpoint, "_send", counted)
    budget = Budget(SystemClock(), 1000, 1.0, free=True)
    own = Connection(region=connection.region, endpoint_url=connection.endpoint_url, local=True, on_call=budget.spend)
    account = Account(own, TargetSelection(targets=(driven.function,)))
    now_ms = time.time_ns() // 1_000_000
    ask = Ask("1h", "", Window(now_ms - 3_600_000, now_ms))
    views: dict[str, Callable[[], object]] = {
        "functions": lambda: account.functions(ask),
        "cold": lambda: account.cold(driven.function, ask),
        "traces": lambda: account.traces(driven.function, ask, cold=False, faulty=False),
        "invocation": lambda: account.invocation(driven.function, "slowest-cold", ask.window),
        "dashboards": account.dashboards,
        "board": lambda: account.board("lambda-cold-starts", driven.function, ask.window, now_ms),
        "diagnosis": lambda: account.diagnosis(driven.function, ask),
    }
    for name, view in views.items():
        before = len(sent)
        view()
        assert len(sent) > before, name
        assert budget.spending().calls == len(sent), name
