"""A package that is unpacked, and copies of it in which files differ."""

import os
import re
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monitor.errors import UsageError
from monitor.kernel.zips import UNREADABLE_ZIP, zip_time_s
from monitor.packages.building.interpreters import Module, compile_modules
from monitor.packages.model import UNZIPPED_LIMIT_BYTES

_CACHED = re.compile(r"(?P<folder>(?:.*/)?)__pycache__/(?P<stem>[^/]+?)\.(?:cpython|pypy)[^/]*\.pyc$")
_RECORD = re.compile(r"[^/]+\.dist-info/RECORD$")


@dataclass
class Unpacked:
    """A package in a folder. `own` are the files of the application, by name; the others belong to distributions.

    Nothing runs in `root`, and no file of it is linked to one that a run can change: results are made from it. If
    `loaded` is known, the files of the modules that a start loads, variants have bytecode for these and the
    application only: large libraries have ten times as many modules.
    """

    root: Path
    names: frozenset[str]
    own: frozenset[str]
    python: Path
    loaded: frozenset[str] | None = None
    _texts: dict[str, str] = field(default_factory=dict)
    _codes: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    _changed_codes: dict[tuple[str, str], tuple[str, bytes] | None] = field(default_factory=dict)
    _shared: set[str] = field(default_factory=set)
    _shared_codes: set[str] = field(default_factory=set)

    def text(self, name: str) -> str:
        """The source of a module, with the line ends that the parser sees. Raises ValueError if it is no UTF-8."""
        if name not in self._texts:
            self._texts[name] = (self.root / name).read_bytes().decode("utf-8")
        return self._texts[name]

    def unchanged(self, texts: Mapping[str, str], *, bytecode: bool) -> list[str]:
        """The files that stay as they are if `texts` replace others, without the bytecode that is made again."""
        found = []
        for name in sorted(self.names):
            source = source_of(name)
            if name not in texts and not (source and (bytecode or source in texts)):
                found.append(name)
        return found

    def variant(self, folder: Path, texts: Mapping[str, str], *, bytecode: bool) -> Path:
        """A copy in `folder`, which a run may use, with other texts; variants share unchanged files as hard links.

        With `bytecode` each module has bytecode that is not compared with its source; without it, of the changed files
        those that had bytecode have it.
        """
        made: set[Path] = set()
        for name in self.unchanged(texts, bytecode=bytecode):
            shared = self.root.with_name(f"{self.root.name}-shared") / name
            if name not in self._shared:
                _copy(self.root / name, shared)
                self._shared.add(name)
            _link(shared, folder / name, made)
        self.change(folder, texts)
        for name, (place, code) in self._compiled(folder, texts, bytecode=bytecode, loaded=self.loaded).items():
            if name in texts:
                (folder / place).parent.mkdir(exist_ok=True)
                (folder / place).write_bytes(code)
            else:
                shared = self.root.with_name(f"{self.root.name}-bytecode") / place
                if place not in self._shared_codes:
                    shared.parent.mkdir(parents=True, exist_ok=True)
                    shared.write_bytes(code)
                    self._shared_codes.add(place)
                _link(shared, folder / place, made)
        return folder

    def result(self, folder: Path, texts: Mapping[str, str], *, bytecode: bool) -> None:
        """A copy in `folder` as `variant` makes one, which shares no file with what ran."""
        for name in self.unchanged(texts, bytecode=bytecode):
            _copy(self.root / name, folder / name)
        self.change(folder, texts)
        self.compile(folder, texts, bytecode=bytecode)

    def change(self, folder: Path, texts: Mapping[str, str]) -> None:
        """Write the files that change into `folder`."""
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8", newline="")

    def compile(self, folder: Path, texts: Mapping[str, str], *, bytecode: bool) -> None:
        """Write the bytecode that is made again into `folder`, in which the files that change are."""
        for place, code in self._compiled(folder, texts, bytecode=bytecode).values():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_bytes(code)

    def _compiled(
        self, folder: Path, texts: Mapping[str, str], *, bytecode: bool, loaded: frozenset[str] | None = None
    ) -> dict[str, tuple[str, bytes]]:
        """The bytecode that is made again, by the module's file: where it lies, and what it is.

        With `bytecode` that is every module, or with `loaded` these, those of the application, and those with other
        texts. Without it, the modules with other texts that have bytecode in the package, and with them the new ones.
        """
        if bytecode:
            wanted = {*(self.names if loaded is None else (loaded | self.own) & self.names), *texts}
        else:
            had = texts.keys() & set(map(source_of, self.names))
            wanted = had and had | (texts.keys() - self.names)
        modules = sorted(name for name in wanted if name.endswith(".py"))
        missing = [
            name
            for name in modules
            if ((name, texts[name]) not in self._changed_codes if name in texts else name not in self._codes)
        ]
        made = compile_modules(
            self.python,
            [
                Module((folder if name in texts else self.root) / name, f"/var/task/{name}", checked=False)
                for name in missing
            ],
        )
        for name, code in zip(missing, made.codes, strict=True):
            compiled = None if code is None else (cached(name, made.tag), code)
            if name in texts:
                # The tries of a search change most files in the same way.
                self._changed_codes[name, texts[name]] = compiled
            elif compiled is not None:
                self._codes[name] = compiled
        # A changed source that cannot be compiled has no bytecode: that of the source before would hide its error.
        found = {
            name: self._changed_codes[name, texts[name]] if name in texts else self._codes.get(name) for name in modules
        }
        made_again = {name: code for name, code in found.items() if code is not None}
        if not bytecode and all(place not in self.names for place, _ in made_again.values()):
            # The package's bytecode is of another version of Python.
            return {}
        return made_again


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _link(source: Path, target: Path, made: set[Path]) -> None:
    if target.parent not in made:
        target.parent.mkdir(parents=True, exist_ok=True)
        made.add(target.parent)
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
    """Unpack a zip, or copy the files of a folder, into `folder`. A link to a file becomes that file.

    Raises:
        UsageError: it is not a package, or larger than Lambda accepts.
    """
    folder.mkdir(parents=True)
    if package.is_dir():
        try:
            for path in sorted(package.rglob("*")):
                name = path.relative_to(package)
                if path.is_file() and ".git" not in name.parts:
                    _copy(path, folder / name)
        except OSError as error:
            raise UsageError(f"{package} cannot be copied: {error}", "check the permissions") from error
    else:
        extract(package, folder)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return Unpacked(folder, frozenset(names), frozenset(_own(folder, names)), python)


def extract(package: Path, folder: Path) -> None:
    """Extract a zip into `folder`.

    Raises:
        UsageError: it cannot be extracted, or is larger than Lambda accepts.
    """
    try:
        with zipfile.ZipFile(package) as archive:
            if sum(info.file_size for info in archive.infolist()) > UNZIPPED_LIMIT_BYTES:
                raise UsageError(f"{package} is larger than Lambda accepts", "250 MB unzipped, layers included")
            for info in archive.infolist():
                # The name in the zip may lead elsewhere; the file lies where `extract` says.
                place = Path(archive.extract(info, folder))
                if info.is_dir():
                    continue
                if (info.external_attr >> 16) & 0o111:
                    place.chmod(0o755)
                # Bytecode in the zip is valid only with this time.
                modified_s = zip_time_s(info.date_time)
                os.utime(place, (modified_s, modified_s))
    except (OSError, *UNREADABLE_ZIP) as error:
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
