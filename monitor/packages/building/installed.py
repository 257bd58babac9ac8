"""The files of the distributions that are installed in this environment, and of monitor's runtime."""

import shlex
from collections.abc import Collection, Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import monitor
from monitor.errors import UsageError
from monitor.packages.building.entry import Entry
from monitor.packages.model_dependencies import Requirements
from monitor.packages.parse_requirements import applies, canonical, requirement_of

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_LEFT_OUT = {"__pycache__", "RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}


def distribution_entries(
    requirements: Iterable[str], *, with_record: bool = False, without: Collection[str] = ()
) -> Iterator[Entry]:
    """The files of the required distributions and their dependencies, as installed in this environment.

    Bytecode, console scripts and the distributions `without` are left out. Metadata is included, because
    importlib.metadata needs it; RECORD only with `with_record`.

    Raises:
        UsageError: a distribution is not installed in this environment.
    """
    left_out = _LEFT_OUT - {"RECORD"} if with_record else _LEFT_OUT
    for found in closure(requirements):
        if canonical(found.metadata["Name"]) in without:
            continue
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


def runtime_entries() -> Iterator[Entry]:
    """The files of monitor's entry point: `monitor/__init__.py` and `monitor/runtime/`."""
    package = Path(monitor.__file__).resolve().parent
    yield Entry("monitor/__init__.py", package / "__init__.py")
    for path in sorted((package / "runtime").rglob("*.py")):
        yield Entry(f"monitor/{path.relative_to(package).as_posix()}", path)


def installed_requirements(requirements: Requirements) -> tuple[str, ...]:
    """The requirements, if all of them can be found in this environment.

    Raises:
        UsageError: one names a path or a URL.
    """
    if requirements.sources:
        one = requirements.sources[0]
        raise UsageError(
            f"{one.origin}: {one.location} cannot be looked up in this environment", "use --installer auto"
        )
    return tuple(line.text for line in requirements.lines)


def version_mismatches(requirements: Iterable[str]) -> list[str]:
    """A note for each distribution whose installed version differs from the required one."""
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
