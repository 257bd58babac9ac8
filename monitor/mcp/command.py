"""`monitor mcp`."""

import click

from monitor.console.options import connection_options
from monitor.console.settings import Settings, pass_settings
from monitor.errors import RefusedError


@click.command()
@click.option("--allow-plan", is_flag=True, help="Also offer a tool that plans a change. No tool applies one.")
@connection_options
@pass_settings
def command(settings: Settings, allow_plan: bool) -> None:
    """Serve the read-only commands to an AI assistant, as Model Context Protocol (MCP) tools over stdin and stdout.

    The tools find functions, and read logs, failures, cold starts, invocations, traces, metrics, packages, diagnoses
    and dashboards. They change nothing. Text from the account is marked as data in each result. The server needs the
    same permissions as the commands: see `monitor iam-policy mcp`.

    \b
    monitor mcp --profile prod --region eu-west-1      in the configuration of an AI assistant
    monitor --local mcp                                the embedded stack
    """
    try:
        from monitor.mcp.workflow_serve import serve
    except ImportError as error:
        raise RefusedError(f"{error.name} is not installed", "pip install 'lambda-monitor[mcp]'") from error
    serve(settings, plans=allow_plan)
