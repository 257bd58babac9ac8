"""What `monitor diagnose` knows of a function before it judges: every source's part, or why it is missing.

It is saved as JSON and read again (`--save`, `--from`, `--compare`): plain values only, no secrets. Environment
variables are names, but for the few of `Settings`, whose values are not secret.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.callgraph.model import Reached, UnusedImport
from monitor.coldstarts.model import ColdStartGroup, ColdStartSummary
from monitor.kernel.function import FunctionInfo
from monitor.kernel.missing import Missing
from monitor.kernel.origin import Origin
from monitor.kernel.window import Window
from monitor.packages.model import PackageReport
from monitor.records.imports import ImportProfile
from monitor.records.invocation import ColdStart, FailureKind
from monitor.records.metric import FunctionMetrics
from monitor.records.xray.trace import Trace

if TYPE_CHECKING:
    from typing_extensions import TypeIs


def is_missing(part: object) -> "TypeIs[Missing]":
    """Whether a part of the evidence is not there."""
    return isinstance(part, Missing)


@dataclass(frozen=True, slots=True)
class SourceState:
    """How reading one source went.

    `state` is read, absent (there is none), refused (not allowed), failed or skipped; `lost` says what that costs in
    certainty, `hint` what to paste to get it.
    """

    name: str
    state: str
    detail: str
    took_ms: float
    lost: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """What of the function's environment bears on its start; None where the variable is not set.

    `handler` is the application's own: behind monitor's entry point it is not the Handler of the configuration.
    """

    log_level: str | None = None
    application_log_level: str | None = None
    system_log_level: str | None = None
    profiles_imports: bool = False
    dont_write_bytecode: bool = False
    pythonpath: tuple[str, ...] = ()
    instrumented: bool = False
    has_efs: bool = False
    exec_wrapper: bool = False
    handler: str | None = None


@dataclass(frozen=True, slots=True)
class Minute:
    """A minute of traffic, from the log: `concurrency` is the most invocations (with their init) running at once."""

    start_ms: int
    invocations: int
    cold_starts: int
    concurrency: int


@dataclass(frozen=True, slots=True)
class FailureCount:
    """Failures of one kind; `then_cold` of them were followed in their environment by a new or suppressed init."""

    kind: FailureKind
    count: int
    then_cold: int
    request_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InitLogging:
    """What was logged from an environment's first line to the end of its first invocation, mean of `starts`."""

    starts: int
    lines: float
    bytes: float
    debug_lines: float


@dataclass(frozen=True, slots=True)
class LateImport:
    """What first invocations imported themselves, by top-level package: mean ms where seen, in `seen` of `of`.

    `cumulative_ms` has what its modules import of other packages in it, `self_ms` has not: only that may be added up.
    """

    package: str
    cumulative_ms: float
    seen: int
    of: int
    self_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Concurrency:
    """What the function may run at once: reserved, provisioned by alias or version, the account's limit.

    `unknown` names those of the three that could not be asked: reserved, provisioned, account.
    """

    reserved: int | None
    provisioned: dict[str, int]
    account_limit: int | None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deployed:
    """A published version, or the last change of $LATEST, by when it was made."""

    version: str
    at_ms: int
    description: str = ""


@dataclass(frozen=True, slots=True)
class LatestChange:
    """A change inside the window, since which a function is judged: `left_out` cold starts came before it.

    `version` is the published version that came with it, or $LATEST.
    """

    version: str
    at_ms: int
    left_out: int = 0

    def holds(self, at_ms: float, version: str | None) -> bool:
        """Whether what ran then, as that version (None: not known), comes after the change."""
        if version is not None and version != self.version:
            return False
        return at_ms >= self.at_ms


@dataclass(frozen=True, slots=True)
class MadeValue:
    """A value that a file makes while it is imported: the name that it gets, and the call (if it is one)."""

    name: str
    file: str
    line: int
    statement: str


@dataclass(frozen=True, slots=True)
class ModuleUse:
    """An import statement of the application's own code, and where the name it binds is used.

    `top_level` is the imported module's full name; `at_import` says that it runs when its file is imported (not in a
    function, not under TYPE_CHECKING); `used_at_import` that the name is needed while the file is imported (a base
    class, a decorator, an annotation that is evaluated, a module-level call); `used_in` are functions that use it, and
    `bodies` holds for each of them the line of its first statement (behind a docstring) and that line's indentation. It
    is empty where the import is not the whole of its line, so that a patch cannot take the line out. `reached` says
    which calls reach those functions (None: the handler is not known), and `routes` names the routes that do.
    `in_branch` says that a function uses it in branches alone that not every call takes, which `bodies` stand for then.
    `makes` are the values (clients, sessions) that alone need it while the file is imported, and that
    functions alone use, each after what it is made of: `used_in` has those functions.
    """

    module: str
    file: str
    line: int
    statement: str
    at_import: bool
    used_at_import: bool
    used_in: tuple[str, ...] = ()
    bodies: tuple[tuple[int, int], ...] = ()
    reached: Reached | None = None
    routes: tuple[str, ...] = ()
    in_branch: bool = False
    makes: tuple[MadeValue, ...] = ()


@dataclass(frozen=True, slots=True)
class ModuleCall:
    """A call that the application's code makes while its file is imported: `boto3.resource`, `requests.get`, …

    `conditional`: it, or a call that leads to it, stands below an `if`: whether it is made is not known.
    """

    name: str
    file: str
    line: int
    statement: str
    conditional: bool = False


