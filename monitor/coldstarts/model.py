"""Cold starts of a function over a window, in groups, in two windows, and all that `monitor coldstarts` shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from monitor.kernel.missing import Unavailable
from monitor.kernel.statistics import Bin, Distribution
from monitor.kernel.window import Window
from monitor.records.imports import ImportRow
from monitor.records.invocation import ColdStart, InitKind

# Hears how many lines, or groups, were read.
OnRead = Callable[[int], None]


class By(Enum):
    """What cold starts can be grouped by."""

    KIND = "kind"
    VERSION = "version"
    ALIAS = "alias"
    MEMORY = "memory"
    ARCHITECTURE = "architecture"
    RUNTIME = "runtime"
    HOUR = "hour"
    FUNCTION = "function"

    @property
    def of_all(self) -> bool:
        """Whether a warm invocation tells its group too, so that there is a share."""
        return self not in (By.KIND, By.RUNTIME, By.ARCHITECTURE)


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """What is known of a function beside its log; `aliases` gives the names of the aliases on a version."""

    region: str | None = None
    architecture: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unread:
    """What was seen and could not be counted as it should be; all zero is the normal case."""

    malformed: int = 0
    without_report: int = 0
    without_start: int = 0


@dataclass(frozen=True, slots=True)
class ColdStartSummary:
    """A function's cold starts in a window.

    `cold_starts` are those that a caller waited for (all kinds but provisioned concurrency, managed
    instances and proactive inits, which are in `by_kind` alone), `share` is cold_starts / invocations, None
    without invocations.
    `window` is what was asked for, None for all of the input; `first_ms` and `last_ms` bound what was seen.
    `init` counts every cold start whose init duration is known; `observed_init` is the same as measured
    inside the process. `slowest` are the cold starts of the greatest `first_total_ms`, worst first.
    `cost_usd` is what the cold invocations cost, `init_cost_usd` the part for the billed init time; None
    where nothing could be priced. `unpriced` counts cold starts that could not be priced.
    """

    function: str
    window: Window | None
    invocations: int
    cold_starts: int
    share: float | None
    init: Distribution
    first_total: Distribution
    observed_init: Distribution
    warm_duration: Distribution
    init_histogram: tuple[Bin, ...] = ()
    by_kind: dict[InitKind, int] = field(default_factory=dict)
    by_version: dict[str, int] = field(default_factory=dict)
    slowest: tuple[ColdStart, ...] = ()
    errors: int = 0
    timeouts: int = 0
    max_memory_mb: int | None = None
    memory_mb: tuple[int, ...] = ()
    first_ms: int | None = None
    last_ms: int | None = None
    cost_usd: float | None = None
    init_cost_usd: float | None = None
    unpriced: int = 0
    unread: Unread = field(default_factory=Unread)


@dataclass(frozen=True, slots=True)
class ColdStartGroup:
    """The cold starts that have something in common: a version, a memory size, an hour.

    `invocations` and `share` are None where a warm invocation does not tell its group (its runtime version,
    its kind of init). `cost_usd` is what the cold invocations cost, None where nothing could be priced.
    """

    label: str
    invocations: int | None
    cold_starts: int
    share: float | None
    init: Distribution
    first_total: Distribution
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class ColdStartReport:
    """What `monitor coldstarts` shows: a summary a function, each cold start, and where init went by package.

    `engine` is how it was read, `reason` why so. `cold_starts` holds the first 2,000 at most, in order of time;
    `imports` is empty where no init record was logged, `groups` where none were asked for.
    `unavailable` could not be read.
    """

    engine: str
    summaries: tuple[ColdStartSummary, ...]
    cold_starts: tuple[ColdStart, ...]
    imports: tuple[ImportRow, ...]
    groups: tuple[ColdStartGroup, ...] = ()
    reason: str = ""
    unavailable: tuple[Unavailable, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Whether a figure differs between two windows by more than noise.

    `p_value` is two-sided, None where there is too little to judge; `test` names how it was found, `why` what
    is lacking. `before` and `after` are the medians, or the shares; `superiority` is the chance that a value of
    the later window is the greater of a random pair (0.5: none is).
    """

    test: str
    before: float | None
    after: float | None
    p_value: float | None
    superiority: float | None = None
    why: str = ""

    @property
    def is_more_than_noise(self) -> bool | None:
        """At the 1 % level; None where it cannot be judged."""
        return None if self.p_value is None else self.p_value < 0.01


@dataclass(frozen=True, slots=True)
class Comparison:
    """A function in an earlier window and in this one."""

    function: str
    before: ColdStartSummary
    after: ColdStartSummary
    init: Difference
    first_total: Difference
    share: Difference
