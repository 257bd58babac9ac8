"""A budget file, what was measured for it, and what follows."""

from dataclasses import dataclass
from enum import Enum


class Measure(Enum):
    """What a budget limits, by its key in the file."""

    INIT = "init_ms"
    FIRST_CALL = "first_call_ms"
    ZIPPED = "package_zipped_mb"
    UNZIPPED = "package_unzipped_mb"
    MODULES = "modules"
    COST = "cost_per_million_usd"

    @property
    def label(self) -> str:
        """Its name in the output."""
        return LABELS[self]

    @property
    def is_exact(self) -> bool:
        """Whether one look gives the figure: a size, a count."""
        return self in (Measure.ZIPPED, Measure.UNZIPPED, Measure.MODULES)


LABELS = {
    Measure.INIT: "init, median",
    Measure.FIRST_CALL: "first call, median",
    Measure.ZIPPED: "package, zipped",
    Measure.UNZIPPED: "package, unzipped",
    Measure.MODULES: "imported modules",
    Measure.COST: "cost of a million invocations",
}


class Verdict(Enum):
    """What a check found.

    UNDECIDED: above the limit, but no further than chance explains. UNKNOWN: there is too little to judge by.
    """

    WITHIN = "within"
    OVER = "over"
    UNDECIDED = "undecided"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit and the line of the budget file that sets it."""

    measure: Measure
    most: float
    line: int


@dataclass(frozen=True, slots=True)
class FunctionBudget:
    """The limits of one function, and what they are checked against: a package, or a saved log or evidence.

    Paths are as written, relative to the folder of the budget file. `line` is the line of the function's table.
    `reference_ms` is the init of the reference package on the machine for which the limits were chosen, 0 if the file
    does not say.
    """

    name: str
    line: int
    limits: tuple[Limit, ...]
    package: str = ""
    log: str = ""
    handler: str = "lambda_function.lambda_handler"
    event: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    region: str = ""
    architecture: str = "x86_64"
    reference_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class ImportedPackage:
    """A top-level package that a start imports: its modules, and the time that these take themselves."""

    package: str
    modules: int
    self_ms: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a function: values of each measure, one for an exact one.

    `failed` says why there are no other figures (the package does not start), "" if all is well. `imports` are the
    slowest imports, slowest first. `reference_ms` are the inits of the reference package, in turns with the package's.
    """

    values: dict[Measure, tuple[float, ...]]
    imports: tuple[ImportedPackage, ...] = ()
    failed: str = ""
    reference_ms: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One limit and what was found.

    `value` is the median, the mean (of a cost) or the exact figure; None if there is none. `low` and `high` are the
    ends of its confidence interval, None for exact figures and where `count` values are too few. `why` explains the
    verdict.
    """

    function: str
    measure: Measure
    limit: float
    value: float | None
    low: float | None
    high: float | None
    count: int
    verdict: Verdict
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class FunctionImports:
    """The slowest imports of a function that was started."""

    function: str
    imports: tuple[ImportedPackage, ...]


@dataclass(frozen=True, slots=True)
class BudgetReport:
    """All checks of a budget file. `file` is its path as given.

    `reference_ms` is the median init of the reference package here, None if no start was measured. `scaled_to_ms` is
    the file's figure for it, to which durations are scaled; None if the file has none.
    """

    file: str
    checks: tuple[Check, ...]
    imports: tuple[FunctionImports, ...] = ()
    reference_ms: float | None = None
    scaled_to_ms: float | None = None

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that are over their limit."""
        return tuple(one for one in self.checks if one.verdict is Verdict.OVER)

    @property
    def unclear(self) -> tuple[Check, ...]:
        """The checks that decide nothing."""
        return tuple(one for one in self.checks if one.verdict in (Verdict.UNDECIDED, Verdict.UNKNOWN))
