"""Package indexes on this machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class Folder(SimpleHTTPRequestHandler):
    """An index in a folder."""

    def log_message(self, *_: object) -> None:
        """Tests print nothing."""


@contextmanager
def served(handler: Callable[..., Any]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
