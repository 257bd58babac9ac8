"""`monitor open`: pages of the AWS console."""

from typing import TYPE_CHECKING

import click

from monitor.console.option_rules import excludes
from monitor.console.options import complete_dashboards, connection_options, output_option, target_argument
from monitor.console.output import echo, emit_json, note
from monitor.console.settings import Settings, pass_settings
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.aws.connection import Connection

_PAGES = ("function", "logs", "traces")


@click.command(name="open")
@excludes("--dashboard", "--stack", "--trace", "--page")
@excludes("--trace", "--stack", "--page")
@target_argument(required=False)
@click.option(
    "--page",
    type=click.Choice(_PAGES),
    help="Which page of TARGET: its configuration, its log group, or its traces.  [default: function]",
)
@click.option("--trace", metavar="ID", help="Open the X-Ray trace with this ID.")
@click.option("--dashboard", metavar="NAME", shell_complete=complete_dashboards, help="Open the dashboard NAME.")
@click.option("--print", "only_print", is_flag=True, help="Print the URL without opening it.")
@output_option("text", "json")
@connection_options
@pass_settings
def command(
    settings: Settings,
    target: str | None,
    page: str | None,
    trace: str | None,
    dashboard: str | None,
    only_print: bool,
    output: str,
) -> None:
    """Open the page of TARGET, a trace or a dashboard in the AWS console, and print its URL.

    A browser is opened only if there is a display and stdout is a terminal. TARGET is a function name, name:alias, ARN
    or log group.

    \b
    monitor open my-function
    monitor open my-function:live --page logs
    monitor open --trace 1-5759e988-bd862e3fe1be46a994272793
    monitor open --dashboard my-function-cold-starts --print
    """
    if settings.is_local:
        raise UsageError(
            "the embedded stack has no pages in the AWS console", "`monitor serve --local` shows its functions"
        )
    if target is None and trace is None and dashboard is None:
        raise UsageError("no TARGET was given", "e.g. `monitor open my-function`, or give --trace or --dashboard")
    if target is not None and (trace is not None or dashboard is not None):
        raise UsageError(
            f"{target} has no effect with {'--trace' if trace else '--dashboard'}", "leave one of them out"
        )
    connection = settings.connection()
    kind, address = _address(connection, target, page, trace, dashboard)
    if not address:
        raise UsageError(
            f"the URL of the console in {connection.region} is not known", "its partition does not publish it"
        )
    if output == "json":
        emit_json({"page": kind, "region": connection.region, "url": address})
    else:
        echo(address)
    if not only_print:
        _open(address)


def _address(
    connection: "Connection", target: str | None, page: str | None, trace: str | None, dashboard: str | None
) -> tuple[str, str]:
    """What kind of page it is, and its address."""
    from monitor.kernel.console_pages import dashboard_page, is_trace_id, trace_page

    if trace is not None:
        if not is_trace_id(trace):
            raise UsageError(f"{trace!r} is not the ID of a trace", "e.g. 1-5759e988-bd862e3fe1be46a994272793")
        return "trace", trace_page(connection.region, trace)
    if dashboard is not None:
        return "dashboard", dashboard_page(connection.region, dashboard)
    return _of_target(connection, str(target), page)


def _of_target(connection: "Connection", text: str, page: str | None) -> tuple[str, str]:
    from monitor.aws.targets import one_function
    from monitor.kernel.console_pages import function_page, log_group_page, traces_page
    from monitor.kernel.target import parse_target

    asked = parse_target(text)
    if asked.log_group and not asked.is_glob:
        if page not in (None, "logs"):
            raise UsageError(f"{text} is a log group", f"give a function, or leave out --page {page}")
        if asked.region and asked.region != connection.region:
            raise asked.elsewhere(connection.region)
        return "logs", log_group_page(connection.region, asked.log_group)
    name, qualifier = one_function(connection, text)
    group = _log_group(connection, name, qualifier)
    if page == "logs":
        return "logs", log_group_page(connection.region, group)
    if page == "traces":
        return "traces", traces_page(connection.region, name)
    return "function", function_page(connection.region, name, qualifier or "")


def _log_group(connection: "Connection", name: str, qualifier: str | None) -> str:
    """The log group of a function, which tells too whether there is one of this name."""
    from monitor.aws.functions import describe
    from monitor.errors import DeniedError

    try:
        return describe(connection, name, qualifier).log_group
    except DeniedError as error:
        group = f"/aws/lambda/{name}"
        connection.warn_denied(error, f"assuming that the log group of {name} is {group}")
        return group


def _open(address: str) -> None:
    from monitor.console.page_output import opens_browser

    if opens_browser():
        import webbrowser

        if not webbrowser.open(address):
            note("monitor: no browser could be opened")
