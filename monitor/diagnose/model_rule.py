"""What a rule of `diagnose` is: a cause that it looks for, and how the change that it proposes is tried."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto

from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.model_finding import Finding


class Trial(Enum):
    """How `--try` makes a finding's change on the function's own package."""

    PATCH = auto()
    DEFER_IMPORT = auto()
    DEFER_CLIENT = auto()
    ADD_BYTECODE = auto()
    REMOVE_SDK = auto()
    REMOVE_DISTRIBUTION = auto()
    RAISE_LOG_LEVEL = auto()
    STOP_PROFILING = auto()
    PAUSE_COLLECTION = auto()


@dataclass(frozen=True, slots=True)
class NotTried:
    """Why a rule's change cannot be tried on this machine: its saving stays an estimate."""

    why: str


# What only Lambda itself can show.
NEEDS_LAMBDA_CPU = NotTried("CPU is not scaled with memory here")
NEEDS_LAMBDA_LIFECYCLE = NotTried("it is about how environments come and go on Lambda")


@dataclass(frozen=True, slots=True)
class Rule:
    """One cause of slow starts.

    `find` yields a finding for each occurrence, and nothing where the evidence does not show it. A rule that
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
