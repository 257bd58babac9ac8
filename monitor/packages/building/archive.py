"""Write reproducible zips, with bytecode that Lambda can use."""

import base64
import hashlib
import os
import stat
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import UsageError
from monitor.packages.building.entry import Entry
from monitor.packages.building.interpreters import Module, compile_modules
from monitor.packages.building.limits import Fitting

Fit = Callable[[Mapping[str, Entry], Mapping[str, bytes]], Mapping[str, bytes]]
# The oldest time in the zip format. A real time would differ between machines.
_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip that was written; `code_sha256` is the CodeSha256 that Lambda computes."""

    path: Path
    zipped_bytes: int
    unzipped_bytes: int
    files: int
    code_sha256: str


def write(
    entries: Iterable[Entry],
    out: Path,
    *,
    bytecode: bool = True,
    python: Path | None = None,
    root: str = "/var/task",
    fit: Fit | None = None,
) -> Archive:
    """Write `entries` to the zip `out`, atomically; if two entries have the same name, the first is used.

    With `bytecode`, each module gets a `.pyc` made by the interpreter `python` (default: this one). It is valid
    whatever the file times are (PEP 552). Without bytecode Lambda compiles every module at each cold start, because
    /var/task is read-only. `root` is where Lambda unpacks the zip. `fit` chooses the bytecode that fits.

    Raises:
        UsageError: the zip cannot be written, or exceeds Lambda's limit.
    """
    unique: dict[str, Entry] = {}
    for entry in entries:
        unique.setdefault(entry.name, entry)
    partial = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        compiled = _compiled(unique, python or Path(sys.executable), root) if bytecode else {}
        compiled = (fit or Fitting())(unique, compiled)
        unzipped = 0
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name in sorted({*unique, *compiled}):
                unzipped += _add(archive, name, unique.get(name), compiled.get(name))
            count = len(archive.infolist())
        zipped = partial.stat().st_size
        digest = _sha256(partial)
        partial.replace(out)
    except OSError as error:
        raise UsageError(
            f"{out} cannot be written: {error.strerror}", "check the free space and the permissions"
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return Archive(out, zipped, unzipped, count, digest)


def _compiled(entries: Mapping[str, Entry], python: Path, root: str) -> Mapping[str, bytes]:
    sources = [entry for name, entry in sorted(entries.items()) if name.endswith(".py") and entry.content is None]
    # Tracebacks show this path: where Lambda unpacks the package.
    modules = [Module(entry.path, f"{root}/{entry.name}", entry.own) for entry in sources]
    if not modules:
        return {}
    for module in modules:
        module.path.stat()
    made = compile_modules(python, modules)
    return {
        _cached(entry.name, made.tag): code
        for entry, code in zip(sources, made.codes, strict=True)
        # A template, or a module for another Python, does not compile: nothing imports it.
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
        # Keep only the executable bit: the rest depends on the umask.
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
