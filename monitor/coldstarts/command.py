"""`monitor coldstarts`: how often functions start cold, how long it takes, what it costs, and where the time goes."""

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from monitor.coldstarts.command_imports import IMPORT_VIEWS, ImportOptions, import_options, show_imports
from monitor.console.check import check, condition, fail_over_option
from monitor.console.deployment import DEPLOY, since_deploy
from monitor.console.option_rules import CSV, JSON, excludes, needs
from monitor.console.options import Count, connection_options, output_option, window_options
from monitor.console.output import echo, emit_json, note, progress, remark, style, suggest
from monitor.console.selection import locate, selection_options, tell_unavailable
from monitor.console.settings import Settings, pass_settings
from monitor.console.spending import spend
from monitor.errors import UsageError
from monitor.kernel.target import TargetSelection
from monitor.logs.command_input import saved_log_options
from monitor.logs.model_saved import SavedFiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.coldstarts.model import ColdStartReport, ColdStartSummary
    from monitor.coldstarts.workflow import Agree, Scan
    from monitor.kernel.missing import Unavailable
    from monitor.kernel.window import Window
    from monitor.logs.workflow_reading import Reading

    _Part = tuple[Reading, Window | None]

_BY = ("kind", "version", "alias", "memory", "architecture", "runtime", "hour", "deployment", "function")
_MANY, _SLOWEST = 5, 10
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
@needs(("--env", "--env-file"), "--profile-package")
@selection_options
@saved_log_options()
@click.option("--by", type=click.Choice(_BY), help="Add a table with one row for each group.")
@click.option(
    "--compare",
    metavar="DURATION|deploy|FILE",
    help="Compare with the same window DURATION earlier, with the starts before the last deployment, or with a log "
    "file.",
)
@click.option(
    "--list",
    "listed",
    is_flag=True,
    help="List the slowest cold starts, with their request IDs and where the init time went.",
)
@click.option(
    "--slowest",
    type=Count(1, 2000),
    default=10,
    show_default=True,
    help="How many cold starts --list shows.",
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
    help="Architecture of the functions, to compute costs with --from and --region.",
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
    slowest: int | None,
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
    monitor coldstarts my-function --since 1d --compare 1d     the last day compared with the day before
    monitor coldstarts my-function --since 7d --compare deploy
    monitor coldstarts my-function --imports --tree            the imports during init
    monitor coldstarts --all --since 1d -o csv                 every function
    aws logs tail /aws/lambda/x --since 1d | monitor coldstarts --from -
    """
    from monitor.coldstarts.analyze_figures import COLD_START_FIGURES

    asked = condition(fail_over, COLD_START_FIGURES)
    since = since_deploy(settings, since, selection)
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
        return
    if compare is not None:
        saved = SavedFiles((compare,), source.form if source else "", in_utc)
        summaries = _compare(reading, within, saved, by, output, in_utc)
        unavailable: tuple[Unavailable, ...] = ()
    else:
        region = settings.regions[0] if settings.regions else None
        agree = agreed(settings, yes=yes)
        report = _read(reading, within, by, engine, (region, architecture) if source else None, agree)
        if source and not asked_window:
            _check_any(report, source)
        for notice in reading.notices:
            note(f"monitor: {notice}")
        _show(reading, report, by, (slowest or _SLOWEST) if listed else 0, output, in_utc)
        if any(one.invocations for one in report.summaries):
            from monitor.coldstarts.analyze_report import named, runtime_changes

            _tell_deployment(reading, report, within, by, in_utc)
            _tell_runtimes(runtime_changes(named(report).cold_starts), by, in_utc)
            _suggest(report, source)
        summaries, unavailable = report.summaries, report.unavailable
    if asked is not None:
        check(asked, _figures(summaries))
    if unavailable:
        tell_unavailable(unavailable)


def _figures(summaries: "Sequence[ColdStartSummary]") -> "dict[str, dict[str, float | None]]":
    from monitor.coldstarts.analyze_figures import cold_start_figures
    from monitor.kernel.place import place_names

    names = place_names([(one.function or "the log", one.place) for one in summaries])
    return {name: cold_start_figures(one) for name, one in zip(names, summaries, strict=True)}


def _tell_deployment(
    reading: "Reading", report: "ColdStartReport", window: "Window | None", by: str | None, in_utc: bool
) -> None:
    """Say that a function was changed between its cold starts: figures from before and after describe neither."""
    from monitor.console.text import format_time
    from monitor.kernel.place import place_names

    if window is None or by == "deployment":
        return
    names = place_names([(one.function or "the log", one.place) for one in report.summaries])
    shown = {(one.function, one.place.region): (name, one) for name, one in zip(names, report.summaries, strict=True)}
    for target in reading.targets[:_MANY]:
        at_ms = target.changed_ms
        name, summary = shown.get((target.function or "", target.region), (target.name, None))
        before = any(one.function == target.function and one.at_ms < (at_ms or 0) for one in report.cold_starts)
        if summary is not None and summary.first_ms is not None and at_ms is not None:
            # A function of the same name in another region is another one.
            before = before and summary.first_ms < at_ms
        if at_ms is not None and before and window.start_ms < at_ms < window.end_ms:
            when = format_time(at_ms, utc=in_utc)[:16]
            note(
                f"monitor: {name} was deployed at {when}, inside the window: --since deploy reads later starts "
                "only, --by deployment and --compare deploy set both sides apart"
            )


def _suggest(report: "ColdStartReport", source: SavedFiles | None) -> None:
    from monitor.coldstarts.render_tables import ranked

    worst = ranked(report.summaries)[0]
    if not worst.cold_starts:
        return
    if source is None:
        words = ["monitor", "diagnose", worst.function] if worst.function else []
    else:
        words = [] if "-" in source.paths else ["monitor", "diagnose", *(f"--from={path}" for path in source.paths)]
    if words:
        suggest(words, "why it starts slowly, and what to change", same_window=source is None, place=worst.place)


def _tell_runtimes(found: "dict[str, tuple[tuple[str, int], ...]]", by: str | None, in_utc: bool) -> None:
    """Say that Lambda changed the version of the runtime between cold starts, which is a boundary like a deployment."""
    from monitor.console.text import clean, format_time

    if by == "runtime":
        return
    for function, versions in list(found.items())[:_MANY]:
        # A log without times does not tell since when.
        since = ", ".join(
            f"{clean(one)} since {format_time(at_ms, utc=in_utc)[:16]}" if at_ms else clean(one)
            for one, at_ms in versions
        )
        name = function or "the function"
        note(f"monitor: {name} started on several versions of the runtime ({since}): --by runtime sets them apart")


def _read_input(
    settings: Settings,
    selection: TargetSelection,
    source: SavedFiles | None,
    filter_pattern: str,
    window: "Window | None",
) -> "Reading":
    from monitor.logs.command_input import collect_rarely, refuse_targets
    from monitor.logs.workflow_reading import open_located, open_saved

    if source is None:
        return open_located(locate(settings, selection), filter_pattern)
    refuse_targets(selection)
    collect_rarely()
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
    if not any(summary.invocations or summary.replays for summary in report.summaries):
        if report.unsupported:
            raise UsageError(
                f"{source.name} contains only events of a web function (platform.invokeReport and others)",
                "they are not supported: `monitor tail` shows them",
            )
        hint = "give the output of `aws logs tail` or `monitor tail -o raw`, including the REPORT lines"
        raise UsageError(f"{source.name} contains no log events of an invocation", hint)


def _show(
    reading: "Reading", report: "ColdStartReport", by: str | None, listed: int, output: str, in_utc: bool
) -> None:
    from monitor.coldstarts.render_tables import csv_summaries

    if output == "json":
        from monitor.coldstarts.analyze_figures import cold_start_figures

        emit_json(replace(report, figures=tuple(map(cold_start_figures, report.summaries))))
    elif output == "csv":
        echo(csv_summaries(report.summaries))
    else:
        _show_text(reading, report, by, listed, in_utc)


def _show_text(reading: "Reading", report: "ColdStartReport", by: str | None, listed: int, in_utc: bool) -> None:
    from monitor.coldstarts.analyze_report import named
    from monitor.coldstarts.render import render_imports, render_summary
    from monitor.coldstarts.render_tables import render_groups, render_list, render_ranking
    from monitor.console.text import format_counted

    report = named(report)
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
    if report.unsupported:
        events = format_counted(report.unsupported, "event")
        note(f"monitor: not counted: {events} of a web function (platform.invokeReport and others), not supported")
    if not any(summary.invocations or summary.replays for summary in report.summaries):
        nothing = reading.nothing()
        remark(nothing.message, nothing.hint)


def _compare(
    reading: "Reading", window: "Window | None", against: SavedFiles, by: str | None, output: str, in_utc: bool
) -> "tuple[ColdStartSummary, ...]":
    """Print the comparison; returns the summaries of the later window."""
    from monitor.coldstarts.model import By
    from monitor.coldstarts.render_tables import render_comparisons, render_groups
    from monitor.coldstarts.workflow_compare import compare_cold_starts

    before, after = _both(reading, window, against)
    with progress("reading both windows") as bar:
        found = compare_cold_starts(before, after, bar.advance, By(by) if by else None)
    for notice in dict.fromkeys((*before[0].notices, *reading.notices)):
        note(f"monitor: {notice}")
    later = tuple(one.after for one in found.comparisons)
    if output == "json":
        emit_json(found)
        return later
    echo(render_comparisons(found.comparisons, style()))
    _tell_runtimes(found.runtimes, by, in_utc)
    if by:
        for when, groups in (("before", found.groups_before), ("now", found.groups_after)):
            echo(f"\n{when}\n" + render_groups(groups, by, style(), utc=in_utc))
    if not any(one.before.invocations or one.after.invocations for one in found.comparisons):
        nothing = reading.nothing()
        remark(nothing.message, nothing.hint)
    return later


def _both(reading: "Reading", window: "Window | None", against: SavedFiles) -> "tuple[_Part, _Part]":
    """What is compared: the window with an earlier one, with the part of it before a deployment, or with a file."""
    from monitor.coldstarts.workflow_compare import around, earlier
    from monitor.kernel.timespec import parse_duration_ms
    from monitor.logs.workflow_reading import open_saved

    if window is None:
        return (open_saved(against), None), (reading, None)
    (when,) = against.paths
    if when == DEPLOY:
        changed = reading.targets[0].changed_ms if len(reading.targets) == 1 else None
        if changed is None:
            raise UsageError("--compare deploy needs one function whose last change is known", "give one TARGET")
        before, after = around(window, changed)
        return (reading, before), (reading, after)
    return (reading, earlier(window, round(parse_duration_ms(when, "--compare")))), (reading, window)


def agreed(settings: Settings, *, yes: bool) -> "Agree":
    """`spend` for a scan by Logs Insights."""

    def agree(scan: "Scan") -> None:
        if scan.cost_usd is None or scan.size_bytes is None:
            note("monitor: Logs Insights bills by the GB scanned; the size of the log groups is not known")
            return
        size = f"{scan.size_bytes / 1e9:,.1f} GB" if scan.size_bytes >= 1e9 else f"{scan.size_bytes / 1e6:,.1f} MB"
        spend(settings, f"scanning about {size} with Logs Insights", scan.cost_usd, yes=yes)

    return agree
