"""`monitor package layers`, `dockerfile` and `split`."""

from pathlib import Path
from typing import Any

import click

from monitor.console.environment import environment_options, read_environment
from monitor.console.option_rules import CONNECTION, excludes, unused
from monitor.console.options import output_option
from monitor.console.output import echo, emit_json, note, progress, style
from monitor.console.temporary import temporary_folder
from monitor.errors import UsageError
from monitor.packages.command_options import (
    checked_python,
    install_options,
    recipe_of,
    requirement_options,
    strip_option,
    target_options,
)

_HANDLER = "lambda_function.lambda_handler"


@click.command(name="layers")
@unused(*CONNECTION)
@click.argument("folders", nargs=-1, required=True, metavar="DIR...", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("layers"),
    show_default=True,
    help="Folder to write the zips to.",
)
@click.option("--instrument", is_flag=True, help="Add monitor's entry point, in a separate layer.")
@target_options
@requirement_options
@install_options
@strip_option
@output_option("text", "json")
def layers_command(
    folders: tuple[Path, ...], out: Path, instrument: bool, strip: str, output: str, **options: Any
) -> None:
    """Split functions into layers (the AWS SDK, the other dependencies) and one zip of code per function.

    With several folders, the layers contain the distributions that all functions require in the same version. Nothing
    is uploaded: the commands to run are printed.

    \b
    monitor package layers . --out layers --python 3.13
    """
    from monitor.packages.building.layers import layered

    recipe = recipe_of(**options, instrument=instrument, strip=strip)
    with progress("building the layers"), temporary_folder() as temporary:
        plan = layered(folders, out, temporary, recipe)
    if output == "json":
        emit_json(plan)
        return
    from monitor.packages.render_plan import render_layers

    echo(render_layers(plan, style()))


@click.command(name="dockerfile")
@unused(*CONNECTION)
@excludes("--dockerignore", "--handler", "--python", "--architecture", "--requirements", "--extra", "--group")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--handler", metavar="MODULE.NAME", default=_HANDLER, show_default=True, help="Handler of the function.")
@target_options
@requirement_options
@click.option(
    "--zip",
    "package",
    type=click.Path(path_type=Path),
    help="Zip of the same function, to compare its size with the image.",
)
@click.option("--dockerignore", is_flag=True, help="Print the .dockerignore file instead.")
def dockerfile_command(
    folder: Path,
    handler: str,
    python: str | None,
    architecture: str,
    requirements: Path | None,
    extras: tuple[str, ...],
    groups: tuple[str, ...],
    package: Path | None,
    dockerignore: bool,
) -> None:
    """Print a Dockerfile for the project in DIR, based on AWS's image for its Python version.

    \b
    monitor package dockerfile . --python 3.13 > Dockerfile
    monitor package dockerfile . --dockerignore > .dockerignore
    """
    from monitor.packages.building.declared import Choice
    from monitor.packages.building.dockerfile import advice, dockerfile, ignore_file
    from monitor.packages.building.recipe import HERE

    choice = Choice(requirements, extras, groups)
    version = checked_python(python) or HERE
    text = dockerfile(folder, python=version, architecture=architecture, handler=handler, choice=choice)
    echo((ignore_file(folder, choice) if dockerignore else text).rstrip("\n"))
    if package is not None:
        from monitor.packages.workflow import ReadOptions, read_package

        note(advice(read_package(str(package), ReadOptions(_never))))


def _never() -> Any:
    raise UsageError(
        "--zip takes a zip or a folder", "download the zip of a function: monitor package inspect NAME --download DIR"
    )


@click.command(name="split")
@unused(*CONNECTION)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--handler", metavar="MODULE.NAME", default=_HANDLER, show_default=True, help="Handler of the function.")
@target_options
@requirement_options
@install_options
@environment_options
@output_option("text", "json")
def split_command(
    folder: Path,
    handler: str,
    python: str | None,
    environment: tuple[str, ...],
    env_file: Path | None,
    output: str,
    **options: Any,
) -> None:
    """Show how the project in DIR could be split into functions, with the size and import time of each.

    monitor imports each module that declares routes, with the Python that runs monitor. It does not move any code.

    \b
    monitor package split . --handler app.main.handler
    """
    from monitor.packages.building.build import build
    from monitor.packages.building.dependencies import stage_dependencies
    from monitor.packages.building.recipe import HERE
    from monitor.packages.building.split import split

    if checked_python(python) not in (None, HERE):
        raise UsageError(f"split imports modules with Python {HERE}", f"run monitor with Python {python}")
    if options["no_build_code"]:
        raise UsageError("split imports the modules of the project", "remove --no-build-code")
    variables = read_environment(environment, env_file)
    recipe = recipe_of(python=python, **options)
    note("importing the modules of the project, without your credentials")
    with progress("importing each module"), temporary_folder() as temporary:
        built = build(folder, temporary / "whole.zip", recipe)
        dependencies = stage_dependencies(folder, temporary, recipe)
        plan = split(folder, dependencies.folder, built.report, handler, variables)
    if output == "json":
        emit_json(plan)
    else:
        from monitor.packages.render_plan import render_split

        echo(render_split(plan, style()))
    for text in built.notes:
        note(text)
