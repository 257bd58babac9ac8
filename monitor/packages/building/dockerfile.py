"""A Dockerfile for the same function, based on AWS's image of its Python version."""

import json
import os
import re
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from monitor.errors import UsageError
from monitor.packages.building.declared import Choice, declared
from monitor.packages.building.entry import Entry
from monitor.packages.building.install import check_indexes, requirements_text
from monitor.packages.building.installers import find_uv
from monitor.packages.building.project_files import project_entries
from monitor.packages.building.sources import address_of, requirement_line
from monitor.packages.inspect.platforms import full_version
from monitor.packages.model import UNZIPPED_LIMIT_BYTES, ZIPPED_LIMIT_BYTES, PackageReport
from monitor.packages.model_dependencies import BuildTarget, Requirements, SourceRequirement
from monitor.packages.parse_dockerignore import parse_dockerignore
from monitor.packages.parse_ignore import DATABASES, NEVER, SECRETS, TOOLS
from monitor.packages.parse_installer import without_credentials
from monitor.packages.parse_requirements import decode, marker_holds, target_environment

_PLACE = "/tmp/requirements"  # noqa: S108 - a folder of the image
_WHEELS_ONLY = "# Wheels only: the base image has no compiler, and a wheel is the same every time."
_TEMPLATE = """\
# syntax=docker/dockerfile:1
# Written by `monitor package dockerfile`. Build it for the architecture of the function:
#   docker build --platform linux/{docker_architecture} --provenance=false -t {tag} .

FROM public.ecr.aws/lambda/python:{python} AS build
WORKDIR {place}
{requirements}
{copies}
# An image is never edited in place: bytecode that is not compared with its source loads fastest (PEP 552).
RUN python -m compileall -q --invalidation-mode unchecked-hash -s /build -p /var/task /build

FROM public.ecr.aws/lambda/python:{python}
COPY --from=build /build ${{LAMBDA_TASK_ROOT}}
CMD {command}
"""


