"""What first invocations imported themselves, by top-level package, over many of them."""

from collections.abc import Iterable

from monitor.analyze.imports import package_of
from monitor.model.evidence import LateImport
from monitor.model.init_record import ImportedModule
from monitor.model.record import LateImports

_MOST_PACKAGES = 2_000


class LateImportTable:
    """Takes in one first invocation's late imports at a time.

    A package's figure is the time of its topmost modules with all that they import: an import inside another of the
    same package counts once.
    """

    def __init__(self) -> None:
        self._of = 0
        self._sums: dict[str, tuple[float, int]] = {}

    def add(self, record: LateImports) -> None:
        """Take in one."""
        self._of += 1
        found: dict[str, float] = {}
        _topmost(record.imports.tree, frozenset(), found)
        for package, cumulative_ms in found.items():
            if package in self._sums or len(self._sums) < _MOST_PACKAGES:
                total_ms, seen = self._sums.get(package, (0.0, 0))
                self._sums[package] = (total_ms + cumulative_ms, seen + 1)

    def result(self, cold_starts: int) -> tuple[LateImport, ...]:
        """The packages, the longest first; `cold_starts` are all that could have imported anything late."""
        of = max(cold_starts, self._of)
        rows = (LateImport(package, total / seen, seen, of) for package, (total, seen) in self._sums.items())
        return tuple(sorted(rows, key=lambda row: (-row.cumulative_ms * row.seen, row.package)))


def _topmost(modules: Iterable[ImportedModule], within: frozenset[str], found: dict[str, float]) -> None:
    # As deep as the trees that come in, whose depth is bounded where they are read.
    for module in modules:
        package = package_of(module.module)
        if package not in within:
            found[package] = found.get(package, 0.0) + module.cumulative_ms
        _topmost(module.children, within | {package}, found)
