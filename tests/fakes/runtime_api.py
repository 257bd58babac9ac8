"""A Lambda Runtime API just large enough to run a handler under awslambdaric, and a UDP daemon beside it.

The events are served in order; when the runtime client asks for one more, it is stopped, as Lambda
would freeze it. Source of the protocol: AWS, "Using the Lambda runtime API", 2018-06-01.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import monitor

FUNCTION_NAME = "ai-image-analyzer-fastapi"
ARN = f"arn:aws:lambda:ap-southeast-1:123456789012:function:{FUNCTION_NAME}"
TRACE_ID = "1-6ab3b0e9-0123456789abcdef01234567"
PARENT_ID = "53995c3f42cd8ad8"
SAMPLED = f"Root={TRACE_ID};Parent={PARENT_ID};Sampled=1"
# How long a process may take to end by itself, on a busy machine.
_ENDING_S = 30
_OURS = [Path(monitor.__file__).parents[1]]


@dataclass
class Run:
    """What one execution environment did: an answer an event, its output, what it sent to X-Ray.

    `datagrams` are X-Ray documents, `otlp` the bodies of other datagrams. Times are as this side of the Runtime API
    sees them, `answered` on the clock of `time.perf_counter`; `peak_kb` is the most memory that was resident,
    `cpu_ms` what the main thread computed.
    """

    results: list[Any] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    init_error: dict[str, Any] | None = None
    init_ms: float = 0.0
    durations_ms: list[float] = field(default_factory=list)
    peak_kb: int = 0
    cpu_ms: float = 0.0
    stdout: str = ""
    stderr: str = ""
    returncode: int | None = None
    # It neither answered all events nor ended in the time that it was given.
    timed_out: bool = False
    datagrams: list[dict[str, Any]] = field(default_factory=list)
    otlp: list[str] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)

    @property
    def records(self) -> list[dict[str, Any]]:
        """The lines of stdout that are JSON objects."""
        return [json.loads(line) for line in self.stdout.splitlines() if line.startswith("{")]

    def messages(self, text: str) -> list[dict[str, Any]]:
        """The log records with this very message."""
        return [record for record in self.records if record.get("message") == text]

    def emf(self, metric: str) -> list[dict[str, Any]]:
        """The EMF records that hold this metric."""
        return [record for record in self.records if "_aws" in record and metric in record]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, events: list[Any], trace_header: str | None, run: Run) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events = list(events)
        self.trace_header = trace_header
        self.run = run
        self.started = self.sent = time.perf_counter()
        self.served = 0
        # An internal extension, where one registers: an invocation has ended when it has asked for its next event.
        self.extension = threading.Semaphore(0)
        self.extension_asked: threading.Semaphore | None = None
        self.idle = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # unbuffered writes cost a delayed acknowledgement each: 40 ms a call
    server: _Server

    def do_GET(self) -> None:
        server = self.server
        if self.path.endswith("/restore/next"):
            self._end()
            return
        if self.path.endswith("/extension/event/next"):
            if server.extension_asked is not None:
                server.extension_asked.release()
            server.extension.acquire()
            self._end()
            return
        if server.extension_asked is not None:
            server.extension_asked.acquire(timeout=5)
        if server.served == 0:
            server.run.init_ms = (time.perf_counter() - server.started) * 1000
        if server.served == len(server.events):
            self._wait_for_other_workers()
            server.idle.set()
            server.idle.wait()
            threading.Event().wait(30)  # held open; the process is ended meanwhile
            return
        body = json.dumps(server.events[server.served]).encode()
        server.served += 1
        server.sent = time.perf_counter()
        server.extension.release()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", request_id(server.served))
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 30_000))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", ARN)
        if server.trace_header:
            self.send_header("Lambda-Runtime-Trace-Id", server.trace_header)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _wait_for_other_workers(self) -> None:
        """Until all events are answered: on managed instances several are handled at once."""
        deadline = time.monotonic() + 30
        while len(self.server.run.durations_ms) < self.server.served and time.monotonic() < deadline:
            time.sleep(0.01)

    def do_POST(self) -> None:
        body = _document(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/extension/register"):
            self.server.extension_asked = threading.Semaphore(0)
            self._end(200, {"Lambda-Extension-Identifier": "an-extension"})
            return
        if self.path.endswith("/init/error"):
            self.server.run.init_error = body
            self.server.idle.set()
        elif self.path.endswith("/error"):
            self.server.run.errors.append(body)
        else:
            self.server.run.results.append(body)
        if self.server.served:
            self.server.run.answered.append(time.perf_counter())
            self.server.run.durations_ms.append((self.server.run.answered[-1] - self.server.sent) * 1000)
        self._end(202)

    def _end(self, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Keep the test's output to itself."""


