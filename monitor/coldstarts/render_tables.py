"""Cold starts as tables: groups, the comparison of two windows, a list, many functions, and CSV."""

import csv
import io
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from rich.console import Group
from rich.table import Column
from rich.text import Text

from monitor.coldstarts.analyze_figures import COLD_START_FIGURES, cold_start_figures
from monitor.coldstarts.model import ColdStartGroup, ColdStartSummary, Comparison, Difference
from monitor.console.fitting import FittingColumn, fitting_table
from monitor.console.text import Style, clean, format_count, format_ms, format_time, new_table, to_text
from monitor.kernel.console_pages import function_page
from monitor.kernel.place import place_names
from monitor.records.invocation import ColdStart

_GROUP_COLUMNS = (
    FittingColumn("invocations", "invocations", 4),
    FittingColumn("cold", "cold starts", 1),
    FittingColumn("share", "share", 5),
    FittingColumn("init p50", "init p50", 2),
    FittingColumn("p90", "init p90", 8),
    FittingColumn("p99", "init p99", 6),
    FittingColumn("max", "init max", 9),
    FittingColumn("first call p50", "first call p50", 3),
    FittingColumn("p99", "first call p99", 7),
    FittingColumn("cost", "cost", 10),
)


# Below this width, reasons do not fit in a column.
_WIDE = 100


def render_groups(groups: Sequence[ColdStartGroup], by: str, style: Style, *, utc: bool = False) -> str:
    """One row for each group."""
    rows = [
        (
            _label(group.label, by, utc),
            (
                format_count(group.invocations),
                format_count(group.cold_starts),
                format_share(group.share),
                *(format_ms(value) for value in (group.init.p50, group.init.p90, group.init.p99, group.init.max)),
                *(format_ms(value) for value in (group.first_total.p50, group.first_total.p99)),
                format_usd(group.cost_usd),
            ),
        )
        for group in groups
    ]
    return fitting_table(f"by {by}", _GROUP_COLUMNS, rows, style)


def _label(label: str, by: str, utc: bool) -> str:
    if by == "hour" and label.isdecimal():
        return format_time(int(label), utc=utc).replace(":00:00.000", ":00")
    if by == "deployment" and (time := label.rpartition(" ")[2]).isdecimal() and "$LATEST " in label:
        return clean(label.removesuffix(time)) + format_time(int(time), utc=utc)[:19]
    return clean(label) or "(function not named in the log)"


def render_comparisons(found: Sequence[Comparison], style: Style) -> str:
    """A table for each function, named by its place too if there are several."""
    names = place_names([(one.function, one.place) for one in found])
    return "\n\n".join(
        render_comparison(replace(one, function=name), style) for one, name in zip(found, names, strict=True)
    )


def render_comparison(found: Comparison, style: Style) -> str:
    """Both windows side by side, with a verdict on each change."""
    name = clean(found.function) or "(function not named in the log)"
    table = new_table(name, *(Column(head, justify="right") for head in ("before", "now", "change")), "verdict")
    old, new = found.before, found.after
    rows: list[tuple[str, float | None, float | None, Callable[[float | None], str], Difference | None]] = [
        ("invocations", old.invocations, new.invocations, format_count, None),
        ("cold starts", old.cold_starts, new.cold_starts, format_count, None),
        ("share", old.share, new.share, format_share, found.share),
        ("init p50", old.init.p50, new.init.p50, format_ms, found.init),
        ("init p99", old.init.p99, new.init.p99, format_ms, None),
        ("first call p50", old.first_total.p50, new.first_total.p50, format_ms, found.first_total),
        ("first call p99", old.first_total.p99, new.first_total.p99, format_ms, None),
        ("warm p50", old.warm_duration.p50, new.warm_duration.p50, format_ms, None),
        ("cost of cold starts", old.cost_usd, new.cost_usd, format_usd, None),
    ]
    reasons: dict[str, list[str]] = {}
    for label, before, after, shown, difference in rows:
        verdict, whole = ("", "") if difference is None else _verdict(difference)
        if whole and style.width < _WIDE:
            reasons.setdefault(whole, []).append(label)
        else:
            verdict = whole
        table.add_row(label, shown(before), shown(after), _change(before, after), verdict)
    # On a narrow terminal the reasons stand below the table, each once.
    below = [Text(f"{', '.join(labels)}: {whole}") for whole, labels in reasons.items()]
    return to_text(Group(table, *below), style)


def _change(before: float | None, after: float | None) -> str:
    return "-" if not before or after is None else f"{after / before - 1:+.0%}"


def _verdict(difference: Difference) -> tuple[str, str]:
    """The verdict in two or three words, and with the reason or the test that it rests on."""
    if difference.p_value is None:
        return "not known", f"not known: {difference.why}"
    said = "more than noise" if difference.is_more_than_noise else "within noise"
    p_value = "p < 0.0001" if difference.p_value < 0.0001 else f"p = {difference.p_value:.4f}"
    return said, f"{said} ({difference.test}, {p_value})"


