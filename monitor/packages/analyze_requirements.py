"""Compare the requirements that several files of a project declare."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from monitor.errors import UsageError
from monitor.packages.model_dependencies import ProjectFile, Requirements
from monitor.packages.parse_requirements import canonical, marker_holds, requirement_of

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_FEW = 3


def named(requirements: Requirements, environment: Mapping[str, str]) -> "dict[str, Requirement]":
    """The requirements that apply in an environment, by the normalized name of the distribution."""
    found = {}
    for line in requirements.lines:
        one = requirement_of(line.text)
        if one is not None and marker_holds(str(one.marker or ""), environment):
            found[canonical(one.name)] = one
    return found


def pinned(requirements: Requirements, environment: Mapping[str, str]) -> dict[str, str]:
    """The distributions that are pinned to one version, with that version."""
    found = {}
    for name, one in named(requirements, environment).items():
        specifiers = list(one.specifier)
        if len(specifiers) == 1 and specifiers[0].operator in ("==", "===") and "*" not in specifiers[0].version:
            found[name] = specifiers[0].version
    return found


def check_same(first: Requirements, second: Requirements, environment: Mapping[str, str]) -> None:
    """Check that two files of a project do not require different versions.

    Raises:
        UsageError: they do.
    """
    versions = pinned(second, environment)
    differences = [
        f"{name} {one.specifier} in {first.source}, {versions[name]} in {second.source}"
        for name, one in sorted(named(first, environment).items())
        if name in versions and not one.specifier.contains(versions[name], prereleases=True)
    ]
    if first.is_complete and second.is_complete:
        ours, theirs = named(first, environment).keys(), named(second, environment).keys()
        differences += [f"{name} only in {first.source}" for name in sorted(ours - theirs)]
        differences += [f"{name} only in {second.source}" for name in sorted(theirs - ours)]
    _refuse(first.source, second.source, differences)


def check_constraints(requirements: Requirements, environment: Mapping[str, str]) -> None:
    """Check that the pinned versions satisfy the constraints.

    Raises:
        UsageError: one does not.
    """
    versions = pinned(requirements, environment)
    for line in requirements.constraints:
        one = requirement_of(line.text)
        if one is None or not marker_holds(str(one.marker or ""), environment):
            continue
        version = versions.get(canonical(one.name))
        if version is not None and not one.specifier.contains(version, prereleases=True):
            raise UsageError(
                f"{line.origin} allows {one.name}{one.specifier}, and {requirements.source} pins {version}",
                "update one of them",
            )


def check_up_to_date(found: Requirements, project: ProjectFile, environment: Mapping[str, str]) -> None:
    """Check that a requirements or lock file has what pyproject.toml requires.

    Raises:
        UsageError: it lacks a distribution, or pins a version that pyproject.toml excludes.
    """
    there, versions = named(found, environment), pinned(found, environment)
    differences = []
    for text in project.requirements:
        one = requirement_of(text)
        if one is None or one.url or not marker_holds(str(one.marker or ""), environment):
            continue
        name = canonical(one.name)
        if name in project.overridden or any(place.location for place in project.places.get(name, ())):
            continue
        if name not in there:
            differences.append(f"{name} only in pyproject.toml")
        elif name in versions and not one.specifier.contains(versions[name], prereleases=True):
            differences.append(f"{name} {versions[name]} in {found.source}, {one.specifier} in pyproject.toml")
    _refuse(found.source, "pyproject.toml", differences)


def _refuse(first: str, second: str, differences: list[str]) -> None:
    if differences:
        more = f" and {len(differences) - _FEW} more" if len(differences) > _FEW else ""
        raise UsageError(
            f"{first} and {second} disagree: {'; '.join(differences[:_FEW])}{more}",
            f"update one of them, or choose: --requirements {first} or --requirements {second}",
        )
