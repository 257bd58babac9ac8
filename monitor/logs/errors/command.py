"""`monitor errors`: failures grouped by cause."""

import shlex
from typing import TYPE_CHECKING

import click

from monitor.console.deployment import since_deploy
from monitor.console.option_rules import CONNECTION, excludes
from monitor.console.options import Count, connection_options, output_option, targets_argument, window_options
from monitor.console.output import echo, emit_json_lines, note, progress, remark, style
from monitor.console.settings import Settings, pass_settings
from monitor.kernel.place import place_names
from monitor.kernel.target import TargetSelection
from monitor.logs.command_input import open_input, saved_log_options
from monitor.logs.model_saved import SavedFiles
from monitor.records.event import Notice

if TYPE_CHECKING:
    from monitor.logs.errors.model import FailureGroup
    from monitor.logs.workflow_reading import Reading


@click.command(name="errors")
@excludes("--from", *CONNECTION, "--follow")
@excludes("--until", "--follow")
@targets_argument(required=False)
@click.option("--follow", "-f", is_flag=True, help="Keep following new events; print a line for each group that grows.")
@click.option(
    "--limit",
    type=Count(1),
    default=20,
    show_default=True,
    help="Maximum number of groups to print.",
)
@click.option(
    "--durable",
    metavar="ID",
    multiple=True,
    help="Only the failures in this durable execution: its name, ID, or ARN.",
)
@saved_log_options()
@window_options(default="1d")
@output_option("text", "json")
@connection_options
@pass_settings
def command(
    settings: Settings,
    /,
    targets: tuple[str, ...],
    follow: bool,
    limit: int,
    durable: tuple[str, ...],
    source: SavedFiles | None,
    since: str | None,
    until: str | None,
    utc: bool,
    output: str,
) -> None:
    """Group the failures of TARGETs: exceptions, timeouts, crashes, out-of-memory kills, and logged errors.

    Each invocation counts once per group. Messages that differ only in IDs or numbers are grouped together. NEW marks a
    group that first appeared after the function's last deployment. `-o json` prints one object per group.

    \b
    monitor errors my-function --since 2d
    monitor errors 'ai-*' --follow
    """
    from monitor.logs.errors.render import render_failures, render_growth
    from monitor.logs.errors.workflow import failures

    selection = TargetSelection(targets)
    start = since_deploy(settings, since, selection)
    within = None if source is None else settings.explicit_window(start, until, utc=utc)
    window = within or settings.window(start, until, utc=utc, default="1d")
    reading = open_input(settings, selection, source, window=within)
    look, zone = style(), settings.zone(utc=utc)

    def name(group: "FailureGroup") -> str:
        return _name(group, reading)

    def show(group: "FailureGroup") -> str:
        command = _show_command(group, targets, source, since)
        return settings.origin.of(group.profile, group.region).carried(command)

    several = len(reading.sources) > 1

    try:
        with progress("reading") as bar:
            for update in failures(reading, window, follows=follow, seen=bar.advance, executions=durable):
                if isinstance(update, Notice):
                    note(f"monitor: {update.text}")
                    continue
                if update.first:
                    bar.close()
                if output == "json":
                    emit_json_lines(update.groups[:limit] if update.first else update.groups)
                elif not update.first:
                    for group in update.groups:
                        echo(render_growth(group, look, zone, name(group) if several else ""))
                elif update.groups:
                    first = update.groups[:limit]
                    echo(render_failures(first, look, zone, utc=zone is not None, name=name, show=show))
                    if len(update.groups) > limit:
                        note(f"{len(update.groups) - limit} more groups; use --limit to see them")
                elif not update.events:
                    nothing = reading.nothing()
                    remark(nothing.message, nothing.hint)
                else:
                    where = " of this execution" if durable else ""
                    note(f"No failures{where} in {update.events:,} events")
    except KeyboardInterrupt:
        if not follow:
            raise
        note("Stopped")


def _name(group: "FailureGroup", reading: "Reading") -> str:
    """The function of a group; with its region or profile if several are read."""
    others = [("", place) for place in reading.places.values()]
    return place_names([(group.function, group.place), *others])[0].strip()


def _show_command(group: "FailureGroup", targets: tuple[str, ...], source: SavedFiles | None, since: str | None) -> str:
    """The command that shows the last invocation of a group; "" for stdin, which cannot be read again."""
    words = ["monitor", "show", group.request_id]
    if source is None:
        # A group that is not Lambda's own names no function.
        words += [group.function or targets[0]] if group.function or len(targets) == 1 else list(targets)
        words += ["--since", since] if since else []
    elif "-" in source.paths:
        return ""
    else:
        words += [word for path in source.paths for word in ("--from", path)]
        words += ["--form", source.form] if source.form else []
    return shlex.join(words)
