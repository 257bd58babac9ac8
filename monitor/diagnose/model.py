"""The result of `monitor diagnose`: the headline, the parts of a start, and the ranked findings."""

from dataclasses import dataclass

from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.model_finding import Finding


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the median cold start; `measured` names the source (REPORT, init record, X-Ray, rest)."""

    label: str
    ms: float
    measured: str


@dataclass(frozen=True, slots=True)
class Headline:
    """How long the first call takes, init included. None if it is not known; `why` has the reason.

    `starts` of the window's `invocations` were cold.
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
    """A way to learn more: what is missing, and a command for it."""

    lacking: str
    command: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`findings` are worth changing, ranked. `minor` findings save too little, or nothing that can be estimated in
    milliseconds. `trials` are the results of `--try`, and `refuted` the findings that they refute."""

    evidence: FunctionEvidence
    headline: Headline
    slices: tuple[Slice, ...]
    findings: tuple[Finding, ...]
    minor: tuple[Finding, ...] = ()
    next_steps: tuple[NextStep, ...] = ()
    trials: tuple["Trial", ...] = ()
    refuted: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """A change tried on this machine under Lambda's runtime interface client: starts alternate with and without it.

    `before_ms` and `after_ms` have the first call of each start. `scaled_ms` is the saving scaled by the ratio of the
    reported to the local first call, None if unknown. It is an estimate, since page cache and CPU differ on Lambda.
    `failed` says why a change could not be tried, and `breaks` how the function differs with it: it does not start, it
    fails, or it returns another result. Without `measures`, the times do not show what the change saves. An
    `impossible` change cannot be made as it is proposed.
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
    breaks: str = ""
    measures: bool = True
    impossible: bool = False
