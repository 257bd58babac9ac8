"""Render layers and splits for a terminal."""

from collections.abc import Sequence

from rich.table import Column

from monitor.console.text import Style, clean, clip, format_bytes, format_ms, new_table, to_text
from monitor.packages.analyze_upload import placeholders
from monitor.packages.model_plan import LayerPlan, SplitPiece, SplitPlan
from monitor.packages.render import wrapped


def render_layers(plan: LayerPlan, style: Style) -> str:
    """Render the layers with their sizes and contents, and the commands."""
    table = new_table(
        Column("Zip", no_wrap=True),
        Column("Zipped", justify="right", no_wrap=True),
        Column("Unzipped", justify="right", no_wrap=True),
        Column("Commits/year", justify="right", no_wrap=True),
        Column("Changes", overflow="fold"),
    )
    for tier in plan.tiers:
        changes = style.dash if tier.changes is None else f"{tier.changes:,}"
        table.add_row(tier.name, format_bytes(tier.zipped_bytes), format_bytes(tier.unzipped_bytes), changes, tier.why)
    lines = [to_text(table, style), ""]
    for tier in plan.tiers:
        parts = ", ".join(tier.parts) or "only your code"
        lines.append(clip(clean(f"{tier.name}: {parts}"), style.width, style.ellipsis))
        lines.append(clean(f"  {tier.path}  CodeSha256 {tier.code_sha256}"))
    lines += ["", *(clean(f"note: {note}") for note in plan.notes), ""]
    if told := placeholders(plan.commands):
        lines += wrapped(f"To upload them ({told}):", style.width)
    lines += [clean(line) for line in plan.commands]
    return "\n".join(lines)


def render_split(plan: SplitPlan, style: Style) -> str:
    """Render the whole project, then each piece that could become a function."""
    table = new_table(
        Column("Function", no_wrap=True),
        Column("Zipped", justify="right", no_wrap=True),
        Column("of whole", justify="right", no_wrap=True),
        Column("Import", justify="right", no_wrap=True),
        Column("of whole", justify="right", no_wrap=True),
        Column("Modules", justify="right", no_wrap=True),
        Column("Routes", overflow="fold"),
    )
    for piece in (plan.whole, *plan.pieces):
        table.add_row(
            piece.module,
            format_bytes(piece.zipped_bytes),
            _ratio(piece.zipped_bytes, plan.whole.zipped_bytes, style),
            format_ms(piece.import_ms),
            _ratio(piece.import_ms, plan.whole.import_ms, style),
            f"{len(piece.own_modules)}",
            "all" if piece is plan.whole else ", ".join(piece.routes),
        )
    lines = [to_text(table, style)]
    if not plan.pieces:
        lines.append("Only the entry point declares routes or a handler: there is nothing to split.")
    lines += _details((*([plan.whole] if plan.whole.problem else []), *plan.pieces), style)
    if plan.shared and len(plan.pieces) > 1:
        lines += ["", clean(f"Shared by all ({format_bytes(plan.shared_zipped_bytes)}, a layer): ")]
        lines[-1] += clip(clean(", ".join(plan.shared)), max(20, style.width - 40), style.ellipsis)
    lines += [
        "",
        "Each function needs its own entry point. Times are imports on this machine, without Lambda's runtime. "
        "No code was moved.",
    ]
    return "\n".join(lines)


def _details(pieces: Sequence[SplitPiece], style: Style) -> list[str]:
    lines = []
    for piece in pieces:
        if piece.problem:
            text = f"{piece.module} cannot be imported alone: {piece.problem}"
        else:
            own = ", ".join(piece.distributions) or "no distributions"
            lazy = f"; only when called: {', '.join(piece.lazy)}" if piece.lazy else ""
            text = f"{piece.module} imports {own}{lazy}"
        lines += ["", clip(clean(text), style.width * 3, style.ellipsis)]
    return lines


def _ratio(part: float | None, whole: float | None, style: Style) -> str:
    return f"{part / whole:.0%}" if part is not None and whole else style.dash
