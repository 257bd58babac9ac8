"""`monitor function`: the configuration of a function."""

import click

from monitor.console.option_rules import CONNECTION, excludes
from monitor.console.options import connection_options, output_option, target_argument
from monitor.console.output import echo, emit_json, style, suggest
from monitor.console.settings import Settings, pass_settings
from monitor.console.stacks.template_options import TemplateChoice, template_options


@click.group(name="function")
@connection_options
def command() -> None:
    """Show the configuration of a function."""


@command.command(name="show")
@excludes("--template", "--stack", *CONNECTION)
@target_argument(required=False)
@template_options
@output_option("text", "json")
@connection_options
@pass_settings
def show(settings: Settings, target: str | None, template: TemplateChoice | None, output: str) -> None:
    """Show the configuration, layers, and tracing of TARGET, and the names of its environment variables.

    With --template, show what a template says about its functions, or about TARGET; AWS is not called.

    \b
    monitor function show ai-image-analyzer-fastapi
    monitor function show my-function:live -o json
    monitor function show --template template.yaml --parameter Stage=prod
    """
    if template is not None:
        _show_template(template, target, output)
        return
    if target is None:
        raise click.UsageError("Missing argument 'TARGET'.", click.get_current_context())
    from monitor.account.render_function import render_function
    from monitor.aws.functions import describe
    from monitor.aws.targets import one_function

    connection = settings.connection()
    info = describe(connection, *one_function(connection, target))
    if output == "json":
        emit_json(info)
    else:
        echo(render_function(info, style()))
        suggest(["monitor", "coldstarts", target], "its cold starts")


def _show_template(template: TemplateChoice, target: str | None, output: str) -> None:
    from monitor.account.render_template import as_json, render_functions

    found = template.functions((target,) if target else ())
    if output == "json":
        emit_json([as_json(one) for one in found])
    else:
        echo(render_functions(found, style()))
