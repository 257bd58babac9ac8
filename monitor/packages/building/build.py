"""A deployment package from a project's folder: files, dependencies for the target, bytecode, one zip."""

import platform
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import UsageError
from monitor.kernel.entry_point import ENTRY_POINT
from monitor.packages.building.archive import Archive, write
from monitor.packages.building.installed import distribution_entries, project_entries, runtime_entries
from monitor.packages.building.interpreters import find_python
from monitor.packages.building.requirements import installed_requirements, requirements_of, version_mismatches
from monitor.packages.building.resolve import install
from monitor.packages.building.stage import Staged, dependency_entries, runtime_sdk, stage
from monitor.packages.inspect.inspect import TASK, Piece, Target, inspect
from monitor.packages.model import ZIPPED_LIMIT_BYTES
from monitor.packages.model_plan import BuiltPackage, LeftOut
from monitor.packages.parse_requirements import canonical, requirement_of
from monitor.packages.zips.listing import ZipListing
from monitor.packages.zips.source import FileSource

INSTRUMENTS = ("aws-lambda-powertools", "aws-xray-sdk")
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to build. `installer` is auto, uv, pip, or here: what is installed in this environment, no network."""

    python: str = HERE
    architecture: str = "x86_64"
    installer: str = "auto"
    without_sdk: bool = False
    strip: bool = True
    bytecode: bool = True
    instrument: bool = False


def architecture_here() -> str:
    """This machine's, in Lambda's words."""
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


def build(folder: Path, out: Path, recipe: Recipe) -> BuiltPackage:
    """Build the package of the project in `folder` and write it to `out`, whole or not at all.

    Raises:
        UsageError: no such folder, dependencies that cannot be had, too large, or not writable.
    """
    check_project(folder, recipe)
    with tempfile.TemporaryDirectory(prefix="monitor-package-") as temporary:
        staged, installer = stage_dependencies(folder, Path(temporary), recipe)
        dropped = runtime_sdk(staged.found, _required(folder)) if recipe.without_sdk else frozenset()
        entries, left = dependency_entries(staged, without=dropped, strip=recipe.strip)
        own = [entry for entry in project_entries(folder) if not _is(entry.path, out)]
        runtime = list(runtime_entries()) if recipe.instrument else []
        compiler = find_python(recipe.python) if recipe.bytecode else None
        archive = write([*own, *entries, *runtime], out, bytecode=compiler is not None, python=compiler)
    notes = [*_notes(recipe, compiler, archive), *(_trade() if dropped else ())]
    if recipe.installer == "here":
        notes += version_mismatches(installed_requirements(folder / "requirements.txt"))
    return _built(archive, recipe, installer, compiler, left, notes)


def check_project(folder: Path, recipe: Recipe) -> None:
    """Refuse what cannot become a package before anything is installed."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder", "give the folder of the function's project")
    if recipe.instrument and ((folder / "monitor").exists() or (folder / "monitor.py").exists()):
        raise UsageError(f"{folder} has a top-level `monitor` of its own", "rename it, or build without --instrument")
    if recipe.installer == "here" and (recipe.python, recipe.architecture) != (HERE, architecture_here()):
        raise UsageError(
            f"what is installed here is for Python {HERE} on {architecture_here()}", "use --installer auto"
        )


def stage_dependencies(folder: Path, temporary: Path, recipe: Recipe) -> tuple[Staged, str]:
    """The dependencies in a clean folder, and how they came there."""
    listed = folder / "requirements.txt"
    extra = INSTRUMENTS if recipe.instrument else ()
    into = temporary / "dependencies"
    into.mkdir()
    if recipe.installer == "here":
        required = [*installed_requirements(listed), *extra]
        for entry in distribution_entries(required, with_record=True):
            place = into / entry.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(entry.path)
        return stage(into), "what is installed here"
    installer = install(
        listed if listed.is_file() else None,
        extra,
        into,
        python=recipe.python,
        architecture=recipe.architecture,
        installer=recipe.installer,
    )
    return stage(into), installer


def _required(folder: Path) -> list[str]:
    listed = folder / "requirements.txt"
    lines = requirements_of(listed).named if listed.is_file() else ()
    return [canonical(one.name) for line in lines if (one := requirement_of(line)) is not None]


def _is(path: Path, out: Path) -> bool:
    return path.name == out.name and path.resolve() == out.resolve()


def _notes(recipe: Recipe, compiler: Path | None, archive: Archive) -> list[str]:
    notes = []
    if recipe.bytecode and compiler is None:
        notes.append(
            f"no Python {recipe.python} is on this machine: the package has no bytecode, and Lambda compiles every "
            f"module at every cold start (`uv python install {recipe.python}` brings one)"
        )
    if archive.zipped_bytes > ZIPPED_LIMIT_BYTES:
        notes.append("over 50 MB zipped: it has to go by way of S3")
    if recipe.instrument:
        notes.append(f"set the Handler to {ENTRY_POINT}, and MONITOR_HANDLER to the handler that it had")
    return notes


def _trade() -> list[str]:
    return [
        "without the SDK the runtime's own is imported, whose version AWS changes: smaller against pinned; AWS "
        "recommends to bundle it"
    ]


def _built(
    archive: Archive,
    recipe: Recipe,
    installer: str,
    compiler: Path | None,
    left: Sequence[LeftOut],
    notes: Sequence[str],
) -> BuiltPackage:
    source = FileSource(archive.path)
    try:
        target = Target(recipe.python, recipe.architecture)
        report = inspect(str(archive.path), [Piece("package", TASK, ZipListing(source))], target)
    finally:
        source.close()
    return BuiltPackage(
        path=str(archive.path),
        python=recipe.python,
        architecture=recipe.architecture,
        installer=installer,
        compiled_by=str(compiler) if compiler else None,
        code_sha256=archive.code_sha256,
        left_out=tuple(left),
        notes=tuple(notes),
        commands=tuple(_commands(archive, recipe)),
        report=report,
    )


def _commands(archive: Archive, recipe: Recipe) -> list[str]:
    name = shlex.quote(str(archive.path))
    update = "aws lambda update-function-code --function-name FUNCTION --architectures " + recipe.architecture
    if archive.zipped_bytes <= ZIPPED_LIMIT_BYTES:
        return [f"{update} --zip-file fileb://{name}"]
    key = archive.path.name
    return [f"aws s3 cp {name} s3://BUCKET/{key}", f"{update} --s3-bucket BUCKET --s3-key {key}"]
