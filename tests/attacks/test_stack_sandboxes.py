"""What a hostile function can do on the embedded stack: to the helper processes, to other functions, to the disk."""

import asyncio
import contextlib
import ctypes
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import NotFoundError
from monitor.local.process.confine import landlock_version
from monitor.local.process.remover import remove_tree
from monitor.local.server import registry
from monitor.local.server import stack as stack_module
from monitor.local.server.launch import PrivateStack, command
from tests.attacks.commands import patient
from tests.functional.local.conftest import Client, Function, client_of

Deploy = Callable[..., Function]
ECHO = "def handler(event, context):\n    return event\n"
needs_landlock = pytest.mark.skipif(landlock_version() < 1, reason="this kernel has no Landlock")
needs_signal_scope = pytest.mark.skipif(landlock_version() < 6, reason="this kernel's Landlock has no signal scope")

ATTEMPTS = """
import os, signal
def attempt(act):
    try:
        return repr(act())
    except BaseException as error:
        return type(error).__name__
def parents():
    pid, found = os.getpid(), []
    while pid > 1:
        status = open(f"/proc/{pid}/status").read()
        pid = int(status.split("PPid:")[1].split()[0])
        found.append(pid)
    return found[:3]
"""


def descendants(pid: int) -> list[int]:
    """The processes below `pid`, nearest first."""
    found = [pid]
    for each in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{each}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found[1:]


def stack_processes(pid: int) -> tuple[int, int]:
    """The guard and the spawner of a stack."""
    guard, spawner = descendants(pid)[:2]
    return guard, spawner


def wait_until(condition: Callable[[], bool], limit_s: float = 20.0) -> bool:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def is_running(pid: int) -> bool:
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_function_inherits_no_descriptor_but_its_own(deploy: Deploy) -> None:
    code = """
import os
def kind(fd):
    try:
        return os.readlink(f"/proc/self/fd/{fd}").partition(":")[0]
    except OSError:
        return "closed"
FOUND = {fd: kind(fd) for fd in range(256)}
def handler(event, context):
    return {fd: kind for fd, kind in FOUND.items() if kind != "closed"}
"""
    found = deploy(code).invoke().payload
    assert {name: found[name] for name in "0123"} == {"0": "/dev/null", "1": "pipe", "2": "pipe", "3": "pipe"}
    # The runtime client's own connections have no other end than the Runtime API's.
    assert set(found.values()) <= {"/dev/null", "pipe", "socket", "anon_inode"}


def test_the_control_socket_of_the_helper_is_not_in_a_function_s_hands(deploy: Deploy) -> None:
    """Eight bytes on it stopped every later start; a spawn request on it read the environment of any function."""
    deploy(ECHO, Environment={"Variables": {"SECRET_OF_ANOTHER": "x"}}).invoke()
    code = """
import os, socket, struct
def handler(event, context):
    sent = 0
    for fd in range(3, 256):
        try:
            with socket.socket(fileno=os.dup(fd)) as found:
                made_by, _, _ = struct.unpack("3i", found.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
                if found.family == socket.AF_UNIX and made_by != os.getpid():
                    found.send(b"\\x00\\xff\\xff\\xff{}{}")
                    sent += 1
        except OSError:
            pass
    return sent
"""
    attacker = deploy(code)
    assert attacker.invoke().payload == 0
    assert deploy(ECHO).invoke("still starts").payload == "still starts"


@needs_landlock
def test_the_stack_and_other_functions_cannot_be_read(deploy: Deploy) -> None:
    other = deploy(
        "import os\ndef handler(e, c):\n    return os.getpid()\n", Environment={"Variables": {"S": "secret"}}
    )
    pid = other.invoke().payload
    code = f"""{ATTEMPTS}
def handler(event, context):
    targets = [*parents(), event]
    return [attempt(lambda: open(f"/proc/{{pid}}/{{name}}", "rb").read(100))
            for pid in targets for name in ("environ", "maps", "mem")] + [
            attempt(lambda: os.readlink(f"/proc/{{pid}}/fd/0")) for pid in targets]
"""
    assert set(deploy(code).invoke(pid).payload) == {"PermissionError"}


