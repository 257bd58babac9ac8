"""`monitor measure`, killed after each API call that it makes: `--restore` brings the function back every time.

A proxy stands before the embedded stack. It passes the call on, and once the stack has answered, it sends the signal
before the command learns of the answer.
"""

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from monitor.local.server.launch import PrivateStack
from tests.attacks.commands import patient
from tests.clean_environment import clean_environment
from tests.examples import sample
from tests.fakes.loopback_proxy import LoopbackProxy, kept_headers
from tests.forks import FORKS
from tests.functional.local.conftest import Client, Function

SECRET = "value-that-must-not-be-on-disk"
CODE = "def handler(event, context):\n    return 1\n"
# None of these is a setting.
MOVING = ("RevisionId", "LastModified", "ResponseMetadata")
MOST_CALLS = 80
# Two sizes, neither the function's own. With an alias there are twice as many calls.
COMMANDS = {"latest": ("--memory", "512,1024"), "alias": ("--memory", "512,1024", "--alias", "measured")}


class Signaling(LoopbackProxy):
    """Once the stack has answered call number `after`, it sends `number` to the process `pid`, and does `act`.

    With `lose`, the answer is lost instead: the connection ends without a byte.
    """

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.arm(0, signal.SIGKILL)

    def arm(
        self, after: int, number: signal.Signals | None, act: Callable[[], Any] = lambda: None, *, lose: bool = False
    ) -> None:
        """Begin to count; 0: do nothing."""
        self.calls, self.after, self.number, self.pid = 0, after, number, 0
        self.act, self.lose = act, lose
        self.started = threading.Event()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        connection, answer = self.ask(handler, body)
        content = answer.read()
        connection.close()
        self.calls += 1
        if self.calls == self.after:
            self.started.wait(10)
            if self.number is not None:
                os.kill(self.pid, self.number)
            self.act()
            if self.lose:
                handler.close_connection = True
                return
        handler.send_response(answer.status)
        for name, value in kept_headers(answer):
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)


@dataclass
class Bench:
    """A function behind the proxy, and commands against it."""

    proxy: Signaling
    client: Any
    function: str
    folder: Path
    environment: dict[str, str]
    before: dict[str, Any] = field(default_factory=dict)

    def state(self) -> dict[str, Any]:
        """All that a measurement can change, once no update is in progress."""
        self.client.get_waiter("function_updated").wait(
            FunctionName=self.function, WaiterConfig={"Delay": 0.05, "MaxAttempts": 200}
        )
        settings = self.client.get_function_configuration(FunctionName=self.function)
        versions = self.client.list_versions_by_function(FunctionName=self.function)["Versions"]
        return {
            "settings": {name: value for name, value in settings.items() if name not in MOVING},
            "versions": [one["Version"] for one in versions],
            "aliases": self.client.list_aliases(FunctionName=self.function)["Aliases"],
        }

    def records(self) -> list[str]:
        return [path.read_text() for path in (self.folder / "lambda-monitor" / "measure").glob("*")]

    def run(
        self, *words: str, after: int = 0, number: signal.Signals | None = signal.SIGKILL, **more: Any
    ) -> tuple[int, str]:
        """The exit code of `monitor measure`, negative for a signal, and what it printed."""
        self.proxy.arm(after, number, **more)
        process = FORKS.start(["measure", *words, "--local"], self.environment)
        self.proxy.pid = process.pid
        self.proxy.started.set()
        ended = process.wait(patient(120))
        told = ended.stdout + ended.stderr
        assert "Traceback" not in told, told
        assert SECRET not in told
        return ended.returncode, told

    def measured(self, kind: str, **more: Any) -> tuple[int, str]:
        return self.run(self.function, *COMMANDS[kind], "--starts", "1", "--yes", **more)


@pytest.fixture
def bench(stack: PrivateStack, deploy: Callable[..., Function], client: Client, tmp_path: Path) -> Iterator[Bench]:
    function = deploy(CODE, MemorySize=256, Environment={"Variables": {"MODE": "safe", "TOKEN": SECRET}})
    with Signaling(stack.endpoint) as proxy:
        environment = clean_environment(
            MONITOR_LOCAL_ENDPOINT=proxy.endpoint,
            MONITOR_LOCAL_ACCESS_KEY=stack.access_key,
            XDG_STATE_HOME=str(tmp_path),
            AWS_REGION="ap-southeast-1",
        )
        made = Bench(proxy, client("lambda"), function.name, tmp_path, environment)
        made.before = made.state()
        yield made


