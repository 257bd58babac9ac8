"""Build a deployment package from the folder of a project: its files, its dependencies, bytecode, one zip."""

import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from monitor.console.files import check_writable, read_file
from monitor.console.temporary import temporary_folder
from monitor.kernel.encodings import decode_text
from monitor.kernel.entry_point import ENTRY_POINT
from monitor.kernel.handler import handler_module
from monitor.packages.analyze_upload import upload_commands
from monitor.packages.building.archive import Archive, write
from monitor.packages.building.checks import check_dependencies, check_paths, name_findings
from monitor.packages.building.dependencies import (
    Dependencies,
    check_project,
    chosen_dependencies,
    stage_dependencies,
)
from monitor.packages.building.entry import Entry
from monitor.packages.building.import_probe import ImportProbe
from monitor.packages.building.installed import installed_requirements, runtime_entries, version_mismatches
from monitor.packages.building.interpreters import find_python
from monitor.packages.building.limits import Fitting
from monitor.packages.building.optimizations import optimized_entries
from monitor.packages.building.project_files import ProjectFiles, project_files
from monitor.packages.building.recipe import Recipe
from monitor.packages.building.stage import dependency_entries
from monitor.packages.building.strip import Stripped
from monitor.packages.inspect.inspect import TASK, Piece, Target, inspect
from monitor.packages.lazy.choice import parse_choice
from monitor.packages.model import ZIPPED_LIMIT_BYTES
from monitor.packages.model_plan import BuiltPackage
from monitor.packages.zips.listing import ZipListing
from monitor.packages.zips.source import FileSource

_LONGEST_CHOICE_BYTES = 16 << 20
_UPDATE = "aws lambda update-function-code --function-name FUNCTION --architectures"


def build(folder: Path, out: Path, recipe: Recipe) -> BuiltPackage:
    """Build the package of the project in `folder` and write it to `out`, whole or not at all.

    Raises:
        UsageError: there is no such folder, the dependencies cannot be installed, the package is too large, or `out`
            cannot be written.
        CheckFailedError: the package would not be complete.
    """
    check_project(folder, recipe)
    check_writable(out)
    project = project_files(folder, follow_links=recipe.follow_links)
    with temporary_folder() as temporary:
        dependencies = stage_dependencies(folder, temporary, recipe)
        stripped, dropped, notes = chosen_dependencies(folder, temporary, dependencies, recipe, project.entries)
        notes = [*dependencies.requirements.notes, *notes, *check_dependencies(dependencies, recipe, dropped)]
        own = [entry for entry in project.entries if not _is(entry.path, out)]
        entries = dependency_entries(dependencies.staged, stripped)
        check_paths(entries, dependencies.folder)
        runtime = list(runtime_entries()) if recipe.instrument else []
        everything = [*own, *entries, *runtime]
        if recipe.optimizations is not None:
            everything, rewritten = _optimized(everything, recipe.optimizations, recipe, temporary)
            notes.append(f"{rewritten} modules load their imports later, as {recipe.optimizations} says")
        compiler = find_python(recipe.python) if recipe.bytecode else None
        fitting = Fitting(lambda: _started(folder, temporary, dependencies, recipe), recipe.strip)
        archive = write(everything, out, bytecode=compiler is not None, python=compiler, fit=fitting)
        notes += [*fitting.notes, *project.notes, *name_findings(everything), *_notes(recipe, compiler, archive)]
        notes += _replaced(own, entries)
        if recipe.installer == "here":
            notes += version_mismatches(installed_requirements(dependencies.requirements))
        return _built(archive, recipe, dependencies, compiler, project, stripped, notes)


def _optimized(entries: Sequence[Entry], file: Path, recipe: Recipe, temporary: Path) -> tuple[list[Entry], int]:
    choice = parse_choice(
        decode_text(read_file(file, _LONGEST_CHOICE_BYTES, "the optimizations"), "replace"), str(file)
    )
    return optimized_entries(entries, choice, recipe.python, temporary / "optimized", str(file))


def _started(folder: Path, temporary: Path, dependencies: Dependencies, recipe: Recipe) -> Collection[str] | None:
    """The modules that importing the handler loads; None if that cannot be tried here."""
    if not (recipe.handler and recipe.runs_here and recipe.allow_build):
        return None
    recipe.say("importing the handler to see which modules a start reads: this runs the code of the project")
    work = temporary / "started"
    work.mkdir()
    module = handler_module(recipe.handler)
    return ImportProbe(Path(sys.executable), work, folder, module).loaded(dependencies.staged.entries)


def _is(path: Path, out: Path) -> bool:
    return path.name == out.name and path.resolve() == out.resolve()


def _replaced(own: Sequence[Entry], entries: Sequence[Entry]) -> list[str]:
    """A note if files of the project replace files of dependencies."""
    names = {entry.name for entry in entries}
    found = [entry.name for entry in own if entry.name in names]
    if not found:
        return []
    return [f"files of the project replace files of dependencies with the same name: {', '.join(found[:5])}"]


def _notes(recipe: Recipe, compiler: Path | None, archive: Archive) -> list[str]:
    notes = []
    if recipe.bytecode and compiler is None:
        notes.append(
            f"no Python {recipe.python} is on this machine: the package has no bytecode, and Lambda compiles every "
            f"module at every cold start (install it: uv python install {recipe.python})"
        )
    if recipe.deployed:
        return notes
    if archive.zipped_bytes > ZIPPED_LIMIT_BYTES:
        notes.append("over 50 MB zipped: upload it through S3")
    if recipe.instrument:
        notes.append(f"set the Handler to {ENTRY_POINT}, and MONITOR_HANDLER to the handler of the function")
    return notes


def _built(
    archive: Archive,
    recipe: Recipe,
    dependencies: Dependencies,
    compiler: Path | None,
    project: ProjectFiles,
    stripped: Stripped,
    notes: Sequence[str],
) -> BuiltPackage:
    source = FileSource(archive.path)
    try:
        target = Target(recipe.python, recipe.architecture, tried=stripped.tried)
        report = inspect(str(archive.path), [Piece("package", TASK, ZipListing(source))], target)
    finally:
        source.close()
    return BuiltPackage(
        path=str(archive.path),
        python=recipe.python,
        architecture=recipe.architecture,
        requirements=dependencies.requirements.source,
        installer=dependencies.installer,
        compiled_by=str(compiler) if compiler else None,
        code_sha256=archive.code_sha256,
        strip=recipe.strip,
        left_out=(*project.left_out, *stripped.left_out),
        kept=stripped.kept,
        notes=tuple(dict.fromkeys(notes)),
        commands=tuple(upload_commands(f"{_UPDATE} {recipe.architecture}", str(archive.path), archive.zipped_bytes)),
        report=report,
    )
