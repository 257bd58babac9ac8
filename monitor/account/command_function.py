"""`monitor function`: the configuration of a function."""

import click

from monitor.console.options import connection_options, output_option, target_argument
from monitor.console.output import echo, emit_json, style
from monitor.console.settings import Settings, pass_settings


@click.group(name="function")
@connection_options
def command() -> None:
    """Show the configuration of a function."""


@command.command(name="show")
@target_argument()
@output_option("text", "json")
@connection_options
@pass_settings
def show(settings: Settings, target: str, output: str) -> None:
    """Show the configuration, layers, tracing and environment variables of TARGET, without their values.

    \b
    monitor function show ai-image-analyzer-fastapi
    monitor function show my-function:live -o json
    """
    from monitor.account.render_function import render_function
    from monitor.aws.functions import describe
    from monitor.aws.targets import one_function

    connection = settings.connection()
    info = describe(connection, *one_function(connection, target))
    if output == "json":
        emit_json(info)
    else:
        echo(render_function(info, style()))
