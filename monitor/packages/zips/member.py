"""Read single files of a zip within bounds, and plan the ranges to request."""

import struct
import zlib
from collections.abc import Iterable

from monitor.errors import UsageError
from monitor.packages.zips.directory import ZipEntry
from monitor.packages.zips.source import Source

_LOCAL = struct.Struct("<4s5H3I2H")
_STORED, _DEFLATED = 0, 8
READABLE = (_STORED, _DEFLATED)


def span_of(entry: ZipEntry, at_most: int | None = None) -> tuple[int, int]:
    """The (start, end) range that `read_member` reads for at most `at_most` compressed bytes."""
    # The length of the local extra field is unknown before it is read: `zip` writes 28 bytes, others none.
    length = _LOCAL.size + len(entry.name.encode()) + 32
    data = entry.compressed_bytes if at_most is None else min(entry.compressed_bytes, at_most)
    return entry.offset, entry.offset + length + data


def join(spans: Iterable[tuple[int, int]], at_most: int) -> list[tuple[int, int]]:
    """Join spans until `at_most` ranges are left, beginning with the smallest gaps."""
    ordered = sorted(spans)
    merged: list[list[int]] = []
    for start, end in ordered:
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    gaps = sorted(range(1, len(merged)), key=lambda index: merged[index][0] - merged[index - 1][1])
    closed = set(gaps[: max(0, len(merged) - max(1, at_most))])
    joined: list[tuple[int, int]] = []
    for index, (start, end) in enumerate(merged):
        if index in closed:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def read_member(source: Source, entry: ZipEntry, limit_bytes: int, at_most: int | None = None) -> bytes:
    """The first `limit_bytes` of a file, from at most `at_most` bytes of compressed data.

    Raises:
        UsageError: the file is encrypted, damaged, or uses a compression that Lambda does not support.
    """
    if entry.encrypted:
        raise UsageError(f"{entry.name!r} is encrypted", "Lambda does not support encrypted zips")
    if entry.method not in READABLE:
        raise UsageError(
            f"{entry.name!r} is compressed by method {entry.method}", "Lambda supports stored and deflated"
        )
    start, end = span_of(entry, at_most)
    data = source.read(start, end - start)
    if len(data) < _LOCAL.size or data[:4] != b"PK\3\4":
        raise UsageError(f"{entry.name!r} is not at the offset in the central directory", "the zip is damaged")
    *_, named, extra = _LOCAL.unpack_from(data)
    begin = _LOCAL.size + named + extra
    wanted = entry.compressed_bytes if at_most is None else min(entry.compressed_bytes, at_most)
    if len(data) < begin + wanted:
        data = source.read(start, begin + wanted)
    packed = data[begin : begin + wanted]
    if entry.method == _STORED:
        return packed[:limit_bytes]
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, limit_bytes)
    except zlib.error:
        raise UsageError(f"{entry.name!r} cannot be inflated", "the zip is damaged") from None
