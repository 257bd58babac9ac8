"""List the files of a zip or a folder with their sizes, and read small text files."""

import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from monitor.errors import MonitorError, UsageError
from monitor.kernel.budgets import METADATA_BYTES
from monitor.packages.model import PackageFile, PackageFinding, Reading
from monitor.packages.parse_requirements import decode
from monitor.packages.zips.directory import MAX_ENTRIES, ZipDirectory, ZipEntry, read_directory
from monitor.packages.zips.member import READABLE, join, read_member, span_of
from monitor.packages.zips.source import MAX_REQUESTS, Source

_TEXT_LIMIT_BYTES = 16 * 1024 * 1024
# The share of a remote zip that monitor may read, and the minimum for a small zip.
_SHARE, _LEAST_BYTES = 0.029, 256 * 1024
_LOCAL_AND_CENTRAL = 30 + 46
# How many bytecode files of a remote zip are checked, and from how many compressed bytes.
_SAMPLES, _SAMPLE_BYTES = 2, 128
# Requests that a first read leaves for metadata that is longer than its head.
SPARE_REQUESTS = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """A text file to read; of a remote zip, higher ranks are dropped first.

    `head_bytes` limits the read to the first compressed bytes.
    """

    name: str
    rank: int
    head_bytes: int | None = None


class Listing(Protocol):
    """The files of a container."""

    files: tuple[PackageFile, ...]
    structure_bytes: int
    zipped_bytes: int
    findings: tuple[PackageFinding, ...]

    def texts(self, wanted: Iterable[Wanted], spare_requests: int = 0) -> dict[str, str]:
        """The contents of the files that exist and can be read, by name; `spare_requests` are left for later reads."""

    def contents(self, names: Sequence[str], limit_bytes: int, requests: int) -> dict[str, bytes]:
        """The contents of the first files that fit in `limit_bytes` and `requests`."""

    def head(self, name: str) -> bytes:
        """The first 16 bytes of a file; empty if reading them needs a request."""

    def sample(self, names: Sequence[str]) -> dict[str, bytes]:
        """The first 16 bytes of some of the files, within the bounds for a remote zip; of all files for others."""

    def times(self, name: str) -> tuple[int, ...]:
        """The times in seconds that a file may get when it is unpacked; empty if they are not known."""

    def reading(self) -> Reading:
        """Requests made and bytes read."""


