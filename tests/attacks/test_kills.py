"""Commands that change something, killed at random moments: nothing is lost, half written or left running."""

import io
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import monitor as monitor_package
from monitor.local.server.launch import PrivateStack
from monitor.packages.building.installed import runtime_entries
from tests.attacks.commands import patient
from tests.clean_environment import clean_environment
from tests.functional.local.conftest import Client, Function

SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
SLOW_RUNS = 100  # of each of the five commands
EVENTS = 400
PACKAGE = os.fsencode(Path(monitor_package.__file__).parent / "")
GROUP = "/aws/lambda/killed"


@dataclass
class Attack:
    """A command, what must be true after each kill, and what must be true after it ran to its end."""

    command: list[str]
    environment: dict[str, str]
    folder: Path
    after_kill: Callable[[], None]
    after_end: Callable[[], None]
    before: Callable[[], None] = lambda: None

    def run(self, runs: int, seed: int) -> None:
        chance = random.Random(seed)
        began_s = time.monotonic()
        self.before()
        self.end()
        full_s = time.monotonic() - began_s
        self.after_end()
        for number in range(runs):
            self.before()
            self._killed(chance.uniform(0.02, full_s * 1.1), chance.choice(SIGNALS), f"seed {seed}, run {number}")
            self.after_kill()
        self.before()
        self.end()
        self.after_end()

    def end(self) -> None:
        done = subprocess.run(
            self.command,
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def _killed(self, after_s: float, number: signal.Signals, label: str) -> None:
        process = subprocess.Popen(
            self.command,
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            process.communicate(timeout=after_s)
        except subprocess.TimeoutExpired:
            process.send_signal(number)
            _, told = process.communicate(timeout=patient(5))
            # Python itself, before it runs the first line of monitor, ends with a traceback.
            assert b"Traceback" not in told or PACKAGE not in told, (label, told)
            assert b"defect" not in told, (label, told)
        assert until(lambda: not in_session(process.pid)), (label, "processes are left", in_session(process.pid))


def until(holds: Callable[[], bool], within_s: float = 60.0) -> bool:
    end_s = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > end_s:
            return False
        time.sleep(0.05)
    return True


def in_session(session: int) -> list[str]:
    """The command lines of the processes of a session."""
    found = []
    for place in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            if place.name.isdigit():
                words = (place / "stat").read_text().rpartition(")")[2].split()
                if words[0] != "Z" and int(words[3]) == session:
                    found.append((place / "cmdline").read_text().replace("\0", " "))
    return found


def monitor(*words: str) -> list[str]:
    return [sys.executable, "-m", "monitor", *words]


@pytest.fixture
def environment(stack: PrivateStack, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "tmp").mkdir()
    return clean_environment(
        MONITOR_LOCAL_ENDPOINT=stack.endpoint,
        MONITOR_LOCAL_ACCESS_KEY=stack.access_key,
        MONITOR_STATE_HOME=str(tmp_path / "state"),
        TMPDIR=str(tmp_path / "tmp"),
    )


@pytest.fixture
def tail(client: Client, environment: dict[str, str], tmp_path: Path) -> Attack:
    logs = client("logs")
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=GROUP)
        logs.create_log_stream(logGroupName=GROUP, logStreamName="2026/11/23/[$LATEST]a")
    now_ms = time.time_ns() // 1_000_000
    wanted = [f"event {number} of {tmp_path.name}" for number in range(EVENTS)]
    logs.put_log_events(
        logGroupName=GROUP,
        logStreamName="2026/11/23/[$LATEST]a",
        logEvents=[{"timestamp": now_ms - 60_000 + at, "message": text} for at, text in enumerate(wanted)],
    )
    saved, point = tmp_path / "saved", tmp_path / "point"

    def lines() -> list[str]:
        found = []
        for line in saved.read_text(encoding="utf-8").splitlines() if saved.exists() else []:
            with suppress(ValueError):
                found.append(json.loads(line)["message"])
        return found

    def checkpoint_is_complete() -> None:
        if point.exists():
            assert json.loads(point.read_text(encoding="utf-8"))["monitor_checkpoint"] == 1
            assert point.stat().st_mode & 0o077 == 0

    def nothing_is_lost() -> None:
        checkpoint_is_complete()
        assert set(wanted) <= set(lines())

    words = (
        "--local",
        "tail",
        GROUP,
        "--since",
        "10m",
        "--no-follow",
        "--checkpoint",
        str(point),
        "--save",
        str(saved),
    )
    return Attack(monitor(*words), environment, tmp_path, checkpoint_is_complete, nothing_is_lost)


@pytest.fixture
def build(environment: dict[str, str], tmp_path: Path) -> Attack:
    source, out = tmp_path / "source", tmp_path / "out"
    (source / "app").mkdir(parents=True)
    out.mkdir()
    (source / "app" / "__init__.py").touch()
    (source / "app" / "main.py").write_text("def handler(event, context):\n    return event\n", encoding="utf-8")
    for number in range(60):
        (source / "app" / f"module_{number}.py").write_text(f"VALUE = {number}\n" * 50, encoding="utf-8")

    def archive_is_complete() -> None:
        assert {one.name for one in out.iterdir() if not one.name.startswith(".")} <= {"package.zip"}
        if (out / "package.zip").exists():
            with zipfile.ZipFile(out / "package.zip") as archive:
                assert archive.testzip() is None
                assert "app/main.py" in archive.namelist()

    def archive_is_there() -> None:
        archive_is_complete()
        assert (out / "package.zip").exists()

    words = ("package", "build", str(source), "--out", str(out / "package.zip"))
    return Attack(monitor(*words), environment, tmp_path, archive_is_complete, archive_is_there)


@pytest.fixture
def deploy_dashboard(client: Client, environment: dict[str, str], tmp_path: Path) -> Attack:
    cloudwatch = client("cloudwatch")
    name = f"killed-{tmp_path.name}"[:60]
    complete: list[Any] = []

    def body() -> Any:
        try:
            return json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])
        except cloudwatch.exceptions.ClientError:
            return None

    def widgets(found: Any) -> int:
        return len(found["widgets"])

    def absent() -> None:
        with suppress(cloudwatch.exceptions.ClientError):
            cloudwatch.delete_dashboards(DashboardNames=[name])

    def absent_or_complete() -> None:
        found = body()
        assert found is None or widgets(found) == widgets(complete[0])

    def there() -> None:
        found = body()
        assert found is not None
        complete.append(found)
        assert widgets(found) == widgets(complete[0])

    template = tmp_path / "template.json"
    text = {"type": "text", "x": 0, "y": 0, "width": 6, "height": 3, "properties": {"markdown": "x"}}
    template.write_text(json.dumps({"widgets": [{**text, "y": 3 * row} for row in range(20)]}), encoding="utf-8")
    words = ("--local", "dashboard", "deploy", str(template), "--name", name, "--yes", "--no-alarms")
    return Attack(monitor(*words), environment, tmp_path, absent_or_complete, there, before=absent)


