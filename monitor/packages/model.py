"""What a deployment package and its layers hold: files, the distributions they belong to, and what is wrong there."""

from dataclasses import dataclass
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
