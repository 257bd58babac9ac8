"""Check a package before it is written."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from monitor.errors import CheckFailedError
from monitor.packages.analyze_dependencies import contradictions, unknown_extras
from monitor.packages.analyze_strip import is_metadata, probable_kind
from monitor.packages.building.dependencies import Dependencies, wanted_by
from monitor.packages.building.entry import Entry
from monitor.packages.building.import_probe import module_of
from monitor.packages.building.recipe import Recipe
from monitor.packages.inspect.platforms import full_version
from monitor.packages.inspect.record import Row, record_rows
from monitor.packages.parse_requirements import version_fits

_FEW = 5
_TEXT = (".py", ".pth", ".txt", ".json", ".cfg", ".ini", ".toml", ".sh", ".egg-link")
_LARGEST_BYTES = 1 << 20
# Packages of several distributions in one folder: what their __init__.py does is of no effect there.
_NAMESPACE = re.compile(r"extend_path|declare_namespace")
_NAMESPACE_BYTES = 2000
_EDITABLE = re.compile(r"__editable__|^__editable___.*_finder\.py$|\.egg-link$")


def check_dependencies(dependencies: Dependencies, recipe: Recipe, provided: Collection[str]) -> list[str]:
    """Compare the installed distributions, and the Python, with what is required; return contradictions as notes.

    Raises:
        CheckFailedError: there are contradictions, and `recipe.check` is True.
    """
    unsupported = _unsupported(dependencies.requirements.python, recipe.python)
    if unsupported and recipe.check:
        raise CheckFailedError(unsupported, "give another --python, or build with --no-check")
    shared = _shared_files(dependencies, provided)
    wanted = wanted_by(dependencies, recipe)
    found = list(contradictions(dependencies.found, wanted, provided))
    modules = {path: owners for path, owners in shared.items() if module_of(path) and not probable_kind(path)}
    found += _told(modules)
    if found and recipe.check:
        more = f"; and {len(found) - _FEW} more" if len(found) > _FEW else ""
        raise CheckFailedError(
            f"the dependencies contradict each other: {'; '.join(found[:_FEW])}{more}",
            "change the requirements, or build with --no-check",
        )
    others = _told({path: owners for path, owners in shared.items() if path not in modules})
    extras = dict.fromkeys(unknown_extras(dependencies.found, wanted))
    return [*([unsupported] if unsupported else []), *found, *others, *extras]


def _shared_files(dependencies: Dependencies, provided: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """The files that distributions have with different contents, with their names: the package has one of them.

    Which one that is depends on the order in which the installer unpacks the wheels.
    """
    rows: dict[str, dict[str, Row]] = defaultdict(dict)
    for one in dependencies.staged.found:
        entries = dependencies.staged.entries.get(one.name, ())
        record = next((entry for entry in entries if entry.name == f"{one.folder}RECORD"), None)
        if record is None or one.name in provided:
            continue
        for row in record_rows(record.path.read_text(encoding="utf-8", errors="replace"), one.root):
            if row.digest.startswith("sha256=") and not is_metadata(row.path):
                rows[row.path][f"{one.name} {one.version}"] = row
    return {
        path: tuple(sorted(owners))
        for path, owners in rows.items()
        if len({row.digest.rstrip("=") for row in owners.values()}) > 1
        and not _is_namespace(dependencies.folder / path, owners.values())
    }


def _is_namespace(path: Path, rows: Iterable[Row]) -> bool:
    if path.name != "__init__.py" or any((row.size or 0) > _NAMESPACE_BYTES for row in rows) or not path.is_file():
        return False
    lines = [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    code = [line for line in lines if line and not line.startswith("#")]
    return not code or any(map(_NAMESPACE.search, code))


def _told(shared: Mapping[str, tuple[str, ...]]) -> list[str]:
    """What is said of such files: one line for the distributions that have them."""
    files: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for path, owners in sorted(shared.items()):
        files[owners].append(path)
    return [
        f"{' and '.join(owners)} have different files with the name {paths[0]}"
        + (f", and {len(paths) - 1} more" if len(paths) > 1 else "")
        for owners, paths in files.items()
    ]


def _unsupported(supported: str, python: str) -> str:
    """What is wrong if a project does not support a Python version; empty if it does."""
    if not supported or version_fits(full_version(python), supported):
        return ""
    return f"the project requires Python {supported}, and the package is for Python {python}"


def check_paths(entries: Iterable[Entry], dependencies: Path) -> None:
    """Check that no file of the dependencies names a path of this machine.

    Raises:
        CheckFailedError: one does: it would work only here.
    """
    found = list(_with_paths(entries, str(dependencies.resolve()).encode()))
    if found:
        raise CheckFailedError(
            f"{', '.join(found[:_FEW])} contain paths of this machine, which Lambda does not have",
            "install the project instead of linking to it: write the path without -e",
        )


def _with_paths(entries: Iterable[Entry], folder: bytes) -> Iterator[str]:
    for entry in entries:
        if entry.own:
            continue
        leaf = entry.name.rpartition("/")[2]
        if _EDITABLE.search(leaf):
            yield entry.name
        elif entry.content is None and leaf.endswith(_TEXT) and entry.path.stat().st_size <= _LARGEST_BYTES:
            data = entry.path.read_bytes()
            if folder in data or (leaf.endswith(".pth") and _absolute_lines(data)):
                yield entry.name


def _absolute_lines(data: bytes) -> bool:
    return any(line.startswith(b"/") for line in data.splitlines())


def name_findings(entries: Sequence[Entry]) -> list[str]:
    """Notes about names that differ only in case, and names that are not UTF-8."""
    notes = []
    seen: dict[str, str] = {}
    for entry in entries:
        other = seen.setdefault(entry.name.casefold(), entry.name)
        if other != entry.name:
            notes.append(f"{other} and {entry.name} differ only in case: a Mac or Windows disk has only one of them")
    return notes[:_FEW]
