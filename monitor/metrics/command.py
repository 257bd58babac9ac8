"""`monitor metrics`: the metrics of functions in CloudWatch."""

from typing import TYPE_CHECKING

import click

from monitor.console.check import check, condition, fail_over_option
from monitor.console.deployment import since_deploy
from monitor.console.durations import DURATION
from monitor.console.option_rules import CSV, excludes, needs
from monitor.console.options import connection_options, output_option, window_options
from monitor.console.output import echo, progress, remark, style, suggest
from monitor.console.selection import locate, selection_options
from monitor.console.settings import Settings, pass_settings
from monitor.console.spending import spend
from monitor.errors import UsageError
from monitor.kernel.target import TargetSelection

if TYPE_CHECKING:
    from monitor.aws.targets import Located
    from monitor.kernel.window import Window
    from monitor.records.metric import FunctionMetrics

_PERIODS = 60
_DEAR_USD = 0.05
_CUSTOM = ("--custom", "--namespace", "--service")
_SERIES = ("--period", "--plot")
# These are about the figures of each function over the whole window.
_ROWS_ONLY = ("--memory", "--sort", "--fail-over", "--yes")


@click.command(name="metrics")
@excludes("--tag", "--all", hint="--all is every function, --tag those with the tag")
@excludes("--namespace", "--service")
@excludes(_CUSTOM, "--period", "--plot", *_ROWS_ONLY, CSV, "--utc")
@excludes(_SERIES, *_ROWS_ONLY, CSV)
@excludes("--watch", "--fail-over")
@excludes("--local", "--yes")
@needs("--utc", "--since", "--until", *_SERIES)
@selection_options
@click.option(
    "--period", "period_ms", type=DURATION, metavar="DURATION", help="Show one row for each period: 1m, 5m, 1h."
)
@click.option("--plot", is_flag=True, help="Draw charts over time.")
@click.option("--custom", is_flag=True, help="Show the custom metrics that the function emits.")
@click.option("--namespace", metavar="NAME", help="Only custom metrics in this namespace. Implies --custom.")
@click.option(
    "--service",
    metavar="NAME",
    help="The value of the service dimension, if it is not the function name. Implies --custom.",
)
@click.option("--memory", is_flag=True, help="Read memory from REPORT lines if Lambda Insights is not enabled.")
@click.option(
    "--sort", metavar="METRIC", help="Sort by a metric, in descending order: cold_share, p99_init_ms, errors …"
)
@click.option("--watch", is_flag=True, help="Refresh every minute until Ctrl-C.")
@fail_over_option
@window_options(default="1h")
@output_option("text", "json", "csv")
@connection_options
@pass_settings
def command(
    settings: Settings,
    selection: TargetSelection,
    yes: bool,
    period_ms: float | None,
    plot: bool,
    custom: bool,
    namespace: str | None,
    service: str | None,
    memory: bool,
    sort: str | None,
    watch: bool,
    fail_over: str | None,
    since: str | None,
    until: str | None,
    utc: bool,
    output: str,
) -> None:
    """Show invocations, errors, throttles, concurrency, duration, and cold starts of TARGETs.

    Cold starts and init durations are metrics that only an instrumented function emits. `monitor coldstarts` reads them
    from the log of any function. CloudWatch metrics are delayed by 1 to 3 minutes.

    \b
    monitor metrics my-function --since 1h
    monitor metrics my-function --since 1d --plot
    monitor metrics --all --since today --sort cold_share -o csv
    monitor metrics my-function --fail-over 'p99_duration_ms > 800 or error_rate > 1%'
    """
    from monitor.coldstarts.analyze_figures import METRIC_FIGURES

    customs, series = bool(custom or namespace or service), period_ms is not None or plot
    asked = condition(fail_over, METRIC_FIGURES)
    if sort is not None and sort not in METRIC_FIGURES:
        raise UsageError(f"{sort!r} is not a figure", f"use one of {', '.join(METRIC_FIGURES)}")
    since = since_deploy(settings, since, selection)
    window = settings.window(since, until, utc=utc, default="1h")
    in_utc = settings.zone(utc=utc) is not None
    found = locate(settings, selection)
    cost_usd = _cost_usd(found)
    if cost_usd >= _DEAR_USD and not (customs or series):
        spend(settings, f"reading the metrics of {len(found):,} functions from CloudWatch", cost_usd, yes=yes)

    def shown(window: "Window") -> str:
        if customs:
            return _custom(found, window, namespace, service, output)
        if series:
            return _series(found, window, period_ms, output, plot=plot, utc=in_utc)
        rows = _rows(found, window, sort, memory=memory)
        text = _table(rows, output)
        if not watch:
            echo(text)
            _remarks(rows)
            _suggest(rows)
            check(asked, _figures(rows))
        return text

    if watch:
        from monitor.console.watch import keep_showing

        keep_showing(
            lambda: shown(settings.window(since, until, utc=utc, default="1h")), "json" if output == "json" else "text"
        )
    else:
        text = shown(window)
        if customs or series:
            echo(text)


