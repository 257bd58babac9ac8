"""Files and distributions of a deployment package and its layers, and the findings about them."""

from dataclasses import dataclass
from enum import Enum

# AWS Lambda developer guide, "Lambda quotas": direct upload, unzipped size with layers, number of layers.
ZIPPED_LIMIT_BYTES = 50 * 1024 * 1024
UNZIPPED_LIMIT_BYTES = 262_144_000
LAYER_LIMIT = 5
CONSOLE_LIMIT_BYTES = 3 * 1024 * 1024


class PartKind(Enum):
    """Kind of a part of a package."""

    DISTRIBUTION = "distribution"
    APPLICATION = "application"
    STRUCTURE = "structure"


class Basis(Enum):
    """How the files of a distribution were identified: by RECORD, by the name in its metadata, or by top-level name."""

    RECORD = "record"
    METADATA = "metadata"
    TOP_LEVEL = "top-level"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A file of a package, named by its path in the zip.

    `zipped_bytes` counts the local header, the data and the entry in the central directory.
    """

    name: str
    zipped_bytes: int
    unzipped_bytes: int
    part: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A distribution, the application, or the structure of the zip.

    `version` is None if the distribution has no metadata. `place` is the label of its container. `pulled_in_by` names
    the distributions in the package that require it. `requested` is True if the project requires it directly. `tags`
    are the tags of its wheel.
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
        """The group in the summary: AWS SDK, framework, application or others."""
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
# In /var/runtime of the managed Python runtimes, beside the runtime client.
RUNTIME_HAS = frozenset(("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "urllib3", "six"))


@dataclass(frozen=True, slots=True)
class PackageFinding:
    """A finding about the package; `names` lists some of the files or parts that it concerns."""

    kind: str
    message: str
    count: int = 0
    zipped_bytes: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """Requests made and bytes read; `of_bytes` is the size of the zip."""

    requests: int
    read_bytes: int
    of_bytes: int


@dataclass(frozen=True, slots=True)
class Container:
    """A zip or folder; `root` is where Lambda unpacks it (`/var/task` or `/opt`)."""

    label: str
    root: str
    zipped_bytes: int
    unzipped_bytes: int
    files: tuple[PackageFile, ...]
    reading: Reading


@dataclass(frozen=True, slots=True)
class PackageReport:
    """A package, its layers and their parts.

    The sizes of `parts` add up to the size of the zips. `python` is for example `3.11`; None if it is unknown.
    """

    name: str
    python: str | None
    architecture: str | None
    containers: tuple[Container, ...]
    parts: tuple[Part, ...]
    findings: tuple[PackageFinding, ...]

    @property
    def zipped_bytes(self) -> int:
        """Total size of the zips."""
        return sum(one.zipped_bytes for one in self.containers)

    @property
    def unzipped_bytes(self) -> int:
        """Total size of the files."""
        return sum(one.unzipped_bytes for one in self.containers)


def module_of(name: str) -> str:
    """The full name of the module in a file of a package or layer."""
    inside = name.partition("/site-packages/")[2] or name.removeprefix("python/")
    return inside.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
