"""The helper processes that fork sandboxes: a guard, and its child, the spawner. They use the standard library only.

The spawner is a separate process because it has one thread, so a child can be prepared safely between fork and exec.
Both are subreapers: the descendants of a sandbox, daemons included, become their children when their parents die.

- When the stack ends in any way, SIGKILL included, the control socket closes: the spawner kills every sandbox with its
  descendants, and ends.
- When the spawner dies, or does not react to the closed socket, the guard kills everything that it left, and ends.
- When the guard dies, the spawner sees it and ends in the same way.

Messages in both directions: 4 bytes of length (big-endian), then JSON. To the spawner: {"op": "spawn", "id", "argv",
"env", "cwd", "writable"} with three descriptors (stdout, stderr, telemetry) attached, or {"op": "kill", "id"}. From the
spawner: {"id", "pid", "started_ns"} (CLOCK_MONOTONIC immediately before the fork) and {"id", "exit", "maxrss_kb"};
`exit` is a return code as in subprocess, negative for a signal. After a malformed message the spawner ends; the stack
then starts new helpers.
"""

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any, NoReturn

from monitor.local.process.confine import confine, hide_memory, landlock_version, prctl

TELEMETRY_FD = 3
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LINUX = sys.platform == "linux"
_REACTION_S = 3.0
_KILL_LIMIT_S = 10.0
_MOST_FDS = 1024
_IGNORED = (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE)


class BadMessageError(Exception):
    """A message that the protocol does not know."""


class Spawner:
    """Forks on request, reports exits, and kills everything at the end."""

    def __init__(self, control: socket.socket, guard_pipe: int) -> None:
        self._control = control
        self._guard_pipe = guard_pipe
        self._inbox = b""
        self._fds: list[int] = []
        self._children: dict[int, int] = {}  # pid -> id
        self._landlock = landlock_version()

    def run(self) -> None:
        """Serve until the stack closes the control socket, or the guard ends."""
        wakeup = _wake_on_child()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        prctl(_PR_SET_CHILD_SUBREAPER, 1)
        control = self._control.fileno()
        try:
            while True:
                ready, _, _ = select.select([control, wakeup, self._guard_pipe], [], [])
                if wakeup in ready:
                    os.read(wakeup, 4096)
                    self._reap()
                if self._guard_pipe in ready or (control in ready and not self._receive()):
                    return
        except BadMessageError:
            return
        finally:
            for pid in self._children:
                _kill_group(pid)
            kill_descendants()

    def _receive(self) -> bool:
        try:
            data, fds, _, _ = socket.recv_fds(self._control, 65536, 16)
        except OSError:
            return False
        # Above 0 to 3, which the child's own descriptors are copied to.
        for fd in fds:
            self._fds.append(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10))
            os.close(fd)
        if not data:
            return False
        self._inbox += data
        while len(self._inbox) >= 4:
            size = int.from_bytes(self._inbox[:4], "big")
            if size > MAX_MESSAGE_BYTES:
                raise BadMessageError
            if len(self._inbox) < 4 + size:
                break
            message = self._inbox[4 : 4 + size]
            self._inbox = self._inbox[4 + size :]
            try:
                self._handle(json.loads(message))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                raise BadMessageError from None
        return True

    def _handle(self, message: dict[str, Any]) -> None:
        ident = int(message["id"])
        if message["op"] == "kill":
            for pid, known in self._children.items():
                if known == ident:
                    _kill_group(pid)
            return
        if len(self._fds) < 3:
            raise BadMessageError
        command = [str(word) for word in message["argv"]]
        env = {str(name): str(value) for name, value in message["env"].items()}
        cwd, writable = str(message["cwd"]), [str(folder) for folder in message["writable"]]
        fds, self._fds = self._fds[:3], self._fds[3:]
        started_ns = time.monotonic_ns()
        pid = os.fork()
        if pid == 0:
            _exec_sandbox(command, env, cwd, fds, writable, self._landlock)
        for fd in fds:
            os.close(fd)
        self._children[pid] = ident
        self._send({"id": ident, "pid": pid, "started_ns": started_ns})

    def _reap(self) -> None:
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            ident = self._children.pop(pid, None)
            if ident is None:
                continue  # a descendant that outlived its sandbox and was reparented to this process
            _kill_group(pid)
            peak = usage.ru_maxrss if _LINUX else usage.ru_maxrss // 1024
            self._send({"id": ident, "exit": os.waitstatus_to_exitcode(status), "maxrss_kb": peak})

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode()
        with contextlib.suppress(OSError):
            self._control.sendall(len(data).to_bytes(4, "big") + data)


