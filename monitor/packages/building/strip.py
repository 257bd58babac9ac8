"""Leave files of dependencies out of a package, and say which ones stay and why."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from monitor.packages.analyze_strip import (
    entry_point_modules,
    extension_stems,
    imported_modules,
    probable_kind,
    safe_kind,
)
from monitor.packages.building.entry import Entry
from monitor.packages.building.import_probe import ImportNeeds, module_of
from monitor.packages.model_plan import Kept, LeftOut

_SHEBANG_BYTES = 256
_NAMED = 6
# `pip install --target` and uv write scripts that start this machine's Python.
_CONSOLE_SCRIPT = re.compile(rb"#!\s*(?:/\S*python[\d.]*\s|/bin/sh\n'''exec' )")
# A string that ends like the name of such a file.
_MENTIONS = {
    "sources of built extensions": re.compile(r"""\.(?:c|cc|cpp|cxx|pyx)["']"""),
    "sources of extensions": re.compile(r"""\.(?:c|cc|cpp|cxx|h|hpp|hxx|pyx|pxd|pxi|f90|rs|cu|cuh)["']"""),
    # lazy_loader.attach_stub reads the stub of the module that calls it.
    # The path of data in a folder of tests; modules are known by their names.
    "tests": re.compile(r"""["'](?:[^"'\n]*/)?tests?/[^"'\n]+["']"""),
    "type stubs": re.compile(r"""\.pyi["']|\battach_stub\b"""),
    "documentation": re.compile(r"""["'](?:\.?/)?docs?["'/]|(?:README|CHANGELOG|CHANGES|HISTORY)[\w.]*["']"""),
}
_NAMED_BY_MODULES = "modules of the distribution name such files"
_LOADED = "the imports load these modules"
_NAMED_BY_IMPORTS = "imports that run later, strings, or entry points name these modules"
# A module that may read files beside it.
_READS = re.compile(r"__file__|__path__|resources|pkgutil")

# Given the stripped files and all files, by distribution: what the imports need of the files that are not stripped.
Probe = Callable[[Mapping[str, Sequence[Entry]], Mapping[str, Sequence[Entry]]], ImportNeeds]


@dataclass(frozen=True, slots=True)
class Stripped:
    """The files that stay, by distribution; the ones that do not; and the ones that stay for a reason.

    `tried`: imports showed what is needed.
    """

    entries: Mapping[str, tuple[Entry, ...]]
    left_out: tuple[LeftOut, ...]
    kept: tuple[Kept, ...]
    tried: bool = False


@dataclass
class _Count:
    sizes: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        self.sizes.append(entry.path.stat().st_size)
        self.names.append(entry.name)


def strip(
    entries: Mapping[str, Sequence[Entry]],
    mode: str,
    *,
    without: Collection[str] = (),
    probe: Probe | None = None,
    project: Sequence[Entry] = (),
) -> Stripped:
    """Leave out the distributions `without` and what `mode` allows: `none`, `safe`, or `tried`, which needs `probe`.

    `project` are the files of the application, which may import what a start does not.
    """
    left: dict[str, _Count] = defaultdict(_Count)
    kept: dict[tuple[str, str], _Count] = defaultdict(_Count)
    chosen: dict[str, tuple[Entry, ...]] = {}
    for name, files in sorted(entries.items()):
        if name in without:
            for entry in files:
                left[f"{name}, which the runtime has"].add(entry)
        else:
            chosen[name] = _safely(files, mode, left, kept)
    trial = probe if mode == "tried" else None
    if trial is not None:
        chosen = _tried(chosen, project, trial, left, kept)
    return Stripped(
        chosen,
        tuple(
            LeftOut(what, len(one.sizes), sum(one.sizes), tuple(sorted(one.names)[:_NAMED]))
            for what, one in sorted(left.items())
        ),
        tuple(Kept(what, len(one.sizes), sum(one.sizes), reason) for (what, reason), one in sorted(kept.items())),
        tried=trial is not None,
    )


def _safely(
    files: Sequence[Entry], mode: str, left: dict[str, _Count], kept: dict[tuple[str, str], _Count]
) -> tuple[Entry, ...]:
    names = {entry.name for entry in files}
    extensions = extension_stems(names)
    known: dict[str, bool] = {}
    chosen = []
    for entry in files:
        kind = safe_kind(entry.name, names, extensions)
        if kind is None and entry.name.startswith("bin/") and _is_console_script(entry.path):
            kind = "console scripts, which start this machine's Python"
        elif kind and mode == "none":
            kind = None
        elif kind == "sources of built extensions" and _mentioned(kind, files, known):
            kept[kind, _NAMED_BY_MODULES].add(entry)
            kind = None
        if kind is None:
            chosen.append(entry)
        elif kind:
            left[kind].add(entry)
    return tuple(chosen)


