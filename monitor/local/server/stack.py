"""A running stack: starts and stops its server, its threads and its folders."""

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from monitor.errors import MonitorError, UsageError
from monitor.local.process import scratch
from monitor.local.server import emulator, registry, server
from monitor.local.server.access import AccessKeys
from monitor.local.server.asgi_call import AsgiCaller
from monitor.local.server.data_plane import DataPlane
from monitor.local.server.dispatcher import Dispatcher
from monitor.local.server.gate import Gate

DEFAULT_PORT = 4566
_START_LIMIT_S = 60.0
_STOP_LIMIT_S = 60.0
# How long the end of a stack waits for the removal of its folder, which goes on after that.
_REMOVAL_S = 30.0
_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class StackOptions:
    """Limits that a test may change."""

    init_limit_s: float = 10.0
    max_running: int = 10
    """The number of invocations that run at once; more are queued."""
    access_key: str | None = field(default=None, repr=False)
    """The owner's access key; a random one by default."""


class Stack:
    """The embedded stack in this process: `start`, `endpoint`, `stop`. As a context manager it stops at the end."""

    def __init__(self, options: StackOptions | None = None) -> None:
        self._options = options or StackOptions()
        self._keys = AccessKeys(self._options.access_key)
        self._endpoint = ""
        self._thread: threading.Thread | None = None
        self._front: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    def start(self, port: int = 0, state_dir: Path | None = None) -> None:
        """Serve on 127.0.0.1:`port` (0 for a free port); return when requests are answered.

        `state_dir` stores functions, logs, metrics and traces after the end of the stack. Raises UsageError when the
        port is in use, the extra `local` is not installed, or this process already runs a stack.
        """
        emulator.require_extra()
        if not _one_at_a_time.acquire(blocking=False):
            raise UsageError("this process already runs a stack", "stop that one first, or use its endpoint")
        ready: Future[None] = Future()
        try:
            listener = server.listen(port)
            folder = _state_folder(state_dir)
        except BaseException:
            _one_at_a_time.release()
            raise
        self._endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, args=(listener, folder, ready), name="monitor-stack")
        self._thread.daemon = True
        self._thread.start()
        try:
            ready.result(_START_LIMIT_S)
        except TimeoutError:
            self.stop()
            raise MonitorError(f"the stack did not start within {_START_LIMIT_S:.0f} s", "try again") from None
        except BaseException:
            self.stop()
            raise

    @property
    def endpoint(self) -> str:
        """`http://127.0.0.1:PORT`, for any AWS client; "" before `start`."""
        return self._endpoint

    @property
    def access_key(self) -> str:
        """The access key that requests must be signed with; the secret key is not checked."""
        return self._keys.owner

    @property
    def alive(self) -> bool:
        """Whether the stack is running."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self) -> None:
        """End every sandbox, save the state if there is a state folder, free the port. Can be called twice.

        Its temporary folder is gone then, unless that takes longer than 30 seconds. Raises MonitorError after a minute.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return
        if self._front is not None and self._stopping is not None:
            with contextlib.suppress(RuntimeError):  # the loop has already ended
                self._front.call_soon_threadsafe(self._stopping.set)
        thread.join(_STOP_LIMIT_S)
        _one_at_a_time.release()
        if thread.is_alive():
            raise MonitorError("the stack is still shutting down", "it ends with this process at the latest")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, listener: socket.socket, state_dir: Path | None, ready: "Future[None]") -> None:
        try:
            asyncio.run(self._serve(listener, state_dir, ready))
        except BaseException as error:  # noqa: BLE001 - any error is raised in the thread that called `start`
            if not ready.done():
                ready.set_exception(error)

    async def _serve(self, listener: socket.socket, state_dir: Path | None, ready: "Future[None]") -> None:
        self._front = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        await asyncio.to_thread(scratch.sweep)
        root = scratch.make()
        try:
            with emulator.settings(listener.getsockname()[1], state_dir):
                await self._serve_in(root, state_dir, listener, ready)
        finally:
            listener.close()
            await asyncio.to_thread(scratch.discard, root, wait_s=_REMOVAL_S)

    async def _serve_in(
        self, root: Path, state_dir: Path | None, listener: socket.socket, ready: "Future[None]"
    ) -> None:
        """Start in the order of dependencies: the emulator, the data plane, the server."""
        assert self._stopping is not None
        front = asyncio.get_running_loop()
        zips = state_dir / "code" if state_dir else root / "zips"
        traces = state_dir / "traces.jsonl" if state_dir else None
        app, lifespan = await emulator.started(state_dir)
        options = self._options
        data_plane = DataPlane(root, zips, self._endpoint, self._keys, options.init_limit_s, options.max_running)
        try:
            dispatcher = Dispatcher(app, self._endpoint, self._stopping)
            await data_plane.start(AsgiCaller(app, front), AsgiCaller(dispatcher, front), traces)
            dispatcher.connect(data_plane)
            gate = Gate(dispatcher, self._keys)
            await server.serve(gate, listener, self._stopping, lambda: ready.set_result(None))
        finally:
            await data_plane.stop(traces)
            await lifespan.shutdown()


def serve(
    port: int,
    state_dir: Path | None,
    on_ready: Callable[[Stack], None],
    options: StackOptions | None = None,
    *,
    is_registered: bool = True,
) -> None:
    """Run a stack until SIGINT, SIGTERM or SIGHUP, then end it and every sandbox. Call this from the main thread.

    Unless `is_registered` is false the registry has a file for it. `on_ready` is called when the endpoint answers.
    Raises the errors of `Stack.start`.
    """
    stop = threading.Event()
    before = {name: signal.signal(name, lambda *_: stop.set()) for name in _ENDING_SIGNALS}
    try:
        with Stack(options) as stack:
            stack.start(port, state_dir)
            info = registry.describe(stack.endpoint, stack.access_key)
            if is_registered:
                registry.write(info)
            try:
                on_ready(stack)
                while not stop.wait(1):
                    if not stack.alive:
                        raise MonitorError("the stack ended unexpectedly", "start it again")
            finally:
                if is_registered:
                    registry.remove(info.port, info.access_key)
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _state_folder(state_dir: Path | None) -> Path | None:
    """The state folder, readable for its owner only: it contains code, logs and the variables of functions."""
    if state_dir is None:
        return None
    hint = "choose another folder with --state"
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if state_dir.stat().st_uid != os.geteuid():
            raise UsageError(f"the state folder {state_dir} belongs to another user", hint)
        state_dir.chmod(0o700)
    except OSError as error:
        raise UsageError(f"the state folder cannot be created: {error}", hint) from None
    if not os.access(state_dir, os.W_OK):
        raise UsageError(f"the state folder {state_dir} is not writable", hint)
    return state_dir.resolve()
