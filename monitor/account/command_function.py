"""`monitor function`: a function as it is configured."""

import click

from monitor.console.output import echo, emit_json, style
from monitor.console.settings import Settings, connection_options, output_option, pass_settings, target_argument
from monitor.errors import UsageError


@click.group(name="function")
@connection_options
def command() -> None:
    """A function's configuration."""


@command.command(name="show")
@target_argument()
@output_option("text", "json")
@connection_options
@pass_settings
def show(settings: Settings, target: str, output: str) -> None:
    """Show TARGET's configuration, layers, tracing and environment (its values stay hidden).

    \b
    monitor function show ai-image-analyzer-fastapi
    monitor function show my-function:live -o json
    """
    from monitor.account.render_function import render_function
    from monitor.aws.functions import describe
    from monitor.kernel.target import parse_target

    wanted = parse_target(target)
    if wanted.name is None or wanted.is_glob:
        raise UsageError(f"{target!r} is not one function", "give its name, name:alias or ARN")
    info = describe(settings.connection(), wanted.name, wanted.qualifier)
    if output == "json":
        emit_json(info)
    else:
        echo(render_function(info, style()))