def render_list(found: Sequence[ColdStart], *, utc: bool = False) -> str:
    """Each cold start: its time, kind and durations, then its ids and where its init time went."""
    lines = []
    for one in found:
        head = (
            f"{format_time(one.at_ms or None, utc=utc)}  {clean(one.function)}[{clean(one.version or '?')}]"
            f"  {one.kind.value}"
            f"  {'failed init' if one.kind.inside else 'init'} {format_ms(one.before_ms)}"
            f" + {format_ms(one.duration_ms)} = {format_ms(one.first_total_ms)}"
        )
        ids = [f"request {clean(one.request_id)}"]
        ids += [f"trace {clean(one.trace_id)}"] if one.trace_id else []
        ids += [f"stream {clean(one.stream)}"] if one.stream else []
        lines += [head, *(f"    {text}" for text in ids)]
        if spent := _spent(one):
            lines.append(f"    init: {spent}")
        if one.kind.inside and one.init_ms is not None:
            lines.append(f"    the duration includes an init of {format_ms(one.init_ms)}")
        if one.error_type:
            lines.append(f"    failed: {clean(one.error_type)}")
    return "\n".join(lines)


def _spent(one: ColdStart) -> str:
    record = one.init_record
    if record is None:
        return ""
    if record.imports and record.imports.packages:
        most = sorted(record.imports.packages, key=lambda package: -package.self_ms)[:4]
        return ", ".join(f"{clean(package.name)} {format_ms(package.self_ms)}" for package in most)
    if record.imports and record.imports.tree:
        top = sorted(record.imports.tree, key=lambda module: -module.cumulative_ms)[:5]
        return ", ".join(f"{clean(module.module)} {format_ms(module.cumulative_ms)}" for module in top)
    return ", ".join(f"{clean(phase.name)} {format_ms(phase.duration_ms)}" for phase in record.phases)


_RANKING_COLUMNS = (
    FittingColumn("invocations", "invocations", 5),
    FittingColumn("cold", "cold starts", 1),
    FittingColumn("share", "share", 6),
    FittingColumn("init p50", "init p50", 2),
    FittingColumn("p99", "init p99", 4),
    FittingColumn("max", "init max", 8),
    FittingColumn("first call p99", "first call p99", 7),
    FittingColumn("waited", "waited", 3),
    FittingColumn("cost", "cost", 9),
)


def render_ranking(found: Sequence[ColdStartSummary], style: Style, unread: Collection[str] = ()) -> str:
    """One row for each function, the longest total wait first; `unread` names the functions that could not be read."""
    rows: list[tuple[str, Sequence[str]]] = []
    pages: list[str] = []
    for one in ranked(found):
        pages.append(summary_page(one))
        if not one.invocations:
            rows.append((clean(one.function), ("not read" if one.function in unread else "no data",)))
            continue
        figures = (
            format_count(one.invocations),
            format_count(one.cold_starts),
            format_share(one.share),
            *(format_ms(value) for value in (one.init.p50, one.init.p99, one.init.max, one.first_total.p99)),
            format_ms(waited_ms(one)),
            format_usd(one.cost_usd),
        )
        rows.append((clean(one.function), figures))
    return fitting_table("function", _RANKING_COLUMNS, rows, style, pages)


def summary_page(one: ColdStartSummary) -> str:
    """The page of its function in the AWS console."""
    # The name can have its place behind it: api (eu-west-1).
    return function_page(one.region, one.function.partition(" ")[0]) if one.function else ""


def waited_ms(one: ColdStartSummary) -> float:
    """How long all callers waited for inits in total."""
    return (one.init.mean or 0.0) * one.init.count


def ranked(found: Sequence[ColdStartSummary]) -> list[ColdStartSummary]:
    """The longest total wait for inits first; functions without data last."""
    return sorted(found, key=lambda one: (not one.invocations, -waited_ms(one), one.function))


def csv_summaries(found: Sequence[ColdStartSummary]) -> str:
    """One row for each function in each place, with a column for each figure. An unknown figure is an empty field."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["function", "region", "profile", *COLD_START_FIGURES])
    for one in ranked(found):
        names = (spreadsheet_safe(text) for text in (one.function, one.region, one.profile))
        writer.writerow([*names, *cold_start_figures(one).values()])
    return out.getvalue().rstrip("\n")


def spreadsheet_safe(text: str) -> str:
    """A name that neither a spreadsheet nor a terminal interprets."""
    text = clean(text)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def format_share(share: float | None) -> str:
    """A share in percent."""
    return "-" if share is None else f"{share:.1%}"


def format_usd(amount: float | None) -> str:
    """An amount in USD, with enough decimals for small amounts."""
    if amount is None:
        return "-"
    return f"${amount:,.2f}" if amount >= 0.01 else f"${amount:.8f}".rstrip("0").rstrip(".") if amount else "$0"
