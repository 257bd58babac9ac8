"""`monitor package`: what a deployment package holds, and a better one."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.options import connection_options, output_option, pass_settings
from monitor.cli.output import echo, emit_json, note, progress, style
from monitor.cli.settings import Settings

if TYPE_CHECKING:
    from monitor.cli.output import Progress
    from monitor.ops.package import Looking

_MB = 1024 * 1024


@click.group(name="package")
@connection_options
def command() -> None:
    """Deployment packages and layers: look inside, compare, build.

    \b
    monitor package inspect my-function
    monitor package build . -o function.zip --python 3.13
    """


def looking(
    settings: Settings,
    bar: "Progress",
    *,
    python: str | None,
    architecture: str | None,
    handler: str | None = None,
    pythonpath: str | None = None,
    own: tuple[str, ...] = (),
    keep: Path | None = None,
) -> "Looking":
    """The workflow's options from the command's."""
    from monitor.ops.package import Looking
    from monitor.package.inspect import Target

    def advance(done_bytes: int, _of: int | None) -> None:
        bar.advance(done_bytes)

    folders = tuple(filter(None, (pythonpath or "").split(":")))
    target = Target(python, architecture, handler, folders, frozenset(own))
    return Looking(settings.connection, target, keep, note, advance)


@command.command(name="inspect")
@click.argument("subject", metavar="TARGET|ZIP|DIR|URL|LAYER-ARN")
@click.option("--tree", "as_tree", is_flag=True, help="The folders, with their sizes.")
@click.option("--depth", type=click.IntRange(1, 20), default=2, show_default=True, help="How deep --tree goes.")
@click.option("--files", "as_files", is_flag=True, help="Every file.")
@click.option("--top", type=click.IntRange(1, 100_000), default=None, help="Only the largest ones.")
@click.option("--download", type=click.Path(path_type=Path, file_okay=False), help="Keep the zips in this folder.")
@click.option("--python", metavar="3.X", help="The function's Python, where nothing says.")
@click.option("--architecture", type=click.Choice(("x86_64", "arm64")), help="The function's, where nothing says.")
@click.option("--pythonpath", metavar="DIR:DIR", help="PYTHONPATH, e.g. /var/task:/var/task/app.")
@click.option("--own", metavar="NAME", multiple=True, help="A top-level name that is your own code; repeatable.")
@output_option("text", "json")
@connection_options
@pass_settings
def inspect_command(
    settings: Settings,
    subject: str,
    as_tree: bool,
    depth: int,
    as_files: bool,
    top: int | None,
    download: Path | None,
    python: str | None,
    architecture: str | None,
    pythonpath: str | None,
    own: tuple[str, ...],
    output: str,
) -> None:
    """Look into a function's code and layers, a zip, a folder, a URL or a layer version.

    A deployed zip is read in pieces, about 3 % of it, never downloaded unless --download says so.

    \b
    monitor package inspect ai-image-analyzer-fastapi --top 10
    monitor package inspect function.zip --tree
    monitor package inspect my-function --download ./code
    """
    from monitor.ops.package import look

    with progress(f"reading {subject.partition('?')[0]}") as bar:
        how = looking(
            settings,
            bar,
            python=python,
            architecture=architecture,
            pythonpath=pythonpath,
            own=own,
            keep=download,
        )
        report = look(subject, how)
    if output == "json":
        emit_json(report)
    elif as_files:
        from monitor.render.package import render_files

        echo(render_files(report, style(), top))
    elif as_tree:
        from monitor.render.package_tree import render_tree

        echo(render_tree(report, style(), depth, top))
    else:
        from monitor.render.package import render_package

        echo(render_package(report, style(), top))
