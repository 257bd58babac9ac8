"""Read the central directory of an untrusted zip (PKWARE APPNOTE 6.3.10, sections 4.3 and 4.4).

`zipfile` makes an object for every file before they can be counted, and trusts the sizes.
"""

import stat
import struct
from dataclasses import dataclass, replace

from monitor.errors import UsageError
from monitor.kernel.zips import zip_time_s
from monitor.packages.zips.source import TAIL_BYTES, Source

MAX_ENTRIES = 100_000
_MAX_DIRECTORY_BYTES = 64 * 1024 * 1024
_END, _END_SIZE = b"PK\5\6", 22
_END64, _LOCATOR64, _LOCATOR64_SIZE = b"PK\6\6", b"PK\6\7", 20
_FILE = struct.Struct("<4s6H3I5H2I")
_LOCAL_SIZE = 30
_UTF8 = 1 << 11
_HINT = "build the package again, for example with monitor package build"


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """An entry of the central directory.

    `span_bytes` is the size of the entry in the zip, headers included; `odd_name` is True if its name is not UTF-8.
    `times` are the times in seconds that a file may get when it is unpacked in UTC: the one of the entry, and the exact
    one that Info-ZIP adds.
    """

    name: str
    method: int
    encrypted: bool
    compressed_bytes: int
    unzipped_bytes: int
    crc: int
    offset: int
    span_bytes: int
    mode: int
    odd_name: bool
    times: tuple[int, ...] = ()

    @property
    def is_folder(self) -> bool:
        """Whether the entry is a folder."""
        return self.name.endswith("/")

    @property
    def is_link(self) -> bool:
        """Whether the entry is a symbolic link."""
        return stat.S_ISLNK(self.mode)


@dataclass(frozen=True, slots=True)
class ZipDirectory:
    """All entries in file order; `structure_bytes` is the size of the zip outside of them."""

    entries: tuple[ZipEntry, ...]
    start: int
    structure_bytes: int


@dataclass(frozen=True, slots=True)
class _End:
    count: int
    size: int
    offset: int
    position: int


def read_directory(source: Source) -> ZipDirectory:
    """Read the entries of a zip, in two reads at most.

    Raises:
        UsageError: it is not a zip, is truncated or inconsistent, has more than 100,000 files, or its files overlap.
    """
    end = _end(source)
    if end.count > MAX_ENTRIES:
        raise UsageError(f"the zip has {end.count:,} files; monitor reads zips with up to {MAX_ENTRIES:,} files", _HINT)
    start = end.position - end.size
    if end.size > _MAX_DIRECTORY_BYTES or start < 0 or end.offset > start:
        raise UsageError("the central directory of the zip is truncated or damaged", _HINT)
    data = source.read(start, end.size)
    # Data before the zip (the program of a self-extracting archive) shifts every offset.
    entries = _entries(data, end.count, shift=start - end.offset)
    return _with_spans(entries, start, source.size_bytes)


def _end(source: Source) -> _End:
    size = source.size_bytes
    tail_at = max(0, size - TAIL_BYTES)
    tail = source.read(tail_at, TAIL_BYTES)
    at = tail.rfind(_END)
    while at >= 0 and at + _END_SIZE + int.from_bytes(tail[at + 20 : at + 22], "little") > len(tail):
        at = tail.rfind(_END, 0, at)
    if at < 0 or at + _END_SIZE > len(tail):
        raise UsageError("this is not a zip, or it is truncated", _HINT)
    disk, first, _, count, length, offset = struct.unpack_from("<4H2I", tail, at + 4)
    position = tail_at + at
    if disk not in (0, 0xFFFF) or first not in (0, 0xFFFF):
        raise UsageError("the zip is one part of a multi-part archive", _HINT)
    if 0xFFFF in (count, disk, first) or 0xFFFFFFFF in (length, offset):
        found = _end64(source, position)
        if found is not None:
            return found
    return _End(count, length, offset, position)


def _end64(source: Source, position: int) -> _End | None:
    locator = source.read(position - _LOCATOR64_SIZE, _LOCATOR64_SIZE) if position >= _LOCATOR64_SIZE else b""
    if locator[:4] != _LOCATOR64:
        return None
    # The record precedes its locator. Its stated offset is wrong if data precedes the zip.
    at = position - _LOCATOR64_SIZE - 56
    record = source.read(at, 56) if at >= 0 else b""
    if record[:4] != _END64 or len(record) < 56:
        raise UsageError("the central directory of the zip is truncated or damaged (zip64)", _HINT)
    count, size, offset = struct.unpack_from("<QQQ", record, 32)
    return _End(count, size, offset, at)


