"""Install the dependencies of a project into a folder, and choose what goes into the package."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import UsageError
from monitor.kernel.handler import handler_module
from monitor.packages.analyze_dependencies import Installed, Need, needs, runtime_sdk
from monitor.packages.building.cache import install_cached
from monitor.packages.building.declared import declared
from monitor.packages.building.entry import Entry
from monitor.packages.building.import_probe import ImportProbe
from monitor.packages.building.install import InstallOptions, install
from monitor.packages.building.installed import distribution_entries, installed_requirements
from monitor.packages.building.installers import find_uv
from monitor.packages.building.interpreters import find_python
from monitor.packages.building.recipe import HERE, Recipe, architecture_here
from monitor.packages.building.stage import Staged, stage
from monitor.packages.building.strip import Stripped, strip
from monitor.packages.inspect.platforms import full_version
from monitor.packages.model import SDK
from monitor.packages.model_dependencies import Requirements
from monitor.packages.parse_requirements import target_environment

# The versions that monitor itself requires: its runtime uses them.
INSTRUMENTS = ("aws-lambda-powertools>=3.37,<4", "aws-xray-sdk>=2.15,<3")


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The dependencies in a folder: the files, what declares them, and the tool that installed them.

    `own` are the distributions that the project itself needs, without what --instrument adds.
    """

    folder: Path
    staged: Staged
    requirements: Requirements
    installer: str
    own: frozenset[str]

    @property
    def found(self) -> tuple[Installed, ...]:
        """The distributions with their requirements."""
        return tuple(
            Installed(one.name, one.version or "0", one.requires_dist, one.extras) for one in self.staged.found
        )


def check_project(folder: Path, recipe: Recipe) -> None:
    """Refuse what cannot become a package before anything is installed."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", "give the folder of the function's project")
    if recipe.instrument and ((folder / "monitor").exists() or (folder / "monitor.py").exists()):
        raise UsageError(f"{folder} has its own top-level `monitor`", "rename it, or build without --instrument")
    if recipe.installer == "here" and not recipe.runs_here:
        raise UsageError(
            f"the distributions of this environment are for Python {HERE} on {architecture_here()}",
            "use --installer auto",
        )


def stage_dependencies(folder: Path, temporary: Path, recipe: Recipe) -> Dependencies:
    """Install the dependencies of the project in `folder` into an empty folder below `temporary`.

    Raises:
        UsageError: the dependencies cannot be read or installed.
    """
    into = temporary / "dependencies"
    into.mkdir()
    requirements = declared(folder, recipe.target, recipe.choice, find_uv())
    extra = INSTRUMENTS if recipe.instrument else ()
    if recipe.installer == "here":
        wanted = installed_requirements(requirements)
        _link(wanted, into)
        own = frozenset(one.name for one in stage(into).found)
        _link([*wanted, *extra], into)
        return Dependencies(into, stage(into), requirements, "this environment", own)
    options = InstallOptions(recipe.installer, recipe.allow_build, recipe.say)
    if recipe.cache is None:
        installer, own = install(requirements, extra, into, recipe.target, options)
        return Dependencies(into, stage(into), requirements, installer, own)
    installer = install_cached(requirements, into, recipe.target, options, recipe.cache)
    own = frozenset(one.name for one in stage(into).found)
    _link(extra, into, own)
    return Dependencies(into, stage(into), requirements, installer, own)


def _link(wanted: Sequence[str], into: Path, there: Collection[str] = ()) -> None:
    """Link the distributions of this environment, without those that are `there`."""
    for entry in distribution_entries(wanted, with_record=True, without=there):
        place = into / entry.name
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            place.symlink_to(entry.path)


def wanted_by(dependencies: Dependencies, recipe: Recipe) -> tuple[Need, ...]:
    """The requirements of the project and of the distributions that apply in the target."""
    environment = target_environment(full_version(recipe.python), recipe.architecture)
    required = [(one.text, one.origin or dependencies.requirements.source) for one in dependencies.requirements.lines]
    return needs(dependencies.found, required, environment)


def chosen_dependencies(
    folder: Path, temporary: Path, dependencies: Dependencies, recipe: Recipe, project: Sequence[Entry] = ()
) -> tuple[Stripped, frozenset[str], list[str]]:
    """The files that stay, the distributions that the runtime provides, and notes; `project` are the files of the
    application."""
    wanted = wanted_by(dependencies, recipe)
    dropped: frozenset[str] = frozenset()
    notes: list[str] = []
    if recipe.without_sdk:
        dropped, reason = runtime_sdk(dependencies.found, wanted)
        if reason:
            notes.append(f"the SDK stays in the package: {reason}")
        elif dropped:
            notes.append(
                "the function uses the SDK of the runtime, whose version AWS changes; AWS recommends including the SDK"
            )
    elif recipe.instrument and not dependencies.own & SDK:
        # The X-Ray SDK requires botocore, which the runtime has.
        dropped = (runtime_sdk(dependencies.found, wanted)[0] - dependencies.own) | SDK
    python = find_python(recipe.python) if recipe.strip == "tried" else None
    mode = recipe.strip
    probe = None
    if mode == "tried":
        if python is None or recipe.architecture != architecture_here() or not recipe.allow_build:
            why = "--no-build-code forbids it" if not recipe.allow_build else f"no Python for {recipe.target} is here"
            notes.append(f"--strip tried needs to import the modules, and {why}: stripped as with --strip safe")
            mode = "safe"
        else:
            work = temporary / "imports"
            work.mkdir()
            recipe.say("importing the modules with and without tests, stubs and sources: this runs their code")
            probe = ImportProbe(python, work, folder, handler_module(recipe.handler))
    stripped = strip(dependencies.staged.entries, mode, without=dropped, probe=probe, project=project)
    return stripped, dropped, notes
