"""A requirements.txt, read for what is to be taken from this environment; pip and uv read it themselves."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from monitor.errors import UsageError
from monitor.packages.parse_requirements import applies, included_file, requirement_lines, requirement_of

_DEEPEST = 10


@dataclass(frozen=True, slots=True)
class Requirements:
    """What is required by name, and the lines (`file:line: text`) that name no distribution: paths, bare URLs, `-e`."""

    named: tuple[str, ...]
    unnamed: tuple[str, ...] = ()


def requirements_of(path: Path) -> Requirements:
    """What a requirements.txt requires, with the files that it includes by `-r`.

    Options (`-c`, `--hash`, `--index-url`, …) require nothing.

    Raises:
        UsageError: a file cannot be read, or includes itself.
    """
    named: list[str] = []
    unnamed: list[str] = []
    for where, line in _lines(path, 0):
        if (requirement := requirement_of(line)) is not None:
            named.append(str(requirement))
        elif line.startswith(("-e", "--editable")) or not line.startswith("-"):
            unnamed.append(f"{where}: {line}")
    return Requirements(tuple(named), tuple(unnamed))


def _lines(path: Path, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _DEEPEST:
        raise UsageError(f"{path} is included by itself", "look at its -r lines")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "give a folder with a requirements.txt") from error
    for number, line in requirement_lines(text):
        included = included_file(line)
        if included is not None:
            yield from _lines(path.parent / included, depth + 1)
        else:
            yield f"{path.name}:{number}", line


def version_mismatches(requirements: Iterable[str]) -> list[str]:
    """A line for each distribution that is installed here in another version than is required."""
    found = []
    for line in requirements:
        requirement = requirement_of(line)
        if requirement is None or not applies(requirement):
            continue
        try:
            here = version(requirement.name)
        except PackageNotFoundError:
            continue
        if not requirement.specifier.contains(here, prereleases=True):
            found.append(f"{requirement.name} {here} is installed here, and {requirement.specifier} is required")
    return found


def installed_requirements(path: Path) -> tuple[str, ...]:
    """What `path` requires, where all of it can be taken from this environment; nothing where there is no such file.

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
