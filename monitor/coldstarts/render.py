"""Cold starts as text: the figures of each function, the histogram, the slowest cold starts, and the imports."""

from collections.abc import Iterator, Sequence

from rich.table import Column, Table
from rich.text import Text

from monitor.coldstarts.model import ColdStartSummary
from monitor.coldstarts.render_tables import format_usd, summary_page
from monitor.console.fitting import FittingColumn, fitting_table
from monitor.console.links import link
from monitor.console.text import (
    SHORT_ID,
    Style,
    clean,
    format_count,
    format_counted,
    format_ms,
    format_time,
    new_table,
    to_text,
)
from monitor.kernel.statistics import Bin, Distribution
from monitor.records.imports import ImportRow
from monitor.records.invocation import ColdStart, InitKind

_BAR_WIDTH = 30
_WIDE = 100
_TOP_IMPORTS = 12
_FEWEST_FOR_HISTOGRAM = 8
_ID_WIDTH = 78

_FIGURE_COLUMNS = (
    FittingColumn("min", "min", 7),
    FittingColumn("p50", "p50", 1),
    FittingColumn("p90", "p90", 6),
    FittingColumn("p95", "p95", 5),
    FittingColumn("p99", "p99", 3),
    FittingColumn("max", "max", 4),
    FittingColumn("count", "count", 2),
)
_IMPORT_COLUMNS = (
    FittingColumn("self", "self", 1),
    FittingColumn("share", "share", 2),
    FittingColumn("p95", "p95", 4),
    FittingColumn("total", "total", 3),
    FittingColumn("seen in", "seen in", 5),
)


def render_summary(summary: ColdStartSummary, style: Style, *, utc: bool = False) -> str:
    """One function: counts, durations, cost, kinds of start, and the histogram of init durations."""
    lines = [_headline(summary, style)]
    if summary.cold_starts:
        lines += ["", _distributions(summary, style)]
        lines += ["", *_histogram(summary.init_histogram, style)] if summary.init.count >= _FEWEST_FOR_HISTOGRAM else []
    lines += [f"  {line}" for line in _remarks(summary)]
    if summary.slowest:
        lines += ["", to_text(_slowest(summary.slowest, utc, style), style)]
    return "\n".join(lines)


def _headline(summary: ColdStartSummary, style: Style) -> str:
    name = clean(summary.function or "(function not named in the log)")
    name = link(f"\x1b[1m{name}\x1b[0m" if style.color else name, summary_page(summary), style)
    if not summary.invocations and not summary.replays:
        return f"{name}: no invocations in the window"
    share = f"{summary.share:.1%}" if summary.share is not None else "-"
    cold = format_counted(summary.cold_starts, "cold start")
    return f"{name}: {cold} in {format_counted(summary.invocations, 'invocation')} ({share})"


def _distributions(summary: ColdStartSummary, style: Style) -> str:
    narrow = style.width < _WIDE
    rows = [
        (label, [*_cells(values), format_count(values.count)])
        for label, values in (
            ("init", summary.init),
            ("init, in process" if narrow else "init, inside the process", summary.observed_init),
            ("first call" if narrow else "first call (init + duration)", summary.first_total),
            ("warm duration", summary.warm_duration),
        )
        if values.count
    ]
    return fitting_table("", _FIGURE_COLUMNS, rows, style)


def _cells(values: Distribution) -> list[str]:
    figures = (values.min, values.p50, values.p90, values.p95, values.p99, values.max)
    return [format_ms(figure) for figure in figures]


def _histogram(bins: Sequence[Bin], style: Style) -> Iterator[str]:
    most = max((one.count for one in bins), default=0)
    labels = [f"{format_ms(one.low)} {style.dash} {format_ms(one.high)}" for one in bins]
    width = max(map(len, labels), default=0)
    for label, one in zip(labels, bins, strict=True):
        bar = ("█" if style.unicode else "#") * round(_BAR_WIDTH * one.count / most) if most else ""
        yield f"  {label.rjust(width)}  {bar} {format_count(one.count) if one.count else ''}".rstrip()


def _remarks(summary: ColdStartSummary) -> Iterator[str]:
    kinds = [f"{kind.value} {count}" for kind, count in summary.by_kind.items()]
    if len(kinds) > 1 or (summary.by_kind and next(iter(summary.by_kind)).value != "on-demand"):
        yield f"by kind: {', '.join(kinds)}"
    if len(summary.by_version) > 1:
        yield "by version: " + ", ".join(f"{clean(version)} {count}" for version, count in summary.by_version.items())
    if summary.max_memory_mb is not None and summary.memory_mb:
        sizes = ", ".join(str(size) for size in summary.memory_mb)
        yield f"memory: at most {summary.max_memory_mb} MB used of {sizes} MB"
    if summary.cost_usd is not None:
        init = f", including {format_usd(summary.init_cost_usd)} for init" if summary.init_cost_usd is not None else ""
        yield f"cost of the cold invocations: {format_usd(summary.cost_usd)}{init}"
        if priced := summary.cold_starts - summary.unpriced:
            yield f"cost of 1,000 cold starts: {format_usd(summary.cost_usd / priced * 1000)}"
    if summary.errors:
        yield f"errors: {format_count(summary.errors)}, including {format_counted(summary.timeouts, 'timeout')}"
    if summary.web_function:
        yield "this is a web function: its init includes the wait until its server answers the readiness check"
    if summary.replays:
        replays = format_counted(summary.replays, "replay")
        yield f"left out: {replays} of durable executions, for which nobody waited"
    unread = summary.unread
    for count, what in (
        (unread.without_report, "without a REPORT so far"),
        (unread.without_start, "with a START outside the window"),
        (unread.malformed, "with unreadable records"),
    ):
        if count:
            yield f"{format_count(count)} {what}"
    if unread.ignored:
        yield f"ignored: {format_counted(unread.ignored, 'line')} like Lambda's own, which the function printed"


def _slowest(found: Sequence[ColdStart], utc: bool, style: Style) -> Table:
    right = [Column(header, justify="right", no_wrap=True) for header in ("init", "duration", "total")]
    odd = style.width >= _WIDE and any(one.kind is not InitKind.ON_DEMAND for one in found)
    table = new_table(
        Column("slowest at", no_wrap=True), *right, *(["kind"] if odd else []), Column("request id", no_wrap=True)
    )
    for one in found:
        at = format_time(one.at_ms or None, utc=utc)
        table.add_row(
            # The year and the milliseconds are in --list.
            at[5:19] if style.width < _WIDE and at != "-" else at,
            format_ms(one.before_ms),
            format_ms(one.duration_ms),
            format_ms(one.first_total_ms),
            *([one.kind.value] if odd else []),
            Text(clean(one.request_id if style.width >= _ID_WIDTH else one.request_id[:SHORT_ID])),
        )
    return table


def render_imports(rows: Sequence[ImportRow], style: Style) -> str:
    """The imports of init by top-level package, the greatest share first."""
    table = [
        (
            clean(row.package),
            [
                format_ms(row.median_ms),
                f"{row.share:.1%}",
                format_ms(row.p95_ms),
                format_ms(row.total_ms),
                f"{row.seen} of {row.of}",
            ],
        )
        for row in rows[:_TOP_IMPORTS]
    ]
    text = fitting_table("imports by package", _IMPORT_COLUMNS, table, style)
    left = len(rows) - _TOP_IMPORTS
    return f"{text}\n({left} more, each of at most {rows[_TOP_IMPORTS - 1].share:.1%})" if left > 0 else text