def guard(spawner_pid: int, control: socket.socket) -> None:
    """Wait for the end of the spawner or of the stack, or for SIGTERM; then kill everything and return."""
    wakeup = _wake_on_child()
    ended = False

    def end(*_: object) -> None:
        nonlocal ended
        ended = True

    signal.signal(signal.SIGTERM, end)
    poller = select.poll()
    poller.register(control.fileno(), select.POLLRDHUP if _LINUX else 0)
    poller.register(wakeup, select.POLLIN)
    deadline = float("inf")
    while not ended and time.monotonic() < deadline:
        ready = dict(poller.poll(1000 if deadline < float("inf") else None))
        if wakeup in ready:
            os.read(wakeup, 4096)
            ended = _reaped(spawner_pid) or ended
        if control.fileno() in ready:
            poller.unregister(control.fileno())
            deadline = time.monotonic() + _REACTION_S
    with contextlib.suppress(ProcessLookupError):
        os.kill(spawner_pid, signal.SIGKILL)
    kill_descendants()


def _reaped(wanted: int) -> bool:
    """Reap all children that have ended; whether `wanted` was one of them."""
    found = False
    with contextlib.suppress(ChildProcessError):
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            found = found or pid == wanted
    return found


def kill_descendants() -> None:
    """Kill all children of this process, and their descendants as they become children, until none is left."""
    deadline = time.monotonic() + _KILL_LIMIT_S
    while time.monotonic() < deadline:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        for pid in _own_children():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)


def _own_children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:  # noqa: PTH123 - no pathlib
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return []


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _wake_on_child() -> int:
    """A descriptor that is readable after each signal; SIGCHLD interrupts, other signals are ignored."""
    read_fd, write_fd = os.pipe()
    os.set_blocking(read_fd, False)
    os.set_blocking(write_fd, False)
    signal.set_wakeup_fd(write_fd, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for name in _IGNORED:
        signal.signal(name, signal.SIG_IGN)
    return read_fd


def _exec_sandbox(
    command: list[str], env: dict[str, str], cwd: str, fds: list[int], writable: list[str], landlock: int
) -> NoReturn:
    """In the child: start a session, confine it, connect the pipes, execute the interpreter."""
    try:
        os.setsid()
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        for name in (signal.SIGCHLD, signal.SIGTERM, *_IGNORED):
            signal.signal(name, signal.SIG_DFL)
        os.umask(0o022)
        null = os.open(os.devnull, os.O_RDONLY)
        for source, target in zip([null, *fds], (0, 1, 2, TELEMETRY_FD), strict=True):
            os.dup2(source, target)  # the copy is inheritable, the original is closed at exec
        os.chdir(cwd)
        # The control socket in another function's hands would give away every environment: nothing else is inherited.
        os.closerange(TELEMETRY_FD + 1, _MOST_FDS)
        confine(writable, landlock)
        os.execve(command[0], command, env)  # noqa: S606 - no shell is intended
    except OSError as error:
        os.write(2, f"cannot start {command[0]}: {error}\n".encode())
    finally:
        os._exit(127)


def main() -> None:
    """Run the helpers on the control socket whose descriptor is the first argument."""
    hide_memory()
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    prctl(_PR_SET_CHILD_SUBREAPER, 1)
    guard_read, guard_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(guard_write)
        Spawner(control, guard_read).run()
    else:
        os.close(guard_read)
        guard(pid, control)