@dataclass(frozen=True, slots=True)
class SourcePatch:
    """A unified diff of one file that makes the imports on `lines`, or the client made on that line, wait.

    `removes` names the library whose imports on those lines it deletes, if it does that.
    """

    file: str
    lines: tuple[int, ...]
    text: str
    makes_client: bool = False
    removes: str = ""


@dataclass(frozen=True, slots=True)
class InitWork:
    """Work that a line does while files are imported: `count` times, `ms` in all.

    `kind` says what it does (a dataclass, a file, a subprocess, or just a line), and `what` which file it opens.
    """

    kind: str
    file: str
    line: int
    count: int
    ms: float
    what: str = ""


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What the application's own Python files say, without their text.

    `routes` is how many routes they have, `unresolved` how many places name what they use only while they run,
    `unused` the imports whose names nothing uses, `built` the classes and patterns that they build at import (without
    times), and `mentions` the modules and attributes of libraries that they name
    (`numpy`, `numpy.mean`).
    """

    files: int
    unread: int
    uses: tuple[ModuleUse, ...] = ()
    calls: tuple[ModuleCall, ...] = ()
    debug_at: tuple[str, ...] = ()
    patches: tuple[SourcePatch, ...] = ()
    routes: int = 0
    unresolved: int = 0
    unused: tuple[UnusedImport, ...] = ()
    mentions: tuple[str, ...] = ()
    built: tuple[InitWork, ...] = ()


@dataclass(frozen=True, slots=True)
class LibraryImport:
    """An import of a library's module in another file: where, and the functions that use what it binds.

    `needed_at` is the line that needs it while that file is imported (a base class, a call), 0 if none does. `named`
    says that it is only given another name then, as an attribute of a class. `statement` is "" if the file was not
    read.
    """

    importer: str
    file: str
    line: int
    statement: str
    needed_at: int
    used_in: tuple[str, ...] = ()
    named: bool = False


@dataclass(frozen=True, slots=True)
class LibraryModule:
    """A module of a library with all that only it imports: `modules` of them take `own_ms` of init.

    The standard library's modules among them take `stdlib_ms`, None if who else imports those is not known.

    `within` is the nearest module without which it would not be imported, "" if there is none. `chain` are the imports
    that led to it, and `imports` all statements outside of it that import it, none if they are in many files.
    """

    module: str
    within: str
    chain: tuple[str, ...]
    own_ms: float
    modules: int
    imports: tuple[LibraryImport, ...]
    stdlib_ms: float | None = None


@dataclass(frozen=True, slots=True)
class StartRecord:
    """A start that was watched on this machine: the modules whose code its first call ran, and the work of its init.

    `entered` is None if no event was given for the call. `init_ms` is its init, which watching makes longer: work is
    compared with it.
    """

    entered: tuple[str, ...] | None
    work: tuple[InitWork, ...]
    init_ms: float


@dataclass(frozen=True, slots=True)
class FunctionEvidence:
    """All that was gathered of one function; Missing names the reason.

    Where `latest` is given, `starts`, `failures`, `logging`, `imports` and `late_imports` are from after that change
    alone; `cold_starts`, `by_memory` and `minutes` also contain what was before it.
    """

    name: str
    region: str
    window: Window | None
    gathered_at_ms: int
    sources: tuple[SourceState, ...]
    function: FunctionInfo | Missing
    settings: Settings | Missing
    starts: ColdStartSummary | Missing
    cold_starts: tuple[ColdStart, ...] = ()
    by_memory: tuple[ColdStartGroup, ...] = ()
    minutes: tuple[Minute, ...] = ()
    failures: tuple[FailureCount, ...] = ()
    logging: InitLogging | None = None
    imports: ImportProfile | Missing = field(default_factory=lambda: Missing("not read"))
    late_imports: tuple[LateImport, ...] = ()
    package: PackageReport | Missing = field(default_factory=lambda: Missing("not read"))
    code: SourceFacts | Missing = field(default_factory=lambda: Missing("not read"))
    libraries: tuple[LibraryModule, ...] = ()
    calls: StartRecord | Missing = field(default_factory=lambda: Missing("no start was watched"))
    traces: tuple[Trace, ...] = ()
    metrics: FunctionMetrics | Missing = field(default_factory=lambda: Missing("not read"))
    concurrency: Concurrency | Missing = field(default_factory=lambda: Missing("not read"))
    deployments: tuple[Deployed, ...] = ()
    latest: LatestChange | None = None
    origin: Origin = field(default_factory=Origin)

    @property
    def judged_starts(self) -> tuple[ColdStart, ...]:
        """The cold starts since the latest change; all of them where nothing is left out."""
        change = self.latest
        if change is None:
            return self.cold_starts
        return tuple(one for one in self.cold_starts if change.holds(one.at_ms, one.version))

    @property
    def entered(self) -> tuple[str, ...] | None:
        """The modules whose code a recorded call ran; None without one."""
        return None if is_missing(self.calls) else self.calls.entered

    @property
    def instrumented(self) -> bool | None:
        """Whether monitor's entry point starts it: by its settings or, unread, by its init records; None: not known."""
        if not isinstance(self.settings, Missing):
            return self.settings.instrumented
        recorded = any(one.init_record is not None for one in self.cold_starts)
        return True if recorded else None
