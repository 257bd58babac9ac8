"""What comes of packages: one that was built, a comparison, times beside sizes, tiers, a split."""

from dataclasses import dataclass
from enum import Enum

from monitor.packages.model import PackageReport


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a build leaves out: which kind of file or distribution, how many, and their size before zipping."""

    what: str
    count: int
    unzipped_bytes: int


@dataclass(frozen=True, slots=True)
class BuiltPackage:
    """A package that was built; `compiled_by` is None where no Python of that version was found.

    `code_sha256` is what Lambda will say of it; `report` looks into the finished zip.
    """

    path: str
    python: str
    architecture: str
    installer: str
    compiled_by: str | None
    code_sha256: str
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    commands: tuple[str, ...]
    report: PackageReport


class Change(Enum):
    """What became of a part from one package to the other."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class PartChange:
    """A part in both packages (None where one has it not); sizes are differences, in bytes."""

    name: str
    change: Change
    before: str | None
    after: str | None
    zipped_bytes: int
    unzipped_bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class StartFigures:
    """Cold starts of one package as measured here: init durations in ms, as Lambda's REPORT would give them."""

    name: str
    init_ms: tuple[float, ...]
    median_ms: float


@dataclass(frozen=True, slots=True)
class PackageDiff:
    """Two packages against each other.

    `compiled_*` are how many modules each has to compile at every cold start (None: the Python is not known);
    `starts` the figures of a run of both, where one was asked for.
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
    """A distribution's size and what importing it takes, side by side; `self_ms` 0.0 with `modules` 0: not imported."""

    name: str
    version: str | None
    zipped_bytes: int
    unzipped_bytes: int
    self_ms: float
    share: float
    modules: int


@dataclass(frozen=True, slots=True)
class PackageTimes:
    """Size and time of each part at init.

    `source` says what was measured: a profile run here, or init records; `inits` how many. `exact` is False where
    only imports above a threshold were recorded, so that "not imported" means "not seen". `elsewhere_ms` went into
    modules that are in no part: the standard library and the runtime.
    """

    name: str
    source: str
    inits: int
    exact: bool
    rows: tuple[PartTime, ...]
    elsewhere_ms: float
    total_ms: float


@dataclass(frozen=True, slots=True)
class Tier:
    """A zip of a layered function: a layer, or (the last one) the function's own.

    `changes` is how many commits of the last year touched what it is made of, None without a git history.
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
    """The tiers, from what changes least to the function's own code, and the commands that publish them."""

    tiers: tuple[Tier, ...]
    commands: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SplitPiece:
    """A function that could stand alone: what it imports, in whole and at its start, and what that weighs.

    `routes` are `GET /path` texts, or the handler's name; `lazy` the distributions that it imports only when called.
    `import_ms` is the median of a few runs here, None where it could not be imported.
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
    """Where a project could be cut: each piece against the whole, and what all of them share."""

    whole: SplitPiece
    pieces: tuple[SplitPiece, ...]
    shared: tuple[str, ...]
    shared_zipped_bytes: int
