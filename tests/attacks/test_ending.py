"""Ctrl-C, SIGTERM, SIGHUP, --timeout and endpoints that do not answer: a command ends at once, and leaves nothing."""

import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from monitor.aws import connection as connections
from monitor.errors import UnreachableError
from monitor.packages.zips import source
from tests.attacks.commands import CREDENTIALS, patient
from tests.clean_environment import clean_environment
from tests.examples import sample

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# From the signal to the end of the process.
SOON_S = 1.5


class Endpoint(str):
    """Its address; `asked` is set when somebody connects to it."""

    asked: threading.Event


@contextmanager
def silent(first: bytes = b"", drip: bytes = b"", every_s: float = 0.2) -> Iterator[Endpoint]:
    """An endpoint that accepts every connection and answers nothing, or `first` and then `drip` for ever."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    stop = threading.Event()
    kept: list[socket.socket] = []
    endpoint = Endpoint(f"http://127.0.0.1:{listener.getsockname()[1]}")
    endpoint.asked = threading.Event()

    def answer(connection: socket.socket) -> None:
        with suppress(OSError):
            connection.recv(65536)
            connection.sendall(first)
            while drip and not stop.wait(every_s):
                connection.sendall(drip)

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                kept.append(connection)
                endpoint.asked.set()
                if first or drip:
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield endpoint
    finally:
        stop.set()
        listener.close()
        for connection in kept:
            connection.close()


def start(*arguments: str, cwd: Path, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "monitor", *arguments],
        env=clean_environment(**{"AWS_REGION": "eu-west-1", **CREDENTIALS, **environment}),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # The suite itself may run under nohup.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )


def end(process: "subprocess.Popen[str]", number: signal.Signals) -> tuple[float, str]:
    """Seconds from the signal to the end, and what was said."""
    began_s = time.monotonic()
    process.send_signal(number)
    try:
        _, told = process.communicate(timeout=30)
    finally:
        process.kill()
    return time.monotonic() - began_s, told


WAITING = (
    ("metrics", "fn"),
    ("coldstarts", "fn", "--since", "1h"),
    ("tail", "/aws/lambda/fn"),
    ("doctor",),
    ("diagnose", "fn"),
    ("dashboard", "render", "name"),
)


@pytest.mark.parametrize(("command", "number"), sample(WAITING, SIGNALS))
def test_a_command_that_waits_for_an_endpoint_ends_at_once(
    tmp_path: Path, command: tuple[str, ...], number: signal.Signals
) -> None:
    with silent() as endpoint:
        process = start(*command, "--endpoint-url", endpoint, cwd=tmp_path, TMPDIR=str(tmp_path))
        assert endpoint.asked.wait(patient(10))
        time.sleep(0.1)
        took_s, told = end(process, number)
    assert took_s < patient(SOON_S)
    assert "Traceback" not in told
    # A tail has ended well with Ctrl-C: that is how it ends.
    assert process.returncode in ((0, 128 + number) if command[0] == "tail" else (128 + number,))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_start_that_never_ends_is_ended_with_its_processes_and_folders(
    tmp_path: Path, number: signal.Signals
) -> None:
    package, temporary = tmp_path / "package", tmp_path / "tmp"
    package.mkdir()
    temporary.mkdir()
    (package / "lambda_function.py").write_text(
        textwrap.dedent(
            """
            import signal, subprocess, sys, time
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
            time.sleep(300)

            def lambda_handler(event, context):
                return 1
            """
        ),
        encoding="utf-8",
    )
    archive = shutil.make_archive(str(tmp_path / "package"), "zip", package)
    process = start("package", "inspect", archive, "--imports", cwd=tmp_path, TMPDIR=str(temporary))
    deadline_s = time.monotonic() + patient(20)
    while not (started := _sleepers(process.pid)) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert started, "the package was not started"
    took_s, _ = end(process, number)
    assert took_s < patient(SOON_S)
    # The stack in which the package was started removes itself when its starter has gone.
    deadline_s = time.monotonic() + patient(10)
    while (left := [*filter(_is_running, started), *temporary.iterdir()]) and time.monotonic() < deadline_s:
        time.sleep(0.1)
    assert left == []


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("kind", ["weakref.finalize(thing, wait)", "weakref.ref(thing, lambda gone: wait())", "del"])
def test_a_signal_during_a_finalizer_still_ends_the_command(tmp_path: Path, kind: str, number: signal.Signals) -> None:
    """Python ignores exceptions there, and prints a traceback. The import system has such callbacks of its own."""
    script = f"""
        import sys, time, weakref
        from monitor.console.ending import ENDING
        ENDING.install()
        ENDING.cleanup_s = 60
        def wait():
            print("waiting", flush=True)
            while ENDING.signal_number is None:
                time.sleep(0.01)
        class Thing:
            if {kind == "del"}:
                def __del__(self):
                    wait()
        thing = Thing()
        kept = None if {kind == "del"} else {kind if kind != "del" else None}
        try:
            del thing
            time.sleep(30)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        ENDING.finish(ENDING.exit_code)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        env=clean_environment(),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    assert process.stdout
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(number)
    shown, told = process.communicate(timeout=20)
    assert (process.returncode, shown, told) == (128 + number, "interrupted\n", "")


