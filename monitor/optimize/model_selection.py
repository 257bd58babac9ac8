"""Which imports of a package run later."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Selection:
    """By file: the first lines of the imports that run later, the modules of the package that load at first use, and
    the modules of other packages that the file uses without importing them, and now loads itself.
    """

    lines: Mapping[str, frozenset[int]] = field(default_factory=dict)
    submodules: Mapping[str, frozenset[str]] = field(default_factory=dict)
    uses: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many imports run later."""
        return sum(len(lines) for lines in self.lines.values())

    def pairs(self) -> list[tuple[str, int]]:
        """Every import, as its file and line, in order."""
        return sorted((file, line) for file, lines in self.lines.items() for line in lines)


def selection_of(pairs: Iterable[tuple[str, int]]) -> Selection:
    """The selection of these imports."""
    lines: dict[str, set[int]] = {}
    for file, line in pairs:
        lines.setdefault(file, set()).add(line)
    return Selection({file: frozenset(found) for file, found in lines.items()})
