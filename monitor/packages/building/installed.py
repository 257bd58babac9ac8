"""The files of a project and of the distributions that are installed in this environment."""

import os
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import monitor
from monitor.errors import UsageError
from monitor.packages.parse_requirements import applies, canonical, requirement_of

if TYPE_CHECKING:
    from packaging.requirements import Requirement

# Files of development tools. A line `!name/` in .lambdaignore includes one.
TOOLS = (
    ".mypy_cache/",
    ".ruff_cache/",
    ".pytest_cache/",
    ".hypothesis/",
    ".tox/",
    ".nox/",
    ".idea/",
    ".vscode/",
    ".DS_Store",
)
_NEVER = ("__pycache__/", "*.pyc", ".git/", ".venv/", ".lambdaignore")
_LEFT_OUT = {"__pycache__", "RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the package: its name in the zip and its path on disk; `content` replaces what the file contains.

    `own` marks files of the application: their bytecode is checked against the source, which the console can edit.
    """

    name: str
    path: Path
    content: bytes | None = None
    own: bool = False


def distribution_entries(requirements: Iterable[str], *, with_record: bool = False) -> Iterator[Entry]:
    """The files of the required distributions and their dependencies, as installed in this environment.

    Bytecode and console scripts are left out. Metadata is included, because importlib.metadata needs it; RECORD only
    with `with_record`.

    Raises:
        UsageError: a distribution is not installed in this environment.
    """
    left_out = _LEFT_OUT - {"RECORD"} if with_record else _LEFT_OUT
    for found in closure(requirements):
        for file in found.files or ():
            parts = PurePosixPath(file).parts
            if ".." in parts or left_out.intersection(parts):
                continue
            path = Path(str(found.locate_file(file)))
            if path.is_file():
                yield Entry(PurePosixPath(file).as_posix(), path)


def closure(requirements: Iterable[str]) -> list[Distribution]:
    """The required distributions and their dependencies, sorted by name.

    Raises:
        UsageError: one is not installed in this environment.
    """
    found: dict[str, Distribution] = {}
    extras: dict[str, set[str]] = {}
    waiting = [one for line in requirements if (one := requirement_of(line)) is not None and applies(one)]
    while waiting:
        requirement = waiting.pop()
        name = canonical(requirement.name)
        # "" means: required without an extra.
        new = {"", *requirement.extras} - extras.setdefault(name, set())
        if not new:
            continue
        extras[name] |= new
        if name not in found:
            found[name] = _installed(name, requirement)
        inner = (requirement_of(line) for line in found[name].requires or ())
        waiting += [one for one in inner if one is not None and applies(one, new)]
    return [found[name] for name in sorted(found)]


def _installed(name: str, requirement: "Requirement") -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise UsageError(
            f"{name} is required but not installed in this environment",
            f"install it first: pip install {shlex.quote(str(requirement))}",
        ) from None


def project_entries(folder: Path) -> Iterator[Entry]:
    """The project's own files, without what its .lambdaignore names (gitignore's rules).

    Bytecode, `.git`, virtual environments and the caches of tools are left out too.
    """
    from pathspec import GitIgnoreSpec

    ignore = folder / ".lambdaignore"
    lines = ignore.read_text(encoding="utf-8").splitlines() if ignore.is_file() else []
    spec = GitIgnoreSpec.from_lines([*TOOLS, *lines, *_NEVER])
    for root, folders, files in os.walk(folder):
        here = Path(root)
        folders[:] = sorted(
            one
            for one in folders
            if not spec.match_file(f"{(here / one).relative_to(folder)}/") and not (here / one / "pyvenv.cfg").is_file()
        )
        for file in sorted(files):
            name = (here / file).relative_to(folder).as_posix()
            if not spec.match_file(name) and (here / file).is_file():
                yield Entry(name, here / file, own=True)


def runtime_entries() -> Iterator[Entry]:
    """The files of monitor's entry point: `monitor/__init__.py` and `monitor/runtime/`."""
    package = Path(monitor.__file__).resolve().parent
    yield Entry("monitor/__init__.py", package / "__init__.py")
    for path in sorted((package / "runtime").rglob("*.py")):
        yield Entry(f"monitor/{path.relative_to(package).as_posix()}", path)
