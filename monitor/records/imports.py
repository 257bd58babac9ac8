"""Import trees of starts: the tree of one, the table by package and the merged profile of many."""

from collections.abc import Iterable, Mapping

from monitor.kernel.statistics import Quantiles
from monitor.kernel.values import dataclass
from monitor.records.init_record import ImportedModule, InitRecord
from monitor.records.record import ImportTime

# Deeper than any real import; beyond it a node hangs on the last one that fits.
_DEEPEST = 120
_MOST_PACKAGES = 5_000
_EXACT_UP_TO = 1_000
_MOST_NODES = 50_000


@dataclass(frozen=True, slots=True)
class ImportNode:
    """A module and the modules whose import it caused; `self_ms` is without them, `cumulative_ms` with them.

    `root` is the path it was loaded from (an entry of sys.path), "" where that is not known.
    """

    module: str
    self_ms: float
    cumulative_ms: float
    root: str = ""
    children: tuple["ImportNode", ...] = ()


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A top-level package over several cold starts.

    `self_ms` is the mean, over the cold starts that it was seen in, of what its modules took themselves;
    `median_ms`, `p95_ms` and `max_ms` are of the same figure; `share` is its part of all import time of all
    cold starts; `seen` of `of` cold starts imported it; `modules` is the most modules of it in one.
    `total_ms` is the mean of what its imports took with all that they caused: the package's topmost modules alone,
    so that nothing counts twice within it. Packages that import each other both hold what they share: totals of
    different packages cannot be added up.
    """

    package: str
    self_ms: float
    share: float
    seen: int
    of: int
    median_ms: float
    p95_ms: float
    max_ms: float
    modules: int
    root: str = ""
    total_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class ImportProfile:
    """Where the inits of one or many cold starts went, by import.

    `source` is "init records", "import profiles" (PYTHONPROFILEIMPORTTIME) or "a profile of one start here".
    `total_ms` and the tree's figures are means over all `cold_starts`: a module that few of them import counts little.
    `dropped` nodes were too many to keep.
    """

    name: str
    source: str
    cold_starts: int
    total_ms: float
    tree: tuple[ImportNode, ...]
    rows: tuple[ImportRow, ...]
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class ImportChange:
    """A package in a saved profile and in this one: mean ms a cold start, 0 where it was not imported."""

    package: str
    before_ms: float
    after_ms: float

    @property
    def change_ms(self) -> float:
        """What it takes more now."""
        return self.after_ms - self.before_ms


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


class _Node:
    __slots__ = ("children", "cumulative_ms", "root", "self_ms")

    def __init__(self, root: str) -> None:
        self.root = root
        self.self_ms = self.cumulative_ms = 0.0
        self.children: dict[str, _Node] = {}


class ImportProfiles:
    """Takes in one tree a cold start; `names` gives the distribution of a top-level package, where it is known."""

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        self._table = ImportTable(names)
        self._top = _Node("")
        self._nodes = self._dropped = self.count = 0

    def add(self, tree: tuple[ImportNode, ...]) -> None:
        """Take in the imports of one cold start."""
        self.count += 1
        self._table.add(tree)
        waiting = [(node, self._top) for node in tree]
        while waiting:
            node, parent = waiting.pop()
            into = parent.children.get(node.module)
            if into is None:
                if self._nodes >= _MOST_NODES:
                    self._dropped += 1
                    continue
                self._nodes += 1
                into = parent.children[node.module] = _Node(node.root)
            into.self_ms += node.self_ms
            into.cumulative_ms += node.cumulative_ms
            waiting += [(child, into) for child in node.children]

    def result(self, name: str, source: str) -> ImportProfile:
        """The profile so far; each node's children by their time, the longest first."""
        of = max(1, self.count)
        tree = self._nodes_of(self._top, of)
        total_ms = sum(node.cumulative_ms for node in tree)
        return ImportProfile(name, source, self.count, total_ms, tree, self._table.result(), self._dropped)

    def _nodes_of(self, parent: _Node, of: int) -> tuple[ImportNode, ...]:
        # As deep as the trees that came in, whose depth is bounded where they are read.
        nodes = (
            ImportNode(name, node.self_ms / of, node.cumulative_ms / of, node.root, self._nodes_of(node, of))
            for name, node in parent.children.items()
        )
        return tuple(sorted(nodes, key=lambda node: (-node.cumulative_ms, node.module)))


def changes(before: ImportProfile, after: ImportProfile) -> tuple[ImportChange, ...]:
    """What each package takes a cold start in both, the greatest change first."""
    old, new = _means(before), _means(after)
    found = [ImportChange(name, old.get(name, 0.0), new.get(name, 0.0)) for name in old.keys() | new.keys()]
    return tuple(sorted(found, key=lambda change: (-abs(change.change_ms), change.package)))


def _means(profile: ImportProfile) -> dict[str, float]:
    return {row.package: row.self_ms * row.seen / max(1, row.of) for row in profile.rows}
