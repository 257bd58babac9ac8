"""A saved log says the same from a file, compressed, in an archive or a folder, in any encoding, and from a pipe."""

import bz2
import gzip
import io
import json
import lzma
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from backports import zstd

from monitor.errors import UsageError
from monitor.logs.model_saved import SavedFiles
from monitor.logs.saved.source import SavedLog
from monitor.records.event import LogEvent

ONE, OTHER = "2026/11/27/[$LATEST]" + "aaaa1111" * 4, "2026/11/27/[$LATEST]" + "eeee5555" * 4
REQUEST = "aaaaaaaa-1c2d-4e3f-8a9b-0123456789ab"
TEXT = "".join(
    f"2026-11-27T13:00:0{second}.420000+00:00 {ONE} {message}\n"
    for second, message in enumerate(
        (
            f"START RequestId: {REQUEST} Version: $LATEST",
            f"[ERROR]\t2026-11-27T13:00:01.005Z\t{REQUEST}\tđơn hàng ✓\n"
            "Traceback (most recent call last):\nValueError: no",
            f"END RequestId: {REQUEST}",
        )
    )
)
DATA = TEXT.encode()


def read(*paths: object, known_only: bool = True) -> tuple[list[LogEvent], SavedLog]:
    log = SavedLog(SavedFiles(tuple(map(str, paths))), known_only=known_only)
    return [event for page in log.pages(0, None) for event in page], log