def dockerfile(folder: Path, *, python: str, architecture: str, handler: str, choice: Choice | None = None) -> str:
    """The text of the Dockerfile; files that .lambdaignore names are not copied.

    Raises:
        UsageError: there is no project in `folder`, or the image cannot contain what it requires.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        raise UsageError(f"{folder} contains no project", "give the folder of the function's project")
    build_target = BuildTarget(python, architecture)
    requirements = declared(folder, build_target, choice or Choice(), find_uv())
    lines = _installation(folder, requirements, build_target)
    entries = list(project_entries(folder))
    _check_links(entries, folder)
    names = sorted({entry.name.partition("/")[0] for entry in entries})
    copies = []
    for name in names:
        if name in ("Dockerfile", "Dockerfile.lambda") or (folder / name) in requirements.files:
            continue
        target = f"/build/{name}/" if (folder / name).is_dir() else "/build/"
        copies.append(copy_instruction(f"{name}/" if (folder / name).is_dir() else name, target))
    return _TEMPLATE.format(
        tag=re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "function",
        python=python,
        docker_architecture="arm64" if architecture == "arm64" else "amd64",
        place=_PLACE,
        requirements="\n".join(lines),
        copies="\n".join(copies),
        command=json.dumps([handler]),
    )


def _check_links(entries: Sequence[Entry], folder: Path) -> None:
    here = folder.resolve()
    for entry in entries:
        target = entry.path.resolve()
        if not target.is_relative_to(here):
            raise UsageError(
                f"{entry.name} is a link to {target}, outside {folder}, and COPY cannot reach it",
                "copy it into the folder, or leave it out in .lambdaignore",
            )


def copy_instruction(source: str, target: str) -> str:
    """The COPY instruction of one path, whatever characters its name has.

    Docker reads both names in steps: JSON, then quotes, `$` and backslashes, then the source as a pattern.
    Source: Dockerfile reference, "COPY" and "Environment replacement".

    Raises:
        UsageError: the name cannot be written in a Dockerfile.
    """
    return "COPY " + json.dumps([_word(re.sub(r"[*?\[]", r"[\g<0>]", _one_line(source))), _word(_one_line(target))])


def _word(text: str) -> str:
    """With a backslash before each character that means something in a word of an instruction."""
    return re.sub(r"[$\"'\\]", r"\\\g<0>", text)


def _one_line(text: str) -> str:
    """The text, if nothing in it can begin a new instruction.

    Raises:
        UsageError: it has control characters, or a backslash, which Docker takes for a slash on some systems.
    """
    if not text.isprintable() or "\\" in text:
        raise UsageError(f"{text!r} cannot be written in a Dockerfile", "rename it, or leave it out in .lambdaignore")
    return text


def _installation(folder: Path, requirements: Requirements, target: BuildTarget) -> list[str]:
    """The instructions that install the requirements in the image."""
    if not requirements:
        return [f"RUN touch {_PLACE}/requirements.txt", _WHEELS_ONLY, _pip("requirements.txt")]
    if requirements.files and not requirements.sources:
        names = [_inside(path, folder) for path in requirements.files]
        return [*(copy_instruction(name, f"{_PLACE}/{name}") for name in names), _WHEELS_ONLY, _pip(names[0])]
    check_indexes(requirements.lines)
    copies, places = _projects(folder, requirements, target)
    lines = requirements_text(requirements, () if requirements.has_hashes else places)
    if requirements.constraints:
        copies += _written("constraints.txt", map(requirement_line, requirements.constraints))
        lines.insert(0, f"-c {_PLACE}/constraints.txt")
    copies += _written("requirements.txt", lines)
    if not requirements.has_hashes or not places:
        return [*copies, _WHEELS_ONLY, _pip("requirements.txt")]
    # pip takes no folder beside hashes.
    copies += _written("projects.txt", places)
    return [*copies, _WHEELS_ONLY, _pip("requirements.txt"), _pip("projects.txt", "--no-deps")]


def _pip(listed: str, *options: str) -> str:
    command = ["pip", "install", "--no-cache-dir", "--no-compile", "--only-binary=:all:", *options]
    return f"RUN {shlex.join([*command, '--target', '/build', '-r', listed])}"


def _written(name: str, lines: Iterable[str]) -> list[str]:
    """The instruction that writes a file of requirements into the image."""
    # An image is shared: it must not contain the credentials of an index.
    text = [_one_line(without_credentials(line)) for line in lines]
    end = "REQUIREMENTS"
    while end in text:
        end += "_"
    return [f"COPY <<'{end}' {_PLACE}/{name}", *text, end]


def _projects(folder: Path, requirements: Requirements, target: BuildTarget) -> tuple[list[str], list[str]]:
    """The instructions that copy local projects and archives into the image, and the requirements that name them."""
    copies, places = [], []
    for index, (source, path) in enumerate(_local_sources(requirements, target)):
        name = _inside(path, folder)
        suffix = "" if path.is_dir() else f"/{Path(name).name}"
        copies.append(copy_instruction(f"{name}/" if path.is_dir() else name, f"{_PLACE}/{index}{suffix or '/'}"))
        extras = f"[{','.join(source.extras)}]" if source.extras else ""
        below = address_of(source.location)[1].get("subdirectory")
        place = f"{_PLACE}/{index}{suffix}"
        places.append(f"file://{place}#subdirectory={below}" if below else f"{place}{extras}")
    return copies, places


def _local_sources(requirements: Requirements, target: BuildTarget) -> Iterator[tuple[SourceRequirement, Path]]:
    """The local projects and archives that apply to the target.

    Raises:
        UsageError: one is not local.
    """
    environment = target_environment(full_version(target.python), target.architecture)
    for source in requirements.sources:
        if not marker_holds(source.marker, environment):
            continue
        if "://" in source.location or source.location.startswith("git+"):
            shown = without_credentials(source.location)
            raise UsageError(f"{shown} cannot be installed in the image", "the base image has no git")
        yield source, Path(address_of(source.location)[0])


def _inside(path: Path, folder: Path) -> str:
    name = os.path.relpath(path.resolve(), folder.resolve())
    if name.startswith(".."):
        raise UsageError(f"{path} is outside {folder}, and COPY cannot reach it", "move it into the folder")
    return name


def ignore_file(folder: Path, choice: Choice | None = None) -> str:
    """A .dockerignore with the meaning of .lambdaignore and of the defaults."""
    ignore = folder / ".lambdaignore"
    own = decode(ignore.read_bytes()).splitlines() if ignore.is_file() else []
    build_target = BuildTarget("3.13", "x86_64")
    requirements = declared(folder, build_target, choice or Choice(), find_uv())
    files = [_inside(path, folder) for path in requirements.files]
    for _, path in _local_sources(requirements, build_target):
        if path.is_dir() and path != folder.resolve():
            below = _inside(path, folder)
            files += [f"{below}/{entry.name}" for entry in project_entries(path)]
        elif path.is_file():
            files.append(_inside(path, folder))
    patterns = list(_docker_patterns([*TOOLS, *SECRETS, *DATABASES, *own, *NEVER]))
    patterns += [f"!{_pattern(name)}" for name in files]
    wanted = {*(entry.name for entry in project_entries(folder)), *files}
    return "\n".join([*patterns, *_corrections(folder, wanted, parse_dockerignore(patterns)), ""])


def _corrections(folder: Path, wanted: Collection[str], is_left_out: Callable[[str], bool]) -> Iterator[str]:
    """Patterns for the paths that a zip decides otherwise: git's rules for folders differ, and some look into files.

    Paths that no COPY names do not matter.
    """
    above = {str(one) for name in wanted for one in PurePosixPath(name).parents}
    waiting = sorted({name.partition("/")[0] for name in wanted}, reverse=True)
    while waiting:
        name = waiting.pop()
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            inside = sorted((f"{name}/{one.name}" for one in path.iterdir()), reverse=True)
            if name in above:
                waiting += inside
            elif any(not is_left_out(one) for one in _below(folder, name)):
                yield _pattern(name)
        elif is_left_out(name) == (name in wanted):
            yield ("!" if name in wanted else "") + _pattern(name)


def _below(folder: Path, name: str) -> Iterator[str]:
    for root, _, names in os.walk(folder / name):
        yield from (Path(root, one).relative_to(folder).as_posix() for one in names)


def _pattern(name: str) -> str:
    """The pattern of .dockerignore that matches exactly this name."""
    return re.sub(r"[*?\[\]]|^[#!]", r"\\\g<0>", _one_line(name))


def _docker_patterns(lines: Sequence[str]) -> Iterator[str]:
    """Patterns of gitignore in the syntax of .dockerignore, which are relative to the root of the project.

    Source: Docker documentation, ".dockerignore files"; git, "gitignore".
    """
    for line in lines:
        text = line.rstrip()
        if not text or text.startswith("#"):
            yield text
            continue
        negated = text.startswith("!")
        pattern = text.removeprefix("!").removeprefix("\\").rstrip("/")
        # In gitignore a pattern with a slash is relative to the root, all others match in every folder.
        anchored = "/" in pattern
        pattern = pattern.lstrip("/")
        yield ("!" if negated else "") + (pattern if anchored else f"**/{pattern}")


def advice(report: PackageReport) -> str:
    """Whether an image is the better choice for the contents of the zip, with the figures that show it."""
    zipped, unzipped = report.zipped_bytes / 1048576, report.unzipped_bytes / 1048576
    share = report.unzipped_bytes / UNZIPPED_LIMIT_BYTES
    figures = f"{zipped:.1f} MB zipped, {unzipped:.1f} of 250 MB unzipped ({share:.0%})"
    if report.unzipped_bytes > UNZIPPED_LIMIT_BYTES:
        return f"an image is the only way: {figures}; an image may have 10 GB"
    if share > 0.8 or report.zipped_bytes > ZIPPED_LIMIT_BYTES:
        return f"an image is the better choice: {figures}, with little room to grow; an image may have 10 GB"
    return (
        f"a zip is the better choice: {figures}; it needs no registry, AWS patches its Python, and Lambda does not "
        "load a base image"
    )