def _is_console_script(path: Path) -> bool:
    with path.open("rb") as file:
        return _CONSOLE_SCRIPT.match(file.read(_SHEBANG_BYTES)) is not None


def _mentioned(kind: str, files: Sequence[Entry], known: dict[str, bool]) -> bool:
    """Whether a module of the distribution has a string that may be the name of such a file."""
    if kind not in known:
        pattern = _MENTIONS.get(kind)
        known[kind] = pattern is not None and any(
            pattern.search(entry.path.read_text(encoding="utf-8", errors="replace"))
            for entry in files
            if entry.name.endswith(".py") and not (kind == "tests" and _speaks_of_tests(entry.name))
        )
    return known[kind]


def _speaks_of_tests(name: str) -> bool:
    """Whether a module names tests for another purpose than to read them when the package runs."""
    return probable_kind(name) == "tests" or name.rpartition("/")[2] == "setup.py"


def _tried(
    entries: dict[str, tuple[Entry, ...]],
    project: Sequence[Entry],
    probe: Probe,
    left: dict[str, _Count],
    kept: dict[tuple[str, str], _Count],
) -> dict[str, tuple[Entry, ...]]:
    mentioned: dict[str, set[str]] = {}
    candidates = {}
    for name, files in entries.items():
        known: dict[str, bool] = {}
        kinds = {kind for entry in files if (kind := probable_kind(entry.name)) is not None}
        mentioned[name] = {kind for kind in kinds if _mentioned(kind, files, known)}
        candidates[name] = tuple(
            entry for entry in files if probable_kind(entry.name) is None or _is_mentioned(entry, mentioned[name])
        )
    shrunk = any(len(files) < len(entries[name]) for name, files in candidates.items())
    needs = probe(candidates, entries) if shrunk else ImportNeeds({}, frozenset())
    chosen: dict[str, list[Entry]] = {name: [] for name in entries}
    named = _named_by_imports(entries, candidates, project)
    for name, files in entries.items():
        for entry in files:
            kind = probable_kind(entry.name)
            reason = needs.whole.get(name) or (_NAMED_BY_MODULES if _is_mentioned(entry, mentioned[name]) else "")
            if kind and not reason and module_of(entry.name) in needs.loaded:
                reason = _LOADED
            if kind and not reason and entry.name in named:
                reason = _NAMED_BY_IMPORTS
            if kind is None or reason:
                chosen[name].append(entry)
            if kind and reason:
                kept[f"{kind} of {name}", reason].add(entry)
            elif kind:
                left[f"{kind}, not needed to import"].add(entry)
    return {name: tuple(files) for name, files in chosen.items()}


def _is_mentioned(entry: Entry, kinds: Collection[str]) -> bool:
    """Whether a file is of a kind that the modules of its distribution name; of tests, this says nothing of modules."""
    kind = probable_kind(entry.name)
    return kind in kinds and not (kind == "tests" and module_of(entry.name))


def _named_by_imports(
    entries: Mapping[str, Sequence[Entry]], kept: Mapping[str, Sequence[Entry]], project: Sequence[Entry]
) -> frozenset[str]:
    """The names of files that are not `kept`, and that code of the project, or of a file that stays, names.

    Such a module may be imported when the handler runs. One that may read files keeps the files beside it, too.
    """
    staying = {entry.name for files in kept.values() for entry in files}
    stripped = {entry.name: entry for files in entries.values() for entry in files if entry.name not in staying}
    modules = {module: name for name in stripped if (module := module_of(name))}
    staying_entries = [*project, *(entry for files in kept.values() for entry in files)]
    waiting = [entry for entry in staying_entries if entry.name.endswith((".py", "-info/entry_points.txt"))]
    found: set[str] = set()
    while waiting:
        entry = waiting.pop()
        text = entry.path.read_text(encoding="utf-8", errors="replace")
        folder = entry.name.rpartition("/")[0]
        is_code = entry.name.endswith(".py")
        for module in imported_modules(text, folder.replace("/", ".")) if is_code else entry_point_modules(text):
            parts = module.split(".")
            for length in range(1, len(parts) + 1):
                name = modules.pop(".".join(parts[:length]), "")
                if name:
                    found.add(name)
                    waiting.append(stripped[name])
        if entry.name in found and _READS.search(text):
            found |= {name for name in stripped if name.startswith(f"{folder}/") and not module_of(name)}
    return frozenset(found)
