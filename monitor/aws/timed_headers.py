"""HTTP responses whose headers have to arrive within a time, however slowly their bytes come.

A socket's timeout starts anew with every byte, so that a server which sends one byte in a while would never end a call.
"""

import http.client
import io
import time
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from monitor.kernel.budgets import HEADERS_S


class _TimedReader(io.RawIOBase):
    """Reads from a socket; from the first byte until `end`, no longer than HEADERS_S."""

    def __init__(self, inner: io.RawIOBase) -> None:
        self._inner = inner
        self._end_s: float | None = None
        self._is_timed = True

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read into the buffer.

        Raises:
            TimeoutError: the headers take too long.
        """
        if self._is_timed and self._end_s is not None and time.monotonic() > self._end_s:
            raise TimeoutError(f"the headers of the response did not end within {HEADERS_S:.0f} s")
        count = self._inner.readinto(buffer)
        if self._end_s is None:
            self._end_s = time.monotonic() + HEADERS_S
        return count

    def end(self) -> None:
        """The headers have been read."""
        self._is_timed = False

    def close(self) -> None:
        """Close the socket's file."""
        self._inner.close()
        super().close()


class TimedResponse(http.client.HTTPResponse):
    """A response whose status line and headers arrive within HEADERS_S; that is also true of a proxy's answer."""

    def __init__(self, sock: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self._reader = _TimedReader(self.fp.detach())
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        """Read the status line and the headers."""
        super().begin()
        self._reader.end()

    def flush(self) -> None:
        """Nothing is written here. The socket's file may be closed before its response, by the garbage collector."""


class _TimedConnection(HTTPConnection):
    response_class = TimedResponse


class _TimedSecureConnection(HTTPSConnection):
    response_class = TimedResponse


class _TimedPool(HTTPConnectionPool):
    ConnectionCls = _TimedConnection


class _TimedSecurePool(HTTPSConnectionPool):
    ConnectionCls = _TimedSecureConnection


def timed_pools(**options: Any) -> PoolManager:
    """urllib3's pools of connections, with timed headers."""
    pools = PoolManager(**options)
    pools.pool_classes_by_scheme = {"http": _TimedPool, "https": _TimedSecurePool}
    return pools


def time_headers_of_botocore() -> None:
    """Time the headers in every connection of botocore, those of its credential providers too."""
    from botocore.awsrequest import AWSHTTPConnection, AWSHTTPSConnection

    classes: tuple[Any, ...] = (AWSHTTPConnection, AWSHTTPSConnection)
    for connection in classes:
        connection.response_class = TimedResponse
