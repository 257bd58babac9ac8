"""Import trees of cold starts: one tree, a table by package, and a profile merged from many."""

from collections.abc import Iterable, Iterator, Mapping

from monitor.kernel.statistics import Quantiles
from monitor.kernel.values import dataclass
from monitor.records.init_record import ImportedModule, InitImports, InitRecord
from monitor.records.record import ImportTime

# What a record counts and does not list by module or package. Nothing else is known of it.
NOT_ITEMISED = "not itemised"
# What a process imports before the handler's file, in profiles by Python itself: the node above it, and its row.
RUNTIME = "Python and Lambda's runtime"
# Less is the rounding of the record's figures.
_ROUNDING_MS = 0.05
# Deeper than any real import; deeper nodes are attached at this depth.
_DEEPEST = 120
_RUNTIME_PACKAGES = frozenset(("site", "awslambdaric"))
_MOST_PACKAGES = 5_000
_EXACT_UP_TO = 1_000
_MOST_NODES = 50_000


@dataclass(frozen=True, slots=True)
class ImportNode:
    """A module and the modules that it imported; `self_ms` excludes them, `cumulative_ms` includes them.

    `root` is the entry of sys.path that it was loaded from, "" if unknown.
    """

    module: str
    self_ms: float
    cumulative_ms: float
    root: str = ""
    children: tuple["ImportNode", ...] = ()

    @property
    def not_itemised_ms(self) -> float:
        """The time of the modules below it that the record does not list."""
        left_ms = self.cumulative_ms - self.self_ms - sum(child.cumulative_ms for child in self.children)
        return left_ms if left_ms >= _ROUNDING_MS else 0.0


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A top-level package over several cold starts.

    `self_ms` is the mean time of its own modules over the cold starts that imported it; `median_ms`, `p95_ms` and
    `max_ms` describe the same figure. `share` is its share of the import time of all cold starts. `seen` of `of` cold
    starts imported it. `modules` is the largest number of its modules in one cold start. `total_ms` is the mean
    cumulative time of its topmost modules, which includes other packages that they import: do not add up the totals of
    different packages.
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
    """The import times of one or more cold starts.

    `source` is "init records", "import profiles" (PYTHONPROFILEIMPORTTIME) or "a profile of one start on this machine".
    `total_ms` and the figures of the tree are means over all `cold_starts`, including those that did not import a
    module. `dropped` counts the nodes beyond the limit. The rows count all imports: what belongs to no known package is
    the row "not itemised". `listed_ms` is the self time of the modules in the tree, None in profiles of older versions.
    """

    name: str
    source: str
    cold_starts: int
    total_ms: float
    tree: tuple[ImportNode, ...]
    rows: tuple[ImportRow, ...]
    dropped: int = 0
    listed_ms: float | None = None

    @property
    def tree_coverage(self) -> float:
        """The share of the import time that the tree itemises by module."""
        return 1.0 if self.listed_ms is None or self.total_ms <= 0 else min(1.0, self.listed_ms / self.total_ms)

    @property
    def row_coverage(self) -> float:
        """The share of the import time that the rows itemise by package."""
        return 1.0 - sum(row.share for row in self.rows if row.package == NOT_ITEMISED)

    @property
    def not_itemised_ms(self) -> float:
        """The time of imports outside of all modules in the tree."""
        left_ms = self.total_ms - sum(node.cumulative_ms for node in self.tree)
        return left_ms if left_ms >= _ROUNDING_MS else 0.0


@dataclass(frozen=True, slots=True)
class ImportChange:
    """A package before and after: mean ms per cold start, 0 if it was not imported."""

    package: str
    before_ms: float
    after_ms: float

    @property
    def change_ms(self) -> float:
        """How much longer it takes now; negative if it takes less."""
        return self.after_ms - self.before_ms


