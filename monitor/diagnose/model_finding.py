"""A finding of `monitor diagnose`: a cause of slow starts, its evidence, the change, and the expected saving."""

from dataclasses import dataclass
from enum import Enum


class ChangeKind(Enum):
    """The form of a change: a unified diff, a shell command, a setting of the function, or code to write."""

    PATCH = "patch"
    COMMAND = "command"
    SETTING = "setting"
    CODE = "code"


class Grade(Enum):
    """A degree of risk or confidence."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Saving:
    """The expected saving for one affected start, in ms of `first_total_ms` (init + first invocation).

    The range is low ≤ likely ≤ high. A negative figure means that a start gets slower. `basis` describes the estimate
    in one sentence.
    """

    low_ms: float
    likely_ms: float
    high_ms: float
    basis: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact; `where` is how to see it: a command, a request or trace id, a module, or file:line."""

    text: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What to do in one line, and the patch, command, setting or code."""

    kind: ChangeKind
    title: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause found by `rule` (documented in docs/rules/RULE.md) in `subject` (a module, a distribution, a setting).

    `affected` of the window's starts would change. `saving` is None where milliseconds cannot be estimated;
    `saves_usd_month` is negative for a change that costs money, None where it is not known.
    """

    rule: str
    subject: str
    title: str
    evidence: tuple[Evidence, ...]
    changes: tuple[Change, ...]
    saving: Saving | None
    affected: int
    risk: Grade
    confidence: Grade
    saves_usd_month: float | None = None
    risk_text: str = ""

    @property
    def window_ms(self) -> float:
        """What all affected starts of the window would likely save together: what findings are ranked by."""
        return 0.0 if self.saving is None else self.saving.likely_ms * self.affected
