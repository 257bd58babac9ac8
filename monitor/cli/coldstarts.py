"""`monitor coldstarts`: how often, how long, how much, and where init went."""

import click

from monitor.cli.opening import opened
from monitor.cli.options import connection_options, output_option, pass_settings, targets_argument, window_options
from monitor.cli.output import echo, emit_json, progress, remark, style
from monitor.cli.settings import Settings


@click.command(name="coldstarts")
@targets_argument(required=False)
@click.option("--from", "source", metavar="FILE", help="Lines already at hand: a file, or - for stdin.")
@window_options(default="1d")
@output_option("text", "json")
@connection_options
@pass_settings
def command(
    settings: Settings,
    targets: tuple[str, ...],
    source: str | None,
    since: str | None,
    until: str | None,
    utc: bool,
    output: str,
) -> None:
    """Each cold start of TARGETs, from the log: counts, init percentiles, cost, the slowest, and the imports.

    Nothing needs to be instrumented; with monitor's entry point the imports of each init are there too.

    \b
    monitor coldstarts my-function --since 7d
    monitor coldstarts 'ai-*' -o json
    aws logs tail /aws/lambda/x --since 1d | monitor coldstarts --from -
    """
    from monitor.ops.coldstarts import cold_starts
    from monitor.render.coldstarts import render_imports, render_summary

    window = settings.window(since, until, utc, "1d")
    reading = opened(settings, targets, source)
    with progress("reading the log") as bar:
        report = cold_starts(reading, window if reading.targets else None, bar.advance)
    if output == "json":
        emit_json(report)
        return
    in_utc = settings.zone(utc) is not None
    for position, summary in enumerate(report.summaries):
        echo(("\n" if position else "") + render_summary(summary, style(), utc=in_utc))
    if report.imports:
        echo("\n" + render_imports(report.imports, style()))
    if not any(summary.invocations for summary in report.summaries):
        nothing = reading.nothing()
        remark(nothing.message, nothing.hint)
