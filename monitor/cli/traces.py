"""`monitor traces`: X-Ray, read in a terminal."""

from typing import TYPE_CHECKING

import click

from monitor.cli.options import connection_options, output_option, pass_settings, target_argument, window_options
from monitor.cli.output import echo, emit_json, emit_json_lines, progress, remark, style
from monitor.cli.settings import Settings
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.model.window import Window
    from monitor.ops.traces import ShownTrace


@click.group(name="traces")
@connection_options
def command() -> None:
    """X-Ray traces of a function, with the cold start in the waterfall."""


@command.command(name="list")
@target_argument()
@click.option("--cold", is_flag=True, help="Only those with an init in them.")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="How many, newest first.")
@window_options(default="1h")
@output_option("text", "json")
@connection_options
@pass_settings
def list_command(
    settings: Settings,
    target: str,
    cold: bool,
    limit: int,
    since: str | None,
    until: str | None,
    utc: bool,
    output: str,
) -> None:
    """List TARGET's traces, newest first: total, init, handler, downstream.

    \b
    monitor traces list my-function --cold --since 6h
    """
    from monitor.ops.traces import list_traces
    from monitor.render.traces import render_list

    window = settings.window(since, until, utc, "1h")
    with progress("reading traces"):
        connection = settings.connection()
        listed = list(list_traces(connection, _function(target), window, limit=limit, cold_only=cold))
    if output == "json":
        emit_json_lines(listed)
        return
    if not listed:
        remark(f"no trace of {target} in the window", f"is tracing Active? `monitor function show {target}` tells")
        return
    pairs = [(one.summary, one.figures) for one in listed]
    echo(render_list(pairs, style(), utc=settings.zone(utc) is not None))


@command.command(name="show")
@click.argument("which", metavar="TRACE-ID|REQUEST-ID|latest|slowest-cold")
@click.argument("target", required=False)
@click.option("--max-rows", type=click.IntRange(5), default=None, help="Show only the rows that matter most.")
@window_options(default="1d")
@output_option("text", "json")
@connection_options
@pass_settings
def show_command(
    settings: Settings,
    which: str,
    target: str | None,
    max_rows: int | None,
    since: str | None,
    until: str | None,
    utc: bool,
    output: str,
) -> None:
    """Show one trace as a waterfall. All but a trace id need a TARGET.

    \b
    monitor traces show slowest-cold my-function
    monitor traces show 1-6566a1b2-0123456789abcdef01234567
    """
    from monitor.render.traces import render_waterfall

    window = settings.window(since, until, utc, "1d")
    with progress("reading the trace"):
        shown = _shown(settings, which, target, window)
    if output == "json":
        emit_json(shown)
        return
    in_utc = settings.zone(utc) is not None
    echo(render_waterfall(shown.waterfall, shown.figures, style(), utc=in_utc, max_rows=max_rows))


def _shown(settings: Settings, which: str, target: str | None, window: "Window") -> "ShownTrace":
    from monitor.ops import traces
    from monitor.ops.show import trace_of_request

    connection = settings.connection()
    if traces.is_trace_id(which):
        return traces.trace_by_id(connection, which)
    if target is None:
        raise UsageError(f"whose is {which!r}? No TARGET was given", f"e.g. `monitor traces show {which} my-function`")
    function = _function(target)
    if which == "latest":
        return traces.latest(connection, function, window)
    if which == "slowest-cold":
        return traces.slowest_cold(connection, function, window)
    return trace_of_request(connection, target, which, window)


def _function(target: str) -> str:
    from monitor.parse.target import parse_target

    name = parse_target(target).name
    if name is None:
        raise UsageError(f"{target!r} is a log group", "traces are a function's: give its name")
    return name
