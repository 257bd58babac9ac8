"""Tables that fit the terminal: columns are left out by importance, and the table says which."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.table import Column
from rich.text import Text

from monitor.console.links import link_text
from monitor.console.text import Style, new_table, to_text

_LONGEST_NAME, _GAP = 30, 2


@dataclass(frozen=True, slots=True)
class FittingColumn:
    """A column of figures: its heading, its name in the note if left out, and its importance (1 is the highest)."""

    heading: str
    name: str
    importance: int


def fitting_table(
    head: str,
    columns: Sequence[FittingColumn],
    rows: Sequence[tuple[str, Sequence[str]]],
    style: Style,
    addresses: Sequence[str] = (),
) -> str:
    """A table of names and figures with as many columns as fit, the most important first.

    `addresses` are the pages of the names, in a terminal that has links.
    """
    widths = [
        max([cell_len(column.heading), *(cell_len(cells[at]) for _, cells in rows if at < len(cells))])
        for at, column in enumerate(columns)
    ]
    longest = max([cell_len(head), *(cell_len(name) for name, _ in rows)])
    room = style.width - min(longest, _LONGEST_NAME)
    shown: list[int] = []
    for at in sorted(range(len(columns)), key=lambda at: columns[at].importance):
        if room < widths[at] + _GAP:
            break
        shown.append(at)
        room -= widths[at] + _GAP
    shown.sort()
    table = new_table(
        Column(head, overflow="fold"),
        *(Column(columns[at].heading, justify="right", no_wrap=True) for at in shown),
    )
    for at, (name, cells) in enumerate(rows):
        # A row with a remark instead of figures has it in its first column.
        figures = [cells[one] for one in shown] if len(cells) == len(columns) else cells[: len(shown)]
        table.add_row(link_text(name, addresses[at] if addresses else "", style), *figures)
    text = to_text(table, style)
    left_out = [column.name for at, column in enumerate(columns) if at not in shown]
    if not left_out:
        return text
    note = Text(f"(no room for {', '.join(left_out)}: widen the terminal, or use -o json)", overflow="fold")
    return f"{text}\n{to_text(note, style)}"
