"""`monitor package diff`, and the import times of `inspect --imports`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.console.embedded_stack import temporary_stack
from monitor.console.environment import environment_options, read_environment
from monitor.console.option_rules import needs
from monitor.console.options import connection_options, output_option
from monitor.console.output import echo, emit_json, note, progress, style
from monitor.console.settings import Settings, pass_settings
from monitor.errors import UsageError
from monitor.kernel.handler import handler_module
from monitor.packages.command_reading import check_connection, read_options

if TYPE_CHECKING:
    from monitor.packages.model import PackageReport
    from monitor.packages.model_plan import StartFigures
    from monitor.records.imports import ImportRow

_HANDLER = "lambda_function.lambda_handler"


def show_times(
    settings: Settings,
    report: "PackageReport",
    subject: str,
    handler: str | None,
    environment: dict[str, str],
    output: str,
    top: int | None,
) -> None:
    """Print the size and the import time of each part."""
    from monitor.packages.analyze_compare import times

    path = Path(subject)
    rows: tuple[ImportRow, ...]
    if path.is_file():
        from monitor.packages.workflow_measure import profile

        with progress(f"starting {subject}"), temporary_stack() as connection:
            rows = profile(connection, path, handler or _HANDLER, environment)
        source = "import profile of one start on this machine"
        module = handler_module(handler or _HANDLER)
        found = times(report, rows, source=source, inits=1, exact=True, handler=module)
    elif path.is_dir() or subject.startswith(("http://", "https://", "arn:")):
        raise UsageError("--imports takes a zip or a function", "build the folder first: monitor package build")
    else:
        from monitor.packages.workflow_measure import recorded

        if handler or environment:
            given = "--handler" if handler else "--env"
            raise UsageError(
                f"{given} has no effect on a function: --imports reads its init records", f"remove {given}"
            )
        rows, count = recorded(settings.connection(), subject)
        found = times(report, rows, source="init records of the last day", inits=count, exact=False)
    if output == "json":
        emit_json(found)
    else:
        from monitor.packages.render_compare import render_times

        echo(render_times(found, style(), top))


@click.command(name="diff")
@needs(("--handler", "--env", "--env-file"), "--measure")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option(
    "--measure",
    type=click.IntRange(1, 50),
    default=None,
    metavar="N",
    help="Start the function from each package N times on this machine, and compare.",
)
@click.option("--handler", metavar="MODULE.NAME", default=_HANDLER, show_default=True, help="Handler for --measure.")
@click.option("--python", metavar="3.X", help="Python version of the functions, if it cannot be detected.")
@click.option("--own", metavar="NAME", multiple=True, help="Top-level module or package of your code. Repeatable.")
@environment_options
@output_option("text", "json")
@connection_options
@pass_settings
def diff_command(
    settings: Settings,
    before: str,
    after: str,
    measure: int | None,
    handler: str,
    python: str | None,
    own: tuple[str, ...],
    environment: tuple[str, ...],
    env_file: Path | None,
    output: str,
) -> None:
    """Compare two packages (functions, versions, zips or folders) and their cold starts.

    \b
    monitor package diff by-hand.zip built.zip --measure 9
    monitor package diff my-function:7 my-function:live
    """
    from monitor.packages.analyze_compare import compare
    from monitor.packages.workflow import check_subject, read_package

    for subject in (before, after):
        check_subject(subject)
    if measure and not (Path(before).is_file() and Path(after).is_file()):
        raise UsageError(
            "--measure needs two zips", "download the zip of a function: monitor package inspect NAME --download DIR"
        )
    check_connection(before, after)
    with progress("reading both") as bar:
        options = read_options(settings, bar, python=python, architecture=None, own=own)
        reports = read_package(before, options), read_package(after, options)
    found = compare(*reports)
    variables = read_environment(environment, env_file)
    if measure:
        found = replace(found, starts=_starts((before, after), handler, measure, variables))
    if output == "json":
        emit_json(found)
        return
    from monitor.packages.render_compare import render_diff

    echo(render_diff(found, style()))


def _starts(
    subjects: tuple[str, str], handler: str, rounds: int, environment: dict[str, str]
) -> "tuple[StartFigures, ...]":
    from monitor.packages.workflow_measure import measure

    paths = [(subject, Path(subject)) for subject in subjects]
    note(
        f"starting each package {rounds} times, in turns, under Lambda's runtime interface client, with read-only code"
    )
    with temporary_stack() as connection, progress("starting both", total=2 * (rounds + 1)) as bar:
        return measure(
            connection,
            paths,
            (handler, handler),
            rounds=rounds,
            payload=b"{}",
            environment=environment,
            done=bar.advance,
        )
