"""The results of `monitor coldstarts`: summaries, groups, and the comparison of two windows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from monitor.kernel.missing import Unavailable
from monitor.kernel.place import Place
from monitor.kernel.statistics import Bin, Distribution
from monitor.kernel.window import Window
from monitor.records.imports import ImportRow
from monitor.records.invocation import ColdStart, InitKind

# Called with the number of lines or groups that were read.
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
    DEPLOYMENT = "deployment"
    FUNCTION = "function"

    @property
    def of_all(self) -> bool:
        """Whether warm invocations can be grouped too, so that each group has a share of cold starts."""
        return self not in (By.KIND, By.RUNTIME, By.ARCHITECTURE)


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """Facts about a function that its log does not contain.

    `aliases` has the alias names of each version. `changed_ms` is when the code or configuration of $LATEST last
    changed.
    """

    region: str | None = None
    architecture: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    changed_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """Input that could not be counted normally; usually all zero.

    `ignored` counts lines that look like Lambda's and contradict its order: a function printed them.
    """

    malformed: int = 0
    without_report: int = 0
    without_start: int = 0
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class ColdStartSummary:
    """A function's cold starts in a window.

    `cold_starts` counts the cold starts that a caller waited for. Provisioned concurrency, managed instances and
    proactive inits are only counted in `by_kind`. `share` is cold_starts / invocations, None without invocations.
    `window` is the requested window, None for all of the input; `first_ms` and `last_ms` are the times of the first and
    the last invocation. `init` has every cold start with a known init duration; `observed_init` has the durations that
    were measured inside the process. `slowest` has the cold starts with the greatest `first_total_ms`, slowest first.
    `cost_usd` is the cost of the cold invocations, `init_cost_usd` the part for billed init time; None if no price is
    known. `unpriced` counts the cold starts without a price. `replays` counts the invocations that resumed a durable
    execution, which are not among `invocations`. `web_function`: its init starts a web server. `region` and `profile`
    are where the log was read.
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
    replays: int = 0
    web_function: bool = False
    unread: Unread = field(default_factory=Unread)
    region: str = ""
    profile: str = ""

    @property
    def place(self) -> Place:
        """Where the function is."""
        return Place(self.profile, self.region)


@dataclass(frozen=True, slots=True)
class ColdStartGroup:
    """The cold starts that have something in common: a version, a memory size, an hour.

    `invocations` and `share` are None if the log does not show which group a warm invocation belongs to (by runtime
    version or kind of init). `cost_usd` is the cost of the cold invocations, None if no price is known.
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
    """The result of `monitor coldstarts`: one summary for each function, the cold starts, and imports by package.

    `engine` names how the log was read, `reason` why. `cold_starts` has the first 2,000, ordered by time. `imports` is
    empty without init records, `groups` without --by. `unavailable` lists the log groups that could not be read.
    `unsupported` counts events of Lambda's web functions (platform.invokeReport and others), which are not counted.
    `figures` has the figures of each summary by the names of `--fail-over` and CSV, in documents only.
    """

    engine: str
    summaries: tuple[ColdStartSummary, ...]
    cold_starts: tuple[ColdStart, ...]
    imports: tuple[ImportRow, ...]
    groups: tuple[ColdStartGroup, ...] = ()
    reason: str = ""
    unavailable: tuple[Unavailable, ...] = ()
    unsupported: int = 0
    figures: tuple[dict[str, float | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Whether a figure differs between two windows by more than noise.

    `p_value` is two-sided, None if there is too little data; `test` names the statistical test, `why` says what is
    missing. `before` and `after` are the medians or the shares. `superiority` is the chance that, of a random pair, the
    value of the later window is the greater one (0.5: no difference).
    """

    test: str
    before: float | None
    after: float | None
    p_value: float | None
    superiority: float | None = None
    why: str = ""

    @property
    def is_more_than_noise(self) -> bool | None:
        """Whether it is significant at the 1% level; None if there is too little data."""
        return None if self.p_value is None else self.p_value < 0.01


@dataclass(frozen=True, slots=True)
class Comparison:
    """A function in an earlier and in the current window."""

    function: str
    before: ColdStartSummary
    after: ColdStartSummary
    init: Difference
    first_total: Difference
    share: Difference
    region: str = ""
    profile: str = ""

    @property
    def place(self) -> Place:
        """Where the function is."""
        return Place(self.profile, self.region)
