"""Run a package under Lambda's runtime client: a fresh process, its events in turn, and what it does with them.

The Runtime API and the X-Ray daemon listen on 127.0.0.1. Source of the protocol: AWS, "Using the Lambda runtime API",
2018-06-01.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from monitor.console.temporary import temporary_folder
from monitor.kernel.budgets import COMPILE_S
from monitor.local.process.sandbox_env import build_runtime_dir
from monitor.optimize.model import Outcome
from monitor.packages.building.process import ProcessError, run_process

_REGION = "us-east-1"
_NAME = "optimized"
_TRACE = "Root=1-6ab3b0e9-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1"
_COPIED = ("awslambdaric", "simplejson", "snapshot_restore_py")


@dataclass(frozen=True, slots=True)
class Subject:
    """How a package starts: its handler, the function's Python, its variables, and the events as JSON texts.

    `layers` is the folder that stands for /opt.
    """

    handler: str
    python: Path
    runtime: Path
    events: tuple[bytes, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_s: float = 120.0
    layers: Path | None = None


def make_runtime(folder: Path, python: Path) -> Path:
    """The runtime folder for `python`, with bytecode, so that every start finds the same."""
    own = Path(python).resolve() == Path(sys.executable).resolve()
    runtime = folder / "runtime"
    build_runtime_dir(runtime, compiled=own)
    if not own:
        runtime.chmod(0o755)
        for name in _COPIED:
            link = runtime / name
            if link.is_symlink():
                source = link.resolve()
                link.unlink()
                shutil.copytree(source, link, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        with suppress(ProcessError):
            run_process([python, "-I", "-m", "compileall", "-q", str(runtime)], COMPILE_S)
    return runtime


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, events: Sequence[bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events = events
        self.served = 0
        self.answers: list[tuple[str, Any]] = []
        self.init_error: Any = None
        self.started = time.perf_counter()
        self.init_ms = self.first_ms = self.cpu_ms = 0.0
        self.pid = 0
        self.done = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A process that ends closes its connection: nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def do_GET(self) -> None:
        server = self.server
        if server.served == 0:
            server.init_ms = (time.perf_counter() - server.started) * 1000
        if server.served >= len(server.events):
            server.done.set()
            threading.Event().wait(30)  # held open; the process is ended meanwhile
            return
        body = server.events[server.served]
        server.served += 1
        self._answer(
            200,
            body,
            {
                "Lambda-Runtime-Aws-Request-Id": f"00000000-0000-4000-8000-{server.served:012d}",
                "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 60_000),
                "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:{_REGION}:123456789012:function:{_NAME}",
                "Lambda-Runtime-Trace-Id": _TRACE,
                "Content-Type": "application/json",
            },
        )

    def do_POST(self) -> None:
        server = self.server
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if not server.answers and server.served:
            server.first_ms = (time.perf_counter() - server.started) * 1000
            server.cpu_ms = _cpu_ms(server.pid)
        try:
            document = json.loads(body or b"null")
        except ValueError:
            document = body.decode("utf-8", "replace")
        if self.path.endswith("/init/error"):
            server.init_error = document
            server.done.set()
        elif self.path.endswith("/error"):
            server.answers.append(("error", document))
        else:
            server.answers.append(("result", document))
        self._answer(202, b"", {})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Print nothing."""


def run(
    root: Path, subject: Subject, *, launcher: Sequence[str] = (), more: Mapping[str, str] | None = None
) -> Outcome:
    """Start the package in `root` and send it the events. `launcher` replaces the sandbox's main script."""
    server = _Server(subject.events)
    serving = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    serving.start()
    script = list(launcher) or [str(subject.runtime / "sandbox_main.py"), subject.handler]
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon,
        temporary_folder() as work,
    ):
        daemon.bind(("127.0.0.1", 0))
        daemon.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        home, out, err = work / "home", work / "out", work / "err"
        home.mkdir()
        environment = _environment(root, subject, server.server_address[1], daemon.getsockname()[1], home)
        with out.open("wb") as stdout, err.open("wb") as stderr:
            server.started = time.perf_counter()
            process = subprocess.Popen(
                [str(subject.python), "-S", *script],
                cwd=root,
                env={**environment, **(more or {})},
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
            server.pid = process.pid
            late = _wait(process, server, subject.timeout_s)
        server.shutdown()
        server.server_close()
        return Outcome(
            tuple(server.answers),
            server.init_error,
            server.init_ms,
            server.first_ms,
            server.cpu_ms,
            out.read_text("utf-8", "replace"),
            err.read_text("utf-8", "replace"),
            None if server.done.is_set() else process.returncode,
            tuple(_segments(daemon)),
            subject.timeout_s if late else 0.0,
        )


def _environment(root: Path, subject: Subject, api: int, daemon: int, home: Path) -> dict[str, str]:
    """What Lambda sets; the function's own variables replace its defaults, but not the reserved ones."""
    return {
        "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONPATH": str(subject.runtime),
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        **subject.environment,
        # Sets are walked in the same order in every run, and no bytecode is left behind, as in /var/task.
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "_HANDLER": subject.handler,
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api}",
        "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon}",
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": str(daemon),
        "AWS_LAMBDA_FUNCTION_NAME": _NAME,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{_NAME}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_REGION": subject.environment.get("AWS_REGION", _REGION),
        "AWS_DEFAULT_REGION": subject.environment.get("AWS_REGION", _REGION),
        "LAMBDA_TASK_ROOT": str(root),
        "LAMBDA_RUNTIME_DIR": str(subject.runtime),
        "MONITOR_LAYERS_ROOT": str(subject.layers or home / "opt"),
    }


def _wait(process: "subprocess.Popen[bytes]", server: _Server, timeout_s: float) -> bool:
    """Wait for the last answer, or the end of the process, and end it. Whether it took longer than `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not server.done.wait(0.005) and process.poll() is None and time.monotonic() < deadline:
        pass
    late = not server.done.is_set() and process.poll() is None
    with suppress(ProcessLookupError):
        # Processes that the handler started end with it.
        os.killpg(process.pid, 9)
    process.wait(10)
    return late


def _cpu_ms(pid: int) -> float:
    """What all threads of the process have computed (proc(5), schedstat); 0 where the system does not tell."""
    total = 0
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return 0.0
    return total / 1e6


def _segments(daemon: socket.socket) -> list[Any]:
    found: list[Any] = []
    daemon.settimeout(0.02)
    while True:
        try:
            datagram = daemon.recv(65_535)
        except (TimeoutError, OSError):
            return found
        with suppress(ValueError, RecursionError):
            found.append(json.loads(datagram.partition(b"\n")[2]))
