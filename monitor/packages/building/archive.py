"""Writing a zip that is the same to the byte for the same content, with bytecode that Lambda can use."""

import base64
import hashlib
import os
import stat
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import UsageError
from monitor.packages.building.installed import Entry
from monitor.packages.building.interpreters import Module, compile_modules
from monitor.packages.model import UNZIPPED_LIMIT_BYTES

# The oldest time that a zip can hold: any other would differ from one machine to the next.
_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Archive:
    """A package that was written: its sizes in bytes, how many files it holds, Lambda's CodeSha256 of it."""

    path: Path
    zipped_bytes: int
    unzipped_bytes: int
    files: int
    code_sha256: str


def write(
    entries: Iterable[Entry], out: Path, *, bytecode: bool = True, python: Path | None = None, root: str = "/var/task"
) -> Archive:
    """Write `entries` to the zip `out`, whole or not at all; of two entries of one name the first one counts.

    With `bytecode` each module has its `.pyc` beside it, made by the interpreter `python` (this one), valid whatever
    the file times are (PEP 552): /var/task is read-only, so that Lambda would compile every module again at every cold
    start. `root` is where Lambda unpacks the zip.

    Raises:
        UsageError: it cannot be written, or is larger than Lambda takes.
    """
    unique: dict[str, Entry] = {}
    for entry in entries:
        unique.setdefault(entry.name, entry)
    partial = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        compiled = _compiled(unique, python or Path(sys.executable), root) if bytecode else {}
        unzipped = 0
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name in sorted({*unique, *compiled}):
                unzipped += _add(archive, name, unique.get(name), compiled.get(name))
            count = len(archive.infolist())
        if unzipped > UNZIPPED_LIMIT_BYTES:
            raise UsageError(f"the package is {unzipped >> 20} MB unzipped", "Lambda takes 250 MB, layers included")
        zipped = partial.stat().st_size
        digest = _sha256(partial)
        partial.replace(out)
    except OSError as error:
        raise UsageError(
            f"{out} cannot be written: {error.strerror}", "is there room, and may you write there?"
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return Archive(out, zipped, unzipped, count, digest)


def _compiled(entries: dict[str, Entry], python: Path, root: str) -> dict[str, bytes]:
    sources = [entry for name, entry in sorted(entries.items()) if name.endswith(".py") and entry.content is None]
    # The path is the one that tracebacks show: where Lambda unpacks the package.
    modules = [Module(entry.path, f"{root}/{entry.name}", entry.own) for entry in sources]
    if not modules:
        return {}
    for module in modules:
        module.path.stat()
    made = compile_modules(python, modules)
    return {
        _cached(entry.name, made.tag): code
        for entry, code in zip(sources, made.codes, strict=True)
        # A template or a module for another Python does not compile: it was never going to be imported.
        if code is not None
    }


def _cached(name: str, tag: str) -> str:
    folder, slash, leaf = name.rpartition("/")
    return f"{folder}{slash}__pycache__/{leaf.removesuffix('.py')}.{tag}.pyc"


def _add(archive: zipfile.ZipFile, name: str, entry: Entry | None, code: bytes | None) -> int:
    mode = 0o644
    content = code or b""
    if entry is not None:
        content = entry.path.read_bytes() if entry.content is None else entry.content
        # Of the file's mode only that it can be run: the rest is the umask of who made it.
        if entry.content is None and entry.path.stat().st_mode & stat.S_IXUSR:
            mode = 0o755
    info = zipfile.ZipInfo(name, _TIME)
    info.create_system = 3
    info.external_attr = (stat.S_IFREG | mode) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, content)
    return len(content)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return base64.b64encode(hashlib.file_digest(file, "sha256").digest()).decode()
