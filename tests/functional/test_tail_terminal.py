"""A tail in a real terminal: colors, a window that changes its size, Ctrl-C with its one line; and errors --follow."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.ledger_server import LedgerServer, Stored

GROUP = "/aws/lambda/fn"
REQUEST = "5b86d4d4-0c1f-4d2c-9a0e-3f7e5b8f6a11"
REPORT = (
    f"REPORT RequestId: {REQUEST}\tDuration: 2.46 ms\tBilled Duration: 417 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 126 MB\tInit Duration: 413.61 ms\t\n"
)


class Terminal:
    """A command whose stdin, stdout and stderr are one pseudo-terminal."""

    def __init__(self, process: "subprocess.Popen[bytes]", leader: int) -> None:
        self.process, self._leader = process, leader
        self.seen = ""

    def wait_for(self, text: str, seconds: float = 30.0) -> None:
        ends = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < ends, f"{text!r} did not come: {self.seen!r}"
            self._read(0.2)

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._leader, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, key: bytes) -> None:
        os.write(self._leader, key)

    def ended(self) -> int:
        ends = time.monotonic() + 30
        while self.process.poll() is None and time.monotonic() < ends:
            self._read(0.2)
        self._read(0.2)
        return self.process.wait(1)

    def _read(self, seconds: float) -> None:
        if select.select([self._leader], [], [], seconds)[0]:
            try:
                self.seen += os.read(self._leader, 65536).decode("utf-8", "replace")
            except OSError:  # Linux's way of saying that the other side has closed.
                time.sleep(0.05)


def environment(server: LedgerServer, home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }


@contextmanager
def terminal(server: LedgerServer, home: Path, *arguments: str, out: Path | None = None) -> Iterator[Terminal]:
    """A command in a terminal; with `out`, its stdout is that file."""
    leader, follower = pty.openpty()
    stdout = follower if out is None else os.open(out, os.O_WRONLY | os.O_CREAT, 0o600)
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", *arguments],
        env=environment(server, home),
        stdin=follower,
        stdout=stdout,
        stderr=follower,
        start_new_session=True,
        # The terminal is to be the session's own: Ctrl-C is then the kernel's to deliver.
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(follower)
    if out is not None:
        os.close(stdout)
    try:
        yield Terminal(process, leader)
    finally:
        process.kill()
        process.wait()
        os.close(leader)


def stored(number: int, message: str, at_ms: int) -> Stored:
    return Stored(at_ms, f"{number:056d}", "2026/11/23/[$LATEST]5f", message, at_ms, at_ms)


def test_a_terminal_gets_colors_stands_resizing_and_ends_by_ctrl_c_with_one_line(tmp_path: Path) -> None:
    now_ms = time.time_ns() // 1_000_000
    with LedgerServer() as server:
        texts = [f"START RequestId: {REQUEST} Version: 1\n", "plain \x1b]0;title\x07 text\n", REPORT]
        server.put(GROUP, [stored(at, text, now_ms - 30_000 + at) for at, text in enumerate(texts)])
        with terminal(server, tmp_path, "tail", GROUP, "--since", "1m", "--reorder", "200ms") as screen:
            screen.wait_for(REQUEST[:8])
            for rows, columns in ((10, 40), (50, 200), (24, 80)):
                screen.resize(rows, columns)
            at_ms = time.time_ns() // 1_000_000
            server.put(GROUP, [stored(9, f"[ERROR]\t2026-11-23T02:48:41.886Z\t{REQUEST}\tafter resizing\n", at_ms)])
            screen.wait_for("after resizing")
            screen.press(b"\x03")
            assert screen.ended() == 0
    assert "\x1b[1mREPORT\x1b[0m" in screen.seen
    assert "\x1b[31m126 of 128 MB\x1b[0m" in screen.seen
    assert "\x1b[31mERROR   after resizing\x1b[0m" in screen.seen
    # What a log says never acts on the terminal.
    assert "\x1b]0;title" not in screen.seen
    assert "\\x1b]0;title\\x07" in screen.seen
    last = screen.seen.rstrip().splitlines()[-1]
    assert re.search(r"Stopped after 4 events in \d", last), screen.seen


def test_a_follow_into_a_file_draws_no_bar_that_never_moves(tmp_path: Path) -> None:
    now_ms = time.time_ns() // 1_000_000
    out = tmp_path / "followed"
    with LedgerServer() as server:
        server.put(GROUP, [stored(0, "line 0\n", now_ms - 30_000)])
        with terminal(server, tmp_path, "tail", GROUP, "--since", "5m", out=out) as screen:
            ends_s = time.monotonic() + 30
            while not (out.exists() and out.stat().st_size) and time.monotonic() < ends_s:
                time.sleep(0.1)
            # A bar appears after a second.
            for _ in range(15):
                screen._read(0.2)
            screen.press(b"\x03")
            assert screen.ended() == 0
    assert "line 0" in out.read_text(encoding="utf-8")
    assert "reading" not in screen.seen


def test_long_output_goes_to_the_pager_with_its_colors_and_a_follow_does_not(tmp_path: Path) -> None:
    now_ms = time.time_ns() // 1_000_000
    with LedgerServer() as server:
        server.put(GROUP, [stored(at, f"line {at}\n", now_ms - 30_000 + at) for at in range(60)] + [
            stored(60, REPORT, now_ms - 60_000)
        ])  # fmt: skip
        with terminal(server, tmp_path, "tail", GROUP, "--since", "5m", "--no-follow") as screen:
            screen.wait_for("line 9")
            screen.press(b"q")
            assert screen.ended() == 0
        assert "\x1b[1mREPORT\x1b[0m" in screen.seen
        assert "line 59" not in screen.seen
        with terminal(server, tmp_path, "--no-pager", "tail", GROUP, "--since", "5m", "--no-follow") as screen:
            assert screen.ended() == 0
        assert "line 59" in screen.seen


def test_errors_follow_tells_what_grows(tmp_path: Path) -> None:
    def failure(number: int, at_ms: int) -> Stored:
        trace = 'Traceback (most recent call last):\n  File "/var/task/app.py", line 3, in handler\n    f()\n'
        text = (
            f"[ERROR]\t2026-11-23T02:48:41.886Z\t{REQUEST[:-2]}{number:02d}\tfailed\n{trace}ValueError: no {number}\n"
        )
        return stored(number, text, at_ms)

    now_ms = time.time_ns() // 1_000_000
    with LedgerServer() as server:
        server.put(GROUP, [failure(1, now_ms - 30_000)])
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "monitor", "errors", GROUP, "--since", "5m", "--follow"],
            env=environment(server, tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        alarm = threading.Timer(60, process.kill)
        alarm.start()
        first = process.stdout.readline()
        server.put(GROUP, [failure(2, time.time_ns() // 1_000_000)])
        grown = next((line for line in process.stdout if "so far" in line), "")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        alarm.cancel()
    assert "ValueError" in first
    assert f"2 so far  {REQUEST[:-2]}02" in grown
    assert process.returncode == 0
    assert "Stopped" in said
