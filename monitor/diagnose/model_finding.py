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


# How much a finding of this confidence counts when findings are ranked.
WEIGHTS = {Grade.HIGH: 1.0, Grade.MEDIUM: 0.6, Grade.LOW: 0.3}
# A range from a loss of half of the greatest gain, or ten times as wide as the likely figure, says nothing.
_WIDE, _WIDEST = 0.5, 10.0


@dataclass(frozen=True, slots=True)
class Saving:
    """The expected saving for one affected start, in ms of `first_total_ms` (init + first invocation).

    The range is low ≤ likely ≤ high. A negative figure means that a start gets slower. `basis` describes the estimate
    in one sentence. Starts of which `unless` is true save nothing: the range is that of the others.
    """

    low_ms: float
    likely_ms: float
    high_ms: float
    basis: str
    unless: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the range says anything: not if a large loss and a large gain are both in it."""
        if self.low_ms < 0 < self.high_ms and -self.low_ms >= _WIDE * self.high_ms:
            return False
        return self.high_ms - self.low_ms <= _WIDEST * max(abs(self.likely_ms), 1.0)


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

    `affected` of the window's `starts` would change (0: the finding is not about starts; `starts` 0: not known).
    `saving` is None if milliseconds cannot be estimated. `saves_usd_month` is negative for a change that costs money,
    None if it is not known. `urgent` says that the function fails: such a finding comes first. `refuted` says what a
    trial of the change showed instead.
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

    starts: int = 0
    urgent: bool = False
    refuted: str = ""

    @property
    def share(self) -> float:
        """The share of the starts in the window that would change; 1 if their number is not known."""
        return min(1.0, self.affected / self.starts) if self.starts else 1.0

    @property
    def mean_ms(self) -> float:
        """The likely saving of a start in the window, as the mean over all starts; 0 if it is not known."""
        return self.saving.likely_ms * self.share if self.saving is not None and self.saving.is_known else 0.0

    @property
    def rank_ms(self) -> float:
        """What findings are ranked by: likely saving × share of starts × weight of the confidence."""
        return self.mean_ms * WEIGHTS[self.confidence]
