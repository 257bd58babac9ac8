"""Rows of a metric widget: `["AWS/Lambda", "Errors", "FunctionName", "f", {options}]` and its shorthand.

`"."` repeats the element at the same place of the metric row above; `"..."` repeats as many elements as
it takes for what follows it to end where the row above ended.
"""

from typing import Any

Row = list[Any]


class ShorthandError(ValueError):
    """A row's `"."` or `"..."` has nothing to repeat; `index` is its place in the row."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index


def split(row: Row) -> tuple[list[str], dict[str, Any]]:
    """A row's names (namespace, metric, dimensions) and its options.

    Elements that are neither a text nor an object at the end are left out: the schema names those.
    """
    options = row[-1] if row and isinstance(row[-1], dict) else {}
    return [element for element in row if isinstance(element, str)], options


def is_expression(row: object) -> bool:
    """Whether a row is metric math, SEARCH or a Metrics Insights query, and no metric."""
    return isinstance(row, list) and len(row) == 1 and isinstance(row[0], dict)


def expand(names: list[str], above: list[str] | None) -> list[str]:
    """`names` with its shorthand written out; `above` is the metric row before it, written out.

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
    """All rows written out; one whose shorthand cannot be is left as it is."""
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
