"""The answer of `monitor diagnose`: the number, where it goes, and what to change, most worth first."""

from dataclasses import dataclass

from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.model_finding import Finding


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the median cold start's first total; `measured` says by what (REPORT, init record, X-Ray, rest)."""

    label: str
    ms: float
    measured: str


@dataclass(frozen=True, slots=True)
class Headline:
    """The number: what a first caller waits for. None where it is not known, and `why` says so.

    `starts` of `invocations` in the window were cold.
    """

    first_total_p50_ms: float | None
    first_total_p95_ms: float | None
    init_p50_ms: float | None
    starts: int
    invocations: int
    share: float | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class NextStep:
    """How to know more: what is lacking, and the command to paste for it."""

    lacking: str
    command: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`findings` are worth changing, ranked; `minor` would save too little to be worth it (or nothing that can be
    put in milliseconds); `trials` are what `--try` measured."""

    evidence: FunctionEvidence
    headline: Headline
    slices: tuple[Slice, ...]
    findings: tuple[Finding, ...]
    minor: tuple[Finding, ...] = ()
    next_steps: tuple[NextStep, ...] = ()
    trials: tuple["Trial", ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """A change tried here, under Lambda's runtime client: starts with and without it, taking turns.

    `before_ms` and `after_ms` are first totals of each start. `scaled_ms` is the saving times the function's reported
    first total over the local one (None where that is unknown): an estimate, since page cache and CPU differ on Lambda.
    `failed` says why a change could not be tried.
    """

    rule: str
    subject: str
    change: str
    before_ms: tuple[float, ...] = ()
    after_ms: tuple[float, ...] = ()
    saved_ms: float | None = None
    spread_ms: tuple[float, float] | None = None
    scaled_ms: float | None = None
    failed: str = ""