def _entries(data: bytes, count: int, shift: int) -> list[tuple[ZipEntry, int]]:
    entries: list[tuple[ZipEntry, int]] = []
    at = 0
    while at + _FILE.size <= len(data) and data[at : at + 4] == b"PK\1\2":
        if len(entries) >= MAX_ENTRIES:
            raise UsageError(f"the zip has more than {MAX_ENTRIES:,} files; monitor does not read more", _HINT)
        (_, _, _, flags, method, clock, day, crc, packed, plain, named, extra, comment, _, _, outer, offset) = (
            _FILE.unpack_from(data, at)
        )
        length = _FILE.size + named + extra + comment
        raw = data[at + _FILE.size : at + _FILE.size + named]
        if at + length > len(data):
            break
        extras = data[at + _FILE.size + named : at + _FILE.size + named + extra]
        plain, packed, offset = _zip64(extras, plain, packed, offset)
        name, odd = _name(raw, bool(flags & _UTF8))
        entry = ZipEntry(
            name,
            method,
            bool(flags & 1),
            packed,
            plain,
            crc,
            offset + shift,
            0,
            outer >> 16,
            odd,
            _times(day, clock, extras),
        )
        entries.append((entry, length))
        at += length
    # Some writers let the count overflow 16 bits without using zip64.
    if at != len(data) or len(entries) & 0xFFFF != count & 0xFFFF:
        raise UsageError("the central directory of the zip is truncated or damaged", _HINT)
    return entries


def _zip64(extras: bytes, plain: int, packed: int, offset: int) -> tuple[int, int, int]:
    if 0xFFFFFFFF not in (plain, packed, offset):
        return plain, packed, offset
    at = 0
    while at + 4 <= len(extras):
        kind, length = struct.unpack_from("<HH", extras, at)
        if kind == 1:
            values = iter(struct.unpack_from(f"<{min(length, len(extras) - at - 4) // 8}Q", extras, at + 4))
            plain, packed, offset = (
                next(values, -1) if value == 0xFFFFFFFF else value for value in (plain, packed, offset)
            )
            break
        at += 4 + length
    if min(plain, packed, offset) < 0:
        raise UsageError("the central directory of the zip is truncated or damaged (zip64)", _HINT)
    return plain, packed, offset


def _times(day: int, clock: int, extras: bytes) -> tuple[int, ...]:
    local = (1980 + (day >> 9), day >> 5 & 15, day & 31, clock >> 11, clock >> 5 & 63, 2 * (clock & 31))
    found = [zip_time_s(local)]
    at = 0
    while at + 4 <= len(extras):
        kind, length = struct.unpack_from("<HH", extras, at)
        # "UT": flags, then the modification time.
        if kind == 0x5455 and length >= 5 and at + 9 <= len(extras) and extras[at + 4] & 1:
            found.append(int.from_bytes(extras[at + 5 : at + 9], "little"))
        at += 4 + length
    return tuple(found)


def _name(raw: bytes, says_utf8: bool) -> tuple[str, bool]:
    try:
        # `zip` on Linux writes UTF-8 without setting the flag. Other names are cp437, as the format says.
        return raw.decode(), False
    except UnicodeDecodeError:
        return (raw.decode(errors="backslashreplace") if says_utf8 else raw.decode("cp437")), True


def _with_spans(found: list[tuple[ZipEntry, int]], start: int, size: int) -> ZipDirectory:
    """Give each entry the bytes up to the next entry, with data descriptors and padding."""
    order = sorted(range(len(found)), key=lambda index: found[index][0].offset)
    spans = [0] * len(found)
    for index, following in zip(order, [*order[1:], -1][: len(order)], strict=True):
        entry = found[index][0]
        end = found[following][0].offset if following >= 0 else start
        if entry.offset < 0 or entry.offset + _LOCAL_SIZE + entry.compressed_bytes > end:
            if entry.offset + _LOCAL_SIZE + entry.compressed_bytes > start:
                raise UsageError(f"{entry.name!r} extends beyond the files of the zip", _HINT)
            raise UsageError(f"files in the zip overlap at {entry.name!r}: this is a zip bomb", _HINT)
        spans[index] = end - entry.offset + found[index][1]
    entries = tuple(replace(one, span_bytes=span) for (one, _), span in zip(found, spans, strict=True))
    return ZipDirectory(entries, start, size - sum(spans))
