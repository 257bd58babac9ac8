"""Unpacks a deployment package or layer into a read-only folder, as Lambda does for /var/task and /opt."""

import io
import os
import stat
import zipfile
from pathlib import Path, PurePosixPath

from monitor.kernel.zips import UNREADABLE_ZIP, zip_time_s

MAX_UNZIPPED_BYTES = 262_144_000
_CHUNK_BYTES = 1 << 20
_MAX_ENTRIES = 200_000


class BadPackageError(Exception):
    """The zip is refused. The message is the one of Lambda's API."""


def check_package(data: bytes) -> None:
    """Raise BadPackageError for a package that CreateFunction refuses: not a zip, unsafe names, too large unzipped."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _checked_entries(archive)
    except UNREADABLE_ZIP:
        raise BadPackageError(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from None


def unpack(zip_path: Path, target: Path) -> None:
    """Unpack into `target`, replacing existing files (a later layer wins). Files are read-only and keep their times.

    Nothing is written outside `target`, links are refused, and at most 250 MB are written whatever sizes the zip's
    directory states. Raises BadPackageError.
    """
    target.mkdir(parents=True, exist_ok=True)
    left = MAX_UNZIPPED_BYTES
    made: set[str] = set()
    try:
        with zipfile.ZipFile(zip_path) as archive:
            for info, relative in _checked_entries(archive):
                place = os.path.join(target, *relative.parts)  # noqa: PTH118 - thousands of files, Path is slow
                folder = place if info.is_dir() else os.path.dirname(place)  # noqa: PTH120
                if folder not in made:
                    os.makedirs(folder, exist_ok=True)  # noqa: PTH103
                    made.add(folder)
                if not info.is_dir():
                    left = _extract(archive, info, place, left)
    except (OSError, *UNREADABLE_ZIP) as error:
        raise BadPackageError(f"Could not unzip uploaded file: {error}") from error


def make_read_only(root: Path) -> None:
    """Remove write permission from every folder below `root`, deepest first."""
    for folder, _, _ in os.walk(root, topdown=False):
        Path(folder).chmod(0o555)


def _checked_entries(archive: zipfile.ZipFile) -> list[tuple[zipfile.ZipInfo, PurePosixPath]]:
    entries = archive.infolist()
    if sum(info.file_size for info in entries) > MAX_UNZIPPED_BYTES or len(entries) > _MAX_ENTRIES:
        raise BadPackageError(f"Unzipped size must be smaller than {MAX_UNZIPPED_BYTES} bytes")
    checked = []
    for info in entries:
        relative = PurePosixPath(info.filename.replace("\\", "/"))
        kind = stat.S_IFMT(info.external_attr >> 16)
        if relative.is_absolute() or ".." in relative.parts or "\0" in info.filename:
            raise BadPackageError(f"Could not unzip uploaded file: {info.filename!r} is outside the package.")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise BadPackageError(f"Could not unzip uploaded file: {info.filename!r} is not a regular file.")
        if relative.parts:
            checked.append((info, relative))
    return checked


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, place: str, left: int) -> int:
    mode = 0o555 if (info.external_attr >> 16) & stat.S_IXUSR else 0o444
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        descriptor = os.open(place, flags, mode)
    except FileExistsError:
        os.unlink(place)  # noqa: PTH108
        descriptor = os.open(place, flags, mode)
    with archive.open(info) as source, os.fdopen(descriptor, "wb") as file:
        while chunk := source.read(_CHUNK_BYTES):
            left -= len(chunk)
            if left < 0:
                raise BadPackageError(f"Unzipped size must be smaller than {MAX_UNZIPPED_BYTES} bytes")
            file.write(chunk)
        file.flush()
        # Bytecode in the package is valid only with this time.
        modified_s = zip_time_s(info.date_time)
        os.utime(descriptor, (modified_s, modified_s))
    return left