@pytest.mark.parametrize(
    ("kind", "every", "least"),
    [
        ("latest", 4, 2),
        pytest.param("latest", 1, 8, marks=pytest.mark.slow),
        pytest.param("alias", 1, 8, marks=pytest.mark.slow),
    ],
)
def test_after_a_kill_at_any_api_call_restore_brings_the_function_back(
    bench: Bench, kind: str, every: int, least: int
) -> None:
    changed = 0
    for after in range(1, MOST_CALLS, every):
        code, told = bench.measured(kind, after=after)
        if code == 0:
            break
        assert code == -signal.SIGKILL, told
        if bench.state() != bench.before:
            changed += 1
            assert bench.records(), f"call {after}"
        assert SECRET not in "".join(bench.records())
        code, told = bench.run("--restore")
        assert code == 0, f"call {after}: {told}"
        assert bench.state() == bench.before, f"call {after}"
        assert bench.records() == []
    else:
        pytest.fail("the command never came to its end")
    assert bench.state() == bench.before
    print(f"{kind}: killed after calls 1 to {after - 1} by {every}, {changed} of them with a changed function")
    assert changed >= least


@pytest.mark.slow
def test_a_restore_that_is_killed_at_any_api_call_can_be_repeated(bench: Bench) -> None:
    for after in range(1, MOST_CALLS):
        # Call 14 is in the middle: both versions are published, and $LATEST is not restored.
        assert bench.measured("alias", after=14)[0] == -signal.SIGKILL
        assert bench.state() != bench.before
        code, told = bench.run("--restore", after=after)
        if code == 0:
            break
        assert code == -signal.SIGKILL, told
        assert bench.run("--restore")[0] == 0
        assert bench.state() == bench.before, f"call {after}"
    else:
        pytest.fail("the restore never came to its end")
    assert after > 5
    assert bench.state() == bench.before


@pytest.mark.parametrize(
    ("moment", "number"),
    sample(
        [("latest", 3), ("latest", 6), ("latest", 12), ("alias", 9), ("alias", 18)], [signal.SIGINT, signal.SIGTERM]
    ),
)
def test_a_command_that_is_interrupted_restores_the_function_itself(
    bench: Bench, moment: tuple[str, int], number: signal.Signals
) -> None:
    kind, after = moment
    code, told = bench.measured(kind, after=after, number=number)
    assert code == 128 + number, told
    assert "restoring the function" in told
    assert bench.state() == bench.before
    assert bench.records() == []


def test_a_function_without_a_record_is_restored_from_its_own_variable(bench: Bench) -> None:
    assert bench.measured("latest", after=4)[0] == -signal.SIGKILL
    assert bench.state()["settings"]["MemorySize"] == 512
    for path in (bench.folder / "lambda-monitor" / "measure").glob("*"):
        path.unlink()
    code, told = bench.run(bench.function, "--restore", "-o", "json")
    assert code == 0, told
    assert "no record here" in json.loads(told)["restored"][0]["notes"][0]
    assert bench.state() == bench.before


def test_what_others_changed_after_the_kill_stays(bench: Bench) -> None:
    assert bench.measured("latest", after=4)[0] == -signal.SIGKILL
    variables = bench.state()["settings"]["Environment"]["Variables"]
    bench.client.update_function_configuration(
        FunctionName=bench.function, MemorySize=2048, Environment={"Variables": {**variables, "MODE": "new"}}
    )
    code, told = bench.measured("latest")
    assert code == 3, told
    assert "was not restored" in told
    assert bench.run("--restore")[0] == 0
    settings = bench.state()["settings"]
    assert settings["MemorySize"] == 2048
    assert settings["Environment"]["Variables"] == {"MODE": "new", "TOKEN": SECRET}


@pytest.mark.parametrize(
    ("kind", "every"),
    [
        ("latest", 6),
        pytest.param("latest", 2, marks=pytest.mark.slow),
        pytest.param("alias", 2, marks=pytest.mark.slow),
    ],
)
def test_an_answer_that_is_lost_leaves_nothing_behind(bench: Bench, kind: str, every: int) -> None:
    for after in range(1, MOST_CALLS, every):
        code, told = bench.measured(kind, after=after, number=None, lose=True)
        if bench.proxy.calls < after:
            break
        # Nothing, or one error; where restoring was cut off, the record is there.
        assert code in (0, 4), told
        if bench.records():
            assert "is not restored" in told
            assert bench.run("--restore")[0] == 0
        assert bench.state() == bench.before, f"call {after}: {told}"
        assert bench.records() == []


def test_a_change_by_others_in_the_middle_stops_the_measurement_and_stays(bench: Bench) -> None:
    def change() -> None:
        bench.client.update_function_configuration(FunctionName=bench.function, Timeout=7)
        bench.client.get_waiter("function_updated").wait(
            FunctionName=bench.function, WaiterConfig={"Delay": 0.05, "MaxAttempts": 200}
        )

    # The second call reads the configuration for the first update.
    code, told = bench.measured("latest", after=2, number=None, act=change)
    assert code == 3, told
    assert "was changed by others" in told
    found = bench.state()
    assert found["settings"].pop("Timeout") == 7
    assert bench.before["settings"].pop("Timeout") == 10
    assert found == bench.before
    assert bench.records() == []
