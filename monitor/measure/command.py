"""`monitor measure`: forced cold starts of a deployed function at several memory sizes."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from monitor.console.ending import ENDING
from monitor.console.option_rules import excludes, given_connection
from monitor.console.options import connection_options, output_option, target_argument
from monitor.console.output import as_typed, echo, emit_json, note, progress, remark, style
from monitor.console.settings import Settings, pass_settings
from monitor.errors import MonitorError, UsageError
from monitor.kernel.budgets import RESTORING_S

if TYPE_CHECKING:
    from monitor.aws.connection import Connection
    from monitor.measure.model import Measurement, Plan, Record, Restored

_YES = "add --yes to carry out the plan, or --dry-run to see it"


@click.command(name="measure")
@excludes("--restore", "--memory", "--starts", "--event", "--alias", "--dry-run", "--yes")
@excludes("--dry-run", "--yes", "--event")
@target_argument(required=False)
@click.option("--memory", metavar="MB,MB,…", help="Memory sizes to measure.  [default: the function's own]")
@click.option(
    "--starts",
    type=click.IntRange(1, 100),
    default=8,
    metavar="N",
    help="Cold starts at each size. At least 8 are needed to compare sizes.  [default: 8]",
)
@click.option("--event", metavar="FILE", help="A JSON file with the event; - for stdin.  [default: {}]")
@click.option(
    "--alias",
    metavar="NAME",
    help="Measure newly published versions through a new alias. The alias and these versions are deleted at the end.",
)
@click.option("--dry-run", is_flag=True, help="Show the plan, and change nothing.")
@click.option("--yes", is_flag=True, help="Skip the confirmation prompt.")
@click.option("--restore", is_flag=True, help="Restore TARGET, or every function whose measurement was interrupted.")
@output_option("text", "json")
@connection_options
@pass_settings
def command(
    settings: Settings,
    target: str | None,
    memory: str | None,
    starts: int,
    event: str | None,
    alias: str | None,
    dry_run: bool,
    yes: bool,
    restore: bool,
    output: str,
) -> None:
    """Measure cold starts of the deployed function TARGET, at one or more memory sizes.

    Each cold start is forced by a change to the environment variable MONITOR_MEASURE, and the function is invoked once,
    with all its usual side effects. The plan is shown first. The variable and the memory size are restored at the end,
    and also after an error or Ctrl-C. If the process was killed, run the command with --restore.

    \b
    monitor measure my-function --dry-run
    monitor measure my-function --memory 512,1024,1769 --event event.json
    monitor measure my-function --alias measure --starts 20 --yes -o json
    monitor measure --restore
    """
    if restore:
        _restore(settings, target, output)
        return
    if target is None:
        raise UsageError("no TARGET was given", "name a function, e.g. monitor measure my-function")
    from monitor.measure import workflow
    from monitor.measure.analyze import check_alias, parse_sizes
    from monitor.measure.render import render_plan

    sizes = parse_sizes(memory) if memory is not None else ()
    if alias is not None:
        check_alias(alias)
    if not dry_run and not yes:
        _require_terminal(output)
    payload = _payload(event)
    connection = settings.connection()
    plan = workflow.plan(connection, target, sizes, starts, alias or "")
    if dry_run and output == "json":
        emit_json({"plan": plan})
        return
    if dry_run:
        echo(as_typed(render_plan(plan)))
        return
    for line in render_plan(plan).splitlines():
        note(line)
    if not yes and not click.confirm("Measure?", err=True):
        note("no changes made")
        return
    ENDING.cleanup_s = RESTORING_S
    with progress("measuring", total=plan.invocations * (2 if plan.alias else 1)) as bar:
        found = workflow.measure(connection, plan, payload, lambda label: bar.advance(label=label), _tell_restoring)
    _show(found, plan, output)


def _payload(event: str | None) -> bytes:
    if event is None:
        return b"{}"
    from monitor.console.event_file import read_event

    return read_event(event)


def _require_terminal(output: str) -> None:
    if output == "json":
        raise UsageError("-o json cannot ask for confirmation", _YES)
    if not sys.stdin.isatty():
        raise UsageError("no terminal to ask for confirmation", _YES)


def _tell_restoring() -> None:
    if ENDING.signal_number is not None:
        note("monitor: restoring the function; Ctrl-C again leaves that to `monitor measure --restore`")


def _show(found: "Measurement", plan: "Plan", output: str) -> None:
    from monitor.measure.render import render_measurement

    if output == "json":
        emit_json({"plan": plan, "measurement": found})
    else:
        echo(as_typed(render_measurement(found, style())))


def _restore(settings: Settings, target: str | None, output: str) -> None:
    """Restore one function, or all that have a record here, and show what was restored also if not everything was."""
    from monitor.measure import workflow_records as records
    from monitor.measure.workflow_restore import restore, restore_target

    ENDING.cleanup_s = RESTORING_S
    if target is not None:
        _show_restored([restore_target(settings.connection(), target)], output)
        return
    found: list[Restored] = []
    failed: MonitorError | None = None

    def unreadable(error: UsageError) -> None:
        nonlocal failed
        failed = error
        remark(error.message, error.hint)

    # With connection options, only what was measured by them.
    given = settings.connections() if given_connection() else None
    for record in records.load_all(unreadable):
        try:
            connection = _connection(settings, record) if given is None else _matching(given, record)
            if connection is not None:
                found.append(restore(connection, record))
        except MonitorError as error:
            failed = error
            remark(f"{record.function} in {record.region} was not restored: {error.message}", error.hint)
    if found or failed is None:
        _show_restored(found, output)
    if failed is not None:
        left = MonitorError("not every function was restored", "run `monitor measure --restore` again")
        left.exit_code = failed.exit_code
        raise left


def _matching(connections: "list[Connection]", record: "Record") -> "Connection | None":
    place = (record.region, record.endpoint_url)
    found = (one for one in connections if (one.region, one.endpoint_url) == place)
    return next((one for one in found if record.local or one.profile in (None, record.profile)), None)


def _connection(settings: Settings, record: "Record") -> "Connection":
    """The connection that a function was measured with."""
    chosen = replace(
        settings,
        local=record.local,
        profiles=(record.profile,) if record.profile and not record.local else (),
        regions=(record.region,),
        endpoint_url=None if record.local else record.endpoint_url,
    )
    connection = chosen.connection()
    if connection.endpoint_url != record.endpoint_url:
        if not record.local:
            raise UsageError(f"it was measured at {record.endpoint_url or 'AWS'}", "unset MONITOR_LOCAL")
        raise UsageError(
            f"it was measured on the embedded stack at {record.endpoint_url}",
            f"set MONITOR_LOCAL_ENDPOINT; if that stack has ended, delete {_path(record)}",
        )
    return connection


def _path(record: "Record") -> str:
    from monitor.measure.workflow_records import path_of

    return str(path_of(record.arn, record.endpoint_url))


def _show_restored(found: "list[Restored]", output: str) -> None:
    from monitor.measure.render import render_restored

    if output == "json":
        emit_json({"restored": found})
    elif found:
        echo(as_typed(render_restored(found)))
    else:
        note("there is nothing to restore")
