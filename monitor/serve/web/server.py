"""Runs the page's server in a thread, so that the main thread handles signals."""

import asyncio
import socket
import threading
from collections.abc import Callable

from monitor.local.server.server import listen, serve
from monitor.serve.web.gate import AsgiApp

__all__ = ["Server", "listen"]
_LOOK_EVERY_S = 0.5
# Streams send what is new every 0.2 s.
_SHOWN_AFTER_S = 1.0


class Server:
    """An ASGI application on an open socket, until `stop`."""

    def __init__(self, app: AsgiApp, listener: socket.socket) -> None:
        self._app, self._listener = app, listener
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="serve-page", daemon=True)

    def start(self) -> None:
        """Answer requests from now on."""
        self._thread.start()
        self._ready.wait()

    def wait(self, failure: Callable[[], Exception | None]) -> None:
        """Wait until the server or what it shows has failed. `failure` tells the latter.

        Raises:
            Exception: that of the thread that failed. Open pages have had the time to show it.
        """
        while self._thread.is_alive():
            self._thread.join(_LOOK_EVERY_S)
            if (error := failure()) is not None:
                self._thread.join(_SHOWN_AFTER_S)
                raise error
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """End the server; open connections have a second to finish."""
        if self._loop is not None and self._stopping is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(5.0)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:  # noqa: BLE001 - `wait` raises it in the main thread
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        await serve(self._app, self._listener, self._stopping, self._ready.set)