def drop_capabilities() -> None:
    for capability in range(64):
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
def test_the_memory_of_the_stack_is_closed_without_landlock_too() -> None:
    """For a process of the same user; root's capabilities are dropped on both sides, as a sandbox has none."""

    def is_readable(pid: int) -> bool:
        read = [sys.executable, "-I", "-c", f"open('/proc/{pid}/environ').read()"]
        return subprocess.run(read, preexec_fn=drop_capabilities, capture_output=True, check=False).returncode == 0

    private = command(0, None, "--private")
    pipe = subprocess.PIPE
    with subprocess.Popen(private, stdin=pipe, stdout=pipe, preexec_fn=drop_capabilities) as stack:
        assert stack.stdin is not None
        assert stack.stdout is not None
        stack.stdout.readline()
        with subprocess.Popen(["sleep", "60"], preexec_fn=drop_capabilities) as bystander:
            assert is_readable(bystander.pid)
            assert not any(map(is_readable, (stack.pid, *stack_processes(stack.pid))))
            bystander.kill()
        stack.stdin.close()


@needs_signal_scope
def test_a_function_cannot_signal_the_stack(deploy: Deploy) -> None:
    code = f"""{ATTEMPTS}
def handler(event, context):
    return [attempt(lambda: os.kill(pid, name)) for pid in parents() for name in (signal.SIGKILL, signal.SIGSTOP)]
"""
    assert set(deploy(code).invoke().payload) == {"PermissionError"}


@needs_landlock
def test_what_functions_share_is_read_only(deploy: Deploy) -> None:
    code = f"""{ATTEMPTS}
import boto3, json
def unlock(path):
    os.chmod(path, 0o777)
    return open(path + "/owned.py", "w")
def handler(event, context):
    runtime, task = os.environ["LAMBDA_RUNTIME_DIR"], os.environ["LAMBDA_TASK_ROOT"]
    return [
        attempt(lambda: open(runtime + "/owned.py", "w")),
        attempt(lambda: unlock(runtime)),
        attempt(lambda: os.unlink(runtime + "/sandbox_main.py")),
        attempt(lambda: os.rename(runtime, runtime + "-moved")),
        attempt(lambda: open(runtime + "/sandbox_main.py", "a")),
        attempt(lambda: open(boto3.__file__, "a")),
        attempt(lambda: open(json.__file__, "a")),
        attempt(lambda: unlock(task)),
        attempt(lambda: os.symlink("/etc/passwd", task + "/link")),
        attempt(lambda: os.mkdir(os.path.dirname(os.path.dirname(runtime)) + "/new")),
        attempt(lambda: open(os.path.expanduser("~root") + "/owned", "w")),
    ]
"""
    assert set(deploy(code).invoke().payload) == {"PermissionError"}


def test_a_function_writes_where_lambda_lets_it(deploy: Deploy) -> None:
    code = """
import multiprocessing, os, sqlite3, tempfile
def handler(event, context):
    with tempfile.TemporaryDirectory() as folder, sqlite3.connect(folder + "/db") as database:
        database.execute("create table t (a)")
    with open(f"/tmp/monitor-attack-{os.getpid()}", "w") as file:
        file.write("x")
    os.unlink(file.name)
    lock = multiprocessing.Lock()
    with open(os.devnull, "w") as null:
        null.write("x")
    return "written"
"""
    assert deploy(code).invoke().payload == "written"


