"""Where the dependencies of a project come from: an index, a path, a repository, or a member of its workspace."""

import re
import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from monitor.errors import UsageError
from monitor.kernel.encodings import decode_text
from monitor.packages.model_dependencies import Place, ProjectFile, RequiredLine, Requirements, SourceRequirement
from monitor.packages.parse_pyproject import parse_pyproject, workspace_members
from monitor.packages.parse_requirements import canonical, marker_holds, requirement_of

_HATCH_ROOT = re.compile(r"\{root((?::parent)*):uri\}")


def read_text(path: Path) -> str:
    """The text of a file that declares dependencies.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return decode_text(path.read_bytes(), "replace")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "check --requirements") from error


def located(one: SourceRequirement, folder: Path) -> SourceRequirement:
    """With the path in `location` resolved against the folder of the file that names it.

    PDM writes that folder as `${PROJECT_ROOT}`, Hatch as `{root:uri}`.
    """
    location, sharp, fragment = one.location.replace("${PROJECT_ROOT}", folder.resolve().as_posix()).partition("#")
    location = _HATCH_ROOT.sub(lambda match: _above(folder, match[1].count(":parent")).as_uri(), location)
    if location.startswith("file:"):
        location = re.sub(r"^//+", "/", unquote(urlsplit(location).path))
    elif "://" in location or location.startswith("git+"):
        return one
    return replace(one, location=f"{(folder / location).resolve()}{sharp}{fragment}")


def _above(folder: Path, levels: int) -> Path:
    return Path(folder.resolve(), *[".."] * levels).resolve()


def requirements_of(
    project: ProjectFile, source: str, folder: Path, environment: Mapping[str, str]
) -> tuple[list[RequiredLine], list[SourceRequirement]]:
    """What a project in `folder` requires: from indexes, and from other places.

    Raises:
        UsageError: a requirement cannot be read, or a member of the workspace is missing.
    """
    lines: list[RequiredLine] = []
    sources: list[SourceRequirement] = []
    for text in project.requirements:
        requirement = requirement_of(text)
        if requirement is None:
            raise UsageError(f"{source}: {text!r} is not a requirement", "write it as PEP 508 does")
        places = project.places.get(canonical(requirement.name), ())
        place = next((one for one in places if marker_holds(one.marker, environment)), Place())
        location = place.location or requirement.url
        if location is None:
            # No other index has to be excluded.
            index = place.index if place.index != project.indexes.default or project.indexes.extra else ""
            lines.append(RequiredLine(text, origin=source, index=index))
            continue
        is_member = location.startswith("workspace:")
        path = _workspace_member(location.removeprefix("workspace:"), folder) if is_member else location
        marker = str(requirement.marker) if requirement.marker else ""
        one = SourceRequirement(path, tuple(sorted(requirement.extras)), marker, origin=source)
        sources.append(located(one, folder))
    return lines, sources


def in_workspace(project: ProjectFile, folder: Path) -> ProjectFile:
    """A member of uv's workspace with what it takes over from the root: places, constraints and indexes."""
    root = workspace_root(folder)
    if root is None or root == folder.resolve():
        return project
    above = parse_pyproject(read_text(root / "pyproject.toml"))
    places = {
        name: tuple(replace(one, location=_from_root(one.location, root)) for one in found)
        for name, found in above.places.items()
    }
    return replace(
        project,
        places={**places, **project.places},
        constraints=above.constraints,
        overridden=above.overridden,
        indexes=project.indexes.joined(above.indexes),
    )


def _from_root(location: str, root: Path) -> str:
    if not location or location.startswith("workspace:"):
        return location
    return located(SourceRequirement(location), root).location


def with_nested(found: Requirements, environment: Mapping[str, str]) -> Requirements:
    """Add the dependencies of local projects for which their own pyproject.toml names a place, as uv does.

    The metadata of a built project has only the names of the dependencies that `[tool.uv.sources]` places.
    """
    lines, sources = [*found.lines], [*found.sources]
    known = {canonical(one.name) for line in found.lines if (one := requirement_of(line.text))}
    at = 0
    while at < len(sources):
        here = sources[at]
        at += 1
        folder = Path(here.location)
        if "://" in here.location or not (folder / "pyproject.toml").is_file():
            continue
        project = in_workspace(_project(folder, here.extras), folder)
        placed = tuple(text for text in project.requirements if _is_placed(text, project, known))
        known |= {canonical(one.name) for text in placed if (one := requirement_of(text))}
        further, local = requirements_of(replace(project, requirements=placed), here.origin, folder, environment)
        lines += further
        named = {one.location for one in sources}
        sources += [one for one in local if one.location not in named and marker_holds(one.marker, environment)]
    return replace(found, lines=tuple(lines), sources=tuple(sources))


def _project(folder: Path, extras: tuple[str, ...]) -> ProjectFile:
    text = read_text(folder / "pyproject.toml")
    try:
        return parse_pyproject(text, extras)
    except UsageError:
        # Its build may know the extra.
        return parse_pyproject(text)


def _is_placed(text: str, project: ProjectFile, known: set[str]) -> bool:
    requirement = requirement_of(text)
    if requirement is None or requirement.url:
        return False
    name = canonical(requirement.name)
    return name in project.places and name not in known


def _workspace_member(name: str, folder: Path) -> str:
    root = workspace_root(folder)
    for member in _members(root) if root else ():
        if canonical(parse_pyproject(read_text(member / "pyproject.toml")).name) == canonical(name):
            return str(member)
    raise UsageError(f"pyproject.toml: {name} is not a member of the workspace", "check [tool.uv.workspace]")


def workspace_root(folder: Path) -> Path | None:
    """The root of the uv workspace that a project belongs to, which may be a folder above it.

    What everybody can write, such as /tmp, is never one.
    """
    here = folder.resolve()
    for root in (here, *here.parents):
        if root.stat().st_mode & stat.S_IWOTH:
            return None
        if (root / "pyproject.toml").is_file() and here in _members(root):
            return root
    return None


def _members(root: Path) -> list[Path]:
    """The projects of the workspace whose root is a folder, that folder first; none if it is not a root."""
    patterns = workspace_members(read_text(root / "pyproject.toml"))
    if patterns is None:
        return []
    found = (path.parent for pattern in patterns for path in sorted(root.glob(f"{pattern}/pyproject.toml")))
    return [root, *(path.resolve() for path in found)]
