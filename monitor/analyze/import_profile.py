"""Many import trees as one: the same module below the same parents is one node, its figures means over all of them."""

from collections.abc import Mapping

from monitor.analyze.imports import ImportTable
from monitor.model.imports import ImportChange, ImportNode, ImportProfile

_MOST_NODES = 50_000


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
