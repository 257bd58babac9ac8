"""A deployment package with something changed: files left out, files with other text, bytecode added."""

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monitor.console.temporary import temporary_folder
from monitor.errors import UsageError
from monitor.kernel.zips import UNREADABLE_ZIP
from monitor.packages.building.interpreters import Module, compile_modules, find_python
from monitor.packages.model import UNZIPPED_LIMIT_BYTES

_CACHED = re.compile(r"(?P<folder>(?:.*/)?)__pycache__/(?P<stem>[^/]+?)\.(?:cpython|pypy)[^/]*\.pyc$")
# Unpacked again at once: time counts, not size.
_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Variation:
    """What is to be other: names left out, whole texts by name, `bytecode` for the modules that have none."""

    without: frozenset[str] = frozenset()
    texts: Mapping[str, str] = field(default_factory=dict)
    bytecode: bool = False


def vary(package: Path, out: Path, what: Variation, python: str) -> None:
    """Write `package` with that variation to `out`; all other files keep their bytes and times.

    A changed module's bytecode is compiled again if the package had it. `python` is the function's, `3.11`.

    Raises:
        UsageError: the package cannot be read, or no such Python is here to make bytecode.
    """
    try:
        with zipfile.ZipFile(package) as source:
            if sum(info.file_size for info in source.infolist()) > UNZIPPED_LIMIT_BYTES:
                raise UsageError(f"{package} is larger than Lambda allows", "250 MB unzipped, layers included")
            names = set(source.namelist())
            stale = {name for name in names if source_of(name) in what.texts}
            without = what.without | stale | {name for name in names if source_of(name) in what.without}
            wanted = _to_compile(names, what, stale, python)
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as target:
                for info in source.infolist():
                    if info.filename not in without and info.filename not in what.texts:
                        target.writestr(_like(info), source.read(info))
                for name, text in what.texts.items():
                    target.writestr(_like(_info(source, name)), text)
                for name, code in _compiled(source, what, wanted, python).items():
                    target.writestr(name, code)
    except (OSError, *UNREADABLE_ZIP) as error:
        raise UsageError(f"{package} cannot be varied: {error}", "check that the zip is complete") from error


def source_of(name: str) -> str:
    """The source that a cached bytecode file is of; "" for what is none."""
    match = _CACHED.match(name)
    return f"{match['folder']}{match['stem'].partition('.')[0]}.py" if match else ""


def _info(source: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    try:
        return source.getinfo(name)
    except KeyError:
        return zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))


def _like(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """Of the same name, time and mode: bytecode may go by its source's time."""
    copy = zipfile.ZipInfo(info.filename, info.date_time)
    copy.external_attr = info.external_attr or 0o644 << 16
    copy.create_system = info.create_system
    copy.compress_type = zipfile.ZIP_DEFLATED
    return copy


def _to_compile(names: set[str], what: Variation, stale: set[str], python: str) -> list[str]:
    """Changed modules that had bytecode; of the others, with `bytecode`, those that have none for this Python."""
    tag = f".cpython-{python.replace('.', '')}."
    wanted = {source_of(name) for name in stale}
    if what.bytecode:
        have = {source_of(name) for name in names if tag in name}
        wanted |= {name for name in names if name.endswith(".py") and name not in have}
    return sorted(wanted - what.without)


def _compiled(source: zipfile.ZipFile, what: Variation, wanted: list[str], python: str) -> dict[str, bytes]:
    if not wanted:
        return {}
    compiler = find_python(python)
    if compiler is None:
        raise UsageError(f"no Python {python} is on this machine", f"`uv python install {python}` installs it")
    with temporary_folder() as folder:
        modules = []
        for index, name in enumerate(wanted):
            path = folder / f"{index}.py"
            path.write_bytes(what.texts[name].encode() if name in what.texts else source.read(name))
            # Never compared with the source: it is the one that was just written.
            modules.append(Module(path, f"/var/task/{name}", checked=False))
        made = compile_modules(compiler, modules)
    return {_cached(name, made.tag): code for name, code in zip(wanted, made.codes, strict=True) if code is not None}


def _cached(name: str, tag: str) -> str:
    folder, slash, leaf = name.rpartition("/")
    return f"{folder}{slash}__pycache__/{leaf.removesuffix('.py')}.{tag}.pyc"