def test_the_key_of_a_function_opens_neither_other_functions_nor_anything_after_its_end(
    deploy: Deploy, client: Client, stack: PrivateStack
) -> None:
    from botocore.exceptions import ClientError

    function = deploy("import os\ndef handler(event, context):\n    return os.environ['AWS_ACCESS_KEY_ID']\n")
    key = function.invoke().payload
    assert key != stack.access_key
    own = client_of(stack.endpoint, key)
    assert own("logs").describe_log_groups()["logGroups"]
    for operation, parameters in (
        ("get_function", {"FunctionName": function.name}),
        ("get_function_configuration", {"FunctionName": function.name}),
        ("list_functions", {}),
        ("delete_function", {"FunctionName": function.name}),
        ("update_function_configuration", {"FunctionName": function.name, "MemorySize": 512}),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(own("lambda"), operation)(**parameters)
    client("lambda").delete_function(FunctionName=function.name)

    def is_refused() -> bool:
        try:
            own("logs").describe_log_groups()
        except ClientError as error:
            return error.response["Error"]["Code"] == "UnrecognizedClientException"
        return False

    assert wait_until(is_refused)


@pytest.fixture
def detached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A registered stack, for tests that harm it."""
    monkeypatch.setenv("MONITOR_STATE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    info = registry.detach(0)
    yield info
    with contextlib.suppress(NotFoundError):
        registry.down(info.port)


@pytest.mark.parametrize("victim", ["guard", "spawner"])
def test_a_helper_that_was_killed_is_replaced_and_leaves_no_process(detached: Any, victim: str) -> None:
    client = client_of(detached.endpoint, detached.access_key)
    code = """
import os, subprocess
daemon = "import os, time\\nif os.fork(): os._exit(0)\\nos.setsid()\\nif os.fork(): os._exit(0)\\ntime.sleep(600)"
subprocess.run(["python3", "-c", daemon])
def handler(event, context):
    return os.getpid()
"""
    function = Function(client).create(code)
    sandbox = function.invoke().payload
    before = stack_processes(detached.pid)
    everything = descendants(detached.pid)
    assert len(everything) >= 4, "guard, spawner, sandbox, its daemon"

    os.kill(before[victim == "spawner"], signal.SIGKILL)

    assert wait_until(lambda: not any(map(is_running, everything))), [pid for pid in everything if is_running(pid)]
    assert function.invoke().payload != sandbox
    assert set(stack_processes(detached.pid)).isdisjoint(before)


@pytest.mark.parametrize("victim", ["guard", "spawner"])
def test_a_helper_that_was_stopped_is_continued(detached: Any, victim: str) -> None:
    client = client_of(detached.endpoint, detached.access_key)
    Function(client).create(ECHO).invoke()
    before = stack_processes(detached.pid)
    os.kill(before[victim == "spawner"], signal.SIGSTOP)

    assert Function(client).create(ECHO).invoke("starts").payload == "starts"

    assert stack_processes(detached.pid) == before
    os.kill(before[victim == "spawner"], signal.SIGCONT)


def test_orphans_end_with_a_stack_that_is_killed_while_its_helper_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR_STATE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    info = registry.detach(0)
    code = "import subprocess\nchild = subprocess.Popen(['sleep', '600'], start_new_session=True)\n" + ECHO
    Function(client_of(info.endpoint, info.access_key)).create(code).invoke()
    everything = descendants(info.pid)
    os.kill(stack_processes(info.pid)[1], signal.SIGSTOP)

    os.kill(info.pid, signal.SIGKILL)
    os.waitpid(info.pid, 0)

    assert wait_until(lambda: not any(map(is_running, everything)))


@pytest.mark.parametrize(
    "frame", [b"\xff\xff\xff\xff{}{}", b"\x00\x00\x00\x02[]", b"\x00\x00\x00\x02{}", b"\x00\x00\x00\x04null"]
)
def test_a_malformed_message_ends_the_helper_and_everything_it_started(frame: bytes) -> None:
    """The stack starts another one then: a test above."""
    from monitor.local.process import spawn_client

    ours, theirs = socket.socketpair()
    start = [sys.executable, "-I", "-S", "-c", spawn_client._CODE, str(theirs.fileno())]
    with ours, subprocess.Popen(start, pass_fds=[theirs.fileno()]) as helper:
        theirs.close()
        ours.sendall(frame)
        assert helper.wait(10) == 0


def test_only_its_own_process_uses_a_runtime_api(deploy: Deploy) -> None:
    """Another process of this machine, or a page, could take the events of a function, or answer in its place."""
    code = """
import os
def handler(event, context):
    return os.environ["AWS_LAMBDA_RUNTIME_API"]
"""
    function = deploy(code)
    host, _, port = function.invoke().payload.partition(":")
    for headers in ("", "Origin: https://evil.example\r\n", "Sec-Fetch-Site: cross-site\r\n"):
        with socket.create_connection((host, int(port)), 10) as connection:
            connection.settimeout(10)
            head = f"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: {host}:{port}\r\n{headers}\r\n"
            with contextlib.suppress(ConnectionError):
                connection.sendall(head.encode())
                assert connection.recv(100) == b""
    assert function.invoke().payload == f"{host}:{port}"


def test_a_function_that_fills_its_folder_to_any_depth_leaves_nothing(deploy: Deploy, client: Client) -> None:
    code = """
import os
def handler(event, context):
    start = os.environ["TMPDIR"]
    os.chdir(start)
    for number in range(event):
        os.mkdir("d")
        os.chdir("d")
    open("f", "w").close()
    os.chmod(".", 0)
    return start
"""
    function = deploy(code, Timeout=60)
    folder = Path(function.invoke(5000).payload)
    client("lambda").delete_function(FunctionName=function.name)
    assert wait_until(lambda: not os.path.lexists(folder.parent), 30)


def test_down_returns_when_the_folders_of_its_functions_are_gone(tmp_path: Path, detached: Any) -> None:
    code = """
import os
def handler(event, context):
    os.chdir(os.environ["TMPDIR"])
    for number in range(2000):
        open("f", "w").close()
        os.mkdir("d")
        os.chdir("d")
"""
    for _ in range(3):
        Function(client_of(detached.endpoint, detached.access_key)).create(code, Timeout=60).invoke()

    registry.down(detached.port)

    assert list(tmp_path.glob("monitor-stack-*")) == []


def test_removing_a_tree_follows_no_link_and_stops_at_nothing(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("")
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "link").symlink_to(outside)
    (root / "a" / "link").symlink_to(outside / "kept")
    (root / "a" / "b" / "loop").symlink_to(root)
    os.mkfifo(root / "a" / "fifo")
    for name in ("\n", "-rf", " ", "é" * 80, ".removed-0", "removed-0"):
        (root / name).mkdir()
        (root / "a" / name).write_text("")
    (root / "a" / "b").chmod(0)
    (root / "a").chmod(0o555)
    remove_tree(str(root))
    assert not root.exists()
    assert (outside / "kept").exists()


def test_a_stack_has_nothing_of_its_owners_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-owner")
    monkeypatch.setenv("GITHUB_TOKEN", "of-the-owner")
    monkeypatch.setenv("MONITOR_STATE_HOME", str(tmp_path))
    info = registry.detach(0)
    try:
        function = Function(client_of(info.endpoint, info.access_key)).create(ECHO)
        function.invoke()
        processes = [info.pid, *descendants(info.pid)]
        assert len(processes) == 4
        environments = [Path(f"/proc/{pid}/environ").read_bytes() for pid in processes]
    finally:
        registry.down(info.port)
    assert not [one for one in environments if b"of-the-owner" in one]


def test_the_foreground_stack_has_nothing_of_its_owners_environment_and_ends_at_a_hang_up(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    # What `python -m` would import first from the folder in which it is started.
    for name in ("asyncio.py", "argparse.py", "monitor.py"):
        (project / name).write_text("open('owned', 'w'); raise SystemExit(9)")
    environment = os.environ | {"AWS_SECRET_ACCESS_KEY": "of-the-owner", "MONITOR_STATE_HOME": str(tmp_path / "home")}
    up = [str(Path(sys.executable).with_name("monitor")), "local", "up", "--port", "0"]
    for name in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        with subprocess.Popen(up, env=environment, cwd=project, stdout=subprocess.PIPE, text=True) as stack:
            assert stack.stdout is not None
            assert "press Ctrl-C to stop it" in stack.stdout.readline()
            assert b"of-the-owner" not in Path(f"/proc/{stack.pid}/environ").read_bytes()
            helpers = descendants(stack.pid)
            started = time.monotonic()
            stack.send_signal(name)
            assert stack.wait(20) == 0
            assert time.monotonic() - started < 4
        assert wait_until(lambda pids=helpers: not any(map(is_running, pids)))
        assert list((tmp_path / "home").glob("*.json")) == []
    assert not (project / "owned").exists()


def test_a_private_stack_ends_with_its_owner_however_that_one_ends(tmp_path: Path) -> None:
    code = """
import os, time
from monitor.local.server.launch import PrivateStack, command
with PrivateStack() as stack:
    print(stack._process.pid, flush=True)
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        everything = [pid, *descendants(pid)]
        owner.kill()
    assert wait_until(lambda: not any(map(is_running, everything)))


def test_the_state_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to make a folder of another user")
    state = tmp_path / "state"
    state.mkdir(mode=0o777)
    os.chown(state, 12345, 12345)
    done = subprocess.run(command(0, state), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "belongs to another user" in done.stderr


def test_a_state_folder_new_or_old_is_0700(tmp_path: Path) -> None:
    """Its files are 0600: tests/functional/local/test_local_lifecycle.py looks at those of a stack that ran."""
    old = tmp_path / "old"
    old.mkdir()
    old.chmod(0o777)
    for state in (old, tmp_path / "new" / "state"):
        prepared = stack_module._state_folder(state)
        assert prepared is not None
        assert prepared.stat().st_mode & 0o777 == 0o700


def test_an_answer_of_the_stack_is_json_whatever_a_function_is_called(deploy: Deploy) -> None:
    answer = deploy(ECHO).invoke({"text": "\ud800", "zero": "\0"})
    assert json.dumps(answer.payload) == json.dumps({"text": "\ud800", "zero": "\0"})


def test_eight_bytes_on_the_control_socket_stop_nothing(tmp_path: Path) -> None:
    """A length without its frame, and a frame that is none: the helpers are replaced, and start the next."""
    from monitor.local.process.spawn_client import SpawnClient, SpawnRequest

    async def attack(frame: bytes) -> None:
        client = SpawnClient()
        client.start()
        try:
            assert client._helpers is not None
            client._helpers._socket.send(frame)
            with Path(os.devnull).open("wb") as null:
                request = SpawnRequest([sys.executable, "-c", "pass"], {}, tmp_path, [], [null.fileno()] * 3)
                ended = asyncio.get_running_loop().create_future()
                handle, spawned = await asyncio.wait_for(client.spawn(request, ended.set_result), patient(30))
                assert spawned.pid > 0
                assert (await asyncio.wait_for(ended, patient(30))).code == 0
                assert handle is not None
        finally:
            client.close()

    for frame in (b"\xff" * 8, b"\x00\xff\xff\xff{}{}", b"\x00\x00\x00\x04null", b"\x00\x00\x00\x02{}\x00\x00"):
        asyncio.run(attack(frame))


MOMENTS = 4


@pytest.mark.parametrize("victim", ["stack", "guard", "spawner"])
def test_no_process_outlives_a_kill_of_the_stack_or_its_helpers_at_any_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, victim: str
) -> None:
    """While functions start, run and leave daemons behind."""
    monkeypatch.setenv("MONITOR_STATE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    code = """
import subprocess
daemon = "import os, time\\nif os.fork(): os._exit(0)\\nos.setsid()\\nif os.fork(): os._exit(0)\\ntime.sleep(600)"
subprocess.run(["python3", "-c", daemon])
def handler(event, context):
    return event
"""
    chance = random.Random(victim)
    info = registry.detach(0)
    for _ in range(MOMENTS):
        client = client_of(info.endpoint, info.access_key)
        functions = [Function(client).create(code) for _ in range(2)]
        calls = [threading.Thread(target=_invoke_quietly, args=(one,), daemon=True) for one in functions]
        for call in calls:
            call.start()
        time.sleep(chance.uniform(0.0, 1.0))
        below = descendants(info.pid)
        pid = {"stack": info.pid, "guard": below[0], "spawner": below[min(1, len(below) - 1)]}[victim]
        os.kill(pid, signal.SIGKILL)
        # What was there, and what was being started.
        below += descendants(info.pid) if victim == "stack" else []
        assert wait_until(lambda pids=below: not any(map(is_running, pids)), patient(20))
        if victim == "stack":
            os.waitpid(info.pid, 0)
            assert wait_until(lambda: not _under(tmp_path), patient(20)), _under(tmp_path)
            info = registry.detach(0)
    registry.down(info.port)
    assert wait_until(lambda: not _under(tmp_path), patient(20)), _under(tmp_path)


def _invoke_quietly(function: Function) -> None:
    with contextlib.suppress(Exception):
        function.invoke()


def _under(folder: Path) -> list[str]:
    """The processes whose environment names the folder: those of its stacks."""
    found = []
    for place in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            pid = int(place.name) if place.name.isdigit() else os.getpid()
            if pid != os.getpid() and is_running(pid) and bytes(folder) in (place / "environ").read_bytes():
                found.append((place / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found
