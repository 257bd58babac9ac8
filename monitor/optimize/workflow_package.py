"""A package that is unpacked, and copies of it in which files differ."""

import os
import re
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monitor.errors import UsageError
from monitor.packages.building.interpreters import Module, compile_modules
from monitor.packages.lazy.rewrite import HELPER
from monitor.packages.model import UNZIPPED_LIMIT_BYTES

_CACHED = re.compile(r"(?P<folder>(?:.*/)?)__pycache__/(?P<stem>[^/]+?)\.(?:cpython|pypy)[^/]*\.pyc$")
_RECORD = re.compile(r"[^/]+\.dist-info/RECORD$")
HELPER_FILE = f"{HELPER}.py"


@dataclass
class Unpacked:
    """A package in a folder. `own` are the files of the application, by name; the others belong to distributions."""

    root: Path
    names: frozenset[str]
    own: frozenset[str]
    python: Path
    _texts: dict[str, str] = field(default_factory=dict)
    _codes: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The source of a module, with the line ends that the parser sees. Raises ValueError if it is no UTF-8."""
        if name not in self._texts:
            self._texts[name] = (self.root / name).read_bytes().decode("utf-8")
        return self._texts[name]

    def variant(self, folder: Path, texts: Mapping[str, str], *, bytecode: bool, clean: bool = False) -> Path:
        """A copy in `folder` with other texts; unchanged files are hard links.

        With `bytecode` each module has bytecode that is not compared with its source; without it, changed files have
        none, and with `clean` no file has.
        """
        skipped = set(texts) if not clean else None
        for name in sorted(self.names):
            source = source_of(name)
            if name in texts or (source and (bytecode or skipped is None or source in skipped)):
                continue
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            _link(self.root / name, target)
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8", newline="")
        if bytecode:
            self._compile(folder, texts)
        return folder

    def _compile(self, folder: Path, texts: Mapping[str, str]) -> None:
        modules = sorted(name for name in {*self.names, *texts} if name.endswith(".py"))
        missing = [name for name in modules if name in texts or name not in self._codes]
        made = compile_modules(
            self.python, [Module(folder / name, f"/var/task/{name}", checked=False) for name in missing]
        )
        fresh = {}
        for name, code in zip(missing, made.codes, strict=True):
            if code is not None:
                fresh[name] = (cached(name, made.tag), code)
                if name not in texts:
                    self._codes[name] = fresh[name]
        for name in modules:
            found = fresh.get(name) or self._codes.get(name)
            if found is not None:
                place = folder / found[0]
                place.parent.mkdir(exist_ok=True)
                place.write_bytes(found[1])


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def source_of(name: str) -> str:
    """The source that a cached bytecode file belongs to; "" for another file."""
    match = _CACHED.match(name)
    return f"{match['folder']}{match['stem'].partition('.')[0]}.py" if match else ""


def cached(name: str, tag: str) -> str:
    """Where the bytecode of a module lies."""
    folder, slash, leaf = name.rpartition("/")
    return f"{folder}{slash}__pycache__/{leaf.removesuffix('.py')}.{tag}.pyc"


def unpack(package: Path, folder: Path, python: Path) -> Unpacked:
    """Unpack a zip, or link the files of a folder, into `folder`.

    Raises:
        UsageError: it is not a package, or larger than Lambda accepts.
    """
    folder.mkdir(parents=True)
    if package.is_dir():
        for path in sorted(package.rglob("*")):
            if path.is_file() and ".git" not in path.parts:
                target = folder / path.relative_to(package)
                target.parent.mkdir(parents=True, exist_ok=True)
                _link(path, target)
    else:
        _extract(package, folder)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return Unpacked(folder, frozenset(names), frozenset(_own(folder, names)), python)


def _extract(package: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(package) as archive:
            if sum(info.file_size for info in archive.infolist()) > UNZIPPED_LIMIT_BYTES:
                raise UsageError(f"{package} is larger than Lambda accepts", "250 MB unzipped, layers included")
            for info in archive.infolist():
                archive.extract(info, folder)
                if not info.is_dir() and (info.external_attr >> 16) & 0o111:
                    (folder / info.filename).chmod(0o755)
    except (zipfile.BadZipFile, OSError, NotImplementedError, EOFError) as error:
        raise UsageError(f"{package} cannot be unpacked: {error}", "give a zip or a folder") from error


def _own(folder: Path, names: Iterable[str]) -> set[str]:
    """The files that no RECORD of a distribution lists."""
    names = set(names)
    listed: set[str] = set()
    for name in names:
        if _RECORD.search(name):
            base = name.rpartition("/")[0].rpartition("/")[0]
            for line in (folder / name).read_text(encoding="utf-8", errors="replace").splitlines():
                listed.add("/".join(filter(None, (base, line.partition(",")[0].strip('"')))))
    return {name for name in names if name not in listed and not name.split("/")[0].endswith(".dist-info")}
