"""`monitor show`: one invocation, with its log, REPORT, init record and trace."""

from typing import TYPE_CHECKING

import click

from monitor.console.deployment import since_deploy
from monitor.console.option_rules import CONNECTION, excludes
from monitor.console.options import (
    complete_request_ids,
    connection_options,
    output_option,
    targets_argument,
    window_options,
)
from monitor.console.output import echo, emit_json, note, style, suggest
from monitor.console.settings import Settings, pass_settings
from monitor.errors import UsageError
from monitor.kernel.target import TargetSelection
from monitor.logs.command_input import open_input, saved_log_options, spooled_stdin
from monitor.logs.model_saved import SavedFiles

if TYPE_CHECKING:
    from monitor.traces.model import ShownInvocation


_MAX_ROWS = 60


@click.command(name="show")
@excludes("--from", *CONNECTION)
@click.argument("which", metavar="REQUEST-ID|latest|slowest-cold", shell_complete=complete_request_ids)
@targets_argument(required=False)
@saved_log_options()
@window_options(default="1d")
@output_option("text", "json")
@connection_options
@pass_settings
def command(
    settings: Settings,
    which: str,
    targets: tuple[str, ...],
    source: SavedFiles | None,
    since: str | None,
    until: str | None,
    utc: bool,
    output: str,
) -> None:
    """Show one invocation of TARGET: its log lines, REPORT, init record, and its X-Ray trace if there is one.

    A request ID can be shortened to its first 8 or more characters.

    \b
    monitor show slowest-cold my-function
    monitor show 5b86d4d4-0c1f-4d2c-9a0e-3f7e5b8f6a11 my-function --since 3d
    """
    from monitor.logs.workflow_find import is_invocation_name
    from monitor.traces.workflow_show import show_invocation

    since = since_deploy(settings, since, TargetSelection(targets))
    within = None if source is None else settings.explicit_window(since, until, utc=utc)
    window = within or settings.window(since, until, utc=utc, default="1d")
    if not targets and source is None:
        if not is_invocation_name(which):
            raise UsageError(f"which invocation of {which!r} should be shown?", f"e.g. `monitor show latest {which}`")
        raise UsageError(f"no TARGET was given for {which!r}", f"e.g. `monitor show {which} my-function`")
    with spooled_stdin(source) as path:
        reading = open_input(settings, TargetSelection(targets), path, window=within)
        shown = show_invocation(reading, which, window)
        for notice in reading.notices:
            note(f"monitor: {notice}")
    if output == "json":
        emit_json(shown)
    else:
        print_invocation(shown, settings, utc)
        if source is None and shown.invocation.cold and shown.invocation.function:
            words = ["monitor", "diagnose", shown.invocation.function]
            suggest(words, "why the function starts slowly", same_window=True)


def print_invocation(shown: "ShownInvocation", settings: Settings, utc: bool) -> None:
    """Print all parts of an invocation."""
    from monitor.kernel.missing import Missing
    from monitor.logs.render_events import TailRenderer
    from monitor.logs.render_init_record import render_init_record
    from monitor.logs.render_invocation import heading, render_invocation
    from monitor.records.message import parse_message
    from monitor.traces.render import render_waterfall

    look, zone = style(), settings.zone(utc=utc)
    invocation = shown.invocation
    echo(render_invocation(invocation, look, utc=zone is not None))
    lines = TailRenderer(look, zone, {}, fold=True)
    echo("\n" + heading("Log", look))
    for event in invocation.events:
        text = lines.render(event, parse_message(event.message))
        if text is not None:
            echo(text)
    if invocation.init_record:
        echo("\n" + heading("Init", look))
        echo(render_init_record(invocation.init_record, look))
    echo("\n" + heading("Trace", look))
    if isinstance(shown.trace, Missing):
        echo(shown.trace.reason)
    else:
        waterfall = shown.trace.waterfall
        echo(render_waterfall(waterfall, shown.trace.figures, look, utc=zone is not None, max_rows=_MAX_ROWS))
        if len(waterfall.rows) > _MAX_ROWS:
            note(settings.origin.carried(f"All spans: `monitor traces show {waterfall.trace_id} --all`"))
