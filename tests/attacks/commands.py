"""Commands as processes of their own, against a listener that records what it is sent."""

import os
import pty
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.clean_environment import clean_environment
from tests.forks import FORKS
from tests.functional.conftest import Done

SECRET = "wJalrXUtnFEMI-attack-secret"
TOKEN = "FwoGZXIvYXdzE-attack-session-token"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIAATTACKATTACKATTA",
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_SESSION_TOKEN": TOKEN,
    "AWS_MAX_ATTEMPTS": "1",
}


def patient(seconds: float) -> float:
    """A limit in wall-clock time, longer where this machine has more to do than processors."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def run(*arguments: str, cwd: Path, timeout_s: float = 60, **environment: str) -> Done:
    """`monitor` with the user's credentials, in a folder that somebody else may have written."""
    wanted = clean_environment(**{"AWS_REGION": "eu-west-1", **CREDENTIALS, **environment})
    ended = FORKS.run(arguments, wanted, cwd=cwd, timeout_s=timeout_s)
    return Done(ended.returncode, ended.stdout, ended.stderr)


def run_in_terminal(
    *arguments: str, cwd: Path, typed: str = "", timeout_s: float = 60, **environment: str
) -> tuple[int, str]:
    """The same on a terminal, on which somebody types: the exit code, and what the terminal showed."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", *arguments],
        env=clean_environment(**{"AWS_REGION": "eu-west-1", "TERM": "xterm", **CREDENTIALS, **environment}),
        cwd=cwd,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    os.write(master, typed.encode())
    shown = bytearray()
    deadline = time.monotonic() + timeout_s
    with suppress(OSError):  # EIO: the last writer has gone
        while time.monotonic() < deadline and (chunk := os.read(master, 65536)):
            shown += chunk
    os.close(master)
    try:
        return process.wait(max(0.1, deadline - time.monotonic())), shown.decode(errors="replace")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


class Listener:
    """What reached it: each request's headers and body as one text."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.endpoint = ""


@contextmanager
def listening(answers: Sequence[bytes] = (b"{}",)) -> Iterator[Listener]:
    """A server of an attacker: records every request, and gives the same answers in turn."""
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            listener.requests.append(f"{self.requestline}\n{self.headers}\n{body.decode(errors='replace')}")
            answer = answers[(len(listener.requests) - 1) % len(answers)]
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

        def log_message(self, *args: object) -> None:
            """Nothing to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    listener.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
