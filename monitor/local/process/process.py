"""One runtime process: its pipes, its Runtime API, its memory limit and its end."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from monitor.local.process.log_frames import FrameSplitter, LineSplitter, LogRecord
from monitor.local.process.memory import peak_kb, tree_rss_kb
from monitor.local.process.peer import can_identify, is_connected
from monitor.local.process.runtime_api import RuntimeAnswer, RuntimeApi, RuntimeEvent
from monitor.local.process.spawn_client import (
    Exit,
    SpawnClient,
    Spawned,
    SpawnHandle,
    SpawnRequest,
    pipe_pair,
)

_READ_BYTES = 65536
_MEMORY_POLL_S = 0.02
_MAX_UNREAD_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ready:
    """The init has ended: the runtime requested its first event."""

    at_ns: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The process has ended."""

    code: int
    at_ns: int
    out_of_memory: bool

    @property
    def reason(self) -> str:
        """The reason in Lambda's words."""
        if self.code == 0:
            return "Runtime exited without providing a reason"
        if self.code > 0:
            return f"Runtime exited with error: exit status {self.code}"
        return f"Runtime exited with error: signal: {_SIGNALS.get(-self.code, str(-self.code))}"


# Signal names as Go prints them, because Lambda's supervisor is written in Go.
_SIGNALS = {4: "illegal instruction", 6: "aborted", 7: "bus error", 8: "floating point exception"}
_SIGNALS |= {9: "killed", 11: "segmentation fault", 13: "broken pipe", 15: "terminated"}

Outcome = Ready | RuntimeAnswer | Ended


class RuntimeProcess:
    """Runs one interpreter. `next_outcome` returns its events in order."""

    def __init__(self, spawner: SpawnClient, memory_mb: int, on_records: Callable[[list[LogRecord]], int]) -> None:
        self._spawner = spawner
        self._memory_kb = memory_mb * 1024
        self._on_records = on_records
        self._outcomes: asyncio.Queue[Outcome] = asyncio.Queue()
        self._api = RuntimeApi(self._requested, self._outcomes.put_nowait, self._is_own_connection)
        self._readers: dict[int, LineSplitter | FrameSplitter] = {}
        self._ready = False
        self._out_of_memory = False
        self._handle: SpawnHandle | None = None
        self._pid = 0
        self._poller: asyncio.Task[None] | None = None
        self._gone = asyncio.Event()
        self._peak_kb = 0
        self.busy = asyncio.Event()
        """Set during an init or an invocation: memory is polled only then."""
        self.busy.set()
        self.started_ns = 0

    async def start(
        self, argv: list[str], environment: Callable[[str], dict[str, str]], cwd: Path, writable: list[str]
    ) -> None:
        """Start the process. `environment` receives the address of the Runtime API and returns the variables.

        The process may write below the folders `writable`, where the system can enforce that.
        """
        env = environment(await self._api.start())
        loop = asyncio.get_running_loop()
        writers: list[int] = []
        for splitter in (LineSplitter(), LineSplitter(), FrameSplitter()):
            read_fd, write_fd = pipe_pair()
            writers.append(write_fd)
            self._readers[read_fd] = splitter
        try:
            request = SpawnRequest(argv, env, cwd, writable, writers)
            self._handle, spawned = await self._spawner.spawn(request, self._exited)
        except OSError:
            self._release()
            raise
        finally:
            for fd in writers:
                os.close(fd)
        self.started_ns = spawned.started_ns
        self._pid = spawned.pid
        for fd in self._readers:
            loop.add_reader(fd, self._read, fd)
        self._poller = asyncio.create_task(self._watch_memory(spawned))

    def hand_out(self, event: RuntimeEvent) -> None:
        """Send an event to the runtime."""
        self._api.hand_out(event)

    @property
    def handed_out_ns(self) -> int:
        return self._api.handed_out_ns

    async def next_outcome(self, timeout_s: float) -> Outcome:
        """The next outcome. Raises TimeoutError."""
        async with asyncio.timeout(max(timeout_s, 0)):
            return await self._outcomes.get()

    def drain(self) -> None:
        """Read the pipes until they are empty. The last line may have no newline."""
        now_ms = _now_ms()
        for fd, splitter in list(self._readers.items()):
            self._read(fd)
            if isinstance(splitter, LineSplitter):
                self._on_records(splitter.flush(now_ms))

    def peak_mb(self) -> int:
        """Peak memory until now, in MB."""
        if self._pid and not self._gone.is_set():
            self._peak_kb = max(self._peak_kb, peak_kb(self._pid))
        return min(-(-self._peak_kb // 1024), self._memory_kb // 1024)

    async def kill(self) -> None:
        """Kill the process, and wait until it has ended and its output is read."""
        self.peak_mb()
        self._send_kill()
        await self._gone.wait()

    @property
    def alive(self) -> bool:
        return not self._gone.is_set()

    def _send_kill(self) -> None:
        if self._handle is not None:
            self._handle.kill()

    def _requested(self, now_ns: int) -> None:
        if not self._ready:
            self._ready = True
            self._outcomes.put_nowait(Ready(now_ns))

    def _exited(self, exit_: Exit) -> None:
        at_ns = time.monotonic_ns()
        self._peak_kb = max(self._peak_kb, exit_.maxrss_kb)
        self._gone.set()
        if self._poller is not None:
            self._poller.cancel()
        self.drain()
        now_ms = _now_ms()
        for splitter in self._readers.values():
            self._on_records(splitter.flush(now_ms))
        self._release()
        self._outcomes.put_nowait(Ended(exit_.code, at_ns, self._out_of_memory))

    def _release(self) -> None:
        """Close the pipes and the Runtime API of a process that has ended, or was never started."""
        loop = asyncio.get_running_loop()
        for fd in self._readers:
            loop.remove_reader(fd)
            os.close(fd)
        self._readers.clear()
        self._api.close()

    def _is_own_connection(self, client_port: int, server_port: int) -> bool | None:
        """Whether a connection to the Runtime API comes from the process itself; None while its pid is not known."""
        if not can_identify():
            return True
        return is_connected(self._pid, client_port, server_port) if self._pid else None

    def _read(self, fd: int) -> None:
        """Read the pipe, up to a limit: a process that writes without a pause must not block the loop."""
        splitter = self._readers[fd]
        for _ in range(_MAX_UNREAD_BYTES // _READ_BYTES):
            try:
                data = os.read(fd, _READ_BYTES)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                asyncio.get_running_loop().remove_reader(fd)
                return
            waiting = self._on_records(splitter.feed(data, _now_ms()))
            if waiting > _MAX_UNREAD_BYTES and self.alive:
                # The process blocks on its pipe until the log writer has caught up.
                loop = asyncio.get_running_loop()
                loop.remove_reader(fd)
                loop.call_later(0.05, self._resume, fd)
                return

    def _resume(self, fd: int) -> None:
        if fd in self._readers:
            asyncio.get_running_loop().add_reader(fd, self._read, fd)

    async def _watch_memory(self, spawned: Spawned) -> None:
        while not self._gone.is_set():
            await self.busy.wait()
            used_kb = tree_rss_kb(spawned.pid)
            self._peak_kb = max(self._peak_kb, used_kb)
            if used_kb > self._memory_kb:
                self._out_of_memory = True
                self._send_kill()
                return
            await asyncio.sleep(_MEMORY_POLL_S)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
