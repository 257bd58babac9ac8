"""`monitor coldstarts --imports`: the imports of init as a table, a tree, a flame graph or a comparison."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.console.environment import read_environment
from monitor.console.options import Count
from monitor.console.output import echo, emit_json, note, progress, style
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.kernel.window import Window
    from monitor.logs.workflow_reading import Reading
    from monitor.records.imports import ImportProfile

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The options about imports."""

    imports: bool
    tree: bool
    top: int
    packages: str | None
    speedscope: str | None
    save: str | None
    diff: str | None
    profile_package: bool = False
    profile_env: tuple[str, ...] = ()
    env_file: Path | None = None

    @property
    def wanted(self) -> bool:
        """Whether any of the options was given: each implies --imports."""
        files = (self.packages, self.speedscope, self.save, self.diff)
        return self.imports or self.tree or self.profile_package or any(files)


IMPORT_VIEWS = ("--imports", "--tree", "--packages", "--speedscope", "--save", "--diff", "--profile-package")


def import_options(function: F) -> Callable[..., Any]:
    """Add --imports and the options that imply it, passed to the command as one argument `imports`."""

    @functools.wraps(function)
    def gathered(
        *args: Any,
        imports: bool,
        tree: bool,
        top: int,
        packages: str | None,
        speedscope: str | None,
        save: str | None,
        diff: str | None,
        profile_package: bool,
        profile_env: tuple[str, ...],
        env_file: Path | None,
        **kwargs: Any,
    ) -> Any:
        asked = ImportOptions(
            imports, tree, top, packages, speedscope, save, diff, profile_package, profile_env, env_file
        )
        return function(*args, imports=asked, **kwargs)

    decorated: Callable[..., Any] = gathered
    for option in (
        click.option(
            "--env",
            "--profile-env",
            "profile_env",
            metavar="NAME=VALUE",
            multiple=True,
            help="Environment variable for --profile-package. Repeatable.",
        ),
        click.option(
            "--env-file",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Read environment variables for --profile-package from this file, NAME=VALUE on each line.",
        ),
        click.option(
            "--profile-package",
            is_flag=True,
            help="Download the deployment package, start it on this machine, and profile its imports.",
        ),
        click.option("--diff", metavar="FILE", help="Compare with a profile written by --save."),
        click.option("--save", metavar="FILE", help="Save the import profile to FILE, for --diff."),
        click.option("--speedscope", metavar="FILE", help="Write a flame graph for speedscope.app to FILE."),
        click.option(
            "--packages", metavar="DIR", help="Use the *.dist-info folders in DIR to match imports to distributions."
        ),
        click.option(
            "--top",
            type=Count(1, 10_000),
            default=25,
            show_default=True,
            help="How many rows to show.",
        ),
        click.option("--tree", is_flag=True, help="Show the imports as a tree."),
        click.option("--imports", is_flag=True, help="Show which imports take up init time."),
    ):
        decorated = option(decorated)
    return decorated


def show_imports(reading: "Reading", window: "Window | None", asked: ImportOptions, output: str) -> None:
    """Read the profile, write the requested files, and print one view of it."""
    from monitor.coldstarts.render_profile import render_changes, render_profile, render_tree
    from monitor.coldstarts.workflow_imports import distribution_names, saved_profile
    from monitor.records.imports import changes

    before = saved_profile(asked.diff) if asked.diff else None
    names = distribution_names(asked.packages) if asked.packages else None
    profile = _profiled(reading, asked, names) if asked.profile_package else _read(reading, window, names)
    _write_files(profile, asked)
    if before is not None:
        found = changes(before, profile)
        if output == "json":
            emit_json({"before_ms": before.total_ms, "after_ms": profile.total_ms, "changes": found})
        else:
            echo(render_changes(before, profile, found, style()))
    elif output == "json":
        emit_json(profile)
    elif asked.tree:
        echo(render_tree(profile, style(), top=asked.top))
    else:
        echo(render_profile(profile, style(), top=asked.top, by="distribution" if names else "package"))


def _read(reading: "Reading", window: "Window | None", names: dict[str, str] | None) -> "ImportProfile":
    from monitor.coldstarts.workflow_imports import read_imports

    with progress("reading the log") as bar:
        return read_imports(reading, window, bar.advance, names)


def _profiled(reading: "Reading", asked: ImportOptions, names: dict[str, str] | None) -> "ImportProfile":
    from monitor.coldstarts.workflow_profile import profile_deployed
    from monitor.console.embedded_stack import temporary_stack

    if len(reading.targets) != 1:
        raise UsageError("--profile-package takes one function", "give one TARGET: a function name or name:alias")
    environment = read_environment(asked.profile_env, asked.env_file)
    target = reading.targets[0]
    with progress(f"starting {target.name} on this machine") as bar:
        return profile_deployed(
            reading.connections[0],
            target,
            temporary_stack,
            environment=environment,
            names=names,
            say=note,
            advance=lambda done_bytes, _of: bar.advance(done_bytes),
        )


def _write_files(profile: "ImportProfile", asked: ImportOptions) -> None:
    from monitor import __version__
    from monitor.coldstarts.parse_profile import IMPORT_PROFILE
    from monitor.coldstarts.render_speedscope import speedscope
    from monitor.console.files import write_file

    if asked.save:
        write_file(asked.save, IMPORT_PROFILE.encode(profile), private=True)
        note(f"saved the profile to {asked.save}")
    if asked.speedscope:
        text = speedscope(profile, f"lambda-monitor@{__version__}")
        write_file(asked.speedscope, text + "\n")
        note(f"wrote {asked.speedscope}: open it at https://www.speedscope.app, or with `speedscope`")
