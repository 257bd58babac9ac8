"""`monitor traces`: X-Ray traces in a terminal."""

import click

from monitor.console.deployment import since_deploy
from monitor.console.option_rules import CONNECTION, excludes, needs
from monitor.console.options import Count, connection_options, output_option, target_argument, window_options
from monitor.console.output import echo, emit_json, emit_json_lines, note, progress, remark, style, suggest
from monitor.console.settings import Settings, pass_settings
from monitor.errors import UsageError
from monitor.kernel.target import TargetSelection
from monitor.traces.command_options import examine_option, expression_option, filter_options, say, wanted
from monitor.traces.command_show import show_command

# traces/workflow_find.py EXAMINED, which loads botocore.
_EXAMINED = 500


@click.group(name="traces")
@connection_options
def command() -> None:
    """List, show, follow, and compare the X-Ray traces of a function."""


command.add_command(show_command)


@command.command(name="list")
@excludes("--from", *CONNECTION, "--filter", "--examine")
@target_argument(required=False)
@filter_options
@expression_option
@click.option("--limit", type=Count(1, 5000), default=20, show_default=True, help="How many traces to list.")
@examine_option(_EXAMINED)
@click.option("--from", "source", metavar="FILE", help="Read saved traces from FILE, or from stdin for -.")
@window_options(default="1h")
@output_option("text", "json")
@connection_options
@pass_settings
def list_command(
    settings: Settings,
    target: str | None,
    cold: bool,
    slower_than_ms: float | None,
    faulty: bool,
    annotations: tuple[str, ...],
    expression: str,
    limit: int,
    examine: int,
    source: str | None,
    since: str | None,
    until: str | None,
    utc: bool,
    output: str,
) -> None:
    """List TARGET's traces, newest first, with total, init, handler, and downstream time.

    TARGET is a function name, name:alias or ARN. Also reports the share of invocations that have a trace.

    \b
    monitor traces list my-function --cold --since 2d
    monitor traces list my-function:live --slower-than 2s --annotation tenant=acme
    monitor traces list my-function --filter 'http.status = 502'
    aws xray batch-get-traces --trace-ids 1-… | monitor traces list --from -
    """
    from monitor.traces.render_list import render_list, render_sampling

    chosen = wanted(
        cold=cold, slower_than_ms=slower_than_ms, faulty=faulty, annotations=annotations, expression=expression
    )
    if source is None and target is None:
        raise UsageError("no TARGET was given", "e.g. `monitor traces list my-function`, or give --from FILE")
    region = ""
    if source is not None:
        from monitor.traces.workflow_file import list_file, read_file

        within = settings.explicit_window(since, until, utc=utc)
        listed = list_file(read_file(source, within), chosen, limit=limit, function=target or "")
    else:
        from monitor.traces.workflow_find import list_traces
        from monitor.traces.workflow_source import open_source

        since = since_deploy(settings, since, TargetSelection((str(target),)))
        window = settings.window(since, until, utc=utc, default="1h")
        connection = settings.connection()
        region = connection.region
        with progress("reading traces"):
            opened = open_source(connection, str(target))
            if examine != _EXAMINED and not (cold or opened.qualifiers or opened.is_searched):
                raise UsageError(
                    "--examine has no effect without --cold or an alias", "the other filters need only trace summaries"
                )
            most = max(examine, limit)
            listed = list_traces(opened, window, chosen, limit=limit, examine=most, explained=True)
            if not listed.items:
                opened.check()
    if output == "json":
        emit_json_lines(listed.items)
    elif listed.items:
        pairs = [(one.summary, one.figures) for one in listed.items]
        echo(render_list(pairs, style(), utc=settings.zone(utc=utc) is not None, region=region))
    elif source is not None:
        remark(f"{source} contains no trace that matches", "use fewer filters")
    else:
        remark(
            f"no trace of {target} in the window",
            (f"check with `monitor function show {target}` that tracing is Active"),
        )
    say(listed.notes)
    if listed.sampling is not None and (listed.sampling.invocations or listed.items):
        note(f"monitor: {render_sampling(listed.sampling)}")
    if source is None and listed.items:
        suggest(["monitor", "traces", "show", listed.items[0].summary.id], "the newest one as a waterfall")


@command.command(name="follow")
@target_argument()
@filter_options
@click.option("--utc", is_flag=True, help="Read and print times in UTC.")
@click.option("--since", metavar="TIME", help="The oldest trace to print: 15m, 2026-11-23T10:00.  [default: 1s]")
@output_option("text", "json")
@connection_options
@pass_settings
def follow_command(
    settings: Settings,
    target: str,
    cold: bool,
    slower_than_ms: float | None,
    faulty: bool,
    annotations: tuple[str, ...],
    since: str | None,
    utc: bool,
    output: str,
) -> None:
    """Print TARGET's new traces as they complete, each once. Press Ctrl-C to stop.

    X-Ray delivers segments late and in parts. A trace is printed when it has stopped changing and nothing in it is in
    progress, or after two minutes, with a note of what is missing.

    \b
    monitor traces follow my-function --cold
    monitor traces follow my-function --since 10m -o json | jq .figures.init_ms
    """
    from monitor.logs.follow.follow import Notice
    from monitor.traces.render_list import LineRenderer
    from monitor.traces.workflow_follow import follow
    from monitor.traces.workflow_source import open_source

    chosen = wanted(cold=cold, slower_than_ms=slower_than_ms, faulty=faulty, annotations=annotations)
    window = settings.window(since, None, utc=utc, default="1s")
    lines = LineRenderer(style(), utc=settings.zone(utc=utc) is not None)
    count = 0
    try:
        for item in follow(open_source(settings.connection(), target), window.start_ms, chosen):
            if isinstance(item, Notice):
                note(f"monitor: {item.text}")
                continue
            count += 1
            if output == "json":
                emit_json_lines([item])
                continue
            if count == 1:
                echo(lines.head())
            echo(lines.line(item.summary, item.figures, item.lacking))
    except KeyboardInterrupt:
        note(f"stopped after {count:,} traces")


@command.command(name="compare")
@needs("--utc", "--since", "--until")
@target_argument()
@click.option("--cold", is_flag=True, help="Compare cold traces with warm ones. This is the default.")
@click.option(
    "--most",
    type=Count(1, 5000),
    default=100,
    show_default=True,
    help=("Maximum number of cold traces, and of warm traces, to read."),
)
@examine_option(_EXAMINED)
@window_options(default="1d")
@output_option("text", "json")
@connection_options
@pass_settings
def compare_command(
    settings: Settings,
    target: str,
    cold: bool,  # noqa: ARG001
    most: int,
    examine: int,
    since: str | None,
    until: str | None,
    utc: bool,
    output: str,
) -> None:
    """Compare TARGET's cold traces with its warm ones, step by step, as medians over many traces.

    Imports come from the subsegments that the entry point sends to X-Ray, or from its init records in the log.

    \b
    monitor traces compare my-function --cold --since 2d
    """
    from monitor.traces.render_comparison import render_comparison
    from monitor.traces.workflow_compare import compare_cold
    from monitor.traces.workflow_source import open_source

    since = since_deploy(settings, since, TargetSelection((target,)))
    window = settings.window(since, until, utc=utc, default="1d")
    with progress("reading traces"):
        comparison = compare_cold(open_source(settings.connection(), target), window, most=most, examine=examine)
    if output == "json":
        emit_json(comparison)
        return
    echo(render_comparison(comparison, style(), settings.origin))
