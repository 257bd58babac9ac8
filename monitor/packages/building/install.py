"""Install what a project requires into a folder, for Lambda's Python, platform and markers."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.console.temporary import temporary_folder
from monitor.errors import UsageError
from monitor.packages.analyze_requirements import check_constraints
from monitor.packages.building.indexes import pip_indexes
from monitor.packages.building.installers import BEST_OF_ALL, InstallerOutputError, Tool, find_tool, run_install
from monitor.packages.building.sources import index_lines, requirement_line, wheel_from_index, wheel_of
from monitor.packages.inspect.distributions import Metadata, metadata_folders
from monitor.packages.inspect.metadata import record_paths
from monitor.packages.inspect.platforms import full_version
from monitor.packages.model import SDK, PackageFile
from monitor.packages.model_dependencies import BuildTarget, RequiredLine, Requirements, SourceRequirement
from monitor.packages.parse_installer import unread_index, without_fitting_wheels, without_wheels
from monitor.packages.parse_requirements import canonical, marker_holds, requirement_of, target_environment

if TYPE_CHECKING:
    from packaging.requirements import Requirement

# A project does not need more builds than this; each one is a further run of the installer.
_MOST_BUILDS = 30


@dataclass(frozen=True, slots=True)
class InstallOptions:
    """`installer` is auto, uv or pip; `allow_build` lets build code of others run; `say` tells the user about it."""

    installer: str = "auto"
    allow_build: bool = True
    say: Callable[[str], None] = field(default=lambda _text: None)


def install(
    requirements: Requirements, extra: Sequence[str], into: Path, target: BuildTarget, options: InstallOptions
) -> tuple[str, frozenset[str]]:
    """Install the requirements and the distributions `extra`.

    Return the tool (`uv 0.9`, or `nothing to install`) and the distributions that the requirements brought.
    Distributions in `extra` never change the version of one that the requirements pin.

    Raises:
        UsageError: no installer is there, or it refused; the message is its own reason.
    """
    if not requirements and not extra:
        return "nothing to install", frozenset()
    tool = find_tool(options.installer)
    with temporary_folder() as work:
        if requirements:
            _install(requirements, into, target, tool, options, work)
        own = frozenset(one.name for one in _installed(into))
        if extra:
            _install_extra(extra, requirements, into, target, tool, work)
    return (f"{requirements.reader} and {tool.name}" if requirements.reader else tool.name), own


def _install(
    requirements: Requirements, into: Path, target: BuildTarget, tool: Tool, options: InstallOptions, work: Path
) -> None:
    environment = target_environment(full_version(target.python), target.architecture)
    if requirements.has_hashes:
        # Every version is pinned, so that a constraint can only contradict; uv refuses one without a hash.
        check_constraints(requirements, environment)
        hashed = tuple(one for one in requirements.constraints if one.hashes)
        requirements = replace(requirements, constraints=hashed)
    wheels = _wheels(requirements, environment, tool, target, options, work)
    lines = [*requirements.lines, *(_hashed_as(requirements, one) for one in wheels)]
    from_source: list[str] = []
    links: list[Path] = []
    for _ in range(_MOST_BUILDS):
        listed = _write(requirements, lines, links, work)
        arguments = ["-r", str(listed), *_of_one_index(lines, tool, work)]
        arguments += ["--no-deps"] if requirements.is_complete else []
        arguments += ["--require-hashes"] if requirements.has_hashes else []
        if requirements.prereleases:
            arguments += ["--prerelease=allow"] if tool.uv else ["--pre"]
        if tool.uv and requirements.files and requirements.indexes.extra and not pip_indexes().extra:
            # pip takes the best version of all indexes that a requirements file names.
            arguments += BEST_OF_ALL
        try:
            run_install(tool, arguments, into, target, from_source=from_source)
        except UsageError as error:
            output = str(error.__cause__) if isinstance(error.__cause__, InstallerOutputError) else ""
            without = [name for name in without_wheels(output) if name not in from_source]
            missing = [*without, *(name for name in without_fitting_wheels(output) if name not in from_source)]
            if unread_index(output):
                raise
            if not missing or not options.allow_build:
                raise _with_names(error, without) from error.__cause__
            try:
                _build_missing(missing, lines, links, from_source, requirements, tool, target, options, work)
            except UsageError as failed:
                # pip says the same of a version that does not exist and of one without a wheel.
                if "from versions: " in str(failed.__cause__):
                    raise error from error.__cause__
                raise
        else:
            if from_source and tool.uv:
                _check_pure(into, from_source)
            return
    raise UsageError(f"more than {_MOST_BUILDS} distributions have no wheel", "install them in a container")


def _wheels(
    requirements: Requirements,
    environment: Mapping[str, str],
    tool: Tool,
    target: BuildTarget,
    options: InstallOptions,
    work: Path,
) -> Iterator[RequiredLine]:
    """The wheels of what does not come from an index, and of what these require by a path or URL."""
    once: dict[str, SourceRequirement] = {}
    for one in requirements.sources:
        if marker_holds(one.marker, environment):
            known = once.setdefault(one.location, one)
            once[one.location] = replace(known, extras=tuple(dict.fromkeys((*known.extras, *one.extras))))
    # What the project names itself comes from there.
    named = {*map(_name, requirements.lines)}
    waiting = [*once.values()]
    further: dict[str, SourceRequirement] = {}
    while waiting:
        for source in waiting:
            wheel, nested = wheel_of(source, tool, target, work, allow_build=options.allow_build, say=options.say)
            named.add(_name(wheel))
            further |= {
                name: one for name, one in nested.items() if marker_holds(one.marker, environment, source.extras)
            }
            yield wheel
        # A lock file has them, too.
        waiting = [] if requirements.is_complete else [one for name, one in further.items() if name not in named]
        further = {}


def _hashed_as(requirements: Requirements, wheel: RequiredLine) -> RequiredLine:
    """A wheel, with its hash only where the requirements have some: one makes pip demand a hash for every one."""
    return wheel if requirements.has_hashes else replace(wheel, hashes=())


def _of_one_index(lines: Sequence[RequiredLine], tool: Tool, work: Path) -> list[str]:
    """The arguments that install the requirements which come from one index only, as uv reads them in a project."""
    bound = [line for line in lines if line.index]
    if not bound:
        return []
    if not tool.uv:
        check_indexes(lines)
    indexes = {url: f"index-{number}" for number, url in enumerate(dict.fromkeys(line.index for line in bound))}
    quoted = json.dumps
    text = ["[project]", 'name = "requirements"', 'version = "1"']
    text += [f"dependencies = {quoted([line.text for line in bound])}", "[tool.uv.sources]"]
    text += [f"{quoted(_name(line))} = {{index = {quoted(indexes[line.index])}}}" for line in bound]
    for url, name in indexes.items():
        text += ["[[tool.uv.index]]", f"name = {quoted(name)}", f"url = {quoted(url)}", "explicit = true"]
    project = work / "pyproject.toml"
    project.write_text("\n".join(text) + "\n", encoding="utf-8")
    return ["-r", str(project)]


def check_indexes(lines: Sequence[RequiredLine]) -> None:
    """Refuse requirements that come from one index only, which pip cannot install.

    Raises:
        UsageError: there is one.
    """
    if bound := next((line for line in lines if line.index), None):
        raise UsageError(
            f"{bound.origin}: {_name(bound)} comes from one index only, and pip takes a distribution from any of them",
            "install uv, or lock the project, which adds hashes",
        )


def _with_names(error: UsageError, missing: Sequence[str]) -> UsageError:
    if not missing:
        return error
    named = ", ".join(missing)
    return UsageError(
        f"{error.message} ({named}: no wheel, and --no-build-code forbids a build)",
        "remove --no-build-code, or use a version that has a wheel",
    )


def _build_missing(
    missing: Sequence[str],
    lines: list[RequiredLine],
    links: list[Path],
    from_source: list[str],
    requirements: Requirements,
    tool: Tool,
    target: BuildTarget,
    options: InstallOptions,
    work: Path,
) -> None:
    for name in missing:
        options.say(f"no wheel of {name} was found: a build of its source distribution runs code without your secrets")
        from_source.append(name)
        if tool.uv:
            continue
        required = requirement_of(name)
        known = canonical(required.name) if required else name
        at = next((index for index, line in enumerate(lines) if _name(line) == known), None)
        line = lines[at] if at is not None else RequiredLine(name)
        wheel = _hashed_as(requirements, wheel_from_index(line, requirements.indexes, tool, target, work))
        if at is not None:
            lines[at] = wheel
        else:
            links.append(Path(wheel.text.partition("file://")[2]).parent)


def _name(line: RequiredLine) -> str:
    found = requirement_of(line.text)
    return canonical(found.name) if found else ""


def _write(requirements: Requirements, lines: Sequence[RequiredLine], links: Sequence[Path], work: Path) -> Path:
    """The requirements in one file, with absolute paths and in UTF-8, which both installers read alike."""
    limits = None
    if requirements.constraints:
        limits = work / "constraints.txt"
        limits.write_text("\n".join(map(requirement_line, requirements.constraints)) + "\n", encoding="utf-8")
    only = replace(requirements, lines=tuple(lines))
    written = [*([f"-c {limits}"] if limits else []), *(f"--find-links {link}" for link in links)]
    listed = work / "requirements.txt"
    listed.write_text("\n".join([*written, *requirements_text(only)]) + "\n", encoding="utf-8")
    return listed


def requirements_text(requirements: Requirements, further: Sequence[str] = ()) -> list[str]:
    """The lines of a requirements file with the indexes and requirements of any index; `further` are lines to add."""
    return [
        *index_lines(requirements.indexes),
        *(requirement_line(line) for line in requirements.lines if not line.index),
        *further,
    ]


def _install_extra(
    extra: Sequence[str], requirements: Requirements, into: Path, target: BuildTarget, tool: Tool, work: Path
) -> None:
    """Add distributions beside the installed ones, whose versions stay as they are, without the SDK that they require.

    The runtime has the SDK. With it, a project whose versions no botocore accepts (python-dateutil 4) has no solution,
    and pip tries every botocore before it says so.
    """
    beside = work / "extra"
    beside.mkdir()
    there = {one.name: one.version for one in _installed(into)}
    limits = work / "installed.txt"
    limits.write_text("".join(f"{name}=={version}\n" for name, version in there.items() if version), encoding="utf-8")
    only_indexes = Requirements(indexes=requirements.indexes)
    listed = _write(only_indexes, [RequiredLine(name) for name in extra], (), beside)
    try:
        run_install(tool, ["-r", str(listed), "-c", str(limits), "--no-deps"], beside / "installed", target)
        _check_versions(beside / "installed", there, target)
        if further := _needed(beside / "installed", there, target):
            listed = _write(only_indexes, [RequiredLine(text) for text in further], (), beside)
            run_install(tool, ["-r", str(listed), "-c", str(limits)], beside / "further", target)
    except UsageError as error:
        raise UsageError(
            f"{' and '.join(extra)} cannot be added to the project's versions: {error.message}",
            "allow these versions in the requirements, or build without --instrument",
        ) from error.__cause__
    for source in (beside / "installed", beside / "further"):
        for one in _installed(source):
            if one.name not in there:
                _move(one.folder, source, into)


def _check_versions(folder: Path, there: Mapping[str, str | None], target: BuildTarget) -> None:
    """Refuse distributions in a folder that require other versions than those in `there`.

    Raises:
        UsageError: one does.
    """
    for one, required in _required(folder, target):
        version = there.get(canonical(required.name))
        if (
            version
            and canonical(required.name) not in SDK
            and not required.specifier.contains(version, prereleases=True)
        ):
            needs = f"{required.name}{required.specifier}"
            raise UsageError(f"{one.name} {one.version} requires {needs}, and the project has {version}")


def _needed(folder: Path, there: Collection[str], target: BuildTarget) -> list[str]:
    """What the distributions in a folder require and is neither there nor in `there`, without the SDK."""
    added = metadata.distributions(path=[str(folder)])
    known = {canonical(one.name) for one in added} | SDK | set(there)
    found = (required for _, required in _required(folder, target) if canonical(required.name) not in known)
    return list(dict.fromkeys(str(required).partition(";")[0].strip() for required in found))


def _required(folder: Path, target: BuildTarget) -> "Iterator[tuple[metadata.Distribution, Requirement]]":
    """Each requirement of the distributions in a folder that applies to the target."""
    environment = target_environment(full_version(target.python), target.architecture)
    for one in metadata.distributions(path=[str(folder)]):
        for text in one.requires or ():
            required = requirement_of(text)
            if required is not None and marker_holds(str(required.marker or ""), environment):
                yield one, required


def _installed(folder: Path) -> list[Metadata]:
    files = [PackageFile(path.relative_to(folder).as_posix(), 0, 0) for path in folder.glob("*.dist-info/*")]
    return list(metadata_folders(files, ()).values())


def _move(info: str, source: Path, into: Path) -> None:
    """Move the files that the RECORD of a distribution lists."""
    record = (source / info / "RECORD").read_text(encoding="utf-8")
    for name in record_paths(record, ""):
        path, goal = source / name, into / name
        if path.is_file() and not goal.exists():
            goal.parent.mkdir(parents=True, exist_ok=True)
            path.rename(goal)


def _check_pure(folder: Path, names: Sequence[str]) -> None:
    wanted = {canonical(name) for name in names}
    for one in _installed(folder):
        wheel = folder / one.folder / "WHEEL"
        if one.name in wanted and wheel.is_file() and "-none-any" not in wheel.read_text(encoding="utf-8"):
            raise UsageError(
                f"{one.name} {one.version} has no wheel for this target, and is not pure Python",
                "use a version with a wheel for Lambda's Linux, or build it in a container and name the wheel",
            )