def zipped(*members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def tarred(*members: tuple[str, bytes], mode: str = "w") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members:
            found = tarfile.TarInfo(name)
            found.size = len(data)
            archive.addfile(found, io.BytesIO(data))
    return file.getvalue()


@pytest.fixture
def expected(tmp_path: Path) -> list[LogEvent]:
    path = tmp_path / "plain.log"
    path.write_bytes(DATA)
    events = read(path)[0]
    assert len(events) == 3
    assert "ValueError: no" in events[1].message
    return events


CONTAINERS = {
    "gzip": gzip.compress(DATA),
    "gzip of two members": gzip.compress(DATA[:100]) + gzip.compress(DATA[100:]),
    "gzip with padding": gzip.compress(DATA) + b"\0" * 512,
    "zstd": zstd.compress(DATA),
    "bzip2": bz2.compress(DATA),
    "xz": lzma.compress(DATA),
    "zip": zipped(("logs/a.log", DATA)),
    "zip with a hidden file": zipped(("__MACOSX/._a.log", b"\0\1\2"), ("a.log", DATA)),
    "zip of gzip": zipped(("a.log.gz", gzip.compress(DATA))),
    "tar": tarred(("logs/a.log", DATA)),
    "tar.gz": tarred(("./logs/a.log", DATA), mode="w:gz"),
    "tar.xz": tarred(("a.log", DATA), mode="w:xz"),
    "UTF-8 with a byte order mark": b"\xef\xbb\xbf" + DATA,
    "UTF-16 of PowerShell": TEXT.replace("\n", "\r\n").encode("utf-16"),
    "UTF-16, big-endian": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "UTF-16 without a mark": TEXT.encode("utf-16-le"),
    "UTF-32": TEXT.encode("utf-32"),
    "Windows line ends": DATA.replace(b"\n", b"\r\n"),
    "NULs at the end": DATA + b"\0" * 4096,
    "NULs at the beginning": b"\0" * 4096 + DATA,
    "NULs between lines": DATA.replace(b"\n2026", b"\n\0\0\0\0\0\0\0\0002026", 1),
    "no line end": DATA.rstrip(b"\n"),
    "gzip of UTF-16": gzip.compress(TEXT.encode("utf-16")),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_the_events_are_those_of_the_plain_file(name: str, tmp_path: Path, expected: list[LogEvent]) -> None:
    path = tmp_path / "any name"
    path.write_bytes(CONTAINERS[name])
    assert read(path)[0] == expected


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_pipe_gives_the_same(name: str, expected: list[LogEvent]) -> None:
    code = (
        "import json; from monitor.logs.model_saved import SavedFiles; "
        "from monitor.logs.workflow_reading import open_saved; events = open_saved(SavedFiles(('-',))).all_events(); "
        "print(json.dumps([[event.timestamp_ms, event.message] for event in events]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=CONTAINERS[name], capture_output=True, check=True, timeout=60
    )
    assert json.loads(done.stdout) == [[event.timestamp_ms, event.message] for event in expected]


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress, bz2.compress, lzma.compress])
def test_compressed_data_that_ends_early_gives_what_there_is_and_says_so(
    pack: object, tmp_path: Path, expected: list[LogEvent]
) -> None:
    path = tmp_path / "cut"
    data = DATA + os.urandom(1_500_000).hex().encode()
    packed: bytes = pack(data)  # type: ignore[operator]
    path.write_bytes(packed[: len(packed) * 9 // 10])
    events, log = read(path)
    assert events[:2] == expected[:2]
    assert any("ends early" in text for text in log.understanding.notices(log.name))


def test_an_export_to_s3_has_the_streams_of_its_folders(tmp_path: Path) -> None:
    line = "2026-11-27T13:00:00.420Z START RequestId: {} Version: $LATEST\n"
    for number, stream in enumerate((ONE, OTHER)):
        folder = tmp_path / "exportedlogs" / "5b0a6f0e-task" / stream.replace("/", "-")
        folder.mkdir(parents=True)
        (folder / "000000.gz").write_bytes(gzip.compress(line.format(f"{number}{REQUEST[1:]}").encode()))
    (tmp_path / "exportedlogs" / "aws-logs-write-test").write_text("Permission Check Successful")
    for path in (tmp_path, tmp_path / "exportedlogs"):
        events, log = read(path)
        assert {event.stream for event in events} == {ONE, OTHER}
        assert log.understanding.notices(log.name) == ()
    single = next(tmp_path.rglob("*aaaa1111/000000.gz"))
    assert [event.stream for event in read(single)[0]] == [ONE]


def test_several_files_and_a_pattern_are_read_one_after_the_other(tmp_path: Path, expected: list[LogEvent]) -> None:
    for name in ("9.log", "10.log"):
        (tmp_path / name).write_text(TEXT.replace("đơn hàng", name), encoding="utf-8")
    for paths in ((tmp_path / "9.log", tmp_path / "10.log"), (tmp_path / "[0-9]*.log",)):
        events = read(*paths)[0]
        assert [event.message.split()[3] for event in events if "ERROR" in event.message] == ["9.log", "10.log"]


def test_parts_that_are_not_logs_are_named(tmp_path: Path, expected: list[LogEvent]) -> None:
    (tmp_path / "notes.txt").write_text("buy milk\n")
    events, log = read(tmp_path)
    assert len(events) == 4
    (notice,) = log.understanding.notices(log.name)
    assert "notes.txt" in notice


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (b"<?xml version='1.0'?><a/>", "XML"),
        (b'{"name": "left-pad", "version": "1.0.0"}', "JSON without log events"),
        (b"id,name,price\n1,a,2\n", "a table with the columns id,name,price"),
        (bytes(range(256)) * 4, "binary data"),
        (b"buy milk\nand bread\n", "buy milk"),
    ],
)
def test_what_is_not_a_log_is_refused_with_what_it_looks_like(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="no log of Lambda was recognized") as refused:
        read(path)
    assert said in refused.value.message
    assert "--form" in refused.value.hint


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PAR1\x15\x04", "Parquet"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "7z"),
        (b"PK\x03\x04 this is not a zip", "cannot be read"),
    ],
)
def test_a_container_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=said):
        read(path)


def test_a_form_given_by_name_wins(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("hello\nworld\n")
    log = SavedLog(SavedFiles((str(path),), "messages"), known_only=True)
    assert [event.message for page in log.pages(0, None) for event in page] == ["hello", "world"]


def test_lines_before_the_first_columns_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("A new release of the AWS CLI is available\n" + TEXT, encoding="utf-8")
    events, log = read(path)
    assert len(events) == 4
    (notice,) = log.understanding.notices(log.name)
    assert "1 line" in notice


def test_events_of_a_pipe_are_read_while_it_is_open(tmp_path: Path) -> None:
    code = (
        "from monitor.logs.model_saved import SavedFiles; from monitor.logs.workflow_reading import open_saved\n"
        "for event in open_saved(SavedFiles(('-',))).all_events(): print(event.message.split()[0], flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=False
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(DATA)
        process.stdin.flush()
        assert [process.stdout.readline() for _ in range(3)] == [b"START\n", b"[ERROR]\n", b"END\n"]
        process.stdin.close()
        assert process.wait(20) == 0