def tree_of_record(record: InitRecord) -> tuple[ImportNode, ...]:
    """The import tree of an init record; empty if it has none."""
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
    """The tree of one process's import profile, which lists each parent after its children.

    If a parent's line is missing because the log was cut, its children become roots. What the interpreter and Lambda's
    runtime client import before the handler's file is below the node `RUNTIME`.
    """
    waiting: dict[int, list[ImportNode]] = {}
    for line in lines:
        depth = min(line.depth, _DEEPEST)
        deeper = sorted(level for level in waiting if level > depth)
        children = [node for level in deeper for node in waiting.pop(level)]
        node = ImportNode(line.module, line.self_us / 1000, line.cumulative_us / 1000, "", tuple(children))
        waiting.setdefault(depth, []).append(node)
    roots = [node for level in sorted(waiting) for node in waiting[level]]
    before = max((at for at, node in enumerate(roots, 1) if package_of(node.module) in _RUNTIME_PACKAGES), default=0)
    own = tuple(roots[before:])
    if not before:
        return own
    whole_ms = sum(node.cumulative_ms for node in roots[:before])
    return (ImportNode(RUNTIME, 0.0, whole_ms, "", tuple(roots[:before])), *own)


def package_of(module: str) -> str:
    """The top-level package of a module."""
    return module.partition(".")[0]


class ImportTable:
    """Builds the table of many cold starts, one tree at a time.

    Rows are top-level packages, or their distributions as given by `names`. Memory does not grow with the number of
    cold starts.
    """

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        self._names = names or {}
        self._of = 0
        self._figures: dict[str, Quantiles] = {}
        self._modules: dict[str, int] = {}
        self._totals: dict[str, float] = {}
        self._roots: dict[str, str] = {}

    def add(self, tree: tuple[ImportNode, ...], imports: InitImports | None = None) -> None:
        """Add the imports of one cold start: the tree, and the totals of its init record if it has one."""
        self._of += 1
        if imports is not None and imports.packages:
            self._add(*self._of_packages(imports))
            return
        figures, modules, totals = self._of_tree(tree)
        if imports is not None and (left_ms := imports.total_ms - sum(figures.values())) >= _ROUNDING_MS:
            figures[NOT_ITEMISED] = totals[NOT_ITEMISED] = left_ms
            modules[NOT_ITEMISED] = imports.dropped
        self._add(figures, modules, totals)

    def add_record(self, record: InitRecord) -> None:
        """Add the imports of one init record."""
        self.add(tree_of_record(record), record.imports)

    def _of_packages(self, imports: InitImports) -> tuple[dict[str, float], dict[str, int], dict[str, float]]:
        figures: dict[str, float] = {}
        modules: dict[str, int] = {}
        totals: dict[str, float] = {}
        for one in imports.packages:
            top = package_of(one.name)
            package = self._names.get(one.name) or self._names.get(top) or one.name or NOT_ITEMISED
            figures[package] = figures.get(package, 0.0) + one.self_ms
            modules[package] = modules.get(package, 0) + one.modules
            totals[package] = totals.get(package, 0.0) + one.cumulative_ms
        left_ms = imports.total_ms - sum(figures.values())
        if left_ms >= _ROUNDING_MS:
            figures[NOT_ITEMISED] = figures.get(NOT_ITEMISED, 0.0) + left_ms
            totals[NOT_ITEMISED] = totals.get(NOT_ITEMISED, 0.0) + left_ms
            modules.setdefault(NOT_ITEMISED, 0)
        return figures, modules, totals

    def _of_tree(self, tree: tuple[ImportNode, ...]) -> tuple[dict[str, float], dict[str, int], dict[str, float]]:
        figures: dict[str, float] = {}
        modules: dict[str, int] = {}
        totals: dict[str, float] = {}
        left: list[tuple[ImportNode, frozenset[str]]] = [(node, frozenset()) for node in tree]
        while left:
            node, above = left.pop()
            top = package_of(node.module)
            package = RUNTIME if RUNTIME in above else self._names.get(top, top)
            # A module below another one of its package is already part of that module's cumulative time.
            if package not in above:
                totals[package] = totals.get(package, 0.0) + node.cumulative_ms
            below = above if package in above else above | {package}
            left += [(child, below) for child in node.children]
            figures[package] = figures.get(package, 0.0) + node.self_ms
            modules[package] = modules.get(package, 0) + (node.module != RUNTIME)
            self._roots.setdefault(package, node.root)
        return figures, modules, totals

    def _add(self, figures: dict[str, float], modules: dict[str, int], totals: dict[str, float]) -> None:
        for package, self_ms in figures.items():
            if package not in self._figures and len(self._figures) >= _MOST_PACKAGES:
                continue
            self._figures.setdefault(package, Quantiles(_EXACT_UP_TO)).add(self_ms)
            self._modules[package] = max(self._modules.get(package, 0), modules[package])
            self._totals[package] = self._totals.get(package, 0.0) + totals[package]

    def result(self) -> tuple[ImportRow, ...]:
        """The rows, largest share first."""
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
                root=self._roots.get(package, ""),
                total_ms=self._totals[package] / spread.count if spread.count else 0.0,
            )
            for package, spread in spreads.items()
        ]
        return tuple(sorted(rows, key=lambda row: (-row.share, row.package)))


