"""What cold traces spend more on than warm ones, as a table with the steps below those that contain them."""

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from monitor.console.text import Style, clean, clip_start, format_ms, pad, to_text
from monitor.kernel.origin import NO_OPTIONS, Origin
from monitor.records.xray.trace import SpanKind
from monitor.traces.model import Comparison, StepDifference

_FIGURE = 9

_BAR = 20


def render_comparison(comparison: Comparison, style: Style, origin: Origin = NO_OPTIONS) -> str:
    """Both medians, and each step's; readable from 60 cells of width. `origin` goes into the printed commands."""
    name = clean(comparison.function)
    lines = [Text(f"{name}: {comparison.cold} cold and {comparison.warm} warm traces", style="bold", overflow="fold")]
    if comparison.difference_ms is None:
        side = "cold" if not comparison.cold else "warm"
        lines.append(Text(f"nothing to compare: there is no {side} trace in the window", overflow="fold"))
    else:
        lines.append(
            Text(
                f"median total {format_ms(comparison.cold_ms)} cold, {format_ms(comparison.warm_ms)} warm: "
                f"{format_ms(comparison.difference_ms)} more",
                overflow="fold",
            )
        )
        lines += [Text(), *_table(comparison, style)]
    notes = [Text(f"note: {clean(note)}", style="dim", overflow="fold") for note in comparison.notes]
    parts = [to_text(Group(*lines), style)]
    if comparison.difference_ms is not None:
        parts += ["", *_example(comparison, origin)]
    return "\n".join([*parts, *([to_text(Group(*notes), style)] if notes else [])])


def _table(comparison: Comparison, style: Style) -> list[Text]:
    wide = style.width >= 90
    bar = _BAR if style.width >= 120 else 0
    numbers = 3 * (_FIGURE + 2) + 7 + (12 if wide else 0) + (bar + 2 if bar else 0)
    longest = max((one.depth * 2 + cell_len(clean(one.name)) for one in comparison.steps), default=4)
    width = max(14, min(longest, style.width - numbers))
    heads = [pad("STEP", width), *(pad(head, _FIGURE, right=True) for head in ("COLD", "WARM", "MORE"))]
    heads += [pad("SHARE", 5, right=True)] + ([pad("SEEN C/W", 10, right=True)] if wide else [])
    lines = [Text("  ".join(heads), style="bold")]
    lines += [_line(one, comparison, width, bar, wide, style) for one in comparison.steps]
    for line in lines:
        line.no_wrap, line.overflow = True, "crop"
    return lines


def _line(one: StepDifference, comparison: Comparison, width: int, bar: int, wide: bool, style: Style) -> Text:
    indent = " " * min(one.depth * 2, width // 2)
    name = clean(one.name)
    if one.kind is SpanKind.IMPORT:
        name = clip_start(name, width - len(indent), style.ellipsis)
    figures = [one.cold_ms, one.warm_ms, one.difference_ms]
    cells = [pad(indent + name, width, ellipsis=style.ellipsis)]
    cells += [pad(format_ms(value), _FIGURE, right=True) for value in figures]
    cells.append(pad("-" if one.share is None else f"{one.share:.0%}", 5, right=True))
    if wide:
        cells.append(pad(f"{one.cold_seen}/{one.warm_seen}", 10, right=True))
    line = Text("  ".join(cells), style="" if one.difference_ms > 0 else "dim")
    if bar and comparison.difference_ms:
        length = min(bar, max(0, round(bar * one.difference_ms / comparison.difference_ms)))
        color = "cyan" if one.kind in (SpanKind.INIT, SpanKind.IMPORT, SpanKind.PHASE, SpanKind.RESTORE) else "green"
        line.append("  ").append(("█" if style.unicode else "#") * length, style=color)
    return line


def _example(comparison: Comparison, origin: Origin) -> list[str]:
    """The commands that show single traces, on lines of their own: they are copied, so they are never cut."""
    found = ["a typical cold one:", _command(comparison.best_id, origin)]
    leaves = [one for one in comparison.steps if one.example_id and one.difference_ms > 0]
    if leaves:
        most = max(leaves, key=lambda one: (one.difference_ms, one.depth))
        found.append(clean(f"most of {most.name} ({format_ms(most.example_ms)}):"))
        found.append(_command(most.example_id or "", origin))
    return found


def _command(trace_id: str, origin: Origin) -> str:
    return f"  {origin.carried(f'monitor traces show {clean(trace_id)}')}"
