"""What an invocation answered its caller."""

from dataclasses import dataclass

from monitor.records.invocation import InitKind
from monitor.records.record import Report


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
