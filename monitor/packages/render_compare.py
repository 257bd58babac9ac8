"""Render a package comparison and import times for a terminal."""

from rich.table import Column

from monitor.console.text import Style, clean, format_bytes, format_ms, new_table, to_text
from monitor.packages.model_plan import Change, PackageDiff, PackageTimes
from monitor.packages.render import wrapped

_SIGNS = {Change.ADDED: "+", Change.REMOVED: "-", Change.CHANGED: "~", Change.SAME: " "}


def render_diff(diff: PackageDiff, style: Style) -> str:
    """Render the totals, the parts that differ, and the expected and measured effect on a cold start."""
    zipped = _change(diff.zipped_before_bytes, diff.zipped_after_bytes)
    unzipped = _change(diff.unzipped_before_bytes, diff.unzipped_after_bytes)
    lines = [clean(f"{diff.before} > {diff.after}"), f"zipped    {zipped}", f"unzipped  {unzipped}"]
    if diff.changes:
        table = new_table(
            Column("", no_wrap=True),
            Column("Part", no_wrap=True),
            Column("Before", no_wrap=True),
            Column("After", no_wrap=True),
            Column("Zipped", justify="right", no_wrap=True),
            Column("Unzipped", justify="right", no_wrap=True),
            Column("Files", justify="right", no_wrap=True),
        )
        for one in diff.changes:
            table.add_row(
                _SIGNS[one.change],
                one.name,
                one.before or style.dash,
                one.after or style.dash,
                _signed(one.zipped_bytes),
                _signed(one.unzipped_bytes),
                f"{one.files:+,}" if one.files else "0",
            )
        lines += ["", to_text(table, style)]
    else:
        lines += ["", "No part differs."]
    lines += ["", *wrapped(clean(f"Cold start: {diff.expectation}"), style.width)]
    for figures in diff.starts:
        inits = len(figures.init_ms)
        lines.append(clean(f"  {figures.name}: init {format_ms(figures.median_ms)} (median of {inits})"))
    if len(diff.starts) == 2 and diff.starts[0].median_ms:
        lines.append(f"  ratio {diff.starts[1].median_ms / diff.starts[0].median_ms:.2f}")
    return "\n".join(lines)


def _change(before: int, after: int) -> str:
    ratio = f", {after / before:.2f} x" if before else ""
    return f"{format_bytes(before)} > {format_bytes(after)}  ({_signed(after - before)}{ratio})"


def _signed(size_bytes: int) -> str:
    return f"{'+' if size_bytes > 0 else ''}{format_bytes(size_bytes)}"


def render_times(times: PackageTimes, style: Style, top: int | None = None) -> str:
    """Render sizes and import times, then the parts that init never imported."""
    table = new_table(
        Column("Part", no_wrap=True),
        Column("Version", no_wrap=True),
        Column("Zipped", justify="right", no_wrap=True),
        Column("Unzipped", justify="right", no_wrap=True),
        Column("Import", justify="right", no_wrap=True),
        Column("Share", justify="right", no_wrap=True),
        Column("Modules", justify="right", no_wrap=True),
    )
    used = [row for row in times.rows if row.modules]
    for row in used[:top]:
        table.add_row(
            row.name,
            row.version or style.dash,
            format_bytes(row.zipped_bytes),
            format_bytes(row.unzipped_bytes),
            format_ms(row.self_ms),
            f"{row.share:.1%}",
            f"{row.modules:,}",
        )
    lines = [
        clean(f"{times.name}: {times.source}, {times.inits} {'init' if times.inits == 1 else 'inits'}"),
        "",
        to_text(table, style),
        f"standard library and runtime: {format_ms(times.elsewhere_ms)} of {format_ms(times.total_ms)}",
    ]
    if times.untimed:
        lines.append(clean(f"Python's import profile does not time the handler's own file ({times.untimed})"))
    unused = [row for row in times.rows if not row.modules]
    if unused:
        size = format_bytes(sum(row.zipped_bytes for row in unused))
        count, noun = f"{len(unused):,}", "part" if len(unused) == 1 else "parts"
        word = "never imported at init" if times.exact else "not among the recorded imports"
        lines += ["", f"In the package but {word}: {count} {noun}, {size} zipped"]
        lines += [clean(f"  {row.name}  {format_bytes(row.zipped_bytes)}") for row in unused[:top]]
    return "\n".join(lines)
