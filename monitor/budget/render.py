"""The checks of a budget as a table, and the words that every output uses."""

from monitor.budget.model import BudgetReport, Check, Measure, Verdict
from monitor.console.text import Style, clean, format_count, format_counted, format_ms, new_table, to_text

WORDS = {
    Verdict.OVER: "over",
    Verdict.UNDECIDED: "undecided",
    Verdict.UNKNOWN: "not known",
    Verdict.WITHIN: "within",
}
_COLORS = {Verdict.OVER: "red", Verdict.UNDECIDED: "yellow", Verdict.UNKNOWN: "yellow", Verdict.WITHIN: "green"}
_MOST_IMPORTS = 5


def render_text(report: BudgetReport, style: Style) -> str:
    """The table of checks, worst first, and the slowest imports of functions that are over a limit."""
    from rich.text import Text

    table = new_table("", "Function", "Measure", "Measured", "Limit", "")
    for one in in_order(report):
        table.add_row(
            Text(WORDS[one.verdict], style=_COLORS[one.verdict]),
            clean(one.function),
            one.measure.label,
            measured_text(one),
            figure(one.measure, one.limit),
            clean(one.why),
        )
    parts = [f"{clean(report.file)}: {summary(report)}", to_text(table, style)]
    parts += [machine] if (machine := machine_text(report)) else []
    parts += [f"Slowest imports of {clean(name)}: {text}" for name, text in slow_imports(report)]
    return "\n\n".join(parts)


def summary(report: BudgetReport) -> str:
    """One sentence without names: how many limits are exceeded, and how many are undecided."""
    total = format_counted(len(report.checks), "limit")
    unclear = f"; {len(report.unclear)} cannot be decided" if report.unclear else ""
    if report.failed:
        return f"{len(report.failed)} of {total} exceeded{unclear}"
    return f"none of {total} exceeded{unclear}"


def machine_text(report: BudgetReport) -> str:
    """How fast this machine starts the reference package, and what that did; "" if nothing was started."""
    if report.reference_ms is None:
        return ""
    here = f"The reference package starts in {report.reference_ms:,.0f} ms here"
    if report.scaled_to_ms is None:
        return (
            f"{here}. Durations are as measured: `reference_ms = {report.reference_ms:.0f}` at the top of the budget "
            "would scale them on faster, slower and busier machines."
        )
    return f"{here}. Durations are scaled to a machine on which it starts in {report.scaled_to_ms:,.0f} ms."


def in_order(report: BudgetReport) -> list[Check]:
    """The checks, worst first."""
    order = list(WORDS)
    return sorted(report.checks, key=lambda one: order.index(one.verdict))


def figure(measure: Measure, value: float | None) -> str:
    """A value of a measure with its unit."""
    if value is None:
        return "–"
    if measure in (Measure.INIT, Measure.FIRST_CALL):
        return format_ms(value)
    if measure is Measure.MODULES:
        return format_count(value)
    if measure is Measure.COST:
        return f"${value:,.2f}"
    return f"{value:,.1f} MB" if value >= 0.95 else f"{value * 1024:,.1f} KB"


def measured_text(check: Check) -> str:
    """The figure, and its interval if it has one."""
    text = figure(check.measure, check.value)
    if check.low is None or check.high is None:
        return text
    return f"{text} ({figure(check.measure, check.low)} to {figure(check.measure, check.high)})"


def sentence(check: Check) -> str:
    """A check in one line that ends without a period; names and errors in it come from outside."""
    why = f": {check.why}" if check.why else ""
    return (
        f"{check.function}: {check.measure.label}: {measured_text(check)}, "
        f"the limit is {figure(check.measure, check.limit)}{why}"
    )


def slow_imports(report: BudgetReport) -> list[tuple[str, str]]:
    """Functions over a limit, and their slowest imports in one line."""
    over = {one.function for one in report.failed}
    return [
        (
            one.function,
            ", ".join(
                f"{clean(row.package)} {format_ms(row.self_ms)} ({format_counted(row.modules, 'module')})"
                for row in one.imports[:_MOST_IMPORTS]
            ),
        )
        for one in report.imports
        if one.function in over
    ]