def _cost_usd(found: "list[Located]") -> float:
    """The approximate cost of one reading. The embedded stack is free."""
    from monitor.kernel import prices
    from monitor.metrics.workflow import queries_of

    return queries_of(sum(not connection.local for connection, _ in found)) * prices.METRIC


def _rows(found: "list[Located]", window: "Window", sort: str | None, *, memory: bool) -> "list[FunctionMetrics]":
    from monitor.coldstarts.analyze_figures import metric_figures
    from monitor.metrics.workflow import function_metrics
    from monitor.metrics.workflow_series import with_memory

    rows: list[FunctionMetrics] = []
    with progress("reading metrics", len(found)) as bar:
        for connection in dict.fromkeys(connection for connection, _ in found):
            mine = [target for one, target in found if one is connection]
            for row in function_metrics(connection, mine, window):
                rows.append(row)
                bar.advance(label=row.function)
        if memory:
            rows = with_memory(rows, found, window, lambda _: None)
    if sort:
        rows.sort(key=lambda row: (metric_figures(row)[sort] is None, -(metric_figures(row)[sort] or 0.0)))
    return rows


def _named(rows: "list[FunctionMetrics]") -> "list[FunctionMetrics]":
    """The rows, named by their places too if there are several."""
    from dataclasses import replace

    from monitor.kernel.place import Place, place_names

    names = place_names([(row.function, Place(row.profile, row.region)) for row in rows])
    return [replace(row, function=name) for row, name in zip(rows, names, strict=True)]


def _figures(rows: "list[FunctionMetrics]") -> dict[str, dict[str, float | None]]:
    from monitor.coldstarts.analyze_figures import metric_figures

    return {row.function: metric_figures(row) for row in _named(rows)}


def _table(rows: "list[FunctionMetrics]", output: str) -> str:
    from monitor.metrics.render import csv_metrics, metrics_document, render_metrics

    if output == "csv":
        return csv_metrics(rows)
    if output == "json":
        import json

        return json.dumps([metrics_document(row) for row in rows], ensure_ascii=False, allow_nan=False)
    return render_metrics(_named(rows), style())


def _remarks(rows: "list[FunctionMetrics]") -> None:
    shown = list(zip(rows, (row.function for row in _named(rows)), strict=True))
    idle = [name for row, name in shown if row.invocations is None]
    without = [(row, name) for row, name in shown if row.invocations is not None and row.cold_starts is None]
    silent = [name for _, name in without]
    if idle:
        remark(f"{_few(idle)}: no invocations in the window", "try a longer --since")
    if silent:
        failing = [name for row, name in without if row.errors and row.errors == row.invocations]
        why = ": a failed init emits none" if failing == silent else ""
        remark(
            f"{_few(silent)}: no ColdStart metric{why}",
            f"`monitor coldstarts {without[0][0].function}` reads cold starts from the log",
        )


def _suggest(rows: "list[FunctionMetrics]") -> None:
    from monitor.kernel.place import Place

    failing = max(rows, key=lambda row: row.errors or 0, default=None)
    cold = max(rows, key=lambda row: row.cold_starts or 0, default=None)
    if failing is not None and failing.errors:
        row, command, what = failing, "errors", "its errors by cause"
    elif cold is not None and cold.cold_starts:
        row, command, what = cold, "coldstarts", "its cold starts from the log"
    else:
        return
    suggest(["monitor", command, row.function], what, same_window=True, place=Place(row.profile, row.region))


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _custom(found: "list[Located]", window: "Window", namespace: str | None, service: str | None, output: str) -> str:
    from monitor.aws.metrics import whole_minutes
    from monitor.kernel.place import Place, place_names
    from monitor.metrics.render import render_custom
    from monitor.metrics.workflow_series import custom_metrics

    names = place_names([(target.name, Place(connection.profile or "", target.region)) for connection, target in found])
    bounds = whole_minutes(window)
    answers = {
        name: custom_metrics(connection, target, bounds, namespace, service)
        for name, (connection, target) in zip(names, found, strict=True)
    }
    if output == "json":
        return _json(answers)
    return "\n\n".join(render_custom(name, metrics, style()) for name, metrics in answers.items())


def _series(
    found: "list[Located]", window: "Window", period_ms: float | None, output: str, *, plot: bool, utc: bool
) -> str:
    from dataclasses import replace

    from monitor.kernel.place import Place, place_names
    from monitor.metrics.render import render_series
    from monitor.metrics.workflow_series import function_series

    # About sixty columns or rows, unless --period was given.
    minutes = max(1, round(window.length_s / 60 / _PERIODS))
    period_s = minutes * 60 if period_ms is None else int(period_ms // 1000)
    names = place_names([(target.name, Place(connection.profile or "", target.region)) for connection, target in found])
    answers = [
        replace(function_series(connection, target, window, period_s), function=name)
        for name, (connection, target) in zip(names, found, strict=True)
    ]
    if output == "json":
        return _json(answers)
    return "\n\n".join(render_series(one, style(), plot=plot, utc=utc) for one in answers)


def _json(answers: object) -> str:
    import json

    from monitor.kernel.jsonable import jsonable

    return json.dumps(jsonable(answers), ensure_ascii=False, allow_nan=False)
