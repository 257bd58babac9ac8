"""Cold traces against warm ones: what the cold ones spend more on, step by step."""

from dataclasses import dataclass

from monitor.records.xray.trace import SpanKind


@dataclass(frozen=True, slots=True)
class StepDifference:
    """One step of the invocation over many traces; a trace without it counts as 0 ms.

    Medians are of the step's whole time in a trace, with what it contains (all calls of one name together), so
    the steps below one are part of it. `share` is of the difference between the median totals. `example_id` is the
    cold trace that spent most on it, `example_ms` how much; "" and None where no cold trace has the step.
    """

    name: str
    kind: SpanKind
    depth: int
    cold_ms: float
    warm_ms: float
    difference_ms: float
    share: float | None
    cold_seen: int
    warm_seen: int
    example_id: str = ""
    example_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A function's cold traces against its warm ones, each side's median; `best_id` shows the difference best.

    `best_id` is the cold trace whose total lies nearest to the median of the cold ones.
    """

    function: str
    cold: int
    warm: int
    cold_ms: float | None = None
    warm_ms: float | None = None
    difference_ms: float | None = None
    steps: tuple[StepDifference, ...] = ()
    best_id: str = ""
    notes: tuple[str, ...] = ()
