"""`monitor coldstarts`: how often functions start cold, how long it takes, what it costs, and where the time goes."""

from typing import TYPE_CHECKING

import click

from monitor.coldstarts.command_imports import IMPORT_VIEWS, ImportOptions, import_options, show_imports
from monitor.console.check import check, condition, fail_over_option
from monitor.console.option_rules import CSV, JSON, excludes, needs
from monitor.console.output import echo, emit_json, note, progress, remark, style
from monitor.console.selection import locate, selection_options, tell_unavailable
from monitor.console.settings import Settings, connection_options, output_option, pass_settings, window_options
from monitor.console.spending import spend
from monitor.errors import UsageError
from monitor.kernel.target import TargetSelection
from monitor.logs.command_input import saved_log_options
from monitor.logs.model_saved import SavedFiles

if TYPE_CHECKING:
    from monitor.coldstarts.model import ColdStartReport
    from monitor.coldstarts.workflow import Agree, Scan
    from monitor.coldstarts.workflow_compare import ComparedColdStarts
    from monitor.kernel.window import Window
    from monitor.logs.workflow_reading import Reading

_BY = ("kind", "version", "alias", "memory", "architecture", "runtime", "hour", "function")
_MANY = 5
# With --from, --region still says where the functions of the file run.
_ACCOUNT = ("--profile", "--stage", "--local", "--endpoint-url")


@click.command(name="coldstarts")
@excludes("--tag", "--all", hint="--all is every function, --tag those with the tag")
@excludes("--from", *_ACCOUNT, "--all", "--tag", "--yes", "--engine", "--profile-package")
@excludes(IMPORT_VIEWS, "--by", "--compare", "--list", "--slowest", "--engine", "--architecture")
@excludes(IMPORT_VIEWS, "--fail-over", "--yes")
@excludes((*IMPORT_VIEWS, "--compare"), CSV, hint="give -o json")
@excludes(IMPORT_VIEWS, "--utc", unless=("--since", "--until"))
@excludes("--profile-package", "--since", "--until")
@excludes("--diff", "--tree", "--top")
@excludes(JSON, "--list", "--slowest", hint="-o json has every cold start")
@excludes(JSON, "--tree", "--top", hint="-o json has every import")
@excludes(CSV, "--by", "--list", "--slowest")
@excludes("--compare", "--list", "--slowest", "--engine", "--architecture", "--yes")
@excludes(("--engine scan", "--local"), "--yes")
@excludes("--compare", "--utc", unless=("--since", "--until", "--by"))
@excludes("--tree", "--packages")
@needs("--slowest", "--list")
@excludes("--from", "--region", unless=("--architecture",), hint="--region and --architecture together give the cost")
@needs("--architecture", "--from")
@needs("--architecture", "--region")
@needs("--top", *IMPORT_VIEWS)
@needs("--profile-env", "--profile-package")
@selection_options
@saved_log_options()
@click.option("--by", type=click.Choice(_BY), help="Add a table with one row for each group.")
@click.option(
    "--compare", metavar="TIME|FILE", help="Compare with the same window TIME earlier, or with another log file."
)
@click.option(
    "--list", "listed", is_flag=True, help="List the slowest cold starts, with their ids and where init time went."
)
@click.option(
    "--slowest", type=click.IntRange(1, 2000), default=10, show_default=True, help="How many cold starts --list shows."
)
@click.option(
    "--engine",
    type=click.Choice(("auto", "scan", "insights")),
    default="auto",
    show_default=True,
    help="Read the log events (scan), or query Logs Insights, which bills by the GB scanned.",
)
@click.option(
    "--architecture",
    type=click.Choice(("x86_64", "arm64")),
    help="The functions' architecture, for costs with --from and --region.",
)
@import_options
@fail_over_option
@window_options(default="1d")
@output_option("text", "json", "csv")
@connection_options
@pass_settings
def command(
    settings: Settings,
    selection: TargetSelection,
    yes: bool,
    source: SavedFiles | None,
    by: str | None,
    compare: str | None,
    listed: bool,
    slowest: int,
    engine: str,
    architecture: str | None,
    imports: ImportOptions,
    fail_over: str | None,
    since: str | None,
    until: str | None,
    utc: bool,
    output: str,
) -> None:
    """Report the cold starts of TARGETs from their logs: counts, init percentiles, cost, the slowest ones, and imports.

    Functions need no instrumentation. With monitor's entry point, the imports of each init are reported too.

    \b
    monitor coldstarts my-function --since 7d --by memory
    monitor coldstarts my-function --since 1d --compare 1d     today and yesterday
    monitor coldstarts my-function --imports --tree            the imports of init
    monitor coldstarts --all --since 1d -o csv                 every function
    aws logs tail /aws/lambda/x --since 1d | monitor coldstarts --from -
    """
    from monitor.coldstarts.analyze_figures import COLD_START_FIGURES, cold_start_figures

    asked = condition(fail_over, COLD_START_FIGURES)
    asked_window = None if source is None else settings.explicit_window(since, until, utc=utc)
    window = asked_window or settings.window(since, until, utc=utc, default="1d")
    in_utc = settings.zone(utc=utc) is not None
    filter_pattern = ""
    if imports.wanted:
        from monitor.coldstarts.workflow_imports import FILTER

        filter_pattern = FILTER
    reading = _read_input(settings, selection, source, filter_pattern, asked_window)
    within = window if reading.targets else None
    if imports.wanted:
        show_imports(reading, within, imports, output)
    elif compare is not None:
        earlier_files = SavedFiles((compare,), source.form if source else "")
        found = _compare(reading, within, earlier_files, by, output, in_utc)
        if asked is not None:
            # It is the later window that a pipeline asks about: the earlier one cannot be changed any more.
            check(asked, {one.function or "the log": cold_start_figures(one.after) for one in found.comparisons})
    else:
        region = settings.regions[0] if settings.regions else None
        agree = agreed(settings, yes=yes)
        report = _read(reading, within, by, engine, (region, architecture) if source else None, agree)
        if source and not asked_window:
            _check_any(report, source)
        for notice in reading.notices:
            note(f"monitor: {notice}")
        _show(reading, report, by, slowest if listed else 0, output, in_utc)
        if asked is not None:
            check(asked, {one.function or "the log": cold_start_figures(one) for one in report.summaries})
        if report.unavailable:
            tell_unavailable(report.unavailable)


