"""Writing a zip that is the same to the byte for the same content, with bytecode that Lambda can use."""

import importlib.util
import marshal
import os
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path

from monitor.errors import UsageError
from monitor.package.installed import Entry

# The oldest time that a zip can hold: any other would differ from one machine to the next.
_TIME = (1980, 1, 1, 0, 0, 0)
_UNCHECKED_HASH = 0b01
_ZIPPED_LIMIT = 50 * 1024 * 1024
_UNZIPPED_LIMIT = 250 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Archive:
    """A package that was written: its sizes in bytes, and how many files it holds."""

    path: Path
    zipped_bytes: int
    unzipped_bytes: int
    files: int


def write(entries: Iterable[Entry], out: Path, *, bytecode: bool = True) -> Archive:
    """Write `entries` to the zip `out`, whole or not at all; of two entries of one name the first one counts.

    With `bytecode` each module has its `.pyc` beside it, valid whatever the file times are (PEP 552, unchecked hash):
    /var/task is read-only, so that Lambda would compile every module again at every cold start.

    Raises:
        UsageError: it cannot be written, or is larger than Lambda takes.
    """
    unique: dict[str, Path] = {}
    for entry in entries:
        unique.setdefault(entry.name, entry.path)
    partial = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        unzipped = 0
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name, path in sorted(unique.items()):
                content = path.read_bytes()
                unzipped += _add(archive, name, content)
                if bytecode and name.endswith(".py"):
                    unzipped += _add_bytecode(archive, name, content)
            count = len(archive.infolist())
        zipped = partial.stat().st_size
        partial.replace(out)
    except OSError as error:
        raise UsageError(
            f"{out} cannot be written: {error.strerror}", "is there room, and may you write there?"
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    if unzipped > _UNZIPPED_LIMIT:
        raise UsageError(f"the package is {unzipped >> 20} MB unzipped", "Lambda takes 250 MB, layers included")
    return Archive(out, zipped, unzipped, count)


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> int:
    info = zipfile.ZipInfo(name, _TIME)
    info.external_attr = 0o100644 << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, content)
    return len(content)


def _add_bytecode(archive: zipfile.ZipFile, name: str, source: bytes) -> int:
    try:
        # The path is the one that tracebacks show: where Lambda unpacks the package.
        code = SourceFileLoader("<package>", f"/var/task/{name}").source_to_code(source, f"/var/task/{name}")
    except (SyntaxError, ValueError):
        # A template or a module for another Python: it was never going to be imported.
        return 0
    header = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH.to_bytes(4, "little") + importlib.util.source_hash(source)
    return _add(archive, importlib.util.cache_from_source(name), header + marshal.dumps(code))
