"""The helper process that forks sandboxes. Runs as a script (`python -I -S spawner.py FD`), standard library only.

It is a separate process for two reasons. It has one thread, so a child can be prepared safely between fork and exec.
And whatever ends the stack, SIGKILL included, the control socket closes and every sandbox is killed with its
descendants.

Messages in both directions: 4 bytes of length (big-endian), then JSON. To the helper: {"op": "spawn", "id", "argv",
"env", "cwd"} with three descriptors (stdout, stderr, telemetry) attached, or {"op": "kill", "id"}. From the helper:
{"id", "pid", "started_ns"} (CLOCK_MONOTONIC immediately before the fork) and {"id", "exit", "maxrss_kb"}; `exit` is a
return code as in subprocess, negative for a signal.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any, NoReturn

TELEMETRY_FD = 3
_PR_SET_PDEATHSIG = 1
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
# The capabilities with which root may write to a read-only file: CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER.
_DROPPED_CAPABILITIES = (1, 2, 3)
_LINUX = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True) if _LINUX else None


def _prctl(option: int, value: int) -> None:
    if _libc is not None:
        _libc.prctl(option, value, 0, 0, 0)


class Spawner:
    """Forks on request, reports exits, and kills everything at the end."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._inbox = b""
        self._fds: list[int] = []
        self._children: dict[int, int] = {}  # pid -> id

    def run(self) -> None:
        """Serve until the stack closes the control socket."""
        wakeup_read, wakeup_write = os.pipe()
        os.set_blocking(wakeup_read, False)
        os.set_blocking(wakeup_write, False)
        signal.set_wakeup_fd(wakeup_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(name, signal.SIG_IGN)
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        control = self._control.fileno()
        try:
            while True:
                ready, _, _ = select.select([control, wakeup_read], [], [])
                if wakeup_read in ready:
                    os.read(wakeup_read, 4096)
                    self._reap()
                if control in ready and not self._receive():
                    return
        finally:
            self._kill_all()

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
            if len(self._inbox) < 4 + size:
                break
            message = json.loads(self._inbox[4 : 4 + size])
            self._inbox = self._inbox[4 + size :]
            self._handle(message)
        return True

    def _handle(self, message: dict[str, Any]) -> None:
        if message["op"] == "kill":
            for pid, ident in self._children.items():
                if ident == message["id"]:
                    _kill_group(pid)
            return
        fds, self._fds = self._fds[:3], self._fds[3:]
        started_ns = time.monotonic_ns()
        pid = os.fork()
        if pid == 0:
            _exec_sandbox(message, fds)
        for fd in fds:
            os.close(fd)
        self._children[pid] = message["id"]
        self._send({"id": message["id"], "pid": pid, "started_ns": started_ns})

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

    def _kill_all(self) -> None:
        for pid in self._children:
            _kill_group(pid)
        # Descendants that left their sandbox's group became our children when their parents died.
        for _ in range(100):
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                return
            for pid in _own_children():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)


def _own_children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:  # noqa: PTH123 - no pathlib
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return []


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _exec_sandbox(message: dict[str, Any], fds: list[int]) -> NoReturn:
    """In the child: start a session, drop capabilities, connect the pipes, execute the interpreter."""
    try:
        os.setsid()
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.geteuid() == 0:
            for capability in _DROPPED_CAPABILITIES:
                _prctl(_PR_CAPBSET_DROP, capability)
        signal.set_wakeup_fd(-1)
        for name in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(name, signal.SIG_DFL)
        null = os.open(os.devnull, os.O_RDONLY)
        for source, target in zip([null, *fds], (0, 1, 2, TELEMETRY_FD), strict=True):
            os.dup2(source, target)  # the copy is inheritable, the original is closed at exec
        os.chdir(message["cwd"])
        os.execve(message["argv"][0], message["argv"], message["env"])  # noqa: S606 - no shell is intended
    except OSError as error:
        os.write(2, f"cannot start {message['argv'][0]}: {error}\n".encode())
    finally:
        os._exit(127)


def main() -> None:
    """Serve the control socket whose descriptor is the first argument."""
    Spawner(socket.socket(fileno=int(sys.argv[1]))).run()


if __name__ == "__main__":
    main()
