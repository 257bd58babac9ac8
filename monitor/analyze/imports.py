"""Where init goes: import trees from init records or import profiles, and the table by top-level package."""

from array import array
from collections.abc import Iterable

from monitor.analyze.statistics import percentile
from monitor.model.imports import ImportNode, ImportRow
from monitor.model.init_record import ImportedModule, InitRecord
from monitor.model.record import ImportTime

# Deeper than any real import; beyond it a node hangs on the last one that fits.
_DEEPEST = 120


def tree_of_record(record: InitRecord) -> tuple[ImportNode, ...]:
    """The imports that an init record holds; empty where it holds none."""
    if record.imports is None:
        return ()
    return tuple(_node(module, record.roots) for module in record.imports.tree)


def _node(module: ImportedModule, roots: tuple[str, ...]) -> ImportNode:
    known = 0 <= module.root < len(roots)
    return ImportNode(
        module.module,
        module.self_ms,
        module.cumulative_ms,
        roots[module.root] if known else "",
        tuple(_node(child, roots) for child in module.children),
    )


def tree_of_profile(lines: Iterable[ImportTime]) -> tuple[ImportNode, ...]:
    """The tree of one process's import profile, whose lines name a parent after its children.

    Children whose parent's line is missing (a log that is cut) become roots: nothing is left out.
    """
    waiting: dict[int, list[ImportNode]] = {}
    for line in lines:
        depth = min(line.depth, _DEEPEST)
        deeper = sorted(level for level in waiting if level > depth)
        children = [node for level in deeper for node in waiting.pop(level)]
        node = ImportNode(line.module, line.self_us / 1000, line.cumulative_us / 1000, "", tuple(children))
        waiting.setdefault(depth, []).append(node)
    return tuple(node for level in sorted(waiting) for node in waiting[level])


def package_of(module: str) -> str:
    """The top-level package that a module belongs to."""
    return module.partition(".")[0]


class ImportTable:
    """The table by top-level package over many cold starts, taken in one tree at a time.

    Keeps one figure (8 bytes) a package and cold start.
    """

    def __init__(self) -> None:
        self._of = 0
        self._figures: dict[str, array[float]] = {}
        self._modules: dict[str, int] = {}
        self._roots: dict[str, str] = {}

    def add(self, tree: tuple[ImportNode, ...]) -> None:
        """Take in the imports of one cold start."""
        self._of += 1
        figures: dict[str, float] = {}
        modules: dict[str, int] = {}
        left = list(tree)
        while left:
            node = left.pop()
            left += node.children
            package = package_of(node.module)
            figures[package] = figures.get(package, 0.0) + node.self_ms
            modules[package] = modules.get(package, 0) + 1
            self._roots.setdefault(package, node.root)
        for package, self_ms in figures.items():
            self._figures.setdefault(package, array("d")).append(self_ms)
            self._modules[package] = max(self._modules.get(package, 0), modules[package])

    def result(self) -> tuple[ImportRow, ...]:
        """The rows, the greatest share first."""
        total_ms = sum(sum(figures) for figures in self._figures.values())
        rows = []
        for package, figures in self._figures.items():
            ordered = sorted(figures)
            rows.append(
                ImportRow(
                    package=package,
                    self_ms=sum(ordered) / len(ordered),
                    share=sum(ordered) / total_ms if total_ms > 0 else 0.0,
                    seen=len(ordered),
                    of=self._of,
                    median_ms=percentile(ordered, 0.5),
                    p95_ms=percentile(ordered, 0.95),
                    max_ms=ordered[-1],
                    modules=self._modules[package],
                    root=self._roots[package],
                )
            )
        return tuple(sorted(rows, key=lambda row: (-row.share, row.package)))


def import_table(trees: Iterable[tuple[ImportNode, ...]]) -> tuple[ImportRow, ...]:
    """The table by top-level package, one tree a cold start."""
    table = ImportTable()
    for tree in trees:
        table.add(tree)
    return table.result()
