"""What a saved log is stored in: files, folders, stdin, compressed files and archives. Each part of it is one log."""

import bz2
import gzip
import io
import lzma
import re
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from monitor.errors import UsageError
from monitor.kernel.values import dataclass
from monitor.kernel.zips import UNREADABLE_ZIP

_START_BYTES = 512
_MOST_PARTS = 100_000
# An archive inside a compressed file inside an archive is deep enough.
_DEEPEST = 4
# How compressed data begins. For each: its name, and whether it can be read.
_GZIP, _ZSTD, _BZIP2, _XZ = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\x00"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_UNKNOWN = {
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!": "RAR",
    b"\x04\x22\x4d\x18": "LZ4",
    b"\xff\x06\x00\x00sNaPpY": "Snappy",
    b"\x1f\x9d": "compress (.Z)",
    b"PAR1": "Parquet",
    b"ORC": "ORC",
}
# An export to S3 names the folder of a stream 2026-11-27-[$LATEST]0123…; the file aws-logs-write-test has no events.
_EXPORTED = re.compile(r"(\d{4})-(\d\d)-(\d\d)-([^/]*\[[^/\]]+\][^/]*)")
_NO_LOGS = ("aws-logs-write-test", "_SUCCESS", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class Part:
    """One log of a saved log. `stream` is the log stream that its place in a folder or archive names."""

    name: str
    stream: str
    open: Callable[[], AbstractContextManager[BinaryIO]]


def parts_of(path: str) -> Iterator[Part]:
    """The logs in a file, a folder, an archive, or stdin for "-"; `*`, `?` and `[…]` match file names.

    Raises:
        UsageError: the file cannot be read, or is in a format that is not known.
    """
    if path == "-":
        yield from _expanded("stdin", "", _stdin, 0)
        return
    root = Path(path)
    if root.is_dir():
        files = [one for one in sorted(root.rglob("*"), key=_natural) if _is_log(one, root)]
        if not files:
            raise UsageError(f"{path} has no files", "give a folder with saved logs, or a file")
        for one in files[:_MOST_PARTS]:
            yield from _expanded(str(one), _stream_of(one.relative_to(root.parent).as_posix()), _file(one), 0)
        return
    if not root.exists() and any(one in path for one in "*?["):
        matches = sorted(Path(root.anchor or ".").glob(path.removeprefix(root.anchor)), key=_natural)
        if matches:
            for one in matches[:_MOST_PARTS]:
                yield from parts_of(str(one))
            return
    yield from _expanded(path, _stream_of(root.absolute().as_posix()), _file(root), 0)


def _natural(path: Path) -> list[str | int]:
    """The order that people expect of numbered files: 9.log before 10.log."""
    return [int(one) if one.isdigit() else one for one in re.split(r"(\d{1,18})", path.as_posix())]


def _is_log(path: Path, root: Path) -> bool:
    names = path.relative_to(root).parts
    return path.is_file() and names[-1] not in _NO_LOGS and not any(name.startswith(".") for name in names)


def _stream_of(name: str) -> str:
    found = _EXPORTED.search(name)
    return f"{found[1]}/{found[2]}/{found[3]}/{found[4]}" if found else ""


def _file(path: Path) -> Callable[[], AbstractContextManager[BinaryIO]]:
    @contextmanager
    def opened() -> Iterator[BinaryIO]:
        try:
            with path.open("rb") as file:
                yield file
        except OSError as error:
            raise UsageError(
                f"{path} cannot be read: {error.strerror or error}", "give a readable file, or - for stdin"
            ) from error

    return opened


@contextmanager
def _stdin() -> Iterator[BinaryIO]:
    try:
        number = sys.stdin.fileno()
    except (OSError, ValueError):
        yield sys.stdin.buffer
        return
    # Without a buffer: a thread reads it, and a buffer's lock held by a thread ends Python with an abort.
    yield cast(BinaryIO, io.FileIO(number, closefd=False))


def _expanded(
    name: str, stream: str, opener: Callable[[], AbstractContextManager[BinaryIO]], depth: int
) -> Iterator[Part]:
    """The part, or the members of the archive that it is."""
    with opener() as file:
        start, again = _started(file)
        kind = _kind(start)
        if kind == "zip" and depth < _DEEPEST:
            yield from _zip_members(name, stream, again, depth)
            return
        if kind in _DECOMPRESSORS and depth < _DEEPEST:
            with _decompressed(name, kind, again) as inner:
                inner_start, inner_again = _started(inner)
                if _kind(inner_start) not in ("", "tar"):
                    yield from _expanded(name, stream, _given(inner_again), depth + 1)
                elif _kind(inner_start) == "tar":
                    yield from _tar_members(name, stream, inner_again, depth)
                else:
                    yield Part(name, stream, _given(inner_again))
            return
        if kind == "tar" and depth < _DEEPEST:
            yield from _tar_members(name, stream, again, depth)
            return
        if kind in _UNKNOWN.values():
            raise UsageError(f"{name} is a file in {kind} format, which monitor cannot read", "decompress it first")
        yield Part(name, stream, _given(again))


def _given(file: BinaryIO) -> Callable[[], AbstractContextManager[BinaryIO]]:
    @contextmanager
    def opened() -> Iterator[BinaryIO]:
        yield file

    return opened


def _started(file: BinaryIO) -> tuple[bytes, BinaryIO]:
    """How a file begins, and the file from its beginning."""
    if isinstance(file, io.BufferedReader) and isinstance(file.raw, io.FileIO) and file.seekable():
        start = file.read(_START_BYTES)
        file.seek(-len(start), io.SEEK_CUR)
        return start, file
    read = getattr(file, "read1", file.read)
    start = read(_START_BYTES)
    while len(start) < 8 and (more := read(_START_BYTES)):
        start += more
    return start, cast(BinaryIO, _Prefixed(start, file))


class _Prefixed(io.RawIOBase):
    """A file whose beginning was read before."""

    def __init__(self, start: bytes, file: BinaryIO) -> None:
        self._start, self._read1 = start, getattr(file, "read1", file.read)
        self._file = file

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1) -> bytes:
        """What is there, at most `size` bytes."""
        if self._start:
            found = self._start if size < 0 else self._start[:size]
            self._start = self._start[len(found) :]
            return found
        return cast(bytes, self._read1(size))

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer)).cast("B")
        data = self.read1(len(view))
        view[: len(data)] = data
        return len(data)

    def fileno(self) -> int:
        return self._file.fileno()


