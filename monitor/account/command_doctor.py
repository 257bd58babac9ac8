"""`monitor doctor`: checks of credentials, region, clock and permissions."""

import click

from monitor.console.options import connection_options, output_option
from monitor.console.output import as_typed, echo, emit_json, style
from monitor.console.settings import Settings, pass_settings


@click.command(name="doctor")
@click.option("--function", metavar="NAME", help="Check permissions for this function only.")
@output_option("text", "json")
@connection_options
@pass_settings
def command(settings: Settings, function: str | None, output: str) -> int:
    """Check credentials, Region, clock, permissions, and limits.

    Exits with code 0 if every check passes or only optional features are missing, and with 3 or 4 if a problem keeps
    monitor from working.

    \b
    monitor doctor --profile vision --region ap-southeast-1
    monitor doctor --local
    """
    from monitor.account.model_check import Outcome
    from monitor.account.render_doctor import render_check
    from monitor.account.workflow_doctor import run_checks

    checks = []
    for check in run_checks(settings.connection(), function):
        checks.append(check)
        if output == "text":
            echo(as_typed(render_check(check, style())))
    if output == "json":
        emit_json(checks)
    return max((check.exit_code for check in checks if check.outcome is Outcome.FAILED), default=0)
