"""What a project requires, and how to install it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class BuildTarget:
    """Where a package runs: Python 3.x on Lambda's Linux, `x86_64` or `arm64`."""

    python: str
    architecture: str

    def __str__(self) -> str:
        return f"Python {self.python} on Linux {self.architecture}"


@dataclass(frozen=True, slots=True)
class RequiredLine:
    """A requirement (PEP 508) with the hashes of its files (`sha256:…`); `origin` is `file:line`.

    `index` is the only index that it may come from; empty for any.
    """

    text: str
    hashes: tuple[str, ...] = ()
    origin: str = ""
    index: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SourceRequirement:
    """A requirement that has to be built: a folder, an archive, or the URL of a repository or sdist.

    `location` is an absolute path or a URL as pip writes it (`git+https://…`), with `#subdirectory=` if the project is
    not at its top.
    """

    location: str
    extras: tuple[str, ...] = ()
    marker: str = ""
    hashes: tuple[str, ...] = ()
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Indexes:
    """Where an installer looks for distributions; `default` replaces PyPI. URLs may contain credentials."""

    default: str | None = field(default=None, repr=False)
    extra: tuple[str, ...] = field(default=(), repr=False)
    find_links: tuple[str, ...] = field(default=(), repr=False)
    trusted_hosts: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    no_index: bool = False

    def __bool__(self) -> bool:
        return bool(self.default or self.extra or self.find_links or self.trusted_hosts or self.no_index)

    def joined(self, other: "Indexes") -> "Indexes":
        """These and the others; the default of these wins."""
        further = (other.default,) if other.default and self.default and other.default != self.default else ()
        return Indexes(
            self.default or other.default,
            tuple(dict.fromkeys((*self.extra, *other.extra, *further))),
            tuple(dict.fromkeys((*self.find_links, *other.find_links))),
            tuple(dict.fromkeys((*self.trusted_hosts, *other.trusted_hosts))),
            tuple(dict.fromkeys((*self.constraints, *other.constraints))),
            self.no_index or other.no_index,
        )


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a project requires, as read from the file `source` (`requirements.txt`, `uv.lock`, …).

    `files` are the requirements files that were read, with the included ones. `is_complete`: the file lists every
    distribution, so that nothing else has to be resolved. `reader` is the tool that read a lock file (`uv export`).
    `notes` are for the user. `python` is a specifier of the Python versions that the project supports.
    """

    source: str = ""
    lines: tuple[RequiredLine, ...] = ()
    sources: tuple[SourceRequirement, ...] = ()
    constraints: tuple[RequiredLine, ...] = ()
    indexes: Indexes = field(default_factory=Indexes)
    prereleases: bool = False
    is_complete: bool = False
    reader: str = ""
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    python: str = ""

    @property
    def has_hashes(self) -> bool:
        """Whether the installer has to check hashes."""
        return any(line.hashes for line in self.lines)

    def __bool__(self) -> bool:
        return bool(self.lines or self.sources)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a distribution comes from if `marker` holds: a location that replaces the index, or one index alone.

    A location is a path relative to the file that names it, a URL as pip writes it, or `workspace:NAME` for a member of
    uv's workspace.
    """

    location: str = ""
    index: str = field(default="", repr=False)
    marker: str = ""


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """The dependencies that a pyproject.toml or Pipfile declares.

    `requirements` are PEP 508 texts. `places` maps the normalized name of a distribution to where it comes from.
    `backend` is the build backend ("": none). `dynamic` says that only its build knows the dependencies, and
    `dynamic_extras` which of the chosen extras only the build knows. `unions` are constraints of Poetry that PEP 440
    cannot express, and that a requirement therefore lacks. `python` is a PEP 440 specifier of Python versions.
    `overridden` are distributions whose versions a lock file chooses whatever the requirements say.
    """

    name: str = ""
    requirements: tuple[str, ...] = ()
    places: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)
    constraints: tuple[str, ...] = ()
    indexes: Indexes = field(default_factory=Indexes)
    backend: str = ""
    dynamic: bool = False
    dynamic_extras: tuple[str, ...] = ()
    unions: tuple[str, ...] = ()
    python: str = ""
    notes: tuple[str, ...] = ()
    overridden: frozenset[str] = frozenset()