def _kind(start: bytes) -> str:
    if start.startswith(_GZIP):
        return "gzip"
    if start.startswith(_ZSTD):
        return "zstd"
    if start.startswith(_BZIP2) and start[3:4].isdigit():
        return "bzip2"
    if start.startswith(_XZ):
        return "xz"
    if start.startswith(_ZIP):
        return "zip"
    if start[257:262] == b"ustar":
        return "tar"
    return next((name for magic, name in _UNKNOWN.items() if start.startswith(magic)), "")


def _zstd(file: BinaryIO) -> BinaryIO:
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdFile
    else:
        from backports.zstd import ZstdFile
    return cast(BinaryIO, ZstdFile(file))


_DECOMPRESSORS: dict[str, Callable[[BinaryIO], BinaryIO]] = {
    "gzip": lambda file: cast(BinaryIO, gzip.GzipFile(fileobj=file)),
    "bzip2": lambda file: cast(BinaryIO, bz2.BZ2File(file)),
    "xz": lambda file: cast(BinaryIO, lzma.LZMAFile(file)),  # noqa: SIM115
    "zstd": _zstd,
}


class CutError(Exception):
    """Compressed data that ends early or is damaged."""


class _Decompressed(io.RawIOBase):
    """Decompressed data; data that is damaged or ends early ends with CutError."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._read1 = getattr(file, "read1", file.read)

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1) -> bytes:
        """What is there, at most `size` bytes."""
        try:
            return cast(bytes, self._read1(size))
        except (EOFError, OSError, zlib.error, lzma.LZMAError, ValueError) as error:
            raise CutError(str(error)) from error
        except Exception as error:
            if type(error).__name__ == "ZstdError":
                raise CutError(str(error)) from error
            raise

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer)).cast("B")
        data = self.read1(len(view))
        view[: len(data)] = data
        return len(data)


@contextmanager
def _decompressed(name: str, kind: str, file: BinaryIO) -> Iterator[BinaryIO]:
    try:
        with _DECOMPRESSORS[kind](file) as inner:
            yield cast(BinaryIO, _Decompressed(inner))
    except CutError as error:
        # Nothing could be read of it, not even the beginning.
        raise UsageError(f"{name} is damaged: {error}", f"is it {kind} data, and complete?") from error


def _zip_members(name: str, stream: str, file: BinaryIO, depth: int) -> Iterator[Part]:
    whole = file if file.seekable() else io.BytesIO(file.read())
    try:
        with zipfile.ZipFile(whole) as archive:
            for member in archive.infolist()[:_MOST_PARTS]:
                if member.is_dir() or not _is_member(member.filename):
                    continue
                yield from _expanded(
                    f"{name}:{member.filename}",
                    _stream_of(member.filename) or stream,
                    _zip_member(archive, member),
                    depth + 1,
                )
    except UNREADABLE_ZIP as error:
        raise UsageError(f"{name} is a zip file that cannot be read: {error}", "unpack it first") from error


def _zip_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Callable[[], AbstractContextManager[BinaryIO]]:
    @contextmanager
    def opened() -> Iterator[BinaryIO]:
        with archive.open(member) as file:
            yield cast(BinaryIO, file)

    return opened


def _is_member(name: str) -> bool:
    names = name.split("/")
    return names[-1] not in _NO_LOGS and not any(one.startswith((".", "__MACOSX")) for one in names if one != ".")


def _tar_members(name: str, stream: str, file: BinaryIO, depth: int) -> Iterator[Part]:
    try:
        with tarfile.open(fileobj=file, mode="r|") as archive:
            for member in archive:
                inner = archive.extractfile(member) if member.isfile() and _is_member(member.name) else None
                if inner is not None:
                    yield from _expanded(
                        f"{name}:{member.name}",
                        _stream_of(member.name) or stream,
                        _given(cast(BinaryIO, inner)),
                        depth + 1,
                    )
    except (tarfile.TarError, CutError, EOFError) as error:
        raise UsageError(f"{name} is a tar archive that cannot be read: {error}", "unpack it first") from error
