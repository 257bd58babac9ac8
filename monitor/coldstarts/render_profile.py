"""An import profile as text: the table, the tree, and the changes since a saved profile."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.table import Column
from rich.text import Text

from monitor.console.fitting import FittingColumn, fitting_table
from monitor.console.text import Style, clean, clip, format_count, format_ms, new_table, pad, to_text
from monitor.records.imports import NOT_ITEMISED, ImportChange, ImportNode, ImportProfile

_FIGURE = 10
_COLUMNS = (
    FittingColumn("self", "self", 1),
    FittingColumn("share", "share", 2),
    FittingColumn("median", "median", 6),
    FittingColumn("p95", "p95", 5),
    FittingColumn("total", "total", 3),
    FittingColumn("modules", "modules", 7),
    FittingColumn("seen in", "seen in", 4),
)
_LEAST_CHANGE_MS = 0.05
# From this share on, all imports are itemised, but for rounding.
_ALL = 0.995


def render_profile(profile: ImportProfile, style: Style, *, top: int = 20, by: str = "package") -> str:
    """The headline and the table, the greatest share first."""
    rows = [
        (
            clean(row.package),
            (
                format_ms(row.self_ms),
                f"{row.share:.1%}",
                format_ms(row.median_ms),
                format_ms(row.p95_ms),
                format_ms(row.total_ms),
                format_count(row.modules),
                f"{row.seen} of {row.of}",
            ),
        )
        for row in profile.rows[:top]
    ]
    table = fitting_table(by, _COLUMNS, rows, style)
    left = len(profile.rows) - top
    more = f"\n({left} more, {sum(row.share for row in profile.rows[top:]):.1%} together)" if left > 0 else ""
    return f"{headline(profile, profile.row_coverage)}\n\n{table}{more}"


def headline(profile: ImportProfile, coverage: float = 1.0) -> str:
    """The source of the profile, the total time of the imports, and how much of it is itemised below."""
    starts = f"{format_count(profile.cold_starts)} cold start{'' if profile.cold_starts == 1 else 's'}"
    text = f"{clean(profile.name)}: imports take {format_ms(profile.total_ms)} (mean of {starts}, {profile.source})"
    return "\n".join(filter(None, (text, covered(coverage, profile.total_ms))))


def covered(coverage: float, total_ms: float) -> str:
    """How much of the imports is itemised; "" if all of it is."""
    return f"imports listed: {coverage:.0%} of {format_ms(total_ms)}" if coverage < _ALL else ""


def render_tree(profile: ImportProfile, style: Style, *, top: int = 40) -> str:
    """The longest imports, each with the imports that lead to it."""
    every = list(_walk(itemised(profile)))
    shown = sorted(sorted(range(len(every)), key=lambda at: (-every[at][1].cumulative_ms, at))[:top])
    width = min(style.width - 2 * _FIGURE - 3, 70)
    lines = [headline(profile, profile.tree_coverage), "", f"{pad('', width)} {'total':>{_FIGURE}} {'self':>{_FIGURE}}"]
    for at in shown:
        depth, node = every[at]
        name = clip("  " * depth + clean(node.module), width, style.ellipsis)
        lines.append(
            f"{pad(name, width)} {format_ms(node.cumulative_ms):>{_FIGURE}} {format_ms(node.self_ms):>{_FIGURE}}"
        )
    left = len(every) - len(shown)
    return "\n".join([*lines, f"({left} more)"] if left else lines)


def itemised(profile: ImportProfile) -> tuple[ImportNode, ...]:
    """The tree with a node for the time that it does not itemise, below each module and beside the topmost ones."""
    tree = tuple(map(_filled, profile.tree))
    left_ms = profile.not_itemised_ms
    return (*tree, ImportNode(NOT_ITEMISED, left_ms, left_ms)) if left_ms else tree


def _filled(node: ImportNode) -> ImportNode:
    children = tuple(map(_filled, node.children))
    if left_ms := node.not_itemised_ms:
        children = (*children, ImportNode(NOT_ITEMISED, left_ms, left_ms))
    return replace(node, children=children) if children else node


def _walk(tree: Sequence[ImportNode]) -> Iterator[tuple[int, ImportNode]]:
    waiting = [(0, node) for node in reversed(tree)]
    while waiting:
        depth, node = waiting.pop()
        yield depth, node
        waiting += [(depth + 1, child) for child in reversed(node.children)]


def render_changes(before: ImportProfile, after: ImportProfile, found: Sequence[ImportChange], style: Style) -> str:
    """The change of each package, as the mean of a cold start."""
    head = (
        f"imports: {format_ms(before.total_ms)} before, {format_ms(after.total_ms)} now "
        f"({_signed(after.total_ms - before.total_ms)})"
    )
    for when, profile in (("before", before), ("now", after)):
        if line := covered(profile.row_coverage, profile.total_ms):
            head += f"\n{line} ({when})"
    table = new_table("package", *(Column(name, justify="right") for name in ("before", "now", "change")))
    rows = [change for change in found if abs(change.change_ms) >= _LEAST_CHANGE_MS]
    for change in rows[:40]:
        table.add_row(
            Text(clean(change.package)),
            format_ms(change.before_ms) if change.before_ms else "-",
            format_ms(change.after_ms) if change.after_ms else "-",
            _signed(change.change_ms),
        )
    return (
        f"{head}\n\n{to_text(table, style)}"
        if rows
        else f"{head}\n\nno package changed by {_LEAST_CHANGE_MS} ms or more"
    )


def _signed(change_ms: float) -> str:
    return ("+" if change_ms >= 0 else "") + format_ms(change_ms)
