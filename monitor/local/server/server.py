"""Runs hypercorn, without its logs, on a socket that is already open."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

from monitor.errors import UsageError
from monitor.local.server.asgi_call import AsgiApp

_GRACE_S = 1.0


def listen(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1. Raises UsageError when the port is in use or not permitted."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted connections inherit this: a response of two writes must not wait for the client's delayed ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except PermissionError:
        listener.close()
        raise UsageError(f"this user may not open port {port}", "choose a port above 1023 with --port") from None
    except OverflowError:
        listener.close()
        raise UsageError(f"{port} is not a port number", "choose one from 1 to 65535 with --port") from None
    except OSError:
        listener.close()
        raise UsageError(f"port {port} is in use", "choose another with --port") from None
    return listener


async def serve(app: AsgiApp, listener: socket.socket, stopping: asyncio.Event, on_ready: Callable[[], None]) -> None:
    """Serve until `stopping` is set. Open connections then have one second to finish."""
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config

    config = Config()
    # Hypercorn owns this descriptor and closes it with its server.
    config.bind = [f"fd://{socket.dup(listener.fileno())}"]
    config.accesslog = None
    config.errorlog = None
    config.loglevel = "CRITICAL"
    config.graceful_timeout = _GRACE_S
    config.keep_alive_timeout = 75
    config.h11_max_incomplete_size = 256 * 1024

    async def until_stopped() -> None:
        await stopping.wait()

    serving = asyncio.create_task(
        hypercorn_serve(cast("Any", app), config, shutdown_trigger=cast("Any", until_stopped), mode="asgi")
    )
    # The socket is already listening: a client that connects now waits until hypercorn accepts it.
    on_ready()
    await asyncio.wait({serving, asyncio.create_task(stopping.wait())}, return_when=asyncio.FIRST_COMPLETED)
    # Since Python 3.12 a server waits for every connection; an endless one must not block the shutdown.
    done, _ = await asyncio.wait({serving}, timeout=2 * _GRACE_S)
    if not done:
        serving.cancel()
        await asyncio.wait({serving}, timeout=_GRACE_S)
    elif (error := serving.exception()) is not None:
        raise error
