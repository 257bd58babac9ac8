"""Tables and YAML of log events, as the AWS CLI and the console of Logs Insights write them."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import yaml


def cli_table(title: str, rows: Sequence[Mapping[str, object] | Sequence[object]], *, level: int = 0) -> str:
    """A table of `--output table`: a message's lines break its row, and the table of one row has a line a member."""
    headers = sorted(rows[0]) if isinstance(rows[0], Mapping) else []
    cells = [[str(row[name]) for name in headers] if isinstance(row, Mapping) else list(map(str, row)) for row in rows]
    if headers and len(cells) == 1:
        headers, cells = [], [[name, value] for name, value in zip(headers, cells[0], strict=True)]
    columns = range(len(cells[0]))
    widths = [max(_width(row[at]) for row in ([headers] if headers else []) + cells) + 4 for at in columns]
    around = "|" * level
    border = f"{around}+{'+'.join('-' * width for width in widths)}+{around}\n"
    inner = sum(widths) + len(widths) - 1
    lines = ["-" * (inner + 2 + 2 * level) + "\n", f"{around}|{title.center(inner)}|{around}\n"]
    lines.append(f"{around}+{'-' * inner}+{around}\n")
    if headers:
        centered = "|".join(name.center(width) for name, width in zip(headers, widths, strict=True))
        lines += [f"{around}|{centered}|{around}\n", border]
    else:
        lines[-1] = border
    for row in cells:
        texts = [f"  {cell}{' ' * (width - 2 - _width(cell))}" for cell, width in zip(row, widths, strict=True)]
        lines.append(f"{around}|{'|'.join(texts)}|{around}\n")
    return "".join([*lines, border])


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WFA" else 1 for one in text)


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]], *, frame: bool = False) -> str:
    """A table in Markdown, or drawn in ASCII with a line above and below."""
    widths = [max(len(row[at].partition("\n")[0]) for row in [columns, *rows]) for at in range(len(columns))]

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))} |\n"

    text = line(columns) + f"|{'|'.join('-' * (width + 2) for width in widths)}|\n" + "".join(map(line, rows))
    rule = "-" * (sum(widths) + 3 * len(widths) + 1) + "\n"
    return rule + text + rule if frame else text


def yaml_of(value: object, **style: Any) -> str:
    """A value as `--output yaml` writes it."""
    return str(yaml.safe_dump(value, default_flow_style=False, allow_unicode=True, **style))


def yaml_stream(pages: Sequence[object]) -> str:
    """Pages as `--output yaml-stream` writes them: a list of one page after the other."""
    return "".join(yaml_of([page]) for page in pages)
