"""What `monitor diagnose` finds: a cause of slow starts, what shows it, what to change, and what that should save."""

from dataclasses import dataclass
from enum import Enum


class ChangeKind(Enum):
    """What form a change has: a unified diff, a command to paste, a setting of the function, code to write."""

    PATCH = "patch"
    COMMAND = "command"
    SETTING = "setting"
    CODE = "code"


class Grade(Enum):
    """How much: of risk, and of confidence."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Saving:
    """What a change should take off one affected start, in ms of `first_total_ms` (init + first invocation).

    low ≤ likely ≤ high is the stated range; a negative figure is a start that gets slower. `basis` says in a sentence
    how it was estimated, and from what.
    """

    low_ms: float
    likely_ms: float
    high_ms: float
    basis: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact with its figures; `where` is how to see it: a command, a request or trace id, a module, a file:line."""

    text: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What to do, in a line, and the patch, command, setting or code itself."""

    kind: ChangeKind
    title: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause, found by `rule` (its page is docs/rules/RULE.md) in `subject` (a module, a distribution, a setting).

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
