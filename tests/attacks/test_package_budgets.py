"""Packages and servers that would be read without end: each read has a budget, and a span is what was promised."""

import resource
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from monitor.errors import MonitorError, UnreachableError
from monitor.packages.zips import source
from monitor.packages.zips.listing import Wanted, ZipListing
from monitor.packages.zips.source import FileSource, RemoteSource
from tests.clean_environment import clean_environment

GB = 1 << 30


@contextmanager
def sending(head: bytes, piece: bytes, every_s: float = 0.0, times: int = 1 << 30) -> Iterator[str]:
    """A server that answers each connection with `head`, then `piece` again and again."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def answer(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.recv(65536)
            connection.sendall(head)
            for _ in range(times):
                connection.sendall(piece)
                if stop.wait(every_s):
                    return

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/code.zip?X-Amz-Signature=verysecret"
    finally:
        stop.set()
        listener.close()


def partial(size: int, *more: bytes) -> bytes:
    """The head of a 206 that promises the last 100 bytes of `size`."""
    lines = [b"HTTP/1.1 206 Partial Content", b"Content-Range: bytes %d-%d/%d" % (size - 100, size - 1, size), *more]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def test_a_partial_answer_without_end_is_read_no_further_than_promised() -> None:
    with sending(partial(5000), b"x" * 65536) as url:
        began_s = time.monotonic()
        with pytest.raises(UnreachableError, match="a different range than its headers say") as refused:
            RemoteSource(url)
    assert time.monotonic() - began_s < 5
    assert "verysecret" not in refused.value.message


def test_a_partial_answer_that_is_too_short_is_not_taken_for_the_span() -> None:
    answer = sending(partial(5000, b"Connection: close"), b"x" * 10, times=3)
    with answer as url, pytest.raises(UnreachableError, match="a different range than its headers say"):
        RemoteSource(url)


def test_a_partial_answer_that_drips_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "ANSWER_S", 1.0)
    with sending(partial(5000), b"x", every_s=0.2) as url:
        began_s = time.monotonic()
        with pytest.raises(UnreachableError, match="did not send a range within"):
            RemoteSource(url)
    assert time.monotonic() - began_s < 10


def test_a_download_that_drips_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "DOWNLOAD_S", 1.0)
    answer = sending(b"HTTP/1.1 200 OK\r\n\r\n", b"x", every_s=0.2)
    with answer as url, pytest.raises(UnreachableError, match="took longer than"):
        list(source.stream(url))


@pytest.fixture
def bomb(tmp_path: Path) -> Path:
    """40 distributions whose METADATA is 15 MB each: 600 MB of text in a zip of 3 MB."""
    path = tmp_path / "bomb.zip"
    text = b"Metadata-Version: 2.1\nName: x\nVersion: 1\n" + b"Requires-Dist: yyyyyyyyyyyyyyyyyyyy\n" * 430_000
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("lambda_function.py", "def lambda_handler(event, context):\n    return 1\n")
        for number in range(40):
            archive.writestr(f"package_{number}-1.dist-info/METADATA", text)
    return path


def test_the_texts_of_one_package_have_a_budget_in_sum(bomb: Path) -> None:
    listing = ZipListing(FileSource(bomb))
    found = listing.texts(Wanted(one.name, 1, None) for one in listing.files)
    assert sum(map(len, found.values())) <= 64 * (1 << 20)


def test_inspecting_a_package_of_many_large_texts_stays_small(bomb: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "package", "inspect", str(bomb)],
        env=clean_environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (GB, GB)),
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("status", [b"503 Service Unavailable", b"429 Too Many Requests", b"413 Content Too Large"])
def test_a_server_that_asks_to_wait_for_a_day_is_not_waited_for(status: bytes) -> None:
    head = b"HTTP/1.1 %s\r\nRetry-After: 99999\r\nContent-Length: 1\r\nConnection: close\r\n\r\n" % status
    began = time.monotonic()
    with sending(head, b"x", times=1) as url, pytest.raises(MonitorError):
        RemoteSource(url)
    assert time.monotonic() - began < 20
