"""Where init goes: import trees from init records or import profiles, and the table by top-level package."""

from collections.abc import Iterable, Mapping

from monitor.kernel.statistics import Quantiles
from monitor.model.imports import ImportNode, ImportRow
from monitor.model.init_record import ImportedModule, InitRecord
from monitor.model.record import ImportTime

# Deeper than any real import; beyond it a node hangs on the last one that fits.
_DEEPEST = 120
_MOST_PACKAGES = 5_000
_EXACT_UP_TO = 1_000


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
    """The table over many cold starts, taken in one tree at a time.

    By top-level package, or by what `names` calls it: the distribution that it came with. The memory it takes does
    not grow with the number of cold starts.
    """

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        self._names = names or {}
        self._of = 0
        self._figures: dict[str, Quantiles] = {}
        self._modules: dict[str, int] = {}
        self._totals: dict[str, float] = {}
        self._roots: dict[str, str] = {}

    def add(self, tree: tuple[ImportNode, ...]) -> None:
        """Take in the imports of one cold start."""
        self._of += 1
        figures: dict[str, float] = {}
        modules: dict[str, int] = {}
        totals: dict[str, float] = {}
        left: list[tuple[ImportNode, frozenset[str]]] = [(node, frozenset()) for node in tree]
        while left:
            node, above = left.pop()
            top = package_of(node.module)
            package = self._names.get(top, top)
            # A module below another of its package is in that one's time already.
            if package not in above:
                totals[package] = totals.get(package, 0.0) + node.cumulative_ms
            below = above if package in above else above | {package}
            left += [(child, below) for child in node.children]
            figures[package] = figures.get(package, 0.0) + node.self_ms
            modules[package] = modules.get(package, 0) + 1
            self._roots.setdefault(package, node.root)
        for package, self_ms in figures.items():
            if package not in self._figures and len(self._figures) >= _MOST_PACKAGES:
                continue
            self._figures.setdefault(package, Quantiles(_EXACT_UP_TO)).add(self_ms)
            self._modules[package] = max(self._modules.get(package, 0), modules[package])
            self._totals[package] = self._totals.get(package, 0.0) + totals[package]

    def result(self) -> tuple[ImportRow, ...]:
        """The rows, the greatest share first."""
        spreads = {package: figures.result() for package, figures in self._figures.items()}
        total_ms = sum((spread.mean or 0.0) * spread.count for spread in spreads.values())
        rows = [
            ImportRow(
                package=package,
                self_ms=spread.mean or 0.0,
                share=(spread.mean or 0.0) * spread.count / total_ms if total_ms > 0 else 0.0,
                seen=spread.count,
                of=self._of,
                median_ms=spread.p50 or 0.0,
                p95_ms=spread.p95 or 0.0,
                max_ms=spread.max or 0.0,
                modules=self._modules[package],
                root=self._roots[package],
                total_ms=self._totals[package] / spread.count if spread.count else 0.0,
            )
            for package, spread in spreads.items()
        ]
        return tuple(sorted(rows, key=lambda row: (-row.share, row.package)))


def import_table(trees: Iterable[tuple[ImportNode, ...]]) -> tuple[ImportRow, ...]:
    """The table by top-level package, one tree a cold start."""
    table = ImportTable()
    for tree in trees:
        table.add(tree)
    return table.result()
