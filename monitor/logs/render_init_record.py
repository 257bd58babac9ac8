"""An init record as text: its phases and its slowest imports, as a tree."""

from collections.abc import Iterable, Iterator

from monitor.console.text import Style, clean, clip, format_ms, pad
from monitor.records.init_record import ImportedModule, InitRecord

_MOST_ROWS = 30
_FIGURE = 10


def render_init_record(record: InitRecord, style: Style, *, rows: int = _MOST_ROWS) -> str:
    """The phases and the slowest imports, each below its importer."""
    lines = [f"init, measured in the process: {format_ms(record.observed_init_ms)}"]
    lines += [f"  {pad(clean(phase.name), 14)} {format_ms(phase.duration_ms):>10}" for phase in record.phases]
    hooks = (("before_snapshot hooks", record.before_snapshot_ms), ("after_restore hooks", record.after_restore_ms))
    lines += [f"  {name} {format_ms(time_ms):>10}" for name, time_ms in hooks if time_ms is not None]
    if record.error:
        lines.append(f"  failed with {clean(record.error.type)}: {clean(record.error.message)}")
    if record.imports and record.imports.tree:
        imports = record.imports
        lines.append(f"imports: {imports.count} modules, {format_ms(imports.total_ms)}")
        lines += _tree(imports.tree, style, rows)
    return "\n".join(lines)


def _tree(tree: Iterable[ImportedModule], style: Style, rows: int) -> list[str]:
    every = list(_walk(tree, 0))
    # A parent is never faster than its child, so the slowest modules include all their parents.
    shown = sorted(sorted(range(len(every)), key=lambda at: -every[at][1].cumulative_ms)[:rows])
    width = min(style.width - 2 * _FIGURE - 3, 60)
    lines = [f"  {pad('', width)} {'total':>{_FIGURE}} {'self':>{_FIGURE}}"]
    for at in shown:
        depth, module = every[at]
        name = clip("  " * depth + clean(module.module), width, style.ellipsis)
        figures = f"{format_ms(module.cumulative_ms):>{_FIGURE}} {format_ms(module.self_ms):>{_FIGURE}}"
        lines.append(f"  {pad(name, width)} {figures}")
    if len(every) > len(shown):
        lines.append(f"  ({len(every) - len(shown)} more)")
    return lines


def _walk(tree: Iterable[ImportedModule], depth: int) -> Iterator[tuple[int, ImportedModule]]:
    waiting = [(depth, module) for module in reversed(tuple(tree))]
    while waiting:
        depth, module = waiting.pop()
        yield depth, module
        waiting += [(depth + 1, child) for child in reversed(module.children)]
