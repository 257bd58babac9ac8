"""`monitor package build`."""

import re
from pathlib import Path

import click

from monitor.console.output import echo, emit_json, progress, style
from monitor.errors import UsageError


def checked_python(version: str | None) -> str | None:
    """Return `3.13` for `3.13` or `python3.13`.

    Raises:
        UsageError: `version` is not a minor version of Python 3.
    """
    if version is None:
        return None
    plain = version.removeprefix("python")
    if not re.fullmatch(r"3\.\d{1,2}", plain):
        raise UsageError(f"--python takes a minor version, not {version!r}", "for example --python 3.13")
    return plain


@click.command(name="build")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    metavar="ZIP",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Zip to write.  [default: the name of DIR, in the current folder]",
)
@click.option("--python", metavar="3.X", help="Python version of the function.  [default: monitor's own]")
@click.option(
    "--architecture",
    type=click.Choice(("x86_64", "arm64")),
    default="x86_64",
    show_default=True,
    help="Architecture of the function.",
)
@click.option(
    "--installer",
    type=click.Choice(("auto", "uv", "pip", "here")),
    default="auto",
    show_default=True,
    help="here: copy the distributions that are installed in this environment, without the network.",
)
@click.option("--without-runtime-sdk", is_flag=True, help="Leave out boto3, which the runtime provides.")
@click.option("--instrument", is_flag=True, help="Add monitor's entry point, which records every cold start.")
@click.option("--no-strip", is_flag=True, help="Keep the dependencies' tests, stubs, sources and documentation.")
@click.option(
    "--no-bytecode",
    is_flag=True,
    help="Leave bytecode out: smaller, but cold starts are slower.",
)
@click.option("--top", type=click.IntRange(1, 100_000), default=12, show_default=True, help="Distributions to show.")
@click.option(
    "--format",
    "output",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="Output format.",
)
def build_command(
    folder: Path,
    out: Path | None,
    python: str | None,
    architecture: str,
    installer: str,
    without_runtime_sdk: bool,
    instrument: bool,
    no_strip: bool,
    no_bytecode: bool,
    top: int,
    output: str,
) -> None:
    """Build the deployment package of the project in DIR: its files, its requirements.txt for Lambda, bytecode.

    .lambdaignore says what of the project stays out (gitignore's rules). The same input gives the same bytes. Nothing
    is uploaded: the command to paste is printed.

    \b
    monitor package build . -o function.zip --python 3.13 --architecture arm64
    monitor package build . -o function.zip --without-runtime-sdk
    """
    from monitor.packages.building.build import HERE, Recipe, build

    recipe = Recipe(
        python=checked_python(python) or HERE,
        architecture=architecture,
        installer=installer,
        without_sdk=without_runtime_sdk,
        strip=not no_strip,
        bytecode=not no_bytecode,
        instrument=instrument,
    )
    with progress(f"building {folder}"):
        built = build(folder, out or Path(f"{folder.resolve().name}.zip"), recipe)
    if output == "json":
        emit_json(built)
        return
    from monitor.packages.render_build import render_built

    echo(render_built(built, style(), top))
