"""Results of the package commands: a build, a comparison, import times, layers, a split."""

from dataclasses import dataclass
from enum import Enum

from monitor.packages.model import PackageReport


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Files that a build leaves out: their kind, count and size before zipping, and the names of some."""

    what: str
    count: int
    unzipped_bytes: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """Files of dependencies that look unneeded and stay in the package, with the reason."""

    what: str
    count: int
    unzipped_bytes: int
    reason: str


@dataclass(frozen=True, slots=True)
class StartTrial:
    """One start of a built package on this machine.

    `init_ms` is None if it was not started or failed. `error` is what its init said. `reason` says why it was not
    started. `is_defect` is True if the package lacks something: a module or a library.
    """

    handler: str
    init_ms: float | None = None
    error: str = ""
    reason: str = ""
    is_defect: bool = False


@dataclass(frozen=True, slots=True)
class BuiltPackage:
    """A package that was built.

    `requirements` is the file that declares the dependencies, `installer` the tool that installed them. `compiled_by`
    is the interpreter that made the bytecode, None if the package has none. `code_sha256` is the CodeSha256 that Lambda
    computes. `report` describes the finished zip. `start` is None if no start was requested.
    """

    path: str
    python: str
    architecture: str
    requirements: str
    installer: str
    compiled_by: str | None
    code_sha256: str
    strip: str
    left_out: tuple[LeftOut, ...]
    kept: tuple[Kept, ...]
    notes: tuple[str, ...]
    commands: tuple[str, ...]
    report: PackageReport
    start: StartTrial | None = None


class Change(Enum):
    """How a part differs between two packages."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class PartChange:
    """Versions of a part in two packages (None if it is absent); sizes are differences in bytes."""

    name: str
    change: Change
    before: str | None
    after: str | None
    zipped_bytes: int
    unzipped_bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class StartFigures:
    """Init durations of the cold starts of one package on this machine, in ms, as REPORT gives them."""

    name: str
    init_ms: tuple[float, ...]
    median_ms: float


@dataclass(frozen=True, slots=True)
class PackageDiff:
    """Differences between two packages.

    `compiled_before` and `compiled_after` count the modules without bytecode. `starts` has the measured cold starts,
    if both packages were run.
    """

    before: str
    after: str
    zipped_before_bytes: int
    zipped_after_bytes: int
    unzipped_before_bytes: int
    unzipped_after_bytes: int
    changes: tuple[PartChange, ...]
    compiled_before: int
    compiled_after: int
    expectation: str
    starts: tuple[StartFigures, ...] = ()


@dataclass(frozen=True, slots=True)
class PartTime:
    """Size and import time of a distribution; `modules` is 0 if it was not imported."""

    name: str
    version: str | None
    zipped_bytes: int
    unzipped_bytes: int
    self_ms: float
    share: float
    modules: int


@dataclass(frozen=True, slots=True)
class PackageTimes:
    """Size and import time of each part.

    `source` names the data: an import profile or init records; `inits` is the number of starts. `exact` is False if
    only imports above a threshold were recorded. `elsewhere_ms` is the time of the modules that belong to no part: the
    standard library and the runtime. `untimed` is the handler's module where its own time is not among the rows.
    """

    name: str
    source: str
    inits: int
    exact: bool
    rows: tuple[PartTime, ...]
    elsewhere_ms: float
    total_ms: float
    untimed: str = ""


@dataclass(frozen=True, slots=True)
class Tier:
    """A layer, or the zip of a function that uses layers.

    `changes` counts the commits of the last year that changed its sources; None without a git history.
    """

    name: str
    path: str
    parts: tuple[str, ...]
    zipped_bytes: int
    unzipped_bytes: int
    code_sha256: str
    changes: int | None
    why: str


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """The layers and function zips, from the least to the most often changed, and the commands that publish them."""

    tiers: tuple[Tier, ...]
    commands: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SplitPiece:
    """A module that could become a function of its own: its imports and the size of its package.

    `routes` are `GET /path` texts, or the name of the handler. `lazy` are the distributions that it imports only when
    called. `import_ms` is the median of a few runs on this machine; None if the import failed.
    """

    module: str
    routes: tuple[str, ...]
    own_modules: tuple[str, ...]
    distributions: tuple[str, ...]
    lazy: tuple[str, ...]
    zipped_bytes: int
    unzipped_bytes: int
    import_ms: float | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """How a project could be split: the whole project, its pieces, and the distributions that all pieces need."""

    whole: SplitPiece
    pieces: tuple[SplitPiece, ...]
    shared: tuple[str, ...]
    shared_zipped_bytes: int
