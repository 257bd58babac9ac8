"""Compare the files of each distribution with the RECORD that its installer wrote.

Source: packaging.python.org, "Recording installed projects": path, hash (urlsafe base64 without padding), size.
"""

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from posixpath import normpath

from monitor.packages.analyze_strip import PROBABLY, extension_stems, is_metadata, probable_kind, safe_kind
from monitor.packages.inspect.distributions import Metadata
from monitor.packages.inspect.metadata import record_digest
from monitor.packages.model import PackageFile, PackageFinding
from monitor.packages.zips.listing import Listing

_FEW = 6
_NAMED = 10
# The modules of a large package: more would take longer than all other checks.
_HASHED_BYTES = 32 << 20
# A wheel that was only unpacked has these folders, from which an installer moves files.
_LIBRARY = re.compile(r"^[^/]+\.data/(?:purelib|platlib)/")
_MOVED = re.compile(r"^[^/]+\.data/")


@dataclass(frozen=True, slots=True)
class Row:
    """A file in a RECORD: its path in the zip, its hash (`sha256=…`, "" without one) and size in bytes."""

    path: str
    digest: str
    size: int | None


@dataclass(slots=True)
class _Compared:
    """What differs between the RECORD of one distribution and its files; `total` is what could be compared."""

    name: str
    total: int = 0
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


def record_findings(found: Sequence[Metadata], texts: Mapping[str, str], listing: Listing) -> Iterator[PackageFinding]:
    """The files that are missing or differ in size, and modules that differ in content (not of a remote zip)."""
    files = {file.name: file for file in listing.files}
    extensions = extension_stems(files)
    left = 0 if listing.reading().requests else _HASHED_BYTES
    several = {one.name for one in found if sum(other.name == one.name for other in found) > 1}
    compared = []
    for one in found:
        text = texts.get(f"{one.folder}RECORD")
        if text is None:
            continue
        name = f"{one.name} {one.version}" if one.name in several and one.version else one.name
        result = _Compared(name)
        for row in record_rows(text, one.root):
            if _is_told(row.path, files, extensions):
                left -= _compare(row, files, listing, left, result)
        compared.append(result)
    yield from _findings(
        ("is missing that", "are missing that"), [(one.name, one.total, one.missing) for one in compared if one.missing]
    )
    yield from _findings(
        ("differs from what", "differ from what"),
        [(one.name, one.total, one.changed) for one in compared if one.changed],
    )


def record_rows(text: str, root: str) -> Iterator[Row]:
    """The files of a RECORD but scripts and data; `root` is the folder that contains the dist-info."""
    for fields in csv.reader(io.StringIO(text, newline="")):
        if not fields or not fields[0]:
            continue
        path = _LIBRARY.sub("", fields[0].replace("\\", "/"))
        # Scripts and data are moved to other folders, which differ between installers.
        if path.startswith(("/", "../", "bin/", "share/", "include/")) or _MOVED.match(path):
            continue
        digest, size = (*fields[1:3], "", "")[:2]
        yield Row(normpath(f"{root}{path}"), digest, int(size) if size.isdecimal() else None)


def _is_told(path: str, names: Collection[str], extensions: Collection[str]) -> bool:
    """Whether a file belongs to the distribution, and is none that packagers leave out or write anew."""
    return not path.endswith((".pyc", ".pyo")) and safe_kind(path, names, extensions) is None


def _compare(row: Row, files: Mapping[str, PackageFile], listing: Listing, left: int, result: _Compared) -> int:
    """Add a row to the result; return the number of bytes that were read."""
    result.total += 1
    file = files.get(row.path)
    if file is None:
        result.missing.append(row.path)
    elif row.size is not None and file.unzipped_bytes != row.size:
        result.changed.append(row.path)
    elif row.digest.startswith("sha256=") and row.path.endswith(".py") and 0 < file.unzipped_bytes <= left:
        content = listing.contents([row.path], file.unzipped_bytes + 1024, 0).get(row.path)
        if content is not None and record_digest(content) != row.digest.removeprefix("sha256=").rstrip("="):
            result.changed.append(row.path)
        return file.unzipped_bytes
    return 0


def _findings(verbs: tuple[str, str], found: Sequence[tuple[str, int, Sequence[str]]]) -> Iterator[PackageFinding]:
    """A finding that names each distribution: `3 files are missing that RECORD lists: numpy 3 of 900`."""
    if not found:
        return
    found = sorted(found, key=lambda one: -len(one[2]))
    # Some files of each distribution are named.
    names = [path for paths in zip_longest(*(paths for _, _, paths in found)) for path in paths if path]
    each = ", ".join(f"{name} {len(paths):,} of {total:,}{_kinds(paths)}" for name, total, paths in found[:_FEW])
    more = f" and {len(found) - _FEW} more distributions" if len(found) > _FEW else ""
    subject = f"1 file {verbs[0]}" if len(names) == 1 else f"{len(names):,} files {verbs[1]}"
    text = f"{subject} RECORD lists: {each}{more}"
    yield PackageFinding("record", text, len(names), 0, tuple(names[:_NAMED]))


def _kinds(paths: Sequence[str]) -> str:
    """What the files are, if all of them are of kinds that people leave out."""
    kinds = {probable_kind(path) for path in paths if not is_metadata(path)}
    if None in kinds or not kinds:
        return ""
    return f" ({', '.join(kind for kind, _ in PROBABLY if kind in kinds)})"
