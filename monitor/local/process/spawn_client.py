"""The client of spawner.py: starts the helper, requests sandboxes, receives their exits."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = Path(__file__).with_name("spawner.py")


@dataclass(frozen=True, slots=True)
class Exit:
    """The exit of a sandbox's process: a return code (negative for a signal) and its peak memory."""

    code: int
    maxrss_kb: int


@dataclass(frozen=True, slots=True)
class Spawned:
    """A running process: its pid, and CLOCK_MONOTONIC immediately before the fork."""

    pid: int
    started_ns: int


class SpawnClient:
    """One helper process, used from one event loop."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._helper = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_SCRIPT), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C in the terminal is the stack's to handle
            )
        self._inbox = b""
        self._next_id = 0
        self._starting: dict[int, asyncio.Future[Spawned]] = {}
        self._on_exit: dict[int, Callable[[Exit], None]] = {}

    def attach(self) -> None:
        """Read the helper's messages on the running event loop."""
        self._socket.setblocking(False)
        asyncio.get_running_loop().add_reader(self._socket, self._readable)

    async def spawn(
        self, argv: list[str], env: dict[str, str], cwd: Path, fds: list[int], on_exit: Callable[[Exit], None]
    ) -> tuple[int, Spawned]:
        """Start a process with `fds` as stdout, stderr and telemetry pipe. Returns the id that `kill` takes."""
        self._next_id += 1
        ident = self._next_id
        future: asyncio.Future[Spawned] = asyncio.get_running_loop().create_future()
        self._starting[ident] = future
        self._on_exit[ident] = on_exit
        self._send({"op": "spawn", "id": ident, "argv": argv, "env": env, "cwd": str(cwd)}, fds)
        return ident, await future

    def kill(self, ident: int) -> None:
        """Send SIGKILL to the process and its group; does nothing when it has ended."""
        if ident in self._on_exit:
            self._send({"op": "kill", "id": ident}, [])

    def close(self) -> None:
        """End the helper and every sandbox."""
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        try:
            self._helper.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._helper.kill()
            self._helper.wait()

    def _send(self, message: dict[str, object], fds: list[int]) -> None:
        data = json.dumps(message).encode()
        frame = len(data).to_bytes(4, "big") + data
        # A blocking write: the helper always reads, and a message has a few kilobytes.
        self._socket.setblocking(True)
        try:
            sent = socket.send_fds(self._socket, [frame], fds) if fds else 0
            self._socket.sendall(frame[sent:])
        finally:
            self._socket.setblocking(False)

    def _readable(self) -> None:
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._lost()
            return
        self._inbox += data
        while len(self._inbox) >= 4:
            size = int.from_bytes(self._inbox[:4], "big")
            if len(self._inbox) < 4 + size:
                return
            message = json.loads(self._inbox[4 : 4 + size])
            self._inbox = self._inbox[4 + size :]
            ident = message["id"]
            if "pid" in message:
                future = self._starting.pop(ident, None)
                if future is not None and not future.done():
                    future.set_result(Spawned(message["pid"], message["started_ns"]))
            else:
                self._on_exit.pop(ident)(Exit(message["exit"], message["maxrss_kb"]))

    def _lost(self) -> None:
        """The helper has ended, and with it every sandbox."""
        for future in self._starting.values():
            if not future.done():
                future.set_exception(OSError("the sandbox helper ended"))
        self._starting.clear()
        for ident in list(self._on_exit):
            self._on_exit.pop(ident)(Exit(-9, 0))


def pipe_pair() -> tuple[int, int]:
    """A pipe whose read end does not block."""
    read_fd, write_fd = os.pipe()
    os.set_blocking(read_fd, False)
    return read_fd, write_fd