def _read_input(
    settings: Settings,
    selection: TargetSelection,
    source: SavedFiles | None,
    filter_pattern: str,
    window: "Window | None",
) -> "Reading":
    from monitor.logs.command_input import refuse_targets
    from monitor.logs.workflow_reading import open_located, open_saved

    if source is None:
        return open_located(locate(settings, selection), filter_pattern)
    refuse_targets(selection)
    return open_saved(source, window, known_only=True)


def _read(
    reading: "Reading",
    window: "Window | None",
    by: str | None,
    engine: str,
    assumed: tuple[str | None, str | None] | None,
    agree: "Agree",
) -> "ColdStartReport":
    from monitor.coldstarts.model import By, FunctionFacts
    from monitor.coldstarts.workflow import read_cold_starts

    facts = FunctionFacts(*assumed) if assumed else None
    with progress("reading the log") as bar:

        def asked(scan: "Scan") -> None:
            # The progress bar must not overwrite the question.
            bar.close()
            agree(scan)
            bar.begin()

        return read_cold_starts(reading, window, engine, bar.advance, By(by) if by else None, facts, asked)


def _check_any(report: "ColdStartReport", source: SavedFiles) -> None:
    """Refuse a log without any invocation. With --since, the window may simply be empty."""
    if not any(summary.invocations for summary in report.summaries):
        hint = "give the output of `aws logs tail` or `monitor tail -o raw`, including the REPORT lines"
        raise UsageError(f"{source.name} contains no log events of an invocation", hint)


def _show(
    reading: "Reading", report: "ColdStartReport", by: str | None, listed: int, output: str, in_utc: bool
) -> None:
    from monitor.coldstarts.render_tables import csv_summaries

    if output == "json":
        emit_json(report)
    elif output == "csv":
        echo(csv_summaries(report.summaries))
    else:
        _show_text(reading, report, by, listed, in_utc)


def _show_text(reading: "Reading", report: "ColdStartReport", by: str | None, listed: int, in_utc: bool) -> None:
    from monitor.coldstarts.render import render_imports, render_summary
    from monitor.coldstarts.render_tables import render_groups, render_list, render_ranking

    if listed:
        found = sorted(report.cold_starts, key=lambda one: -(one.first_total_ms or one.init_ms or 0.0))[:listed]
        echo(render_list(found, utc=in_utc) or "no cold starts")
    elif len(report.summaries) > _MANY:
        echo(render_ranking(report.summaries, style(), {one.name for one in report.unavailable}))
    else:
        for position, summary in enumerate(report.summaries):
            echo(("\n" if position else "") + render_summary(summary, style(), utc=in_utc))
        if report.imports:
            echo("\n" + render_imports(report.imports, style()))
    if by:
        echo("\n" + render_groups(report.groups, by, style(), utc=in_utc))
    if report.reason:
        note(report.reason)
    if not any(summary.invocations for summary in report.summaries):
        nothing = reading.nothing()
        remark(nothing.message, nothing.hint)


def _compare(
    reading: "Reading", window: "Window | None", against: SavedFiles, by: str | None, output: str, in_utc: bool
) -> "ComparedColdStarts":
    """Compare with the saved log `against`, or with the window that long before where log groups are read."""
    from monitor.coldstarts.model import By
    from monitor.coldstarts.render_tables import render_comparison, render_groups
    from monitor.coldstarts.workflow_compare import compare_cold_starts, earlier
    from monitor.kernel.timespec import parse_duration_ms
    from monitor.logs.workflow_reading import open_saved

    back = None if window is None else earlier(window, round(parse_duration_ms(against.paths[0], "--compare")))
    before = (open_saved(against) if back is None else reading, back)
    with progress("reading both windows") as bar:
        found = compare_cold_starts(before, (reading, window), bar.advance, By(by) if by else None)
    if output == "json":
        emit_json(found)
        return found
    echo("\n\n".join(render_comparison(one, style()) for one in found.comparisons))
    if by:
        for when, groups in (("before", found.groups_before), ("now", found.groups_after)):
            echo(f"\n{when}\n" + render_groups(groups, by, style(), utc=in_utc))
    if not any(one.before.invocations or one.after.invocations for one in found.comparisons):
        nothing = reading.nothing()
        remark(nothing.message, nothing.hint)
    return found


def agreed(settings: Settings, *, yes: bool) -> "Agree":
    """`spend` for a scan by Logs Insights."""

    def agree(scan: "Scan") -> None:
        if scan.cost_usd is None or scan.size_bytes is None:
            note("monitor: Logs Insights bills by the GB scanned; the size of the log groups is not known")
            return
        size = f"{scan.size_bytes / 1e9:,.1f} GB" if scan.size_bytes >= 1e9 else f"{scan.size_bytes / 1e6:,.1f} MB"
        spend(settings, f"scanning about {size} with Logs Insights", scan.cost_usd, yes=yes)

    return agree
