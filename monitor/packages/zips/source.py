"""Read a zip by position: from a file, or from a URL with HTTP Range."""

import os
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import urllib3

from monitor.aws.timed_headers import timed_pools
from monitor.errors import NotFoundError, RefusedError, UnreachableError, UsageError
from monitor.kernel.budgets import ANSWER_S, CONNECT_S, DOWNLOAD_S, SILENT_S
from monitor.packages.model import Reading

TAIL_BYTES = 64 * 1024
# A server says in Retry-After how long to wait: it could be for hours.
_RETRIES = urllib3.Retry(2, redirect=3, backoff_factor=0.2, respect_retry_after_header=False)
MAX_REQUESTS = 30
_CHUNK_BYTES = 1 << 18
_TIMEOUT = urllib3.Timeout(connect=CONNECT_S, read=SILENT_S)
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class Source(Protocol):
    """A zip that can be read by position."""

    size_bytes: int

    def read(self, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`."""

    def fetch(self, spans: Iterable[tuple[int, int]]) -> None:
        """Fetch these (start, end) spans, with one request each at most."""

    def allow(self, requests: int) -> None:
        """Allow this number of further requests."""

    def reading(self) -> Reading:
        """Requests made and bytes read."""


class NoRangeError(UnreachableError):
    """The server does not support HTTP Range; `size_bytes` is None if it does not state the size."""

    def __init__(self, size_bytes: int | None) -> None:
        super().__init__("the server does not support HTTP Range", "download the zip: --download DIR")
        self.size_bytes = size_bytes


class FileSource:
    """A zip on this machine."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("rb")
            self.size_bytes = os.fstat(self._file.fileno()).st_size
        except OSError as error:
            raise UsageError(
                f"{path} cannot be read: {error.strerror}", "give a zip, a folder or a function"
            ) from error

    def read(self, start: int, length: int) -> bytes:
        """The bytes from `start`."""
        self._file.seek(start)
        return self._file.read(length)

    def fetch(self, spans: Iterable[tuple[int, int]]) -> None:
        """Nothing to prepare."""

    def allow(self, requests: int) -> None:
        """A file needs no requests."""

    def reading(self) -> Reading:
        """A file needs no requests."""
        return Reading(0, 0, self.size_bytes)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class RemoteSource:
    """A zip at a URL that supports Range, such as a presigned S3 URL.

    Fetched bytes are kept. The URL may be a credential: no message, repr or traceback of this class shows its query.

    Raises:
        NoRangeError: the server does not support Range.
        RefusedError, UnreachableError: the server does not send the file.
    """

    def __init__(self, url: str, max_requests: int = MAX_REQUESTS) -> None:
        self._url = url
        self.host = urlsplit(url).hostname or "the server"
        self.max_requests = max_requests
        self._pool = timed_pools(num_pools=2, retries=_RETRIES)
        self._held: list[tuple[int, bytes]] = []
        self._etag: str | None = None
        self.requests = self.read_bytes = 0
        self.size_bytes = 0
        self._get(f"bytes=-{TAIL_BYTES}")

    def read(self, start: int, length: int) -> bytes:
        """The bytes from `start`; missing ones are fetched."""
        end = min(start + length, self.size_bytes)
        if end <= start:
            return b""
        found = self._find(start, end)
        if found is None:
            self.fetch([(start, end)])
            found = self._find(start, end)
        return found or b""

    def fetch(self, spans: Iterable[tuple[int, int]]) -> None:
        """Fetch each span that is missing, with one request each."""
        for start, end in spans:
            if self._find(start, end) is None:
                # Bytes that were fetched before (the tail) are not requested again.
                stop = min((at for at, data in self._held if start < at < end <= at + len(data)), default=end)
                self._get(f"bytes={start}-{stop - 1}")

    def allow(self, requests: int) -> None:
        """Allow this number of further requests."""
        self.max_requests = max(self.max_requests, self.requests + requests)

    def reading(self) -> Reading:
        """Requests made, and bytes received."""
        return Reading(self.requests, self.read_bytes, self.size_bytes)

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _find(self, start: int, end: int) -> bytes | None:
        parts, at = [], start
        for begin, data in sorted(self._held, key=lambda held: held[0]):
            if begin <= at < begin + len(data):
                parts.append(data[at - begin : end - begin])
                at += len(parts[-1])
            if at >= end:
                return b"".join(parts)
        return None

    def _get(self, wanted: str) -> None:
        if self.requests >= self.max_requests:
            raise UnreachableError(
                f"reading this zip takes more than {self.max_requests} requests", "download it: --download DIR"
            )
        self.requests += 1
        response = _request(self._pool, self._url, self.host, {"Range": wanted})
        try:
            if response.status == 200:
                length = response.headers.get("Content-Length", "")
                raise NoRangeError(int(length) if length.isdigit() else None)
            start, end, size = self._checked(response)
            data = _body(response, end - start, self.host)
        except (urllib3.exceptions.HTTPError, OSError):
            raise UnreachableError(f"the connection to {self.host} was lost", "try again") from None
        finally:
            response.close() if response.status == 200 else response.release_conn()
        self.read_bytes += len(data)
        self.size_bytes = size
        self._held.append((start, data))

    def _checked(self, response: urllib3.BaseHTTPResponse) -> tuple[int, int, int]:
        if response.status == 416:
            raise UsageError(f"the file on {self.host} is empty", "give the URL of a zip")
        match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if match is None:
            raise UnreachableError(f"{self.host} sent a partial response without Content-Range", "try again")
        first, last, size = (int(text) for text in match.groups())
        if self._etag not in (None, response.headers.get("ETag")) or self.size_bytes not in (0, size):
            raise UnreachableError("the zip was replaced while it was read", "try again")
        if not first <= last < size or last - first >= 1 << 30:
            raise UnreachableError(f"{self.host} sent an impossible Content-Range", "try again")
        self._etag = response.headers.get("ETag")
        return first, last + 1, size


def _body(response: urllib3.BaseHTTPResponse, length: int, host: str) -> bytes:
    """The bytes that Content-Range promised: exactly those, and within the time of one answer."""
    end_s = time.monotonic() + ANSWER_S
    parts: list[bytes] = []
    size = 0
    # Not `read` or `stream`: they return when a piece is full, however slowly the bytes come.
    while part := response.read1(1 << 16, decode_content=False):
        parts.append(part)
        size += len(part)
        if size > length:
            break
        if time.monotonic() > end_s:
            response.close()
            raise UnreachableError(f"{host} did not send a range within {ANSWER_S / 60:.0f} minutes", "try again")
    if size != length:
        response.close()
        raise UnreachableError(
            f"{host} sent a different range than its headers say", "try again, or download it: --download DIR"
        )
    return b"".join(parts)


def _request(pool: urllib3.PoolManager, url: str, host: str, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
    try:
        response = pool.request("GET", url, headers=headers, preload_content=False, timeout=_TIMEOUT)
    except (urllib3.exceptions.HTTPError, OSError):
        # `from None`: urllib3's own text quotes the URL, and a presigned one is a credential.
        raise UnreachableError(f"{host} could not be reached", "check the network and the URL") from None
    if response.status in (200, 206, 416):
        return response
    response.close()
    if response.status in (401, 403):
        raise RefusedError(f"{host} refuses the download", "a presigned URL expires after ten minutes")
    if response.status == 404:
        raise NotFoundError(f"there is no such file on {host}", "check the URL")
    raise UnreachableError(f"{host} responded with status {response.status}", "try again")


def stream(url: str) -> Iterable[tuple[bytes, int | None]]:
    """Download the file in chunks; each comes with the total size that the server states.

    Raises:
        RefusedError, UnreachableError: the server refuses the download, or it is incomplete.
    """
    host = urlsplit(url).hostname or "the server"
    pool = timed_pools()
    response = _request(pool, url, host, {})
    told = response.headers.get("Content-Length", "")
    size = int(told) if told.isdigit() else None
    end_s = time.monotonic() + DOWNLOAD_S
    try:
        done = 0
        while chunk := response.read1(_CHUNK_BYTES, decode_content=False):
            done += len(chunk)
            if size is not None and done > size:
                raise UnreachableError(f"{host} sent more than the {size:,} bytes that its headers say", "try again")
            yield chunk, size
            if time.monotonic() > end_s:
                raise UnreachableError(
                    f"the download from {host} took longer than {DOWNLOAD_S / 60:.0f} minutes", "try again"
                )
    except (urllib3.exceptions.HTTPError, OSError):
        raise UnreachableError(f"the download from {host} was interrupted", "try again") from None
    finally:
        response.close()
        pool.clear()
