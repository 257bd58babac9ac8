"""The parts behind the endpoint, on a separate event loop: sandboxes, executor, X-Ray.

They are separated from the endpoint's loop so that building a large response there does not lengthen a handler's
Duration.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from monitor.local.functions.code_store import CodeStore
from monitor.local.functions.executor import Executor
from monitor.local.functions.pool import Pool
from monitor.local.process.interpreter import OWN_NAME, Interpreters
from monitor.local.process.sandbox import SandboxHost
from monitor.local.process.spawn_client import SpawnClient
from monitor.local.server.access import AccessKeys
from monitor.local.server.asgi_call import AsgiCaller
from monitor.local.server.aws_calls import AwsCalls
from monitor.local.xray.xray_api import XRayApi
from monitor.local.xray.xray_daemon import XRayDaemon
from monitor.local.xray.xray_store import BadDocumentError, XRayStore

_T = TypeVar("_T")


class DataPlane:
    """Starts and stops the parts in order. `run` calls them from the endpoint's loop."""

    def __init__(
        self, root: Path, zips: Path, endpoint: str, keys: AccessKeys, init_limit_s: float, max_running: int
    ) -> None:
        self._root = root
        self._keys = keys
        self._zips = zips
        self._endpoint = endpoint
        self._init_limit_s = init_limit_s
        self._max_running = max_running
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="monitor-data-plane", daemon=True)
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self, emulator: AsgiCaller, endpoint: AsgiCaller, traces: Path | None) -> None:
        """`emulator` calls ministack, `endpoint` calls the dispatcher. `traces` is a file with earlier traces."""
        self._thread.start()
        await self.run(lambda: self._start(AwsCalls(emulator), AwsCalls(endpoint), traces))

    async def stop(self, traces: Path | None) -> None:
        """End all sandboxes, and write the traces to `traces` if given."""
        if self._thread.is_alive():
            await self.run(lambda: self._stop(traces))
            self._loop.call_soon_threadsafe(self._loop.stop)
            await asyncio.to_thread(self._thread.join, 5)
        self._loop.close()

    async def run(self, work: Callable[[], Awaitable[_T]]) -> _T:
        """Await `work()` on the loop of the data plane, from any loop."""

        async def task() -> _T:
            return await work()

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(task(), self._loop))

    async def _start(self, emulator: AwsCalls, aws: AwsCalls, traces: Path | None) -> None:
        interpreters = Interpreters(self._root / "runtime")
        await interpreters.find(OWN_NAME)
        self._spawner = SpawnClient()
        self._spawner.start()
        self.store = XRayStore()
        if traces is not None:
            await asyncio.to_thread(self.store.load, traces)
        self.xray = XRayApi(self.store)
        self._daemon = XRayDaemon(self._put_segment)
        address = await self._daemon.start()
        host = SandboxHost(self._spawner, self._root, interpreters, self._endpoint, address, self._keys)
        self.code = CodeStore(emulator, self._zips, self._root / "code")
        self.pool = Pool(host, aws, self.code, self._init_limit_s, self._max_running)
        self.executor = Executor(emulator, aws, self.pool, self._put_segment, self._max_running)
        self._sweeper = asyncio.create_task(self.pool.sweep())

    async def _stop(self, traces: Path | None) -> None:
        if self._sweeper is None:
            return
        self._sweeper.cancel()
        await self.executor.close()
        self._daemon.close()
        self._spawner.close()
        if traces is not None:
            await asyncio.to_thread(self.store.save, traces)

    def _put_segment(self, document: str) -> None:
        try:
            self.store.put(document)
        except BadDocumentError:
            return  # X-Ray drops invalid documents without an error to the sender of a datagram
