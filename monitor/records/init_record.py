"""The init record: what the instrumented entry point measured of its own start, logged once a cold start."""

from dataclasses import field

from monitor.kernel.values import dataclass


@dataclass(frozen=True, slots=True)
class InitPhase:
    """A part of the init (runtime, entry, application, instruments); `start_ms` after process start."""

    name: str
    start_ms: float
    duration_ms: float


@dataclass(frozen=True, slots=True)
class ImportedModule:
    """One import that took at least the record's threshold, and the imports it caused.

    `root` is an index into the record's `roots`, or -1 for a builtin or unknown place; `start_ms` counts
    from the start of the process; `self_ms` leaves out what `children` took, `cumulative_ms` does not.
    """

    module: str
    root: int
    start_ms: float
    self_ms: float
    cumulative_ms: float
    children: tuple["ImportedModule", ...] = ()


@dataclass(frozen=True, slots=True)
class InitImports:
    """The imports of an init: all of them counted, those of `threshold_ms` and more as a tree.

    `dropped` modules were above the threshold and cut to keep the record small.
    """

    count: int
    total_ms: float
    threshold_ms: float
    dropped: int
    tree: tuple[ImportedModule, ...] = ()


@dataclass(frozen=True, slots=True)
class InitError:
    """Why the handler could not be loaded; `module` is the one that failed to import, where that is known."""

    type: str
    message: str
    module: str | None = None


@dataclass(frozen=True, slots=True)
class InitRecord:
    """One init, as measured inside the process.

    `observed_init_ms` runs from process start to the end of init: Lambda's Init Duration also holds what
    came before the process and the extensions, so the two are shown side by side, never as one.
    `started_at_ms` is epoch milliseconds with a fraction; None wherever the record does not say.
    `start` is Lambda's initialization type, or `proactive` where the first invocation came 10 s or more after
    the init; `invoked_after_ms` is how long after. Both are None of an init that failed.
    """

    version: int
    observed_init_ms: float
    initialization_type: str | None = None
    started_at_ms: float | None = None
    service: str | None = None
    function_name: str | None = None
    request_id: str | None = None
    trace_id: str | None = None
    phases: tuple[InitPhase, ...] = ()
    imports: InitImports | None = None
    roots: tuple[str, ...] = ()
    python: str | None = None
    libraries: dict[str, str] = field(default_factory=dict)
    memory_mb: int | None = None
    architecture: str | None = None
    error: InitError | None = None
    start: str | None = None
    invoked_after_ms: float | None = None