def import_table(trees: Iterable[tuple[ImportNode, ...]]) -> tuple[ImportRow, ...]:
    """The table by top-level package, from one tree per cold start."""
    table = ImportTable()
    for tree in trees:
        table.add(tree)
    return table.result()


def table_of_records(records: Iterable[InitRecord]) -> tuple[ImportRow, ...]:
    """The table by top-level package, from one init record per cold start."""
    table = ImportTable()
    for record in records:
        table.add_record(record)
    return table.result()


class _Node:
    __slots__ = ("children", "cumulative_ms", "root", "self_ms")

    def __init__(self, root: str) -> None:
        self.root = root
        self.self_ms = self.cumulative_ms = 0.0
        self.children: dict[str, _Node] = {}


class ImportProfiles:
    """Merges one tree per cold start; `names` maps a top-level package to its distribution if known."""

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        self._table = ImportTable(names)
        self._top = _Node("")
        self._nodes = self._dropped = self.count = 0
        self._total_ms = self._listed_ms = 0.0

    def add(self, tree: tuple[ImportNode, ...], imports: InitImports | None = None) -> None:
        """Add the imports of one cold start: the tree, and the totals of its init record if it has one."""
        self.count += 1
        self._table.add(tree, imports)
        top_ms = sum(node.cumulative_ms for node in tree)
        self._total_ms += top_ms if imports is None else max(top_ms, imports.total_ms)
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
            self._listed_ms += node.self_ms
            into.self_ms += node.self_ms
            into.cumulative_ms += node.cumulative_ms
            waiting += [(child, into) for child in node.children]

    def result(self, name: str, source: str) -> ImportProfile:
        """The profile so far; the children of a node are sorted by time, longest first."""
        of = max(1, self.count)
        tree = self._nodes_of(self._top, of)
        rows = self._table.result()
        total_ms, listed_ms = self._total_ms / of, self._listed_ms / of
        return ImportProfile(name, source, self.count, total_ms, tree, rows, self._dropped, listed_ms)

    def _nodes_of(self, parent: _Node, of: int) -> tuple[ImportNode, ...]:
        # The depth is that of the added trees, which is bounded when they are read.
        nodes = (
            ImportNode(name, node.self_ms / of, node.cumulative_ms / of, node.root, self._nodes_of(node, of))
            for name, node in parent.children.items()
        )
        return tuple(sorted(nodes, key=lambda node: (-node.cumulative_ms, node.module)))


def changes(before: ImportProfile, after: ImportProfile) -> tuple[ImportChange, ...]:
    """The time of each package per cold start in both profiles, largest change first."""
    old, new = _means(before), _means(after)
    found = [ImportChange(name, old.get(name, 0.0), new.get(name, 0.0)) for name in old.keys() | new.keys()]
    return tuple(sorted(found, key=lambda change: (-abs(change.change_ms), change.package)))


def _means(profile: ImportProfile) -> dict[str, float]:
    return {row.package: row.self_ms * row.seen / max(1, row.of) for row in profile.rows}


def every_node(nodes: Iterable[ImportNode]) -> Iterator[ImportNode]:
    """All modules of a tree."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.children