@pytest.fixture
def instrument(client: Client, environment: dict[str, str], tmp_path: Path) -> Attack:
    caller = client("lambda")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for entry in runtime_entries():
            archive.writestr(f"python/{entry.name}", entry.path.read_text("utf-8"))
    layer = caller.publish_layer_version(LayerName="killed", Content={"ZipFile": content.getvalue()})["LayerVersionArn"]
    function = Function(client).create("def handler(event, context):\n    return event\n")

    def handler() -> tuple[str, bool]:
        found = caller.get_function_configuration(FunctionName=function.name)
        return found["Handler"], bool(found.get("Layers"))

    def is_quiet() -> bool:
        found = caller.get_function_configuration(FunctionName=function.name)
        return (found["State"], found["LastUpdateStatus"]) == ("Active", "Successful")

    def plain() -> None:
        # The command rightly refuses a function that is still taking what a killed one changed, or being created.
        assert until(is_quiet)
        subprocess.run(
            monitor("--local", "instrument", function.name, "--undo", "--apply"),
            env=environment,
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert handler() == ("app.handler", False)

    def one_or_the_other() -> None:
        assert handler() in (("app.handler", False), ("monitor.runtime.entry.lambda_handler", True))

    def wrapped() -> None:
        assert handler() == ("monitor.runtime.entry.lambda_handler", True)

    words = ("--local", "instrument", function.name, "--layer", layer, "--apply")
    return Attack(monitor(*words), environment, tmp_path, one_or_the_other, wrapped, before=plain)


@pytest.fixture
def local_up(environment: dict[str, str], tmp_path: Path) -> Iterator[Attack]:
    environment = {name: value for name, value in environment.items() if not name.startswith("MONITOR_LOCAL")}

    def left() -> list[str]:
        return [*stacks(tmp_path), *map(str, Path(environment["TMPDIR"]).iterdir())]

    def is_down() -> bool:
        subprocess.run(monitor("local", "down"), env=environment, capture_output=True, timeout=120, check=False)
        return not left()

    def down() -> None:
        # Again and again: a stack whose `local up` was killed early starts all the same, and is known when it is up.
        assert until(is_down), left()

    def can_be_ended() -> None:
        """Whatever the kill left is known, and `local down` ends it."""
        down()

    def is_up() -> None:
        done = subprocess.run(
            monitor("local", "status"), env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    yield Attack(
        monitor("local", "up", "--detach", "--port", port), environment, tmp_path, can_be_ended, is_up, before=down
    )
    down()


def stacks(folder: Path) -> list[str]:
    """The stacks that were started by this test: they know its temporary folder."""
    found = []
    for place in Path("/proc").iterdir():
        with suppress(OSError):
            command = (place / "cmdline").read_bytes() if place.name.isdigit() else b""
            if b"monitor.local" in command and bytes(folder) in (place / "environ").read_bytes():
                found.append(command.replace(b"\0", b" ").decode())
    return found


NAMES = ("tail", "build", "deploy_dashboard", "instrument", "local_up")


@pytest.mark.parametrize("name", NAMES)
def test_a_kill_at_a_random_moment_leaves_nothing_half_done(name: str, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(name).run(2, seed=os.getpid())


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_hundred_kills_leave_nothing_half_done(name: str, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(name).run(SLOW_RUNS, seed=20_261_129)
