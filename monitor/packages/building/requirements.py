"""A requirements.txt, read for what is to be taken from this environment; pip and uv read it themselves."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from monitor.errors import UsageError

_DEEPEST = 10


@dataclass(frozen=True, slots=True)
class Requirements:
    """What is required by name, and the lines (`file:line: text`) that name no distribution: paths, bare URLs, `-e`."""

    named: tuple[str, ...]
    unnamed: tuple[str, ...] = ()


def requirements_of(path: Path) -> Requirements:
    """What a requirements.txt asks for, the files that it includes by `-r` among it.

    Options (`-c`, `--hash`, `--index-url`, …) ask for nothing.

    Raises:
        UsageError: a file cannot be read, or includes itself.
    """
    named: list[str] = []
    unnamed: list[str] = []
    for where, line in _lines(path, 0):
        if line.startswith(("-e", "--editable")):
            unnamed.append(f"{where}: {line}")
        elif not line.startswith("-"):
            requirement = line.partition(" --")[0].strip()
            (named if _is_named(requirement) else unnamed).append(
                requirement if _is_named(requirement) else f"{where}: {line}"
            )
    return Requirements(tuple(named), tuple(unnamed))


def _lines(path: Path, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _DEEPEST:
        raise UsageError(f"{path} is included by itself", "look at its -r lines")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "give a folder with a requirements.txt") from error
    joined = ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line.startswith("#"):
            continue
        joined += line.partition(" #")[0].strip()
        if joined.endswith("\\"):
            joined = joined[:-1] + " "
            continue
        line, joined = joined.strip(), ""
        option, _, value = line.replace("=", " ", 1).partition(" ") if line.startswith("--") else line.partition(" ")
        if option in ("-r", "--requirement") or (line.startswith("-r") and len(option) > 2):
            yield from _lines(path.parent / (value.strip() or option[2:]), depth + 1)
        elif line:
            yield f"{path.name}:{number}", line


def _is_named(line: str) -> bool:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        Requirement(line)
    except InvalidRequirement:
        return False
    return True


def other_versions(requirements: Iterable[str]) -> list[str]:
    """Where what is installed here is another version than what is asked for, in a line each."""
    from packaging.requirements import Requirement

    found = []
    for line in requirements:
        requirement = Requirement(line)
        try:
            here = version(requirement.name)
        except PackageNotFoundError:
            continue
        if not requirement.specifier.contains(here, prereleases=True):
            found.append(f"{requirement.name} {here} is installed here, and {requirement.specifier} is asked for")
    return found


def from_here(path: Path) -> tuple[str, ...]:
    """What `path` (None of it, if there is no such file) asks for, where all of it can be taken from this environment.

    Raises:
        UsageError: a line names no distribution.
    """
    if not path.is_file():
        return ()
    found = requirements_of(path)
    if found.unnamed:
        raise UsageError(
            f"{found.unnamed[0]}: what is installed here cannot be found by it",
            "name the distribution, or build the package: monitor package build --installer pip",
        )
    return found.named
