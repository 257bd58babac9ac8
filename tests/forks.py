"""Commands as processes that are forked from one that has imported monitor: each saves the time of the imports.

A fork has its own memory, environment, folder, streams and exit code, as any process. It does not show what is
imported, and when: tests of that start `python -m monitor`.
"""

import atexit
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NoReturn

# What runs in other processes, and what long-running servers need, which are not forked.
_LEFT_OUT = tuple(
    f"monitor.{name}" for name in ("__main__", "runtime", "inside", "local", "serve", "mcp", "diagnose.trials.watched")
)
_MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Ended:
    """A command that has ended: the exit code, negative for a signal, and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


class Forked:
    """A command that runs. Its streams are files: it never waits for their reader."""

    def __init__(self, status: socket.socket, out: IO[bytes], err: IO[bytes]) -> None:
        self._status, self._out, self._err = status, out, err
        self.pid = int(status.recv(16))

    def wait(self, timeout_s: float) -> Ended:
        """Wait for its end; it is killed after `timeout_s`."""
        with self._status, self._out, self._err:
            self._status.settimeout(timeout_s)
            try:
                code = int(self._status.recv(16))
            except TimeoutError:
                os.kill(self.pid, signal.SIGKILL)
                told = f"{_text(self._out)[-2000:]}{_text(self._err)[-2000:]}"
                raise TimeoutError(f"monitor did not end in {timeout_s:g} s, and said: {told}") from None
            return Ended(code, _text(self._out), _text(self._err))


class Forks:
    """The process that commands are forked from. It starts with the first of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], stdin: str = "", cwd: Path | None = None
    ) -> Forked:
        """Start `monitor` with these arguments and nothing but this environment."""
        asked = {"arguments": list(arguments), "environment": dict(environment), "cwd": str(cwd or Path.cwd())}
        # Packets: the process id and the exit code of a short command must not arrive as one number.
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        out, err = TemporaryFile(), TemporaryFile()  # noqa: SIM115 - `wait` closes them
        with TemporaryFile() as given, theirs, self._lock:
            given.write(stdin.encode())
            given.seek(0)
            streams = [given.fileno(), out.fileno(), err.fileno(), theirs.fileno()]
            socket.send_fds(self._server(), [json.dumps(asked).encode()], streams)
        return Forked(ours, out, err)

    def run(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        stdin: str = "",
        cwd: Path | None = None,
        timeout_s: float = 120,
    ) -> Ended:
        """The same, until its end."""
        return self.start(arguments, environment, stdin, cwd).wait(timeout_s)

    def close(self) -> None:
        """End the process; another use starts another."""
        if self._control is not None and self._process is not None:
            self._control.close()
            self._process.wait()
            self._control = None

    def _server(self) -> socket.socket:
        if self._control is None:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                command = [sys.executable, __file__, str(theirs.fileno())]
                self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], cwd="/", stdin=subprocess.DEVNULL)
        return self._control


FORKS = Forks()


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode(errors="surrogateescape").replace("\r\n", "\n")


def _serve(control: socket.socket) -> None:
    """Fork for each request, until the other side has gone."""
    while True:
        asked, streams, _, _ = socket.recv_fds(control, _MOST_BYTES, 4)
        if not asked:
            break
        if os.fork() == 0:
            control.close()
            _supervise(json.loads(asked), streams)
        for stream in streams:
            os.close(stream)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _supervise(asked: dict[str, Any], streams: list[int]) -> NoReturn:
    """Fork the command, say its process id, wait for it, say its exit code."""
    status = socket.socket(fileno=streams.pop())
    pid = os.fork()
    if pid == 0:
        status.close()
        _become(asked, streams)
    status.send(str(pid).encode())
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    status.send(str(code).encode())
    os._exit(0)


def _become(asked: dict[str, Any], streams: list[int]) -> NoReturn:
    """Be the process of `python -m monitor`."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    tempfile.tempdir = None
    from monitor.__main__ import main

    sys.argv[:] = [sys.modules["monitor.__main__"].__file__ or "", *asked["arguments"]]
    code: object = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 - as the interpreter would
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else bool(code))


def _import_all() -> None:
    """Import what commands import, in the order in which they do: first what keeps botocore from its documentation."""
    from monitor.console.without_docs import leave_out_docs

    leave_out_docs()
    import monitor

    for module in pkgutil.walk_packages(monitor.__path__, "monitor."):
        if not module.name.startswith(_LEFT_OUT):
            import_module(module.name)
    for name in ("botocore.retries.standard", "botocore.auth", "botocore.parsers", "rich.table"):
        import_module(name)


if __name__ == "__main__":
    _import_all()
    _serve(socket.socket(fileno=int(sys.argv[1])))
