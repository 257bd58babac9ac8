"""What a deployment package and its layers hold: files, the distributions they belong to, and what is wrong there."""

from dataclasses import dataclass, field
from enum import Enum

# Lambda quotas (developer guide, "Lambda quotas"): direct upload, unzipped with layers, layers of a function.
ZIPPED_LIMIT_BYTES = 50 * 1024 * 1024
UNZIPPED_LIMIT_BYTES = 262_144_000
LAYER_LIMIT = 5
CONSOLE_LIMIT_BYTES = 3 * 1024 * 1024


class PartKind(Enum):
    """Whose a part of a package is."""

    DISTRIBUTION = "distribution"
    APPLICATION = "application"
    STRUCTURE = "structure"


class Basis(Enum):
    """How it is known which files are a distribution's: its RECORD, its metadata's name, or a top-level name alone."""

    RECORD = "record"
    METADATA = "metadata"
    TOP_LEVEL = "top-level"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A file by its path from the zip's root.

    `zipped_bytes` is all that it takes of the zip: header, name, data and its line in the central directory.
    """

    name: str
    zipped_bytes: int
    unzipped_bytes: int
    part: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A distribution (version None: its metadata is gone), the application, or the zip's own structure.

    `place` labels the container; `pulled_in_by` names the distributions of the package that require it;
    `requested` says that it was asked for by name; `tags` are its wheel's; `stripped` tells that its metadata is gone.
    """

    name: str
    version: str | None
    kind: PartKind
    basis: Basis
    place: str
    files: int
    zipped_bytes: int
    unzipped_bytes: int
    share: float
    tops: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    pulled_in_by: tuple[str, ...] = ()
    requested: bool = False
    in_runtime: bool = False
    tags: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """The line of the four-line breakdown that it counts in: SDK, framework, application or others."""
        if self.kind is PartKind.APPLICATION:
            return "application"
        if self.name in SDK:
            return "AWS SDK"
        return "framework" if self.name in FRAMEWORK else "others"


SDK = frozenset(("boto3", "botocore", "s3transfer"))
FRAMEWORK = frozenset(
    (
        "fastapi",
        "pydantic",
        "pydantic-core",
        "pydantic-settings",
        "starlette",
        "uvicorn",
        "typing-extensions",
        "typing-inspection",
        "annotated-types",
        "annotated-doc",
        "anyio",
        "mangum",
        "flask",
        "werkzeug",
        "django",
        "asgiref",
    )
)
# In /var/runtime of the managed Python runtimes, beside Lambda's own client.
RUNTIME_HAS = frozenset(("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "urllib3", "six"))


@dataclass(frozen=True, slots=True)
class PackageFinding:
    """Something to know about the package, in one line; `names` holds a few of the files or parts that it is about."""

    kind: str
    message: str
    count: int = 0
    zipped_bytes: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What it cost to look: `of_bytes` is the zip's size."""

    requests: int
    read_bytes: int
    of_bytes: int


@dataclass(frozen=True, slots=True)
class Container:
    """A zip or folder, and where Lambda puts it (`/var/task` or `/opt`)."""

    label: str
    root: str
    zipped_bytes: int
    unzipped_bytes: int
    files: tuple[PackageFile, ...]
    reading: Reading


@dataclass(frozen=True, slots=True)
class PackageReport:
    """A package and its layers, part by part.

    Over all containers, `parts` hold every byte of every zip once. `python` is `3.11` or None where nothing says.
    """

    name: str
    python: str | None
    architecture: str | None
    containers: tuple[Container, ...]
    parts: tuple[Part, ...]
    findings: tuple[PackageFinding, ...]

    @property
    def zipped_bytes(self) -> int:
        """All zips together."""
        return sum(one.zipped_bytes for one in self.containers)

    @property
    def unzipped_bytes(self) -> int:
        """All files together."""
        return sum(one.unzipped_bytes for one in self.containers)


@dataclass(frozen=True, slots=True)
class CodeLocation:
    """Where a zip can be had: a presigned URL (a credential: not in the repr), its size and CodeSha256 (base64).

    `refused` says why AWS does not hand it out; `url` is empty then.
    """

    label: str
    url: str = field(repr=False)
    size_bytes: int
    code_sha256: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class DeployedCode:
    """A function's code and layers, and what of its configuration bears on it (of its environment PYTHONPATH)."""

    name: str
    code: CodeLocation
    layers: tuple[CodeLocation, ...]
    python: str | None
    architecture: str
    handler: str | None
    pythonpath: tuple[str, ...]


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
