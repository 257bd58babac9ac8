"""Find the file that declares the dependencies of a project, and read it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from monitor.console.temporary import temporary_folder
from monitor.errors import UsageError
from monitor.kernel.budgets import EXPORT_S
from monitor.packages.analyze_requirements import check_same, check_up_to_date
from monitor.packages.building.installers import installer_environment
from monitor.packages.building.places import (
    in_workspace,
    located,
    read_text,
    requirements_of,
    with_nested,
    workspace_root,
)
from monitor.packages.building.process import ProcessError, run_process
from monitor.packages.building.requirement_files import read_requirements
from monitor.packages.inspect.platforms import full_version
from monitor.packages.model_dependencies import (
    BuildTarget,
    Indexes,
    ProjectFile,
    RequiredLine,
    Requirements,
    SourceRequirement,
)
from monitor.packages.parse_locks import parse_pdm_lock, parse_pipfile_lock, parse_poetry_lock, parse_pylock
from monitor.packages.parse_pyproject import (
    parse_pipfile,
    parse_pyproject,
    parse_setup_cfg,
    tool_indexes,
    uv_indexes,
)
from monitor.packages.parse_requirements import canonical, target_environment
from monitor.packages.parse_toml import parse_toml, table

LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock", "requirements.lock")
# Names that people use for requirements files, and that do not say which one a package needs.
_OTHERS = ("requirements*.txt", "*requirements.txt", "requirements/*.txt")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)\}?")
_READ = ("requirements.txt", *LOCKS, "pyproject.toml", "Pipfile")


@dataclass(frozen=True, slots=True)
class Choice:
    """What to read: the file (None: the one that the project has), and optional dependencies."""

    file: Path | None = None
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


def declared(folder: Path, target: BuildTarget, choice: Choice, uv: str | None) -> Requirements:
    """Read the dependencies of the project in `folder` from its requirements file, lock file or pyproject.toml.

    Raises:
        UsageError: a file cannot be read, or several files contradict each other.
    """
    try:
        found = _found(folder, target, choice, uv)
        # A lock file has the hashes of its files, wherever they come from.
        indexes = _configured_indexes(folder, explicit=found.source != "pyproject.toml")
        project = _project(folder, Choice())
        if not found.is_complete:
            found = with_nested(found, target_environment(full_version(target.python), target.architecture))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise UsageError(
            f"the files that declare the dependencies of {folder} have an unexpected format: {error!r}",
            "lock the project again, or choose a file: --requirements FILE",
        ) from error
    found = replace(found, python=found.python or (project.python if project else ""))
    if not found:
        return found
    found = replace(found, indexes=found.indexes.joined(indexes))
    _refuse_variables(found)
    return found


def _refuse_variables(found: Requirements) -> None:
    """Refuse the URL of an index with a variable, as PDM and pipenv write them: the installer lacks its value."""
    used = (found.indexes.default or "", *found.indexes.extra, *(line.index for line in found.lines))
    if match := next(filter(None, map(_VARIABLE.search, used)), None):
        raise UsageError(
            f"an index of the project uses the environment variable {match[1]}, which monitor does not pass to the "
            "installer",
            "write its URL without the variable, and the credentials into a .netrc file",
        )


def _configured_indexes(folder: Path, *, explicit: bool) -> Indexes:
    """The indexes that uv.toml or pyproject.toml names, which is how uv, Poetry and PDM find them.

    `explicit`: also those that are only for the distributions that name them.
    """
    settings, project = folder / "uv.toml", folder / "pyproject.toml"
    if settings.is_file():
        return uv_indexes(parse_toml(read_text(settings), "uv.toml"), explicit=explicit)
    if project.is_file():
        return tool_indexes(table(parse_toml(read_text(project), "pyproject.toml"), "tool"), explicit=explicit)
    return Indexes()


def _found(folder: Path, target: BuildTarget, choice: Choice, uv: str | None) -> Requirements:
    if choice.file is not None:
        return _read(choice.file, folder, target, choice, uv)
    there = [name for name in _READ if (folder / name).is_file()]
    there += sorted(path.name for path in folder.glob("pylock.*.toml"))
    locks = [name for name in there if name in LOCKS or name.startswith("pylock.")]
    project = _project(folder, choice)
    environment = target_environment(full_version(target.python), target.architecture)
    if "requirements.txt" in there:
        found = _read(folder / "requirements.txt", folder, target, Choice(), uv)
        includes_project = any(one.location == str(folder.resolve()) for one in found.sources)
        if project is not None and not includes_project:
            check_up_to_date(found, project, environment)
        if not locks and (project is None or project.dynamic or includes_project):
            _refuse(choice, "requirements.txt")
        for name in locks:
            check_same(found, _read(folder / name, folder, target, choice, uv), environment)
        return found
    if locks:
        read = [_read(folder / name, folder, target, choice, uv) for name in locks]
        for other in read[1:]:
            check_same(read[0], other, environment)
        if project is not None:
            check_up_to_date(read[0], project, environment)
        return read[0]
    root = workspace_root(folder) if project is not None and project.name else None
    if project is not None and root is not None and (root / "uv.lock").is_file():
        found = _uv_export(root / "uv.lock", choice, uv, folder)
        check_up_to_date(found, project, environment)
        return found
    if project is not None and (whole := _with_default_groups(folder, choice)):
        return _from_project(whole, "pyproject.toml", folder, environment)
    if "Pipfile" in there:
        return _read(folder / "Pipfile", folder, target, choice, uv)
    if (folder / "setup.py").is_file():
        # Only its build knows what it requires.
        _refuse(replace(choice, extras=()), "setup.py")
        source = SourceRequirement(str(folder.resolve()), choice.extras, origin="setup.py")
        return Requirements("setup.py", sources=(source,))
    if (folder / "setup.cfg").is_file() and (
        required := parse_setup_cfg(read_text(folder / "setup.cfg"), choice.extras)
    ):
        _refuse(replace(choice, extras=()), "setup.cfg")
        return _from_project(ProjectFile(requirements=required), "setup.cfg", folder, environment)
    _refuse(choice, f"{folder}, which declares no dependencies")
    return Requirements(notes=tuple(_nothing(folder)))


def _refuse(choice: Choice, file: str) -> None:
    """Refuse extras and groups of a file that has none."""
    given = "--extra" if choice.extras else "--group" if choice.groups else ""
    if given:
        raise UsageError(f"{given} has no effect on {file}", f"leave {given} out, or name another file: --requirements")


def _read(path: Path, folder: Path, target: BuildTarget, choice: Choice, uv: str | None) -> Requirements:
    environment = target_environment(full_version(target.python), target.architecture)
    name = path.name
    if name == "uv.lock":
        return _uv_export(path, choice, uv, path.parent)
    if name in ("Pipfile", "Pipfile.lock"):
        _refuse(choice, name)
    if name == "poetry.lock":
        project = _project(path.parent, choice) or ProjectFile()
        found = parse_poetry_lock(read_text(path), project, environment, choice.extras)
    elif name == "pdm.lock":
        found = parse_pdm_lock(read_text(path), environment, choice.extras, choice.groups)
    elif name == "Pipfile.lock":
        found = parse_pipfile_lock(read_text(path), environment)
    elif name == "pylock.toml" or (name.startswith("pylock.") and name.endswith(".toml")):
        found = parse_pylock(read_text(path), name, environment, choice.extras, choice.groups)
    elif name == "pyproject.toml":
        project = parse_pyproject(read_text(path), choice.extras, choice.groups, with_defaults=True)
        return _from_project(project, name, path.parent, environment)
    elif name == "Pipfile":
        return _from_project(parse_pipfile(read_text(path)), name, path.parent, environment)
    else:
        _refuse(choice, name)
        return read_requirements(path, folder)
    links = tuple(str((path.parent / link).resolve()) for link in found.indexes.find_links)
    indexes = replace(found.indexes, find_links=links)
    sources = tuple(located(one, path.parent) for one in found.sources)
    found = replace(found, sources=sources, indexes=indexes)
    return _with_project(found, path.parent)


def _project(folder: Path, choice: Choice) -> ProjectFile | None:
    path = folder / "pyproject.toml"
    if not path.is_file():
        return None
    return in_workspace(parse_pyproject(read_text(path), choice.extras, choice.groups), folder)


def _with_default_groups(folder: Path, choice: Choice) -> ProjectFile | None:
    """The pyproject.toml of a project without a lock, if it declares dependencies."""
    text = read_text(folder / "pyproject.toml")
    found = parse_pyproject(text, choice.extras, choice.groups, with_defaults=True)
    return found if found.requirements or found.dynamic else None


def _from_project(project: ProjectFile, source: str, folder: Path, environment: Mapping[str, str]) -> Requirements:
    if project.unions:
        raise UsageError(
            f"{source}: the constraint {project.unions[0]} is a union of versions, which uv and pip cannot read",
            "lock the project: poetry lock",
        )
    if source == "pyproject.toml":
        project = in_workspace(project, folder)
    lines, sources = requirements_of(project, source, folder, environment)
    if project.dynamic:
        sources.insert(0, SourceRequirement(str(folder.resolve()), project.dynamic_extras, origin=source))
    limits = tuple(RequiredLine(text, origin=source) for text in project.constraints)
    found = Requirements(source, tuple(lines), tuple(sources), limits, project.indexes, notes=project.notes)
    return found if project.dynamic else _with_project(found, folder)


def _with_project(found: Requirements, folder: Path) -> Requirements:
    """Add the project itself if it can be imported only when it is installed: with a build system and a src folder."""
    path = folder / "pyproject.toml"
    source = folder / "src"
    here = str(folder.resolve())
    if not path.is_file() or not source.is_dir() or any(one.location == here for one in found.sources):
        return found
    if not _has_package(source, parse_pyproject(read_text(path))):
        return found
    return replace(found, sources=(*found.sources, SourceRequirement(here, origin="pyproject.toml")))


def _has_package(source: Path, project: ProjectFile) -> bool:
    """Whether a build of the project installs something in a folder: a package, or a namespace package with one.

    Setuptools takes modules and folders without `__init__.py`, too, and flit the module of the project's name.
    """
    if project.backend.startswith("setuptools"):
        return any(source.rglob("*.py"))
    if project.backend.startswith("flit") and (source / f"{project.name.replace('-', '_')}.py").is_file():
        return True
    return bool(project.backend) and (any(source.glob("*/__init__.py")) or any(source.glob("*/*/__init__.py")))


def _uv_export(path: Path, choice: Choice, uv: str | None, member: Path) -> Requirements:
    """What a uv.lock has for one of the projects that it locks: the one in the folder `member`."""
    if uv is None:
        raise UsageError(
            f"{path} can be read only by uv, which is not installed",
            "install uv, or export the lock: uv export --no-dev -o requirements.txt",
        )
    options = [*(f"--extra={one}" for one in choice.extras), *(f"--group={one}" for one in choice.groups)]
    command = [uv, "export", "--quiet", "--frozen", "--no-editable", "--no-emit-project", "--no-header"]
    # --no-dev would win over --group=dev.
    command += [] if "dev" in map(canonical, choice.groups) else ["--no-dev"]
    command += ["--no-annotate", "--format", "requirements-txt", "--project", str(path.parent.resolve()), *options]
    project = _project(member, choice)
    if project is not None and project.name and member.resolve() != path.parent.resolve():
        command += ["--package", project.name]
    try:
        done = run_process(command, EXPORT_S, folder=path.parent, environment=installer_environment(building=True))
    except ProcessError as error:
        raise UsageError(
            f"uv cannot export {path}: {error}", "export it yourself: uv export -o requirements.txt"
        ) from None
    if done.code:
        reason = " ".join(done.error.decode(errors="replace").split())[:300]
        raise UsageError(f"uv cannot export {path}: {reason}", "lock the project again: uv lock")
    with temporary_folder() as temporary:
        exported = temporary / "uv.lock"
        exported.write_bytes(done.out)
        found = read_requirements(exported, path.parent)
    indexes = _configured_indexes(path.parent, explicit=True)
    found = replace(found, source="uv.lock", reader="uv export", is_complete=True, indexes=indexes, files=())
    return _with_project(found, member)


def _nothing(folder: Path) -> Iterable[str]:
    """Notes for a project that declares no dependencies."""
    deeper = sorted(
        path.relative_to(folder).as_posix()
        for name in ("requirements.txt", "pyproject.toml")
        for path in folder.glob(f"*/**/{name}")
        if not any(part.startswith(".") or part in ("node_modules", "venv") for part in path.relative_to(folder).parts)
    )
    if deeper:
        named = ", ".join(deeper[:4]) + (f" and {len(deeper) - 4} more" if len(deeper) > 4 else "")
        yield f"{folder} declares no dependencies, but folders below it do ({named}): build each function's folder"
        return
    found = {path for pattern in _OTHERS for path in folder.glob(pattern)}
    others = sorted(path.relative_to(folder).as_posix() for path in found)
    if others:
        hint = f"name the file that declares them with --requirements ({others[0]}?)"
        yield f"no dependencies of {folder} are installed: {hint}"
    else:
        yield f"{folder} declares no dependencies (no requirements.txt, pyproject.toml or lock file)"
