"""A rule of `diagnose`: the cause that it finds, and how its change is tried."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto

from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.model_finding import Finding


class Trial(Enum):
    """How `--try` applies the change of a finding to the function's package."""

    PATCH = auto()
    DEFER_IMPORT = auto()
    DEFER_CLIENT = auto()
    ADD_BYTECODE = auto()
    REMOVE_SDK = auto()
    REMOVE_DISTRIBUTION = auto()
    RAISE_LOG_LEVEL = auto()
    STOP_PROFILING = auto()
    PAUSE_COLLECTION = auto()
    REMOVE_IMPORT = auto()
    DEFER_LIBRARY = auto()
    DEFER_BUILD = auto()
    DEFER_WORK = auto()


@dataclass(frozen=True, slots=True)
class NotTried:
    """Why the change of a rule cannot be tried on this machine."""

    why: str


# These depend on Lambda itself.
NEEDS_LAMBDA_CPU = NotTried("CPU does not scale with memory on this machine")
NEEDS_LAMBDA_LIFECYCLE = NotTried("it depends on how Lambda manages environments")


@dataclass(frozen=True, slots=True)
class Rule:
    """One cause of slow starts.

    `find` yields a finding for each occurrence that the evidence shows. A rule that
    `compares_over_time` sees the starts before and after the latest change; every other rule sees those after it.
    """

    id: str
    find: Callable[[FunctionEvidence], Iterable[Finding]]
    trial: Trial | NotTried = Trial.PATCH
    compares_over_time: bool = False

    @property
    def page(self) -> str:
        """Its documentation, from the project's root."""
        return f"docs/rules/{self.id}.md"