def _sleepers(pid: int) -> list[Path]:
    """The processes below `pid` that sleep for 300 seconds, and those that started them."""
    parents = {}
    for place in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            parents[place] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
    found: list[Path] = []
    for place in parents:
        with suppress(OSError):
            if b"time.sleep(300)" in (place / "cmdline").read_bytes() and place.name.isdigit():
                above = [place]
                while above[-1] in parents and parents[above[-1]] not in (0, 1, pid):
                    above.append(Path(f"/proc/{parents[above[-1]]}"))
                found += above if parents.get(above[-1]) == pid else []
    return found


def _is_running(place: Path) -> bool:
    try:
        return (place / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_hanging_endpoint_is_named_within_five_seconds_and_ended_by_timeout(tmp_path: Path) -> None:
    with silent() as endpoint:
        began_s = time.monotonic()
        limit_s = round(patient(7.0))
        process = start("metrics", "fn", "--endpoint-url", endpoint, "--timeout", f"{limit_s}s", cwd=tmp_path)
        assert process.stderr
        first = process.stderr.readline()
        named_s = time.monotonic() - began_s
        told = process.stderr.read()
        process.wait(20)
        took_s = time.monotonic() - began_s
        process.communicate()
    assert f"still waiting for lambda:GetFunctionConfiguration in {endpoint}" in first
    assert named_s < patient(5.0)
    assert limit_s - 0.5 < took_s < limit_s + patient(2.0)
    assert process.returncode == 4
    assert f"the command did not end within {limit_s} s" in told


@pytest.mark.parametrize("command", WAITING, ids=" ".join)
def test_a_refused_connection_is_told_within_two_seconds(tmp_path: Path, command: tuple[str, ...]) -> None:
    if command[0] == "tail":
        command = (*command, "--no-follow")
    with socket.create_server(("127.0.0.1", 0)) as free:
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    began_s = time.monotonic()
    process = start(*command, "--endpoint-url", endpoint, cwd=tmp_path)
    shown, told = process.communicate(timeout=30)
    assert time.monotonic() - began_s < patient(2.5)
    assert process.returncode in (3, 4)
    assert "could not be reached" in told + shown
    assert list(tmp_path.iterdir()) == []


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_an_answer_without_end_is_bounded_in_size(tmp_path: Path) -> None:
    chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
    with silent(HEAD, chunk, every_s=0.001) as endpoint:
        process = start("function", "show", "fn", "--endpoint-url", endpoint, cwd=tmp_path)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 4
    assert "is larger than 64 MB" in told


@pytest.mark.parametrize(
    ("head", "drip"), [(HEAD, b"1\r\n \r\n"), (b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n", b" ")]
)
def test_an_answer_that_drips_is_bounded_in_time(monkeypatch: pytest.MonkeyPatch, head: bytes, drip: bytes) -> None:
    from monitor.aws import bounded
    from monitor.aws.connection import Connection
    from monitor.errors import UnreachableError

    monkeypatch.setattr(bounded, "ANSWER_S", 1.0)
    with silent(head, drip) as endpoint:
        connection = Connection(region="eu-west-1", endpoint_url=endpoint, local=True)
        began_s = time.monotonic()
        with pytest.raises(UnreachableError, match="did not end within"):
            connection.call("lambda", "GetFunctionConfiguration", FunctionName="fn")
    assert time.monotonic() - began_s < 10


ERRORS = (
    *(b"HTTP/1.1 500 Internal Server Error\r\n", b"HTTP/1.1 429 Too Many Requests\r\n"),
    *(
        b"HTTP/1.1 503 Slow Down\r\nRetry-After: 99999\r\n",
        b"HTTP/1.1 400 Bad Request\r\nX-Amzn-ErrorType: ThrottlingException\r\n",
    ),
)


@contextmanager
def failing(status: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """An endpoint that answers everything with this status, and what it was asked."""
    asked: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            asked.append(connection.recv(65536))
            connection.sendall(status + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}")

    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    answer(listener.accept()[0])

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked


def test_retries_end(tmp_path: Path) -> None:
    """Whatever the server asks for; the standard number of attempts, and seconds between them, not hours."""
    with ExitStack() as stack:
        runs = []
        # At once: they wait between attempts.
        for status in ERRORS:
            endpoint, asked = stack.enter_context(failing(status))
            line = ("function", "show", "fn", "--endpoint-url", endpoint)
            runs.append((status, asked, start(*line, cwd=tmp_path, AWS_MAX_ATTEMPTS="3")))
        for status, asked, process in runs:
            _, told = process.communicate(timeout=patient(90))
            assert process.returncode in (3, 4), status
            assert told.startswith("monitor: "), status
            assert 1 <= len(asked) <= 12, status


@pytest.mark.parametrize("gap_s", [0.3, 5.0])
def test_an_answer_of_one_byte_every_few_seconds_is_ended_by_the_budget(
    monkeypatch: pytest.MonkeyPatch, gap_s: float
) -> None:
    """Within SILENT_S by ANSWER_S, beyond it by SILENT_S; both smaller here."""
    from monitor.aws import bounded, connection
    from monitor.aws.connection import Connection
    from monitor.errors import UnreachableError

    monkeypatch.setattr(bounded, "ANSWER_S", 2.0)
    monkeypatch.setattr(connection, "SILENT_S", 1.0)
    monkeypatch.setattr(connection, "LOCAL_SILENT_S", 1.0)
    with silent(HEAD, b"1\r\n \r\n", every_s=gap_s) as endpoint:
        began_s = time.monotonic()
        with pytest.raises(UnreachableError):
            Connection(region="eu-west-1", endpoint_url=endpoint, local=True).call(
                "lambda", "GetFunctionConfiguration", FunctionName="fn"
            )
    assert time.monotonic() - began_s < patient(15)


HEADERS = (
    (b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n"),
    (b"HTTP/1.1 200 OK\r\nX-Drip: ", b"x"),
    (b"HTTP/1.1 100 Continue\r\n", b"a: b\r\n"),
)


@pytest.mark.parametrize(("head", "drip"), HEADERS, ids=("lines", "bytes of a line", "lines before the answer"))
def test_headers_that_drip_are_bounded_in_time(monkeypatch: pytest.MonkeyPatch, head: bytes, drip: bytes) -> None:
    """They come byte by byte, so that no wait for the next one is long."""
    from monitor.aws import timed_headers
    from monitor.aws.connection import Connection
    from monitor.errors import UnreachableError
    from monitor.packages.zips.source import stream

    monkeypatch.setattr(timed_headers, "HEADERS_S", 0.5)
    with silent(head, drip, every_s=0.05) as endpoint:
        connection = Connection(region="eu-west-1", endpoint_url=endpoint, local=True)
        began_s = time.monotonic()
        with pytest.raises(UnreachableError):
            connection.call("lambda", "GetFunctionConfiguration", FunctionName="fn")
        with pytest.raises(UnreachableError):
            list(stream(f"{endpoint}/code.zip"))
        took_s = time.monotonic() - began_s
    assert took_s < patient(10)


def test_the_time_of_headers_begins_with_their_first_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function may run for 15 minutes before Invoke is answered, and an answer's body may take longer."""
    from monitor.aws import timed_headers
    from monitor.aws.connection import Connection

    monkeypatch.setattr(timed_headers, "HEADERS_S", 0.2)

    def answer(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            time.sleep(0.5)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n")
            time.sleep(0.5)
            connection.sendall(b"{")
            time.sleep(0.5)
            connection.sendall(b"}")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=lambda: answer(listener.accept()[0]), daemon=True).start()
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        connection = Connection(region="eu-west-1", endpoint_url=endpoint, local=True)
        assert connection.call("lambda", "GetFunctionConfiguration", FunctionName="fn").get("FunctionName") is None


def test_an_invoke_whose_payload_drips_is_bounded_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.aws import bounded
    from monitor.aws.connection import Connection
    from monitor.aws.deploy import invoke
    from monitor.errors import UnreachableError

    monkeypatch.setattr(bounded, "ANSWER_S", 1.0)
    with silent(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n", b" ") as endpoint:
        connection = Connection(region="eu-west-1", endpoint_url=endpoint, local=True)
        began_s = time.monotonic()
        with pytest.raises(UnreachableError, match="did not end within"):
            invoke(connection, "fn", b"{}")
    assert time.monotonic() - began_s < patient(10)


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_an_interrupt_that_comes_out_as_another_exception_is_no_defect(tmp_path: Path, number: signal.Signals) -> None:
    """Python 3.11 makes a RuntimeError of what is raised in a `__set_name__`, as dataclasses define."""
    (tmp_path / "sitecustomize.py").write_text(
        textwrap.dedent(
            f"""
            import os, sys

            class Finder:
                def find_spec(self, name, path=None, target=None):
                    if name == "monitor.account.command_function":
                        try:
                            os.kill(os.getpid(), {number})
                            sum(range(10**6))
                        except KeyboardInterrupt as error:
                            raise RuntimeError("Error calling __set_name__") from error

            sys.meta_path.insert(0, Finder())
            """
        ),
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "function", "show", "fn"],
        env=clean_environment(PYTHONPATH=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    assert (done.returncode, done.stdout, done.stderr.strip()) == (128 + number, "", "")


def test_ctrl_c_while_modules_are_imported_shows_no_traceback(tmp_path: Path) -> None:
    """A sitecustomize interrupts the process at an import of monitor's, which is before any handler is installed."""
    (tmp_path / "sitecustomize.py").write_text(
        textwrap.dedent(
            """
            import os, sys

            class Finder:
                def find_spec(self, name, path=None, target=None):
                    if name == os.environ["INTERRUPT_AT"]:
                        os.kill(os.getpid(), 2)

            sys.meta_path.insert(0, Finder())
            """
        ),
        encoding="utf-8",
    )
    for module in ("signal", "monitor.main", "click", "monitor.console.settings"):
        done = subprocess.run(
            [sys.executable, "-m", "monitor", "--version"],
            env=clean_environment(PYTHONPATH=str(tmp_path), INTERRUPT_AT=module),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", ""), module


def test_nohup_stays_so(tmp_path: Path) -> None:
    with silent() as endpoint:
        process = subprocess.Popen(
            [
                *("sh", "-c", 'trap "" HUP; exec "$@"', "sh", sys.executable, "-m", "monitor", "metrics", "fn"),
                *("--endpoint-url", endpoint),
            ],
            env=clean_environment(**{"AWS_REGION": "eu-west-1", **CREDENTIALS}),
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert endpoint.asked.wait(patient(10))
        process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert process.poll() is None
        end(process, signal.SIGTERM)


@pytest.mark.parametrize("number", SIGNALS[:2], ids=lambda number: number.name)
def test_a_demo_ends_with_its_stack_its_functions_and_its_folders(tmp_path: Path, number: signal.Signals) -> None:
    process = start("demo", cwd=tmp_path, TMPDIR=str(tmp_path))
    assert process.stderr
    assert "an embedded stack is up" in process.stderr.readline()
    time.sleep(patient(2.0))
    started = _below(process.pid)
    took_s, told = end(process, number)
    # Its temporary folder has thousands of files.
    assert took_s < patient(SOON_S + 1.0)
    assert process.returncode == 128 + number
    assert "Traceback" not in told
    deadline_s = time.monotonic() + patient(10)
    while (left := [*filter(_is_running, started), *tmp_path.iterdir()]) and time.monotonic() < deadline_s:
        time.sleep(0.1)
    assert started
    assert left == []


def _below(pid: int) -> list[Path]:
    """The processes below `pid`."""
    parents = {}
    for place in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for above in found:
        found += [child for child, parent in parents.items() if parent == above]
    return [Path(f"/proc/{one}") for one in found[1:]]


def test_an_endpoint_that_is_silent_is_given_up_after_30_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the budgets' table are the time-outs that the clients have, and a client's time-out is what ends it."""
    real = connections.Connection(region="eu-west-1", endpoint_url="http://127.0.0.1:9", local=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    config = real.client("lambda").meta.config
    assert (config.connect_timeout, config.read_timeout) == (5.0, 30.0)
    assert (source._TIMEOUT.connect_timeout, source._TIMEOUT.read_timeout) == (5.0, 30.0)
    monkeypatch.setattr(connections, "SILENT_S", 0.5)
    monkeypatch.setattr(connections, "_MAX_ATTEMPTS", 1)
    with silent() as endpoint:
        began_s = time.monotonic()
        with pytest.raises(UnreachableError):
            connections.Connection(region="eu-west-1", endpoint_url=endpoint).call("lambda", "GetAccountSettings")
        took_s = time.monotonic() - began_s
    assert 0.5 <= took_s < patient(5.0)
