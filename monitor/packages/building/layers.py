"""Split functions into layers and zips by how often their contents change."""

import shlex
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from monitor.errors import UsageError
from monitor.packages.building.archive import Archive, write
from monitor.packages.building.build import INSTRUMENTS, Recipe, check_project, stage_dependencies
from monitor.packages.building.installed import Entry, project_entries, runtime_entries
from monitor.packages.building.interpreters import find_python
from monitor.packages.building.stage import Staged, dependency_entries, runtime_sdk
from monitor.packages.model import LAYER_LIMIT, SDK, UNZIPPED_LIMIT_BYTES, ZIPPED_LIMIT_BYTES
from monitor.packages.model_plan import LayerPlan, Tier
from monitor.packages.parse_requirements import canonical

# A layer has to be published and maintained: a smaller one is worth it only if functions share it.
_WORTH_BYTES = 1024 * 1024


def layered(folders: Sequence[Path], out: Path, temporary: Path, recipe: Recipe) -> LayerPlan:
    """Write the layers and zips of the functions in `folders` to `out`; the same input gives the same bytes.

    The distributions that every function requires go into layers, with the AWS SDK in a layer of its own. The other
    distributions go into the zip of their function, with its code.

    Raises:
        UsageError: the dependencies cannot be installed, or exceed Lambda's limits.
    """
    staged: list[Staged] = []
    for index, folder in enumerate(folders):
        check_project(folder, recipe)
        place = temporary / str(index)
        place.mkdir()
        staged.append(stage_dependencies(folder, place, recipe)[0])
    out.mkdir(parents=True, exist_ok=True)
    shared = _shared(staged)
    sdk = {*(SDK & shared), *(runtime_sdk(staged[0].found) & shared)} if SDK & shared else set()
    instruments = _runtime_names(staged[0], shared - sdk) if recipe.instrument else set()
    groups = [("sdk", sdk), ("runtime", instruments), ("dependencies", shared - sdk - instruments)]
    tiers, in_layers = [], set[str]()
    for name, members in groups:
        tier = _layer(name, members, staged[0], folders, out, recipe) if members else None
        if tier is not None:
            tiers.append(tier)
            in_layers |= members
    tiers += [
        _function(folder, one, in_layers, out, recipe, f"function-{folder.resolve().name}", bool(instruments))
        for folder, one in zip(folders, staged, strict=True)
    ]
    _check(tiers, len(folders))
    return LayerPlan(tuple(tiers), tuple(_commands(tiers, len(folders), recipe)), tuple(_notes(tiers, len(folders))))


def _shared(staged: Sequence[Staged]) -> set[str]:
    """The distributions that every function has in the same version."""
    versions = [{one.name: one.version for one in found.found} for found in staged]
    return {
        name for name, version in versions[0].items() if all(other.get(name, "") == version for other in versions[1:])
    }


def _runtime_names(staged: Staged, among: set[str]) -> set[str]:
    needs = {one.name: set(one.requires) for one in staged.found}
    only = set(map(canonical, INSTRUMENTS)) & among
    waiting = list(only)
    while waiting:
        for name in needs.get(waiting.pop(), set()) & among - only:
            # A distribution that the application needs too stays with the dependencies of the application.
            if not any(name in needs[other] for other in among - only):
                only.add(name)
                waiting.append(name)
    return only


def _layer(
    name: str, members: set[str], staged: Staged, folders: Sequence[Path], out: Path, recipe: Recipe
) -> Tier | None:
    entries = [replace(entry, name=f"python/{entry.name}") for entry in _entries(staged, members, recipe)]
    if name == "runtime":
        entries += [replace(entry, name=f"python/{entry.name}") for entry in runtime_entries()]
    archive = _write(entries, out / f"layer-{name}.zip", recipe, "/opt")
    if archive.zipped_bytes < _WORTH_BYTES and len(folders) == 1 and name != "runtime":
        archive.path.unlink()
        return None
    why = {
        "sdk": "when you upgrade it: AWS publishes a release a day",
        "runtime": "when you upgrade monitor; all functions share it",
        "dependencies": "when requirements.txt changes",
    }[name]
    changes = _commits(folders, "requirements.txt")
    return _tier(f"layer {name}", archive, sorted(members), changes, why)


def _function(
    folder: Path, staged: Staged, in_layers: set[str], out: Path, recipe: Recipe, name: str, has_runtime: bool
) -> Tier:
    rest = {one.name for one in staged.found} - in_layers
    runtime = runtime_entries() if recipe.instrument and not has_runtime else ()
    entries = [*project_entries(folder), *_entries(staged, rest | {""}, recipe), *runtime]
    archive = _write(entries, out / f"{name}.zip", recipe, "/var/task")
    return _tier(
        f"function {folder.resolve().name}", archive, sorted(rest), _commits([folder]), "when the code changes"
    )


def _entries(staged: Staged, members: Iterable[str], recipe: Recipe) -> list[Entry]:
    chosen = set(members)
    part = Staged(
        {name: entries for name, entries in staged.entries.items() if name in chosen},
        tuple(one for one in staged.found if one.name in chosen),
    )
    return dependency_entries(part, strip=recipe.strip)[0]


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
    command = ["git", "-C", str(folders[0]), "rev-list", "--count", "--since=1.year", "HEAD", "--", name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return int(done.stdout) if done.returncode == 0 and done.stdout.strip().isdigit() else None


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
        yield (
            f"aws lambda publish-layer-version --layer-name {name} --zip-file fileb://{shlex.quote(tier.path)} "
            f"--compatible-runtimes python{recipe.python} --compatible-architectures {recipe.architecture} "
            "--query LayerVersionArn --output text"
        )
    for tier in tiers[-functions:]:
        name = shlex.quote(tier.name.removeprefix("function "))
        if layers:
            arns = " ".join(f"ARN-OF-{layer.name.replace(' ', '-').upper()}" for layer in layers)
            yield f"aws lambda update-function-configuration --function-name {name} --layers {arns}"
        yield f"aws lambda update-function-code --function-name {name} --zip-file fileb://{shlex.quote(tier.path)}"


def _notes(tiers: Sequence[Tier], functions: int) -> Iterable[str]:
    layers = tiers[:-functions]
    if len(layers) > LAYER_LIMIT:
        yield f"{len(layers)} layers: a function can have {LAYER_LIMIT}"
    if not layers:
        yield "no layer is worthwhile: the dependencies are under 1 MB, or the functions share none"
        return
    yield "if the CodeSha256 of a layer equals that of its published version, there is no need to publish it again"
    yield "layers make deployments smaller, not cold starts faster: Lambda loads and imports the same files"
    for tier in layers:
        if tier.zipped_bytes > ZIPPED_LIMIT_BYTES:
            yield f"{tier.name} is over 50 MB zipped: publish it by way of S3"
