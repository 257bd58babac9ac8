"""Rewrite a module so that chosen imports run at the first use of a name. No line moves.

    import pandas as pd                      def __lazy_1__(): global pd; import pandas as pd
                                             from _monitor_lazy import install as __lazy__; …
    def f(rows):                             def f(rows):
        return pd.DataFrame(rows)                return __lazy__.pd.DataFrame(rows)

`__lazy__` is the module itself, whose `__getattr__` (PEP 562) runs the loader of a name. So `module.pd` and
`from module import pd` work as before, and what sets `module.pd` is seen by its functions as before.
"""

import ast
import keyword
from collections.abc import Collection, Iterable

from monitor.packages.lazy.statements import MARK, ImportStatement, Reading, split_lines
from monitor.packages.lazy.uses import roots

HELPER = "_monitor_lazy"
COLLECTING = "_monitor_collect"


def is_attribute(name: str) -> bool:
    """Whether a module of this name can load at its first use as an attribute: the name goes into the source."""
    return name.isidentifier() and not keyword.iskeyword(name) and name != "__debug__"


def rewrite(
    reading: Reading,
    lines: Collection[int],
    submodules: Iterable[str] = (),
    uses: Collection[str] = (),
    *,
    collected: bool = False,
) -> str:
    """The source in which the imports that begin on `lines` run later.

    `submodules` are names of modules of this package that are to load at their first use as an attribute; if the
    package binds such a name itself, it keeps what it has bound. `uses` are modules that the file uses without
    importing them, and that it is to load itself. With `collected` fewer garbage collections are made while it is
    imported.

    Raises:
        ValueError: an import cannot run later.
    """
    chosen = [one for one in reading.imports if one.line in lines]
    if len(chosen) != len(set(lines)) or any(one.reason for one in chosen):
        raise ValueError("not all of these imports can run later")
    shared = sorted(name for name in set(submodules) if name in reading.names.bindings)
    table = _table(chosen, set(submodules).difference(shared))
    if (table or shared) and reading.place is None:
        raise ValueError("no line is free for the loaders")
    text = _Text(reading.source)
    for number, one in enumerate(chosen, 1):
        text.insert(one.line, one.column, f"def __lazy_{number}__(): global {', '.join(one.names)}; ")
    for name in {name for one in chosen for name in one.names}:
        for load in reading.names.deferred.get(name, ()):
            text.insert(load.lineno, load.col_offset, f"{MARK}.")
    for root, modules in roots(reading.tree, uses) if uses else ():
        # After the marks: what is inserted later at a place stands before.
        loads = "".join(f"__import__({module!r}) and " for module in modules)
        text.insert(root.lineno, root.col_offset, f"({loads}")
        text.insert(root.end_lineno or root.lineno, root.end_col_offset or 0, ")")
    if table or shared:
        for call in reading.views:
            text.around(call, "__lazy_names__(")
        for code in reading.codes:
            text.around(code, "__lazy_code__(")
    tail = _installed(reading, table, shared, text) if table or shared else ""
    if collected and (first := _first(reading, lines)) is not None:
        line, column, before, after = first
        text.insert(line, column, f"{before}__import__({COLLECTING!r}).begin(){after}")
        tail += f"__import__({COLLECTING!r}).end()\n"
    return text.done(tail)


def watched(reading: Reading, lines: Collection[int]) -> tuple[str, set[str]]:
    """The source whose functions say when they use the names of the imports on `lines`, which stay; and the names.

    It is for one run under monitor, see monitor/inside/observe.py.
    """
    text = _Text(reading.source)
    names = {name for one in reading.imports if one.line in lines for name in one.names}
    for name in names:
        for load in reading.names.deferred.get(name, ()):
            text.insert(load.lineno, load.col_offset, f"{MARK}.")
    return text.done(""), names


def _first(reading: Reading, lazy: Collection[int]) -> tuple[int, int, str, str] | None:
    """Where code can run before the imports that are not `lazy`: line, column, and what goes before and after it.

    A simple statement can share its line, a compound one, such as a function, cannot.
    """
    found = None
    for node in reading.tree.body:
        is_docstring = node is reading.tree.body[0] and ast.get_docstring(reading.tree, clean=False) is not None
        if is_docstring or (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            found = (node.end_lineno or node.lineno, node.end_col_offset or 0, "; ", "")
        elif found is not None:
            return found
        elif not hasattr(node, "body") and not isinstance(node, ast.Match) and node.lineno not in lazy:
            return node.lineno, node.col_offset, "", "; "
    return found


def _table(chosen: Iterable[ImportStatement], submodules: Iterable[str]) -> dict[str, str]:
    """The numbers of the loaders of each name; "" for a module of the package."""
    table: dict[str, str] = {}
    for number, one in enumerate(chosen, 1):
        for name in one.names:
            table[name] = f"{table[name]} {number}" if name in table else str(number)
    for name in sorted(submodules):
        table.setdefault(name, "")
    return table


def _installed(reading: Reading, table: dict[str, str], shared: list[str], text: "_Text") -> str:
    """Add the line that installs the loaders; returns what goes after the last line."""
    names = [*map(repr, shared), *(f"{name}={numbers!r}" for name, numbers in table.items())]
    code = f"from {HELPER} import install as {MARK}; {MARK} = {MARK}(globals(), {', '.join(names)})"
    place = reading.place
    assert place is not None
    if place.how == "free":
        text.fill(place.line, code)
    elif place.how == "before":
        text.insert(place.line, 0, f"{code}; ")
    else:
        node = next(one for one in reversed(reading.tree.body) if one.end_lineno == place.line)
        text.insert(place.line, node.end_col_offset or 0, f"; {code}")
    tail = "__lazy_state__.finish()\n" if reading.views or reading.codes or shared else ""
    if reading.chained:
        # The module has a __getattr__ of its own, which now comes second.
        tail = f"from {HELPER} import chain as __lazy_chain__; __lazy_chain__(globals())\n{tail}"
    return tail


class _Text:
    """Lines with insertions at byte offsets, as the parser counts them."""

    def __init__(self, source: str) -> None:
        self._lines = [line.encode() for line in split_lines(source)]
        self._insertions: dict[int, list[tuple[int, bytes]]] = {}
        self._fills: dict[int, bytes] = {}

    def insert(self, line: int, column: int, text: str) -> None:
        self._insertions.setdefault(line, []).append((column, text.encode()))

    def around(self, node: ast.expr, before: str) -> None:
        self.insert(node.lineno, node.col_offset, before)
        self.insert(node.end_lineno or node.lineno, node.end_col_offset or 0, ")")

    def fill(self, line: int, text: str) -> None:
        self._fills[line] = text.encode()

    def done(self, tail: str) -> str:
        for line, insertions in self._insertions.items():
            content = self._lines[line - 1]
            for column, text in sorted(insertions, key=lambda one: one[0], reverse=True):
                content = content[:column] + text + content[column:]
            self._lines[line - 1] = content
        for line, text in self._fills.items():
            if line > len(self._lines):
                self._end()
                self._lines.append(text + b"\n")
                continue
            comment = self._lines[line - 1].strip()
            ending = self._lines[line - 1][len(self._lines[line - 1].rstrip(b"\r\n")) :]
            self._lines[line - 1] = text + (b"  " + comment if comment else b"") + ending
        if tail:
            self._end()
            self._lines.append(tail.encode())
        return b"".join(self._lines).decode()

    def _end(self) -> None:
        if self._lines and not self._lines[-1].endswith(b"\n"):
            self._lines[-1] += b"\n"