class ZipListing:
    """A zip, on this machine or at a URL."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._texts_left_bytes = METADATA_BYTES
        directory = read_directory(source)
        self._entries = {entry.name: entry for entry in directory.entries if not entry.is_folder}
        self.structure_bytes = directory.structure_bytes
        self.zipped_bytes = source.size_bytes
        self.files = tuple(
            PackageFile(entry.name, entry.span_bytes, entry.unzipped_bytes)
            for entry in directory.entries
            if not entry.is_folder
        )
        # In some zips a folder has an entry of its own, which belongs to no file.
        self.structure_bytes += sum(entry.span_bytes for entry in directory.entries if entry.is_folder)
        self.findings = tuple(_odd_entries(directory))

    def texts(self, wanted: Iterable[Wanted], spare_requests: int = 0) -> dict[str, str]:
        """Read ranges within the remaining requests and bytes; a zip on this machine has no limit."""
        chosen = [one for one in wanted if one.name in self._entries]
        cost = self._source.reading()
        if cost.requests:
            allowance = max(_LEAST_BYTES, int(self._source.size_bytes * _SHARE)) - cost.read_bytes
            chosen, spans = self._affordable(chosen, MAX_REQUESTS - 1 - spare_requests - cost.requests, allowance)
            self._source.fetch(spans)
        texts = {}
        for one in chosen:
            head_bytes = one.head_bytes if cost.requests else None
            if self._texts_left_bytes <= 0:
                break
            limit = min(_TEXT_LIMIT_BYTES, self._texts_left_bytes)
            content = read_member(self._source, self._entries[one.name], limit, head_bytes)
            self._texts_left_bytes -= len(content)
            texts[one.name] = _text(one.name, content)
        return texts

    def contents(self, names: Sequence[str], limit_bytes: int, requests: int) -> dict[str, bytes]:
        """Read whole files within a separate budget. Damaged files are left out."""
        spans: list[tuple[str, tuple[int, int]]] = []
        stretches: list[tuple[int, int]] = []
        for name in names:
            if (entry := self._entries.get(name)) is None:
                continue
            wider = join([*(span for _, span in spans), span_of(entry)], requests)
            if sum(end - start for start, end in wider) > limit_bytes:
                continue
            spans.append((name, span_of(entry)))
            stretches = wider
        if self._source.reading().requests:
            self._source.allow(requests)
            self._source.fetch(stretches)
        found = {}
        for name, _ in spans:
            try:
                found[name] = read_member(self._source, self._entries[name], limit_bytes)
            except MonitorError:
                continue
        return found

    def head(self, name: str) -> bytes:
        """Read from a zip on this machine only: for a remote zip each file is a request."""
        if self._source.reading().requests:
            return b""
        return read_member(self._source, self._entries[name], 16, 256)

    def sample(self, names: Sequence[str]) -> dict[str, bytes]:
        """The first 16 bytes of all files, or of two files of a remote zip, the smallest ones."""
        cost = self._source.reading()
        if not cost.requests:
            return {name: self.head(name) for name in names}
        found = {}
        for name in sorted(names, key=lambda name: (self._entries[name].compressed_bytes, name))[:_SAMPLES]:
            cost = self._source.reading()
            start, end = span_of(self._entries[name], _SAMPLE_BYTES)
            allowance = max(_LEAST_BYTES, int(self._source.size_bytes * _SHARE)) - cost.read_bytes
            if cost.requests < MAX_REQUESTS and end - start <= allowance:
                found[name] = read_member(self._source, self._entries[name], 16, _SAMPLE_BYTES)
        return found

    def times(self, name: str) -> tuple[int, ...]:
        """The time of the entry, and the exact time that Info-ZIP adds."""
        return self._entries[name].times if name in self._entries else ()

    def reading(self) -> Reading:
        """Requests made and bytes read."""
        return self._source.reading()

    def _affordable(
        self, wanted: list[Wanted], requests: int, allowance: int
    ) -> tuple[list[Wanted], list[tuple[int, int]]]:
        """The files that fit in the budget, and the ranges to fetch.

        While the ranges are too large, drop the file that saves the most bytes: one at the end of a range.
        """
        spans = {one: span_of(self._entries[one.name], one.head_bytes) for one in wanted}
        chosen = sorted(wanted, key=lambda one: spans[one])
        while chosen and requests > 0:
            stretches = join((spans[one] for one in chosen), requests)
            if sum(end - start for start, end in stretches) <= allowance:
                return chosen, stretches
            chosen.remove(max(_ends(chosen, spans, stretches), key=lambda end: (end[0].rank >= 4, end[1]))[0])
        return [], []


def _ends(
    chosen: list[Wanted], spans: dict[Wanted, tuple[int, int]], stretches: list[tuple[int, int]]
) -> Iterator[tuple[Wanted, float]]:
    """The first and the last file of each range, with the bytes that dropping it saves, weighted by rank."""
    at = 0
    for start, end in stretches:
        inside = []
        while at < len(chosen) and spans[chosen[at]][0] < end:
            inside.append(chosen[at])
            at += 1
        first, last = inside[0], max(inside, key=lambda one: spans[one][1])
        following = min((spans[one][0] for one in inside[1:]), default=end)
        preceding = max((spans[one][1] for one in inside if one is not last), default=start)
        yield first, (following - start) * _weight(first)
        yield last, (end - preceding) * _weight(last)


def _weight(one: Wanted) -> float:
    return (0.02, 1.0, 1.5, 2.0, 8.0)[min(one.rank, 4)]


class FolderListing:
    """A folder, with the sizes that its files would have in a zip.

    Raises:
        UsageError: it cannot be read, or has more files than a package can have.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._texts_left_bytes = METADATA_BYTES
        files, links = [], []
        for root, folders, names in os.walk(folder):
            folders.sort()
            links += [
                f"{Path(root, name).relative_to(folder).as_posix()}/"
                for name in folders
                if Path(root, name).is_symlink()
            ]
            for name in sorted(names):
                path = Path(root, name)
                relative = path.relative_to(folder).as_posix()
                if path.is_symlink():
                    links.append(relative)
                elif path.is_file():
                    files.append(_measured_file(path, relative))
            if len(files) > MAX_ENTRIES:
                raise UsageError(f"{folder} has more than {MAX_ENTRIES:,} files", "give the folder of the package")
        self.files = tuple(files)
        self.structure_bytes = 22
        self.zipped_bytes = 22 + sum(file.zipped_bytes for file in files)
        text = (
            "symbolic links, which monitor does not follow"
            if len(links) > 1
            else "symbolic link, which monitor does not follow"
        )
        found = [_finding("links", text, sorted(links))] if links else []
        self.findings = tuple(found)

    def texts(self, wanted: Iterable[Wanted], spare_requests: int = 0) -> dict[str, str]:  # noqa: ARG002
        """The contents of the files; a folder needs no request."""
        found = {}
        for one in wanted:
            path = self._folder / one.name
            limit = min(_TEXT_LIMIT_BYTES, self._texts_left_bytes)
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= limit:
                self._texts_left_bytes -= path.stat().st_size
                found[one.name] = _text(one.name, path.read_bytes())
        return found

    def contents(self, names: Sequence[str], limit_bytes: int, requests: int) -> dict[str, bytes]:  # noqa: ARG002
        """The contents of the files; a folder needs no request."""
        found: dict[str, bytes] = {}
        for name in names:
            path = self._folder / name
            left = limit_bytes - sum(map(len, found.values()))
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= left:
                found[name] = path.read_bytes()
        return found

    def head(self, name: str) -> bytes:
        """The first 16 bytes of a file."""
        with (self._folder / name).open("rb") as file:
            return file.read(16)

    def sample(self, names: Sequence[str]) -> dict[str, bytes]:
        """The first 16 bytes of all files."""
        return {name: self.head(name) for name in names}

    def times(self, name: str) -> tuple[int, ...]:  # noqa: ARG002
        """The times of a zip of this folder are not known."""
        return ()

    def reading(self) -> Reading:
        """A folder needs no request."""
        return Reading(0, 0, self.zipped_bytes)


