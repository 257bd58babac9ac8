"""Zips and servers that never end: each is one line, within bounds of bytes and time."""

import socket
import threading
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.errors import UnreachableError
from monitor.packages.inspect.inspect import Piece, Target, inspect
from monitor.packages.model import PackageReport
from monitor.packages.workflow import ReadOptions, read_package
from monitor.packages.zips import source
from monitor.packages.zips.listing import ZipListing
from monitor.packages.zips.source import FileSource, RemoteSource


def never() -> None:
    pytest.fail("no AWS is needed here")


def read(path: Path) -> PackageReport:
    opened = FileSource(path)
    try:
        return inspect("x", [Piece("package", "/var/task", ZipListing(opened))], Target())
    finally:
        opened.close()


@contextmanager
def answering(head: bytes, body: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that answers every request with `head`, and then as `body` does."""
    server = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            try:
                connection.sendall(head)
                body(connection)
            except OSError:
                return

    def serve() -> None:
        while not stopped.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/code.zip?X-Amz-Signature=verysecret"
    finally:
        stopped.set()
        server.close()


def endless(connection: socket.socket) -> None:
    while True:
        connection.sendall(bytes(1 << 16))


def nothing(connection: socket.socket) -> None:
    connection.sendall(b"PK")


def drip(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"x")
        time.sleep(0.05)


PARTIAL = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-65535/70000000\r\n"


def test_a_partial_answer_without_an_end_is_read_to_the_promised_byte() -> None:
    tracemalloc.start()
    began_s = time.monotonic()
    with answering(PARTIAL + b"\r\n", endless) as url, pytest.raises(UnreachableError, match="than the 65,536 bytes"):
        RemoteSource(url)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.monotonic() - began_s < 20
    assert peak < 32 << 20


def test_an_answer_that_is_too_short_is_not_taken_for_the_zip() -> None:
    head = PARTIAL + b"Connection: close\r\n\r\n"
    with answering(head, nothing) as url, pytest.raises(UnreachableError, match="sent 2 of the 65,536 bytes"):
        RemoteSource(url)


def test_a_server_that_drips_is_left_after_the_time_for_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_LONGEST_S", 1)
    monkeypatch.setattr(source, "_CHUNK_BYTES", 1)
    with answering(PARTIAL + b"\r\n", drip) as url, pytest.raises(UnreachableError) as caught:
        RemoteSource(url)
    assert "verysecret" not in caught.value.message + caught.value.hint


def test_the_metadata_of_a_package_is_read_to_64_megabytes_in_sum(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    long = b"Name: x\nLicense: " + b" " * (15 << 20)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(40):
            archive.writestr(f"x{number}-1.0.dist-info/METADATA", long)
    began_s = time.monotonic()
    tracemalloc.start()
    report = read(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    (message,) = [found.message for found in report.findings if found.kind == "unread"]
    assert "monitor reads at most 64 MB of metadata" in message
    assert time.monotonic() - began_s < 20
    assert peak < 400 << 20


def test_a_folder_s_metadata_is_bounded_too(tmp_path: Path) -> None:
    for number in range(8):
        info = tmp_path / f"x{number}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_bytes(b"Name: x\nLicense: " + b" " * (15 << 20))
    report = read_package(str(tmp_path), ReadOptions(never))  # type: ignore[arg-type]
    assert "unread" in {found.kind for found in report.findings}
