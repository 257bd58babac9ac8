"""The client of spawner.py: starts the helpers, requests sandboxes, receives their exits, replaces lost helpers."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from monitor.local.process.clean_env import clean_environment
from monitor.local.process.spawner import MAX_MESSAGE_BYTES

_ROOT = str(Path(__file__).resolve().parents[3])
# Isolated, without site-packages: the helpers see the standard library and this package.
_CODE = f"import sys; sys.path.append({_ROOT!r}); from monitor.local.process.spawner import main; main()"
_SEND_LIMIT_S = 2.0
_REMIND_EVERY_S = 2.0
_ANSWER_LIMIT_S = 60.0
_END_LIMIT_S = 5.0


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


@dataclass(frozen=True, slots=True)
class SpawnRequest:
    """A process to start: its command, variables, folder, the folders that it may write to, and three descriptors.

    The descriptors become stdout, stderr and the telemetry pipe.
    """

    argv: list[str]
    env: dict[str, str]
    cwd: Path
    writable: list[str]
    fds: list[int]


class SpawnClient:
    """The helpers of a stack, used from one event loop. They are started at first use, and again when they are lost."""

    def __init__(self) -> None:
        self._helpers: _Helpers | None = None

    async def spawn(self, request: SpawnRequest, on_exit: Callable[[Exit], None]) -> tuple["SpawnHandle", Spawned]:
        """Start a process; `on_exit` is called when it ends. Raises OSError when the helpers fail twice."""
        try:
            return await self._running().spawn(request, on_exit)
        except HelpersLostError:
            return await self._running().spawn(request, on_exit)

    def start(self) -> None:
        """Start the helpers now, so that the first function need not wait for them."""
        self._running()

    def close(self) -> None:
        """End the helpers and every sandbox."""
        if self._helpers is not None:
            self._helpers.close()
            self._helpers = None

    def _running(self) -> "_Helpers":
        if self._helpers is None or self._helpers.is_lost:
            self._helpers = _Helpers()
        return self._helpers


class HelpersLostError(OSError):
    """The helpers ended, and with them every sandbox."""


class SpawnHandle:
    """A started process."""

    def __init__(self, helpers: "_Helpers", ident: int) -> None:
        self._helpers = helpers
        self._ident = ident

    def kill(self) -> None:
        """Send SIGKILL to the process and its group; does nothing when it has ended."""
        self._helpers.kill(self._ident)


class _Helpers:
    """One guard with its spawner, and the control socket to it."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _CODE, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=clean_environment(),
                cwd="/",
                start_new_session=True,  # a Ctrl-C in the terminal is the stack's to handle
            )
        self.pid = self._process.pid
        self.is_lost = False
        self._inbox = b""
        self._next_id = 0
        self._starting: dict[int, asyncio.Future[Spawned]] = {}
        self._on_exit: dict[int, Callable[[Exit], None]] = {}
        self._waiting: dict[int, asyncio.TimerHandle] = {}  # requests without an answer
        self._loop = asyncio.get_running_loop()
        self._socket.setblocking(False)
        self._loop.add_reader(self._socket, self._readable)

    async def spawn(self, request: SpawnRequest, on_exit: Callable[[Exit], None]) -> tuple[SpawnHandle, Spawned]:
        self._next_id += 1
        ident = self._next_id
        future: asyncio.Future[Spawned] = self._loop.create_future()
        self._starting[ident] = future
        message = {"op": "spawn", "id": ident, "argv": request.argv, "env": request.env, "cwd": str(request.cwd)}
        self._send(ident, message | {"writable": request.writable}, request.fds)
        spawned = await future
        self._on_exit[ident] = on_exit
        if self.is_lost:
            on_exit(Exit(-signal.SIGKILL, 0))
        return SpawnHandle(self, ident), spawned

    def kill(self, ident: int) -> None:
        if ident in self._on_exit:
            with contextlib.suppress(HelpersLostError):  # then the process is gone too
                self._send(ident, {"op": "kill", "id": ident}, [])

    def close(self) -> None:
        if self.is_lost:
            return
        self._loop.remove_reader(self._socket)
        self._socket.close()
        self._end()

    def _end(self) -> None:
        """Wait for the helpers; kill them when they do not end."""
        for name in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=_END_LIMIT_S)
                return
            self._signal(name)
        self._process.wait()

    def _signal(self, name: int) -> None:
        # A stopped helper ignores every other signal.
        for each in (signal.SIGCONT, name):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, each)

    def _send(self, ident: int, message: dict[str, object], fds: list[int]) -> None:
        data = json.dumps(message).encode()
        frame = len(data).to_bytes(4, "big") + data
        if len(data) > MAX_MESSAGE_BYTES:
            raise OSError("the environment of the sandbox is too large")
        # A blocking write with a limit: the spawner always reads, and a message has a few kilobytes.
        self._socket.settimeout(_SEND_LIMIT_S)
        try:
            sent = socket.send_fds(self._socket, [frame], fds) if fds else 0
            self._socket.sendall(frame[sent:])
        except OSError:
            self._starting.pop(ident, None)
            self._lose()
            raise HelpersLostError("the sandbox helper does not read its socket") from None
        finally:
            if not self.is_lost:
                self._socket.setblocking(False)
        self._remind(ident, _ANSWER_LIMIT_S)

    def _remind(self, ident: int, left_s: float) -> None:
        """While a request has no answer: continue a stopped helper, finally give up."""
        if timer := self._waiting.pop(ident, None):
            timer.cancel()
        if left_s < _ANSWER_LIMIT_S:
            self._signal(signal.SIGCONT)
        if left_s <= 0:
            self._lose()
            return
        self._waiting[ident] = self._loop.call_later(_REMIND_EVERY_S, self._remind, ident, left_s - _REMIND_EVERY_S)

    def _answered(self, ident: int) -> None:
        if timer := self._waiting.pop(ident, None):
            timer.cancel()

    def _readable(self) -> None:
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lose()
            return
        self._inbox += data
        while len(self._inbox) >= 4:
            size = int.from_bytes(self._inbox[:4], "big")
            if len(self._inbox) < 4 + size:
                return
            message = json.loads(self._inbox[4 : 4 + size])
            self._inbox = self._inbox[4 + size :]
            ident = message["id"]
            self._answered(ident)
            if "pid" in message:
                future = self._starting.pop(ident, None)
                if future is not None and not future.done():
                    future.set_result(Spawned(message["pid"], message["started_ns"]))
            else:
                self._loop.call_soon(self._exited, ident, Exit(message["exit"], message["maxrss_kb"]))

    def _exited(self, ident: int, exit_: Exit) -> None:
        # Not before the coroutine that started the process has registered its callback.
        self._answered(ident)
        if on_exit := self._on_exit.pop(ident, None):
            on_exit(exit_)

    def _lose(self) -> None:
        """The helpers have ended, or are unusable; so have the sandboxes. New helpers are started at the next use."""
        if self.is_lost:
            return
        self.is_lost = True
        self._loop.remove_reader(self._socket)
        self._socket.close()
        for timer in self._waiting.values():
            timer.cancel()
        self._waiting.clear()
        self._loop.run_in_executor(None, self._end)
        for future in self._starting.values():
            if not future.done():
                future.set_exception(HelpersLostError("the sandbox helper ended"))
        self._starting.clear()
        for ident in list(self._on_exit):
            self._on_exit.pop(ident)(Exit(-signal.SIGKILL, 0))


def pipe_pair() -> tuple[int, int]:
    """A pipe whose read end does not block."""
    read_fd, write_fd = os.pipe()
    os.set_blocking(read_fd, False)
    return read_fd, write_fd
