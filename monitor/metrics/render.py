"""The metrics of functions: a table, a block for one function, a table or charts over time, and CSV."""

import csv
import io
from collections.abc import Callable, Sequence

from rich.table import Column, Table
from rich.text import Text

from monitor.coldstarts.analyze_figures import METRIC_FIGURES, metric_figures
from monitor.coldstarts.render_tables import format_usd, spreadsheet_safe
from monitor.console.fitting import FittingColumn, fitting_table
from monitor.console.links import link_text
from monitor.console.plot import render_plot
from monitor.console.text import Style, clean, format_count, format_ms, format_time, new_table, to_text
from monitor.kernel.console_pages import function_page
from monitor.records.metric import CustomMetric, FunctionMetrics, FunctionSeries

# The columns in the order in which they are shown, and how much they matter on a narrow terminal.
_COLUMNS = tuple(
    FittingColumn(name, name, importance)
    for name, importance in (
        ("Invocations", 1), ("Errors", 2), ("Throttles", 7), ("Cold", 3), ("p50", 6), ("p99", 4), ("Max", 9),
        ("Init p50", 8), ("Init p99", 5), ("Init $", 10),
    )
)  # fmt: skip


def render_metrics(rows: Sequence[FunctionMetrics], style: Style) -> str:
    """A block for one function, or a table for several, with as many columns as fit."""
    if len(rows) == 1:
        return _block(rows[0], style)
    found = [
        (clean(row.function), ("no data",) if row.invocations is None else tuple(_cells(row).values())) for row in rows
    ]
    return fitting_table("Function", _COLUMNS, found, style, [_page(row) for row in rows])


def _page(row: FunctionMetrics) -> str:
    # The name can have its place behind it: api (eu-west-1).
    return function_page(row.region, row.function.partition(" ")[0])


def _cells(row: FunctionMetrics) -> dict[str, str]:
    return {
        "Invocations": format_count(row.invocations),
        "Errors": _of(row.errors, row.error_rate),
        "Throttles": format_count(row.throttles),
        "Cold": _of(row.cold_starts, row.cold_share),
        "p50": format_ms(row.duration_p50_ms),
        "p99": format_ms(row.duration_p99_ms),
        "Max": format_ms(row.duration_max_ms),
        "Init p50": format_ms(row.observed_init_p50_ms),
        "Init p99": format_ms(row.observed_init_p99_ms),
        "Init $": format_usd(row.init_cost_usd),
    }


def _block(row: FunctionMetrics, style: Style) -> str:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim" if style.color else "")
    table.add_column()
    about = "  (combined from several periods)" if row.approximate else ""
    lines = [
        ("Function", clean(row.function)),
        ("Invocations", format_count(row.invocations)),
        ("Errors", _of(row.errors, row.error_rate)),
        ("Throttles", format_count(row.throttles)),
        ("Concurrency", ("at most " if row.concurrency_max is not None else "") + format_count(row.concurrency_max)),
        ("Duration", _durations(row) + about),
        ("Cold starts", _of(row.cold_starts, row.cold_share)),
        ("Init", _init(row)),
    ]
    if row.init_cost_usd is not None and row.cold_starts:
        each = f"{format_usd(row.init_cost_usd / row.cold_starts * 1000)} per 1,000 cold starts"
        lines.append(("Init cost", f"{format_usd(row.init_cost_usd)} in the window, {each}"))
    if row.memory_max_mb is not None:
        headroom = "" if row.memory_headroom is None else f"  {row.memory_headroom:.0%} headroom"
        lines.append(
            ("Memory", f"{format_count(row.memory_max_mb)} of {format_count(row.memory_size_mb)} MB{headroom}")
        )
    if row.iterator_age_max_ms is not None:
        lines.append(("Iterator age", f"at most {format_ms(row.iterator_age_max_ms)}"))
    if row.async_age_max_ms is not None:
        lines.append(("Async event age", f"at most {format_ms(row.async_age_max_ms)}"))
    for name, value in lines:
        table.add_row(name, link_text(value, _page(row), style) if name == "Function" else Text(value))
    return to_text(table, style)


def _durations(row: FunctionMetrics) -> str:
    return (
        f"p50 {format_ms(row.duration_p50_ms)}  p90 {format_ms(row.duration_p90_ms)}"
        f"  p99 {format_ms(row.duration_p99_ms)}  max {format_ms(row.duration_max_ms)}"
    )


def _init(row: FunctionMetrics) -> str:
    if row.observed_init_p50_ms is None:
        return "-"
    return (
        f"p50 {format_ms(row.observed_init_p50_ms)}  p99 {format_ms(row.observed_init_p99_ms)}"
        f"  max {format_ms(row.observed_init_max_ms)}  (inside the process)"
    )


def _of(count: float | None, share: float | None) -> str:
    return format_count(count) if share is None or not count else f"{format_count(count)}  {share:.1%}"


def render_series(found: FunctionSeries, style: Style, *, plot: bool = False, utc: bool = False) -> str:
    """A function over time: one row for each period, or one chart for each figure."""
    if plot:
        charts = (
            render_plot(one, found.window, found.period_s, style, _shown(one.label), utc=utc) for one in found.series
        )
        return "\n\n".join([clean(found.function), *charts])
    times = sorted({at_ms for one in found.series for at_ms, _ in one.points})
    table = new_table(clean(found.function), *(Column(one.label, justify="right") for one in found.series))
    values = [dict(one.points) for one in found.series]
    for at_ms in times:
        figures = (_shown(one.label)(points[at_ms]) if at_ms in points else "-"
                   for one, points in zip(found.series, values, strict=True))  # fmt: skip
        table.add_row(format_time(at_ms, utc=utc)[:16], *figures)
    return to_text(table, style) if times else f"{clean(found.function)}: no data in the window"


def _shown(label: str) -> Callable[[float | None], str]:
    return format_ms if label.endswith("_ms") else format_count


def render_custom(function: str, found: Sequence[CustomMetric], style: Style) -> str:
    """The custom metrics of a function."""
    columns = (Column(name, justify="right") for name in ("count", "mean", "min", "max", "sum"))
    table = new_table(f"{clean(function)} emits", "namespace", *columns, Column("dimensions", overflow="fold"))
    for one in found:
        figures = (one.count, one.mean, one.minimum, one.maximum, one.total)
        dimensions = ", ".join(f"{name}={value}" for name, value in one.dimensions)
        table.add_row(
            Text(clean(one.name)), Text(clean(one.namespace)), *map(format_count, figures), Text(clean(dimensions))
        )
    return to_text(table, style) if found else f"{clean(function)}: no custom metrics found"


def csv_metrics(rows: Sequence[FunctionMetrics]) -> str:
    """One row for each function in each place, with a column for each figure. An unknown figure is an empty field."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["function", "region", "profile", *METRIC_FIGURES])
    for row in rows:
        names = (spreadsheet_safe(text) for text in (row.function, row.region, row.profile))
        writer.writerow([*names, *metric_figures(row).values()])
    return out.getvalue().rstrip("\n")


def metrics_document(row: FunctionMetrics) -> dict[str, object]:
    """A function as JSON: its place, the window, and each figure by the name that it has everywhere."""
    place = {"function": row.function, "region": row.region, "profile": row.profile}
    return {**place, "window": list(row.window), "approximate": row.approximate, **metric_figures(row)}