def _text(name: str, content: bytes) -> str:
    # PowerShell's `>` writes UTF-16, which pip reads.
    return decode(content) if name.endswith("requirements.txt") else content.decode(errors="replace")


def _measured_file(path: Path, name: str) -> PackageFile:
    size = packed = 0
    squeeze = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                size += len(chunk)
                packed += len(squeeze.compress(chunk))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "check its permissions") from error
    packed += len(squeeze.flush())
    return PackageFile(name, packed + _LOCAL_AND_CENTRAL + 2 * len(name.encode("utf-8", "surrogateescape")), size)


def _odd_entries(directory: ZipDirectory) -> Iterable[PackageFinding]:
    outside = [one.name for one in directory.entries if _leads_out(one.name)]
    if outside:
        yield _finding(
            "outside", "names that lead out of the package (`..` or absolute), which Lambda refuses", outside
        )
    packed = [one.name for one in directory.entries if one.encrypted or one.method not in READABLE]
    if packed:
        text = "files that are encrypted, or compressed in another way than deflate, which Lambda does not support"
        yield _finding("compression", text, packed)
    # Windows PowerShell 5 writes such names.
    windows = [one.name for one in directory.entries if "\\" in one.name and not _leads_out(one.name)]
    if windows:
        yield _finding("names", "names with a backslash, which separates no folders in a zip: write /", windows)
    links = [one.name for one in directory.entries if one.is_link]
    if links:
        yield _finding("links", "symbolic links", links)
    unreadable = [one.name for one in directory.entries if _is_unreadable(one)]
    if unreadable:
        yield _finding(
            "mode",
            "files that Lambda cannot read: their mode lacks the permission for others (set 644, folders 755)",
            unreadable,
        )
    seen: set[str] = set()
    twice = [one.name for one in directory.entries if one.name in seen or seen.add(one.name)]  # type: ignore[func-returns-value]
    if twice:
        yield _finding("duplicates", "names that occur more than once: it is undefined which file is used", twice)
    odd = [one.name for one in directory.entries if one.odd_name]
    if odd:
        yield _finding("names", "names that are not UTF-8", odd)
    dense = [one.name for one in directory.entries if _is_bomb(one)]
    if dense:
        yield _finding("bomb", "files that inflate to more than 1,000 times their size: a zip bomb", dense)


def _leads_out(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in parts or "\0" in name or parts[0].endswith(":")


def _is_unreadable(entry: ZipEntry) -> bool:
    # Without a Unix mode, the unpacker chooses one. Lambda runs the function as another user.
    permissions = entry.mode & 0o777
    if not entry.mode or entry.is_link:
        return False
    return permissions & 0o005 != 0o005 if entry.is_folder else not permissions & 0o004


def _is_bomb(entry: ZipEntry) -> bool:
    # The limit of deflate is 1,032 : 1. No real file above 1 MB comes near it.
    return entry.unzipped_bytes > 1 << 20 and entry.unzipped_bytes > 1000 * max(1, entry.compressed_bytes)


def _finding(kind: str, message: str, names: list[str]) -> PackageFinding:
    return PackageFinding(kind, f"{len(names):,} {message}", len(names), 0, tuple(names[:10]))
