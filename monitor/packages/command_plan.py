"""`monitor package layers`, `dockerfile` and `split`."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from monitor.console.output import echo, emit_json, note, progress, style
from monitor.console.settings import output_option
from monitor.errors import UsageError
from monitor.packages.command_build import checked_python

F = TypeVar("F", bound=Callable[..., Any])
_HANDLER = "lambda_function.lambda_handler"


def _target(function: F) -> F:
    for option in (
        click.option(
            "--installer",
            type=click.Choice(("auto", "uv", "pip", "here")),
            default="auto",
            show_default=True,
            help="here: copy the distributions that are installed in this environment, without the network.",
        ),
        click.option(
            "--architecture",
            type=click.Choice(("x86_64", "arm64")),
            default="x86_64",
            show_default=True,
            help="Architecture of the function.",
        ),
        click.option("--python", metavar="3.X", help="Python version of the function.  [default: monitor's own]"),
    ):
        function = option(function)
    return function


@click.command(name="layers")
@click.argument("folders", nargs=-1, required=True, metavar="DIR...", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("layers"),
    show_default=True,
    help="Folder to write the zips to.",
)
@click.option("--instrument", is_flag=True, help="Add monitor's entry point, in a layer of its own.")
@_target
@output_option("text", "json")
def layers_command(
    folders: tuple[Path, ...],
    out: Path,
    instrument: bool,
    python: str | None,
    architecture: str,
    installer: str,
    output: str,
) -> None:
    """Split functions into layers: the AWS SDK, the other dependencies, and the code of each function.

    With several folders, the layers contain the distributions that all functions require in the same version. Nothing
    is uploaded: the commands to run are printed.

    \b
    monitor package layers . --out layers --python 3.13
    """
    from monitor.packages.building.build import HERE, Recipe
    from monitor.packages.building.layers import layered

    recipe = Recipe(checked_python(python) or HERE, architecture, installer, instrument=instrument)
    with progress("building the layers"), tempfile.TemporaryDirectory(prefix="monitor-package-") as temporary:
        plan = layered(folders, out, Path(temporary), recipe)
    if output == "json":
        emit_json(plan)
        return
    from monitor.packages.render_plan import render_layers

    echo(render_layers(plan, style()))


@click.command(name="dockerfile")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--handler", metavar="MODULE.NAME", default=_HANDLER, show_default=True, help="Handler of the function.")
@click.option("--python", metavar="3.X", help="Python version of the function.  [default: monitor's own]")
@click.option(
    "--architecture",
    type=click.Choice(("x86_64", "arm64")),
    default="x86_64",
    show_default=True,
    help="Architecture of the function.",
)
@click.option("--zip", "package", type=click.Path(path_type=Path), help="Zip of the same function, to compare.")
@click.option("--dockerignore", is_flag=True, help="Print the .dockerignore file instead.")
def dockerfile_command(
    folder: Path, handler: str, python: str | None, architecture: str, package: Path | None, dockerignore: bool
) -> None:
    """Print a Dockerfile for the project in DIR, based on AWS's image for its Python version.

    \b
    monitor package dockerfile . --python 3.13 > Dockerfile
    monitor package dockerfile . --dockerignore > .dockerignore
    """
    from monitor.packages.building.build import HERE
    from monitor.packages.building.dockerfile import advice, dockerfile, ignore_file

    text = dockerfile(folder, python=checked_python(python) or HERE, architecture=architecture, handler=handler)
    echo((ignore_file(folder) if dockerignore else text).rstrip("\n"))
    if package is not None:
        from monitor.packages.workflow import ReadOptions, read_package

        note(advice(read_package(str(package), ReadOptions(_never))))


def _never() -> Any:
    raise UsageError(
        "--zip takes a zip or a folder", "download the zip of a function: monitor package inspect NAME --download DIR"
    )


@click.command(name="split")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--handler", metavar="MODULE.NAME", default=_HANDLER, show_default=True, help="Handler of the function.")
@_target
@output_option("text", "json")
def split_command(
    folder: Path, handler: str, python: str | None, architecture: str, installer: str, output: str
) -> None:
    """Show how the project in DIR could be split into functions, with the size and import time of each.

    monitor imports each module that declares routes, with the Python that runs monitor. It does not move any code.

    \b
    monitor package split . --handler app.main.handler
    """
    from monitor.packages.building.build import HERE, Recipe, build, stage_dependencies
    from monitor.packages.building.split import split

    if checked_python(python) not in (None, HERE):
        raise UsageError(f"split imports modules with Python {HERE}", f"run monitor with Python {python}")
    recipe = Recipe(HERE, architecture, installer)
    with progress("importing each module"), tempfile.TemporaryDirectory(prefix="monitor-package-") as temporary:
        built = build(folder, Path(temporary) / "whole.zip", recipe)
        stage_dependencies(folder, Path(temporary), recipe)
        plan = split(folder, Path(temporary) / "dependencies", built.report, handler)
    if output == "json":
        emit_json(plan)
        return
    from monitor.packages.render_plan import render_split

    echo(render_split(plan, style()))
