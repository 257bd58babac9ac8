"""Functions and their figures as a table, worst first to read from the left."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from monitor.model.metric import FunctionMetrics
from monitor.render.text import Style, clean, format_count, format_ms, to_text

_WIDE = 110


def render_metrics(rows: Sequence[FunctionMetrics], style: Style) -> str:
    """One row a function; on a narrow terminal one block a function."""
    if len(rows) == 1 or style.width < _WIDE:
        return "\n\n".join(_block(row, style) for row in rows)
    table = Table(box=None, pad_edge=False)
    table.add_column("Function", overflow="fold")
    for heading in ("Invocations", "Errors", "Throttles", "Cold", "p50", "p90", "p99", "Max", "Init p50", "Conc."):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            Text(clean(row.function)),
            format_count(row.invocations),
            _of(row.errors, row.error_rate),
            format_count(row.throttles),
            _of(row.cold_starts, row.cold_share),
            format_ms(row.duration_p50_ms),
            format_ms(row.duration_p90_ms),
            format_ms(row.duration_p99_ms),
            format_ms(row.duration_max_ms),
            format_ms(row.observed_init_p50_ms),
            format_count(row.concurrency_max),
        )
    return to_text(table, style)


def _block(row: FunctionMetrics, style: Style) -> str:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim" if style.colour else "")
    table.add_column()
    about = "  (joined from several periods)" if row.approximate else ""
    for name, value in (
        ("Function", clean(row.function)),
        ("Invocations", format_count(row.invocations)),
        ("Errors", _of(row.errors, row.error_rate)),
        ("Throttles", format_count(row.throttles)),
        ("Concurrency", format_count(row.concurrency_max) + (" at most" if row.concurrency_max is not None else "")),
        ("Duration", _durations(row) + about),
        ("Cold starts", _of(row.cold_starts, row.cold_share)),
        ("Init", _init(row)),
    ):
        table.add_row(name, Text(value))
    return to_text(table, style)


def _durations(row: FunctionMetrics) -> str:
    return (
        f"p50 {format_ms(row.duration_p50_ms)}  p90 {format_ms(row.duration_p90_ms)}"
        f"  p99 {format_ms(row.duration_p99_ms)}  max {format_ms(row.duration_max_ms)}"
    )


def _init(row: FunctionMetrics) -> str:
    if row.observed_init_p50_ms is None:
        return "-"
    return f"p50 {format_ms(row.observed_init_p50_ms)}  max {format_ms(row.observed_init_max_ms)}  (inside the process)"


def _of(count: float | None, share: float | None) -> str:
    return format_count(count) if share is None or not count else f"{format_count(count)}  {share:.1%}"
