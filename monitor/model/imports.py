"""Where an init went, by import: a tree of one cold start, a table over many."""

from monitor.kernel.values import dataclass


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
