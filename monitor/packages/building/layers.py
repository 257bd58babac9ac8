"""Split functions into layers and zips by how often their contents change."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from monitor.errors import UsageError
from monitor.kernel.budgets import ASK_S
from monitor.packages.analyze_dependencies import runtime_sdk
from monitor.packages.analyze_upload import upload_commands
from monitor.packages.building.archive import Archive, write
from monitor.packages.building.checks import check_dependencies, check_paths
from monitor.packages.building.dependencies import (
    INSTRUMENTS,
    Dependencies,
    check_project,
    chosen_dependencies,
    stage_dependencies,
    wanted_by,
)
from monitor.packages.building.entry import Entry
from monitor.packages.building.installed import runtime_entries
from monitor.packages.building.interpreters import find_python
from monitor.packages.building.process import ProcessError, run_process
from monitor.packages.building.project_files import ProjectFiles, project_files
from monitor.packages.building.recipe import Recipe
from monitor.packages.building.stage import Staged, dependency_entries
from monitor.packages.building.strip import Stripped
from monitor.packages.model import LAYER_LIMIT, SDK, UNZIPPED_LIMIT_BYTES
from monitor.packages.model_plan import LayerPlan, Tier
from monitor.packages.parse_requirements import canonical, requirement_of

# A layer has to be published and maintained: a smaller one is worth it only if functions share it.
_WORTH_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Function:
    """A function with its files and dependencies."""

    folder: Path
    project: ProjectFiles
    dependencies: Dependencies
    stripped: Stripped
    notes: tuple[str, ...]


def layered(folders: Sequence[Path], out: Path, temporary: Path, recipe: Recipe) -> LayerPlan:
    """Write the layers and zips of the functions in `folders` to `out`; the same input gives the same bytes.

    The distributions that every function requires go into layers, with the AWS SDK in a layer of its own. The other
    distributions go into the zip of their function, with its code.

    Raises:
        UsageError: the dependencies cannot be installed, or exceed Lambda's limits.
    """
    names = [folder.resolve().name for folder in folders]
    if len(set(names)) < len(names):
        raise UsageError("two folders have the same name, and so would their zips", "rename one of them")
    functions = [_staged(folder, temporary / str(index), recipe) for index, folder in enumerate(folders)]
    out.mkdir(parents=True, exist_ok=True)
    first = functions[0]
    shared = _shared([one.dependencies.staged for one in functions])
    sdk = _sdk(first.dependencies, recipe) & shared if SDK & shared else set()
    instruments = _runtime_names(first.dependencies.staged, shared - sdk) if recipe.instrument else set()
    groups = [("sdk", sdk), ("runtime", instruments), ("dependencies", shared - sdk - instruments)]
    tiers, in_layers = [], set[str]()
    for name, members in groups:
        tier = _layer(name, members, first, folders, out, recipe) if members else None
        if tier is not None:
            tiers.append(tier)
            in_layers |= members
    tiers += [_function(one, in_layers, out, recipe, has_runtime=bool(instruments)) for one in functions]
    _check(tiers, len(folders))
    notes = [note for one in functions for note in one.notes]
    return LayerPlan(
        tuple(tiers),
        tuple(_commands(tiers, len(folders), recipe)),
        tuple(dict.fromkeys([*notes, *_notes(tiers, len(folders))])),
    )


def _staged(folder: Path, place: Path, recipe: Recipe) -> _Function:
    check_project(folder, recipe)
    place.mkdir()
    project = project_files(folder, follow_links=recipe.follow_links)
    dependencies = stage_dependencies(folder, place, recipe)
    stripped, dropped, notes = chosen_dependencies(folder, place, dependencies, recipe, project.entries)
    problems = check_dependencies(dependencies, recipe, dropped)
    return _Function(
        folder, project, dependencies, stripped, (*dependencies.requirements.notes, *project.notes, *notes, *problems)
    )


def _sdk(dependencies: Dependencies, recipe: Recipe) -> set[str]:
    """The SDK and the distributions that only it needs."""
    wanted = [need for need in wanted_by(dependencies, recipe) if need.owner]
    return {*SDK, *runtime_sdk(dependencies.found, wanted)[0]}


def _shared(staged: Sequence[Staged]) -> set[str]:
    """The distributions that every function has in the same version."""
    versions = [{one.name: one.version for one in found.found} for found in staged]
    return {
        name for name, version in versions[0].items() if all(other.get(name, "") == version for other in versions[1:])
    }


def _runtime_names(staged: Staged, among: set[str]) -> set[str]:
    needs = {one.name: set(one.requires) for one in staged.found}
    only = {canonical(one.name) for one in map(requirement_of, INSTRUMENTS) if one} & among
    waiting = list(only)
    while waiting:
        for name in needs.get(waiting.pop(), set()) & among - only:
            # A distribution that the application needs too stays with the dependencies of the application.
            if not any(name in needs[other] for other in among - only):
                only.add(name)
                waiting.append(name)
    return only


def _layer(
    name: str, members: set[str], function: _Function, folders: Sequence[Path], out: Path, recipe: Recipe
) -> Tier | None:
    entries = [replace(entry, name=f"python/{entry.name}") for entry in _entries(function, members)]
    if name == "runtime":
        entries += [replace(entry, name=f"python/{entry.name}") for entry in runtime_entries()]
    archive = _write(entries, out / f"layer-{name}.zip", recipe, "/opt")
    if archive.zipped_bytes < _WORTH_BYTES and len(folders) == 1 and name != "runtime":
        archive.path.unlink()
        return None
    declared_in = function.dependencies.requirements.source or "requirements.txt"
    why = {
        "sdk": "when you upgrade it: AWS publishes a release a day",
        "runtime": "when you upgrade monitor; all functions share it",
        "dependencies": f"when {declared_in} changes",
    }[name]
    return _tier(f"layer {name}", archive, sorted(members), _commits(folders, declared_in), why)


def _function(function: _Function, in_layers: set[str], out: Path, recipe: Recipe, *, has_runtime: bool) -> Tier:
    rest = {one.name for one in function.dependencies.staged.found} - in_layers
    runtime = runtime_entries() if recipe.instrument and not has_runtime else ()
    entries = [*function.project.entries, *_entries(function, rest | {""}), *runtime]
    check_paths(entries, function.dependencies.folder)
    name = function.folder.resolve().name
    archive = _write(entries, out / f"function-{name}.zip", recipe, "/var/task")
    commits = _commits([function.folder])
    return _tier(f"function {name}", archive, sorted(rest), commits, "when the code changes")


def _entries(function: _Function, members: Iterable[str]) -> list[Entry]:
    chosen = set(members)
    stripped = function.stripped
    part = replace(stripped, entries={name: files for name, files in stripped.entries.items() if name in chosen})
    return dependency_entries(function.dependencies.staged, part)


def _write(entries: list[Entry], path: Path, recipe: Recipe, root: str) -> Archive:
    compiler = find_python(recipe.python) if recipe.bytecode else None
    return write(entries, path, bytecode=compiler is not None, python=compiler, root=root)


def _tier(name: str, archive: Archive, parts: Sequence[str], changes: int | None, why: str) -> Tier:
    return Tier(
        name,
        str(archive.path),
        tuple(parts),
        archive.zipped_bytes,
        archive.unzipped_bytes,
        archive.code_sha256,
        changes,
        why,
    )


def _commits(folders: Sequence[Path], name: str = ".") -> int | None:
    """The number of commits in the last year that changed `name`, from the history of the first folder."""
    command = ["git", "rev-list", "--count", "--since=1.year", "HEAD", "--", name]
    try:
        done = run_process(command, ASK_S, folder=folders[0])
    except ProcessError:
        return None
    return int(done.out) if done.code == 0 and done.out.strip().isdigit() else None


def _check(tiers: Sequence[Tier], functions: int) -> None:
    layers = tiers[:-functions]
    for function in tiers[-functions:]:
        total = sum(tier.unzipped_bytes for tier in layers) + function.unzipped_bytes
        if total > UNZIPPED_LIMIT_BYTES:
            raise UsageError(
                f"{function.name} and its layers are {total / 2**20:.1f} MB unzipped; Lambda's limit is 250 MB",
                "use a container image: monitor package dockerfile",
            )


def _commands(tiers: Sequence[Tier], functions: int, recipe: Recipe) -> Iterable[str]:
    layers = tiers[:-functions]
    for tier in layers:
        name = tier.name.replace(" ", "-")
        publish = (
            f"aws lambda publish-layer-version --layer-name {name} --compatible-runtimes python{recipe.python} "
            f"--compatible-architectures {recipe.architecture} --query LayerVersionArn --output text"
        )
        yield from upload_commands(publish, tier.path, tier.zipped_bytes, is_layer=True)
    for tier in tiers[-functions:]:
        name = shlex.quote(tier.name.removeprefix("function "))
        if layers:
            arns = " ".join(f"ARN-OF-{layer.name.replace(' ', '-').upper()}" for layer in layers)
            yield f"aws lambda update-function-configuration --function-name {name} --layers {arns}"
        update = f"aws lambda update-function-code --function-name {name}"
        yield from upload_commands(update, tier.path, tier.zipped_bytes)


def _notes(tiers: Sequence[Tier], functions: int) -> Iterable[str]:
    layers = tiers[:-functions]
    if len(layers) > LAYER_LIMIT:
        yield f"{len(layers)} layers: a function can have {LAYER_LIMIT}"
    if not layers:
        yield "no layer is worthwhile: the dependencies are under 1 MB, or the functions share none"
        return
    yield "if the CodeSha256 of a layer equals that of its published version, there is no need to publish it again"
    yield "layers make deployments smaller, not cold starts faster: Lambda loads and imports the same files"
