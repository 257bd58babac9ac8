"""Rows of a metric widget: `["AWS/Lambda", "Errors", "FunctionName", "f", {options}]` and its shorthand.

`"."` repeats the element at the same position of the metric row above. `"..."` repeats as many elements as needed for
the row to be as long as the row above.
"""

from typing import Any

Row = list[Any]


class ShorthandError(ValueError):
    """A `"."` or `"..."` has nothing to repeat; `index` is its position in the row."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index


def split(row: Row) -> tuple[list[str], dict[str, Any]]:
    """The names of a row (namespace, metric, dimensions) and its options.

    Other elements are left out; the schema check reports them.
    """
    options = row[-1] if row and isinstance(row[-1], dict) else {}
    return [element for element in row if isinstance(element, str)], options


def is_expression(row: object) -> bool:
    """Whether a row is metric math, SEARCH or a Metrics Insights query instead of a metric."""
    return isinstance(row, list) and len(row) == 1 and isinstance(row[0], dict)


def expand(names: list[str], above: list[str] | None) -> list[str]:
    """`names` with its shorthand expanded; `above` is the expanded metric row before it.

    Raises:
        ShorthandError: there is no row above, or it is too short.
    """
    full: list[str] = []
    for index, name in enumerate(names):
        if name == "...":
            if above is None:
                raise ShorthandError(index, 'there is no metric row above for "..." to repeat')
            following = len(names) - index - 1
            end = len(above) - following
            if end < len(full):
                raise ShorthandError(index, 'the row above is too short for "..." to repeat from it')
            full += above[len(full) : end]
        elif name == ".":
            if above is None or len(full) >= len(above):
                raise ShorthandError(index, 'there is nothing above for "." to repeat')
            full.append(above[len(full)])
        else:
            full.append(name)
    return full


def expand_all(rows: list[Any]) -> list[Any]:
    """All rows with their shorthand expanded; a row with invalid shorthand is left unchanged."""
    above: list[str] | None = None
    result: list[Any] = []
    for row in rows:
        if not isinstance(row, list) or is_expression(row):
            result.append(row)
            continue
        names, options = split(row)
        try:
            above = expand(names, above)
        except ShorthandError:
            result.append(row)
            continue
        result.append([*above, options] if options else list(above))
    return result
