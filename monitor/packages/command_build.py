"""`monitor package build`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from monitor.console.environment import environment_options, read_environment
from monitor.console.option_rules import CONNECTION, excludes, unused
from monitor.console.options import Count
from monitor.console.output import echo, emit_json, note, progress, remark, style
from monitor.console.stacks.template_options import (
    TemplateChoice,
    known,
    known_variables,
    python_version,
    template_functions,
    template_options,
)
from monitor.errors import ExitCode, MonitorError
from monitor.packages.command_options import (
    install_options,
    recipe_of,
    requirement_options,
    strip_option,
    target_options,
)

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from monitor.packages.building.recipe import Recipe
    from monitor.packages.model_plan import BuiltPackage, StartTrial
    from monitor.templates.model import TemplateFunction


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The functions of --template, or folders."""
    from click.shell_completion import CompletionItem

    if ctx.params.get("template") is None:
        return [CompletionItem(incomplete, type="dir")]
    return [CompletionItem(name) for name in template_functions(ctx, param, incomplete)]


@click.command(name="build")
@unused(*CONNECTION)
@excludes("--no-strip", "--strip")
@excludes("--no-try-start", "--handler", "--env", "--env-file")
@excludes("--format json", "--top", hint="--format json has every distribution")
@click.argument("folder", metavar="[DIR|FUNCTION]", required=False, shell_complete=_complete)
@template_options
@click.option(
    "-o",
    "--out",
    metavar="ZIP",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Zip to write.  [default: the name of DIR, in the current directory]",
)
@target_options
@requirement_options
@install_options
@strip_option
@click.option("--no-strip", is_flag=True, hidden=True, help="Same as --strip none.")
@click.option("--without-runtime-sdk", is_flag=True, help="Leave out boto3, which the runtime provides.")
@click.option("--instrument", is_flag=True, help="Add monitor's entry point, which records every cold start.")
@click.option(
    "--optimizations",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Apply what `monitor optimize --save FILE` found, if the files have not changed.",
)
@click.option("--no-bytecode", is_flag=True, help="Leave bytecode out: smaller, but cold starts are slower.")
@click.option(
    "--try-start/--no-try-start",
    default=None,
    help="Start the package once on this machine, without running the handler.  "
    "[default: if that Python version is installed]",
)
@click.option(
    "--handler",
    metavar="MODULE.NAME",
    help="Handler to load.  [default: lambda_function.lambda_handler, if DIR has it]",
)
@environment_options
@click.option(
    "--top",
    type=Count(1, 100_000),
    default=12,
    show_default=True,
    help="Number of distributions to show.",
)
@click.option(
    "--format",
    "output",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="Output format.",
)
def build_command(
    folder: str | None,
    template: TemplateChoice | None,
    out: Path | None,
    strip: str,
    no_strip: bool,
    without_runtime_sdk: bool,
    instrument: bool,
    no_bytecode: bool,
    optimizations: Path | None,
    try_start: bool | None,
    handler: str | None,
    environment: tuple[str, ...],
    env_file: Path | None,
    top: int,
    output: str,
    **options: Any,
) -> int:
    """Build the deployment package of the project in DIR, or of a FUNCTION defined in --template.

    The package contains the project's files, its dependencies built for Lambda, and bytecode. The dependencies come
    from requirements.txt, a lock file, pyproject.toml, or Pipfile. .lambdaignore (same syntax as .gitignore) lists
    project files to leave out. Builds are reproducible. The package is not uploaded; the AWS CLI command to do so is
    printed. Exits with code 1 if the package is incomplete.

    \b
    monitor package build . -o function.zip --python 3.13 --architecture arm64
    monitor package build . -o function.zip --without-runtime-sdk
    monitor package build ApiFunction --template template.yaml
    """
    from dataclasses import replace

    from monitor.packages.building.build import build

    if no_strip:
        note("--no-strip is now --strip none")
    variables = read_environment(environment, env_file)
    if template is None:
        if folder is None:
            raise click.UsageError("Missing argument 'DIR|FUNCTION'.", click.get_current_context())
        place = Path(folder)
    else:
        place, handler, variables = _of_template(template.one(folder), handler, variables, options)
    recipe = recipe_of(
        **options,
        without_sdk=without_runtime_sdk,
        strip="none" if no_strip else strip,
        bytecode=not no_bytecode,
        instrument=instrument,
        handler=_handler(place, handler),
        optimizations=optimizations,
    )
    with progress(f"building {place}"):
        built = build(place, out or Path(f"{place.resolve().name}.zip"), recipe)
    if try_start is not False:
        built = replace(built, start=_start(built, recipe, variables, is_required=bool(try_start)))
    if output == "json":
        emit_json(built)
    else:
        from monitor.packages.render_build import render_built

        echo(render_built(built, style(), top))
    if built.start is not None and built.start.is_defect:
        hint = (
            "name the handler with --handler"
            if _is_misnamed(recipe.handler, built.start.error)
            else "add what is missing to the requirements"
        )
        remark(f"{built.path} does not start: {built.start.error}", hint)
        return ExitCode.CHECK_FAILED
    return ExitCode.OK


def _of_template(
    function: "TemplateFunction", handler: str | None, variables: dict[str, str], options: dict[str, Any]
) -> tuple[Path, str, dict[str, str]]:
    """The folder, handler and variables of a function; its Python and architecture, unless options name others."""
    folder = known(function, "code folder", function.code)
    options["python"] = options["python"] or python_version(function)
    given = click.get_current_context().get_parameter_source("architecture")
    if given is not ParameterSource.COMMANDLINE:
        options["architecture"] = known(function, "architecture", function.architecture)
    handler = handler or known(function, "handler", function.handler)
    return folder, handler, {**known_variables(function), **variables}


def _handler(folder: Path, handler: str | None) -> str:
    if handler:
        return handler
    return "lambda_function.lambda_handler" if (folder / "lambda_function.py").is_file() else ""


def _is_misnamed(handler: str, error: str) -> bool:
    """Whether a start failed because the handler, or its module, is not in the package."""
    from monitor.kernel.handler import handler_module

    missing = re.search(r"No module named '([^']+)'", error)
    return "Runtime.HandlerNotFound" in error or (
        missing is not None and f"{handler_module(handler)}.".startswith(f"{missing[1]}.")
    )


def _start(
    built: "BuiltPackage", recipe: "Recipe", variables: dict[str, str], *, is_required: bool
) -> "StartTrial | None":
    from monitor.packages.building.recipe import HERE, architecture_here
    from monitor.packages.model_plan import StartTrial

    reason = ""
    if not recipe.handler:
        reason = "the handler is not known: give --handler MODULE.NAME"
    elif not recipe.allow_build:
        reason = "--no-build-code forbids running the code of the project"
    elif not recipe.runs_here:
        reason = f"monitor runs on Python {HERE} on {architecture_here()}, the function on {recipe.target}"
    if reason:
        return StartTrial(recipe.handler, reason=reason)
    from monitor.console.embedded_stack import can_start_stack, temporary_stack
    from monitor.packages.workflow_start import try_start

    if not is_required and not can_start_stack():
        return StartTrial(
            recipe.handler, reason="the embedded stack is not installed: pip install 'lambda-monitor[local]'"
        )
    note(f"starting {built.path} once, without your credentials; the handler is not called")
    try:
        with progress(f"starting {built.path}"), temporary_stack() as connection:
            return try_start(connection, Path(built.path), recipe.handler, variables)
    except MonitorError as error:
        if is_required:
            raise
        # The package is built; that this machine cannot start it now says nothing about it.
        return StartTrial(recipe.handler, reason=error.message)
