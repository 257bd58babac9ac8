"""Check a package before it is written."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from monitor.errors import CheckFailedError
from monitor.packages.analyze_dependencies import contradictions
from monitor.packages.building.dependencies import Dependencies, wanted_by
from monitor.packages.building.entry import Entry
from monitor.packages.building.recipe import Recipe
from monitor.packages.inspect.platforms import full_version
from monitor.packages.parse_requirements import version_fits

_FEW = 5
_TEXT = (".py", ".pth", ".txt", ".json", ".cfg", ".ini", ".toml", ".sh", ".egg-link")
_LARGEST_BYTES = 1 << 20
_EDITABLE = re.compile(r"__editable__|^__editable___.*_finder\.py$|\.egg-link$")


def check_dependencies(dependencies: Dependencies, recipe: Recipe, provided: Collection[str]) -> list[str]:
    """Compare the installed distributions, and the Python, with what is required; return contradictions as notes.

    Raises:
        CheckFailedError: there are contradictions, and `recipe.check` is True.
    """
    unsupported = _unsupported(dependencies.requirements.python, recipe.python)
    if unsupported and recipe.check:
        raise CheckFailedError(unsupported, "give another --python, or build with --no-check")
    found = list(contradictions(dependencies.found, wanted_by(dependencies, recipe), provided))
    if found and recipe.check:
        more = f"; and {len(found) - _FEW} more" if len(found) > _FEW else ""
        raise CheckFailedError(
            f"the dependencies contradict each other: {'; '.join(found[:_FEW])}{more}",
            "change the requirements, or build with --no-check",
        )
    return [*([unsupported] if unsupported else []), *found]


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