def _document(body: bytes) -> Any:
    """A body as JSON; as text where it is none, as for a handler that returns bytes."""
    try:
        return json.loads(body or b"null")
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


def request_id(number: int) -> str:
    """The id of the nth invocation, counted from 1."""
    return f"00000000-0000-4000-8000-{number:012d}"


def run_handler(
    handler: str,
    package: Path,
    events: list[Any],
    *,
    env: dict[str, str] | None = None,
    trace_header: str | None = SAMPLED,
    python: str = sys.executable,
    pythonpath: list[Path] | None = None,
    launcher: tuple[str, ...] = ("-m", "awslambdaric"),
    timeout_s: float = 60,
) -> Run:
    """Run `handler` of the package in a fresh process, which gets each event in turn.

    `pythonpath` comes after the package; by default it is where this very `monitor` lies. `launcher` starts the
    runtime client.
    """
    run = Run()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon, tempfile.TemporaryDirectory() as work:
        daemon.bind(("127.0.0.1", 0))
        daemon.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        server = _Server(events, trace_header, run)
        serving = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        serving.start()
        out, err = Path(work) / "out", Path(work) / "err"
        environment = _environment(server, daemon, package, _OURS if pythonpath is None else pythonpath) | {
            "_HANDLER": handler,
            **(env or {}),
        }
        with out.open("wb") as stdout, err.open("wb") as stderr:
            server.started = time.perf_counter()
            process = subprocess.Popen(
                [python, *launcher, handler],
                cwd=package,
                env={name: value for name, value in environment.items() if value != ""},
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
            try:
                _wait(process, server, timeout_s, run)
            finally:
                # With what the handler has started, and the workers of managed instances.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        run.stdout = out.read_text("utf-8", "replace")
        run.stderr = err.read_text("utf-8", "replace")
        run.returncode = process.returncode
        run.datagrams, run.otlp = _drain(daemon)
        server.shutdown()
        server.server_close()
    return run


def _environment(server: _Server, daemon: socket.socket, package: Path, pythonpath: list[Path]) -> dict[str, str]:
    """What Lambda sets, and nothing of the machine's own but the path."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(map(str, [package, *pythonpath])),
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}",
        "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_LAMBDA_FUNCTION_NAME": FUNCTION_NAME,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{FUNCTION_NAME}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/23/[$LATEST]0123456789abcdef0123456789abcdef",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_REGION": "ap-southeast-1",
        "AWS_DEFAULT_REGION": "ap-southeast-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "LAMBDA_TASK_ROOT": str(package),
        "TZ": ":UTC",
        "LANG": "en_US.UTF-8",
    }


def _wait(process: subprocess.Popen[bytes], server: _Server, timeout_s: float, run: Run) -> None:
    """Until the last event is answered, or the process ends by itself."""
    deadline = time.monotonic() + timeout_s
    while not server.idle.wait(0.01) and process.poll() is None and time.monotonic() < deadline:
        pass
    run.timed_out = not server.idle.is_set() and process.poll() is None
    if server.run.init_error is not None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_ENDING_S)
    elif process.poll() is None:
        run.peak_kb = _peak_kb(process.pid)
        run.cpu_ms = _cpu_ms(process.pid)
    process.kill()
    process.wait(_ENDING_S)


def _peak_kb(pid: int) -> int:
    """The process's highest resident set in kB (proc(5), VmHWM); 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def _cpu_ms(pid: int) -> float:
    """What the process's main thread has computed (proc(5), schedstat); 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e6
    except (OSError, ValueError, IndexError):
        return 0.0


def _drain(daemon: socket.socket) -> tuple[list[dict[str, Any]], list[str]]:
    """The documents in the datagrams that have arrived, and the bodies of those with something else."""
    documents: list[dict[str, Any]] = []
    others: list[str] = []
    daemon.setblocking(False)  # the process has ended: on loopback, what it sent is here
    while True:
        try:
            datagram = daemon.recv(65_535)
        except BlockingIOError:
            return documents, others
        body = datagram.partition(b"\n")[2].decode("utf-8", "replace")
        if body.startswith("T1"):
            others.append(body)
            continue
        # What no JSON parser takes (nested without end, cut off) X-Ray would not take either.
        with contextlib.suppress(ValueError, RecursionError):
            documents.append(json.loads(body))
