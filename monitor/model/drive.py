"""Deploying a function to try it, and what an invocation answered."""

from dataclasses import dataclass, field
from pathlib import Path

from monitor.records.invocation import InitKind
from monitor.records.record import Report


@dataclass(frozen=True, slots=True)
class Deployment:
    """A function to create or update: its package and the configuration that matters.

    `runtime` is this machine's Python where it is None; `layers` are version ARNs.
    """

    name: str
    package: Path
    handler: str
    memory_mb: int = 512
    timeout_s: int = 15
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    runtime: str | None = None
    layers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InvocationResult:
    """What Invoke answered.

    `function_error` is "Unhandled" where the function failed; `payload` its answer as bytes; `report` the REPORT of the
    log's tail, None where it is not among its last 4 KB; `elapsed_ms` what the caller waited. `kind` of start is as
    REPORT tells it; one that failed, or ran inside the invocation, only the log does.
    """

    request_id: str
    function_error: str | None
    payload: bytes
    report: Report | None
    elapsed_ms: float
    kind: InitKind | None = None

    @property
    def is_cold(self) -> bool:
        """Whether its caller waited for an init."""
        return self.kind is not None and self.kind.waited_for
