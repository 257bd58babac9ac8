"""Render a package report for a terminal."""

from collections.abc import Sequence
from textwrap import wrap

from rich.cells import cell_len
from rich.table import Column

from monitor.console.text import Style, clean, clip, format_bytes, format_count, new_table, to_text
from monitor.kernel.entry_point import INSTRUMENTS
from monitor.packages.model import (
    LAYER_LIMIT,
    UNZIPPED_LIMIT_BYTES,
    ZIPPED_LIMIT_BYTES,
    Basis,
    PackageFile,
    PackageFinding,
    PackageReport,
    Part,
    PartKind,
)

_NARROW = (0, 2, 4)
_FIGURES = ("Zipped", "Unzipped", "Share", "Files")
_GROUPS = ("AWS SDK", "framework", "application", "others")


def render_package(report: PackageReport, style: Style, top: int | None = None) -> str:
    """Render the summary, the parts by size, the findings and the limits."""
    target = ", ".join(filter(None, (report.python and f"Python {report.python}", report.architecture)))
    head = f"{report.name}  {format_bytes(report.zipped_bytes)} zipped, {format_bytes(report.unzipped_bytes)} unzipped"
    blocks = [
        clip(clean(head + (f"  ({target})" if target else "")), style.width, style.ellipsis),
        _groups(report, style),
        _parts(report, style, top),
        render_findings(report.findings, style),
        "\n".join(_limits(report)),
    ]
    return "\n\n".join(block for block in blocks if block)


def _groups(report: PackageReport, style: Style) -> str:
    whole = report.zipped_bytes or 1
    sizes = dict.fromkeys(_GROUPS, 0)
    for part in report.parts:
        sizes[part.group] += part.zipped_bytes
    width = max(10, min(40, style.width - 40))
    lines = []
    for name, size in sizes.items():
        bar = "█" * round(width * size / whole)
        lines.append(f"{name:<12}{format_bytes(size):>10}  {size / whole:>5.1%}  {bar}".rstrip())
    text = "\n".join(lines)
    return text if style.unicode else text.replace("█", "#")


def _parts(report: PackageReport, style: Style, top: int | None) -> str:
    several = len(report.containers) > 1
    heads = ["Part", "Version", "Zipped", "Unzipped", "Share", "Files", *(["In"] if several else [])]
    shown = report.parts[:top]
    rows = [
        [
            clip(clean(part.name), 40, style.ellipsis),
            clip(clean(part.version or style.dash), 20, style.ellipsis),
            format_bytes(part.zipped_bytes),
            format_bytes(part.unzipped_bytes),
            f"{part.share:.1%}",
            format_count(part.files),
            *([clean(part.place)] if several else []),
        ]
        for part in shown
    ]
    # In a narrow terminal the last column is dropped first: a figure is never cut.
    taken = sum(max(map(cell_len, column)) + 2 for column in zip(heads, *rows, strict=True))
    room = style.width - taken
    if room < 0:
        heads, rows = [heads[at] for at in _NARROW], [[row[at] for at in _NARROW] for row in rows]
    columns = [Column(head, justify="right" if head in _FIGURES else "left", no_wrap=True) for head in heads]
    table = new_table(*columns, *([Column("Why it is there", no_wrap=True)] if room >= 15 else []))
    instrumented = any(part.name == "lambda-monitor" for part in report.parts)
    for part, row in zip(shown, rows, strict=True):
        brought = instrumented and part.name in INSTRUMENTS
        reason = _reason(part, style) or ("for monitor's entry point" if brought else "")
        table.add_row(*row, *([clip(clean(reason), room, style.ellipsis)] if room >= 15 else []))
    text = to_text(table, style)
    left = report.parts[len(shown) :]
    if left:
        text += f"\nand {len(left)} more: {format_bytes(sum(part.zipped_bytes for part in left))}"
    return text


def _reason(part: Part, style: Style) -> str:
    if part.kind is PartKind.APPLICATION:
        return "your code: " + ", ".join(part.tops[:6]) if part.tops else "your files"
    if part.kind is PartKind.STRUCTURE:
        return "zip headers"
    words = ["in the runtime"] if part.in_runtime else []
    if part.requested:
        words.append("required by you")
    if part.pulled_in_by:
        named = ", ".join(part.pulled_in_by[:3]) + (style.ellipsis if len(part.pulled_in_by) > 3 else "")
        words.append(f"for {named}")
    if part.basis is Basis.TOP_LEVEL:
        words.append("identified by name: no dist-info" if part.name != "lambda-monitor" else "monitor's entry point")
    return "; ".join(words)


def render_findings(findings: Sequence[PackageFinding], style: Style) -> str:
    """Render each finding, with some names below it."""
    lines = []
    for found in findings:
        size = f" ({format_bytes(found.zipped_bytes)} zipped)" if found.zipped_bytes else ""
        lines += wrapped(f"! {found.message}{size}", style.width)
        if found.names:
            names = ", ".join(found.names[:5]) + (style.ellipsis if found.count > min(5, len(found.names)) else "")
            lines.append("  " + clip(clean(names), style.width - 2, style.ellipsis))
    return "\n".join(lines)


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of that width; the second and later lines are indented."""
    indent = "    " if text.startswith(" ") else "  "
    return wrap(clean(text), max(40, width), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _limits(report: PackageReport) -> list[str]:
    room = UNZIPPED_LIMIT_BYTES - report.unzipped_bytes
    layers = sum(container.root == "/opt" for container in report.containers)
    main = report.containers[0].zipped_bytes if report.containers else 0
    direct = ZIPPED_LIMIT_BYTES - main
    lines = [
        f"Left: {_left(direct)} of 50 MB for a direct upload, {_left(room)} of 250 MB unzipped, "
        f"{max(0, LAYER_LIMIT - layers)} of {LAYER_LIMIT} layers"
    ]
    requests = sum(one.reading.requests for one in report.containers)
    if requests:
        read = sum(one.reading.read_bytes for one in report.containers)
        share = read / max(1, sum(one.reading.of_bytes for one in report.containers))
        noun = "request" if requests == 1 else "requests"
        lines.append(f"Read: {format_bytes(read)} in {requests} {noun} ({share:.1%} of the zip)")
    return lines


def _left(size_bytes: int) -> str:
    return format_bytes(size_bytes) if size_bytes >= 0 else f"nothing ({format_bytes(-size_bytes)} over)"


def render_files(report: PackageReport, style: Style, top: int | None = None) -> str:
    """Render every file with its sizes and its distribution, largest first."""
    table = new_table(
        Column("Zipped", justify="right", no_wrap=True),
        Column("Unzipped", justify="right", no_wrap=True),
        Column("Part", no_wrap=True),
        Column("File", overflow="fold"),
    )
    rows: list[tuple[PackageFile, str]] = [(file, one.root) for one in report.containers for file in one.files]
    rows.sort(key=lambda row: (-row[0].zipped_bytes, row[0].name))
    for file, root in rows[:top]:
        name = f"{root}/{file.name}" if len(report.containers) > 1 else file.name
        table.add_row(format_bytes(file.zipped_bytes), format_bytes(file.unzipped_bytes), file.part, name)
    return to_text(table, style)
