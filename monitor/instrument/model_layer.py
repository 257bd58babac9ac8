"""The layer with the runtime, and what publishing it would do in each region."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class BuiltLayer:
    """A zip with `python/monitor/runtime`, for any architecture.

    `compiled` are the Python versions whose bytecode it contains, `not_compiled` those without an interpreter here.
    """

    path: Path
    zipped_bytes: int
    unzipped_bytes: int
    code_sha256: str
    compiled: tuple[str, ...]
    not_compiled: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """What publishing does in one region. `current` is the newest version there; it may be this very zip."""

    name: str
    region: str
    current: str | None
    is_current: bool


@dataclass(frozen=True, slots=True)
class LayerOutcome:
    """The ARN of the version that was published, or the reason why none was."""

    region: str
    arn: str | None
    error: str | None = None
    hint: str = ""
    exit_code: int = 0
