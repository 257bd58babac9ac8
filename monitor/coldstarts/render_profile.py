"""An import profile as text: the table, the tree, and the changes since a saved profile."""

from collections.abc import Iterator, Sequence

from rich.table import Column
from rich.text import Text

from monitor.console.text import Style, clean, clip, format_count, format_ms, new_table, pad, to_text
from monitor.records.imports import ImportChange, ImportNode, ImportProfile

_FIGURE = 10
_LEAST_CHANGE_MS = 0.05


def render_profile(profile: ImportProfile, style: Style, *, top: int = 20, by: str = "package") -> str:
    """The headline and the table, the greatest share first."""
    table = new_table(
        Column(by, overflow="fold"),
        *(Column(name, justify="right") for name in ("self", "share", "median", "p95", "total", "modules", "seen in")),
    )
    for row in profile.rows[:top]:
        table.add_row(
            Text(clean(row.package)),
            format_ms(row.self_ms),
            f"{row.share:.1%}",
            format_ms(row.median_ms),
            format_ms(row.p95_ms),
            format_ms(row.total_ms),
            format_count(row.modules),
            f"{row.seen} of {row.of}",
        )
    left = len(profile.rows) - top
    more = f"\n({left} more, {sum(row.share for row in profile.rows[top:]):.1%} together)" if left > 0 else ""
    return f"{headline(profile)}\n\n{to_text(table, style)}{more}"


def headline(profile: ImportProfile) -> str:
    """The source of the profile, and the total time of the imports."""
    starts = f"{format_count(profile.cold_starts)} cold start{'' if profile.cold_starts == 1 else 's'}"
    return f"{clean(profile.name)}: imports take {format_ms(profile.total_ms)} (mean of {starts}, {profile.source})"


def render_tree(profile: ImportProfile, style: Style, *, top: int = 40) -> str:
    """The longest imports, each with the imports that lead to it."""
    every = list(_walk(profile.tree))
    shown = sorted(sorted(range(len(every)), key=lambda at: (-every[at][1].cumulative_ms, at))[:top])
    width = min(style.width - 2 * _FIGURE - 3, 70)
    lines = [headline(profile), "", f"{pad('', width)} {'total':>{_FIGURE}} {'self':>{_FIGURE}}"]
    for at in shown:
        depth, node = every[at]
        name = clip("  " * depth + clean(node.module), width, style.ellipsis)
        lines.append(
            f"{pad(name, width)} {format_ms(node.cumulative_ms):>{_FIGURE}} {format_ms(node.self_ms):>{_FIGURE}}"
        )
    left = len(every) - len(shown)
    return "\n".join([*lines, f"({left} more)"] if left else lines)


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
