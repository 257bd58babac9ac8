"""What measuring a deployed function changes, what it finds, and what has to be restored."""

from dataclasses import dataclass

from monitor.kernel.missing import Missing
from monitor.records.invocation import InitKind


@dataclass(frozen=True, slots=True)
class Plan:
    """What a measurement will do. `alias` is empty without --alias.

    `revision_id` is that of the configuration that was planned from. `most_usd` is None if the price is unknown; it
    counts each invocation as if it used the whole of init's 10 s and of the function's timeout.
    """

    function: str
    arn: str
    region: str
    architecture: str
    memory_mb: int
    timeout_s: int
    sizes_mb: tuple[int, ...]
    starts: int
    alias: str
    most_usd: float | None
    revision_id: str
    notes: tuple[str, ...] = ()

    @property
    def invocations(self) -> int:
        """How often the function is invoked."""
        return self.starts * len(self.sizes_mb)


@dataclass(frozen=True, slots=True)
class ExtensionTimes:
    """What extensions added to one start: to init, and after the response of the first call."""

    names: tuple[str, ...]
    init_ms: float | Missing
    after_response_ms: float | Missing


@dataclass(frozen=True, slots=True)
class Start:
    """One invocation of a new environment. `kind` is None if it was not a cold start.

    `init_ms` is the restore's duration for SnapStart. `function_error` is AWS's word for a failed call, or None.
    """

    memory_mb: int
    request_id: str
    kind: InitKind | None
    init_ms: float | None
    first_call_ms: float | None
    billed_ms: float | None
    max_memory_mb: int | None
    cost_usd: float | None
    extensions: ExtensionTimes
    function_error: str | None = None

    @property
    def total_ms(self) -> float | None:
        """Init and first call, None if this was not a cold start."""
        if self.init_ms is None or self.first_call_ms is None:
            return None
        return self.init_ms + self.first_call_ms


@dataclass(frozen=True, slots=True)
class SizeResult:
    """The starts at one memory size; figures are medians over its cold starts, None without one.

    `cost_usd_per_million` is the mean cost of a cold start times a million.
    """

    memory_mb: int
    starts: int
    cold_starts: int
    failed_calls: int
    init_ms: float | None
    first_call_ms: float | None
    total_ms: float | None
    total_min_ms: float | None
    total_max_ms: float | None
    max_memory_mb: int | None
    cost_usd_per_million: float | None
    extension_init_ms: float | Missing
    extension_after_response_ms: float | Missing


@dataclass(frozen=True, slots=True)
class Measurement:
    """The result. `enough_memory_mb` is the size above which more memory no longer helps, or why that is not known."""

    function: str
    region: str
    architecture: str
    alias: str
    local: bool
    sizes: tuple[SizeResult, ...]
    enough_memory_mb: int | Missing
    notes: tuple[str, ...]
    measured: tuple[Start, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """The value of the variable that forces a cold start: which run wrote it, and the memory before and after."""

    run: str
    start: int
    memory_mb: int
    memory_before_mb: int


@dataclass(frozen=True, slots=True)
class Record:
    """What is stored on disk before the first change: enough to find the function and to restore it.

    No value of a variable is in it: the one variable that a run adds is removed, the others are left as they are.
    """

    run: str
    function: str
    arn: str
    region: str
    profile: str | None
    endpoint_url: str | None
    local: bool
    memory_before_mb: int
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored of one function; empty `done`: there was nothing to restore."""

    function: str
    region: str
    done: tuple[str, ...]
    notes: tuple[str, ...] = ()
