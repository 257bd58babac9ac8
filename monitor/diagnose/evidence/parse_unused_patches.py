"""The text of a file without imports that nothing uses: everything else in it stays as it is."""

import ast
from collections.abc import Collection, Iterator

from monitor.callgraph.model import UnusedImport
from monitor.kernel.patch import lines_of

_LONGEST_STATEMENT = 300


def without_unused(text: str, unused: Collection[UnusedImport]) -> str | None:
    """The text without these imports; None if one of them shares a line with another statement, or is not found.

    A block that would be empty gets `pass`.
    """
    try:
        tree = ast.parse(text)
        names = {(one.line, one.statement) for one in unused}
        edits = dict(_edits(tree, names))
        if {line for line, _ in names} != {line for line, _ in edits}:
            return None
        lines = lines_of(text)
        for (first, last), (before, after) in sorted(edits.items(), reverse=True):
            if not _edit(lines, first, last, before, after):
                return None
        changed = "".join(lines)
        # What is not written as most people do (a form feed, a lone carriage return) is left alone.
        return changed if ast.dump(ast.parse(changed)) == ast.dump(tree) else None
    except (SyntaxError, ValueError, RecursionError):
        return None


def _edits(
    tree: ast.Module, names: Collection[tuple[int, str]]
) -> Iterator[tuple[tuple[int, int], tuple[ast.stmt, str]]]:
    """What to write in the place of each statement, by its lines; the tree is changed in the same way."""
    blocks = [getattr(node, part, None) for node in ast.walk(tree) for part in ("body", "orelse", "finalbody")]
    for block in blocks:
        if not isinstance(block, list):
            continue
        found = [(node, kept) for node in block if (kept := _kept(node, names)) != [node]]
        left = [one for node in block for one in _kept(node, names)]
        if found and not left and block is not tree.body:
            left = [ast.Pass()]
        block[:] = left
        for at, (node, kept) in enumerate(found):
            instead = left if left and isinstance(left[0], ast.Pass) and at == 0 else kept
            yield (node.lineno, node.end_lineno or node.lineno), (node, "".join(map(ast.unparse, instead)))


def _kept(node: ast.stmt, names: Collection[tuple[int, str]]) -> list[ast.stmt]:
    """What is left of a statement: nothing of an import without a name that is used."""
    if isinstance(node, ast.ImportFrom):
        return [] if (node.lineno, ast.unparse(node)[:_LONGEST_STATEMENT]) in names else [node]
    if not isinstance(node, ast.Import):
        return [node]
    kept = [one for one in node.names if (node.lineno, f"import {_written(one)}"[:_LONGEST_STATEMENT]) not in names]
    if len(kept) == len(node.names):
        return [node]
    return [ast.Import(kept)] if kept else []


def _written(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _edit(lines: list[str], first: int, last: int, node: ast.stmt, instead: str) -> bool:
    """Write `instead` in the place of a statement; False if its lines have something else than a comment."""
    above = lines[first - 1].encode()[: node.col_offset].decode()
    behind = lines[last - 1].encode()[node.end_col_offset :].decode()
    if above.strip() or (behind.strip() and not behind.lstrip().startswith("#")):
        return False
    lines[first - 1 : last] = [f"{above}{instead}{behind}"] if instead else []
    return True
