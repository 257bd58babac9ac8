"""`monitor optimize`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.console.durations import DurationType
from monitor.console.environment import environment_options, read_environment
from monitor.console.option_rules import excludes, refuse_connection
from monitor.console.options import complete_functions, connection_options, output_option
from monitor.console.output import echo, note, progress, remark, style
from monitor.console.page_output import PageOutput, page_options
from monitor.console.settings import Settings, pass_settings
from monitor.console.stacks.stack_option import stack_option
from monitor.console.temporary import temporary_folder
from monitor.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from monitor.optimize.model import Optimization
    from monitor.optimize.workflow_deployed import Fetched
    from monitor.optimize.workflow_optimize import Result
    from monitor.optimize.workflow_run import Subject

_STEPS = ("bytecode", "collection", "unused", "application", "libraries")


@click.command(name="optimize")
@excludes("--diff", "--output", "--out", "--details", "--open", hint="--diff prints a diff and no report")
@click.argument("package", metavar="DIR|ZIP|TARGET", required=False, shell_complete=complete_functions)
@stack_option("package", required=True, metavar="DIR|ZIP|TARGET")
@click.option(
    "--event",
    "events",
    metavar="FILE",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="JSON file with an event that the handler receives. Give one for each kind of event.",
)
@click.option(
    "--handler",
    metavar="MODULE.NAME",
    help="Handler of the function.  [default: TARGET's, or lambda_function.lambda_handler]",
)
@click.option(
    "--python",
    metavar="3.X",
    help="Python version of the function.  [default: TARGET's, or the version that runs monitor]",
)
@environment_options
@click.option(
    "--step",
    "steps",
    type=click.Choice(_STEPS),
    multiple=True,
    help="Apply only this step. Repeatable.  [default: all]",
)
@click.option(
    "--turns",
    type=click.IntRange(3, 50),
    default=9,
    show_default=True,
    metavar="N",
    help="Number of times to start the package before and after each step.",
)
@click.option(
    "--ignore",
    "ignored",
    metavar="PART",
    multiple=True,
    help="Part of the output that may differ between runs, such as 'response 1.total' or stdout.",
)
@click.option(
    "--tests",
    metavar="COMMAND",
    default="",
    help="Test command, run with PYTHONPATH set to the package. The command's exit code must stay the same.",
)
@click.option(
    "--budget",
    type=DurationType("ms"),
    metavar="DURATION",
    help="Exit with code 1 if init and first invocation take longer.",
)
@click.option(
    "--time-limit",
    "limit_ms",
    type=DurationType(),
    default="10m",
    show_default=True,
    metavar="DURATION",
    help="End the search for a smaller start after this long, and report what was found.",
)
@click.option(
    "--result", metavar="PATH", type=click.Path(path_type=Path), help="Write the package to a new .zip or folder."
)
@click.option(
    "--save",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Save the accepted optimizations, for `monitor package build --optimizations FILE`.",
)
@click.option("--diff", is_flag=True, help="Print what was rewritten, as a diff, instead of the report.")
@click.option("--details", is_flag=True, help="List every import, with the reason for each decision.")
@page_options
@output_option("text", "json", "markdown", "html")
@connection_options
@pass_settings
def command(
    settings: Settings,
    package: str,
    events: tuple[Path, ...],
    handler: str | None,
    python: str | None,
    environment: tuple[str, ...],
    env_file: Path | None,
    steps: tuple[str, ...],
    turns: int,
    ignored: tuple[str, ...],
    tests: str,
    budget: float | None,
    limit_ms: float,
    result: Path | None,
    save: Path | None,
    diff: bool,
    details: bool,
    page: PageOutput,
    output: str,
) -> int:
    """Make a package start faster: add bytecode, and defer imports to their first use.

    The package (a zip, an unzipped folder, or that of the deployed function TARGET) is run on this machine under
    Lambda's runtime interface client, with the events, before and after each step. A step is kept only if results,
    output, exceptions, and X-Ray segments are the same, and if it saves more time than noise can explain. Neither the
    package nor the function is modified; --result writes a new package. Exits with code 1 if --budget is exceeded.

    \b
    monitor optimize function.zip --event event.json
    monitor optimize function.zip --event a.json --event b.json --result faster.zip --save optimizations.json
    monitor optimize function.zip --event event.json --budget 800ms -o markdown
    monitor optimize my-function --event event.json --env TABLE=images --result faster.zip
    """
    page.check(output)
    _check_places(result, save)
    with temporary_folder() as folder:
        given = read_environment(environment, env_file)
        texts = _read(events)
        found = _fetch(settings, package, folder, given)
        subject, version = _subject(folder, found, texts, handler, python, given)
        note(f"starting {package} on this machine as your user, without your credentials")
        from monitor.optimize.workflow_optimize import Plan, optimize

        plan = Plan(
            found.package,
            package,
            version,
            turns,
            steps or _STEPS,
            ignored=ignored,
            tests=tests,
            budget_ms=budget,
            limit_s=limit_ms / 1000,
        )
        with progress("trying and measuring") as bar:
            made = optimize(plan, subject, folder / "work", say=note, advance=bar.advance)
        optimization = replace(_written(made, result, save), notes=found.notes)
        _show(made, optimization, output, diff=diff, details=details, page=page)
    if optimization.within_budget is False:
        remark(f"{package} is over its budget", "optimize further, or raise --budget")
        return ExitCode.CHECK_FAILED
    return ExitCode.OK


def _read(events: tuple[Path, ...]) -> tuple[bytes, ...]:
    from monitor.console.event_file import read_event

    return tuple(read_event(str(path)) for path in events)


def _fetch(settings: Settings, package: str, folder: Path, given: dict[str, str]) -> "Fetched":
    """The package on this machine, or that of a deployed function."""
    from monitor.optimize.workflow_deployed import Fetched, fetch

    if Path(package).exists():
        refuse_connection(package)
        return Fetched(Path(package))
    if package.endswith(".zip") or "/" in package:
        raise UsageError(f"{package} does not exist", "give a zip, a folder or a function")
    with progress("fetching the package") as bar:
        found = fetch(settings.connection(), package, folder / "deployed", lambda count, _of: bar.advance(count, ""))
    if unknown := [name for name in found.variables if name not in given]:
        names = ", ".join(unknown[:5]) + (", …" if len(unknown) > 5 else "")
        note(f"{package} has environment variables that are not set here: {names} (give them with --env or --env-file)")
    return found


def _check_places(result: Path | None, save: Path | None) -> None:
    """Refuse places that cannot be written, before anything is measured."""
    from monitor.console.files import check_writable

    if result is not None:
        from monitor.optimize.workflow_output import check_new

        check_new(result)
        check_writable(result)
    if save is not None:
        check_writable(save)
        if result is not None and save.resolve() == result.resolve():
            raise UsageError(f"--save and --result both name {save}", "give each a separate path")


def _subject(
    folder: Path,
    found: "Fetched",
    events: tuple[bytes, ...],
    handler: str | None,
    version: str | None,
    environment: dict[str, str],
) -> "tuple[Subject, str]":
    """How the package starts, and its Python version."""
    from monitor.optimize.workflow_run import Subject, make_runtime
    from monitor.packages.building.interpreters import find_python
    from monitor.packages.building.recipe import HERE
    from monitor.packages.command_options import checked_python

    handler = handler or found.handler or "lambda_function.lambda_handler"
    if "." not in handler:
        raise UsageError(f"{handler!r} is not a handler", "give --handler MODULE.NAME, such as app.handler")
    wanted = checked_python(version or found.python) or HERE
    interpreter = find_python(wanted)
    if interpreter is None:
        raise UsageError(f"no Python {wanted} is on this machine", f"`uv python install {wanted}` installs one")
    runtime = make_runtime(folder, interpreter)
    (folder / "work").mkdir()
    return Subject(handler, interpreter, runtime, events, environment, layers=found.layers), wanted


def _written(made: "Result", result: Path | None, save: Path | None) -> "Optimization":
    from monitor.console.files import write_file
    from monitor.optimize.workflow_output import choice_of, write_package

    found = made.optimization
    # The choice first: with it a build makes the package again if the package cannot be written.
    if save is not None:
        write_file(save, choice_of(made).text())
        found = replace(found, choice=str(save))
    if result is not None:
        write_package(made, result)
        found = replace(found, out=str(result))
    return found


def _show(made: "Result", found: "Optimization", output: str, *, diff: bool, details: bool, page: PageOutput) -> None:
    from monitor.optimize.render import render_html, render_markdown, render_text

    if diff:
        from monitor.console.text import clean_lines
        from monitor.optimize.workflow_output import diff_of

        echo("\n".join(clean_lines(diff_of(made))))
    elif output == "json":
        import json

        from monitor.kernel.jsonable import jsonable

        page.put(json.dumps(jsonable(found), ensure_ascii=False, allow_nan=False), "optimization.json")
    elif output == "markdown":
        page.put(render_markdown(found), "optimization.md")
    elif output == "html":
        page.put(render_html(found), "optimization.html")
    else:
        look = style() if page.path is None else replace(style(), color=False)
        page.put(render_text(found, look, details=details), "optimization.txt")
