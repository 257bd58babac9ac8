"""What first invocations imported themselves, by top-level package, over many of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.diagnose.evidence.model import LateImport
from monitor.records.imports import package_of
from monitor.records.init_record import ImportedModule
from monitor.records.record import LateImports

_MOST_PACKAGES = 2_000


class LateImportTable:
    """Takes in one first invocation's late imports at a time.

    A package's cumulative figure is the time of its topmost modules with all that they import: an import inside
    another of the same package counts once.
    """

    def __init__(self) -> None:
        self._of = 0
        self._sums: dict[str, _Sum] = {}

    def add(self, record: LateImports) -> None:
        """Take in one."""
        self._of += 1
        found: dict[str, _Sum] = {}
        _add(record.imports.tree, frozenset(), found)
        for package, one in found.items():
            if package in self._sums or len(self._sums) < _MOST_PACKAGES:
                total = self._sums.setdefault(package, _Sum())
                total.self_ms += one.self_ms
                total.cumulative_ms += one.cumulative_ms
                total.seen += 1

    def result(self, cold_starts: int) -> tuple[LateImport, ...]:
        """The packages, the longest first; `cold_starts` are all that could have imported anything late."""
        of = max(cold_starts, self._of)
        rows = (
            LateImport(package, one.cumulative_ms / one.seen, one.seen, of, one.self_ms / one.seen)
            for package, one in self._sums.items()
        )
        return tuple(sorted(rows, key=lambda row: (-row.cumulative_ms * row.seen, row.package)))


@dataclass(slots=True)
class _Sum:
    self_ms: float = 0.0
    cumulative_ms: float = 0.0
    seen: int = 0


def _add(modules: Iterable[ImportedModule], within: frozenset[str], found: dict[str, _Sum]) -> None:
    # As deep as the trees that come in, whose depth is bounded where they are read.
    for module in modules:
        package = package_of(module.module)
        total = found.setdefault(package, _Sum())
        total.self_ms += module.self_ms
        if package not in within:
            total.cumulative_ms += module.cumulative_ms
        _add(module.children, within | {package}, found)
