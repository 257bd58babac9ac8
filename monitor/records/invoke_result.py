"""The response to an Invoke call."""

from dataclasses import dataclass

from monitor.records.invocation import InitKind
from monitor.records.record import Report


@dataclass(frozen=True, slots=True)
class InvocationResult:
    """The response to an Invoke call.

    `function_error` is "Unhandled" if the function failed; `payload` is the response as bytes. `report` is the REPORT
    line from the end of the log, None if it is not in the last 4 KB. `elapsed_ms` is how long the caller waited. `kind`
    is derived from REPORT alone, which does not show an init that failed or ran inside the invocation.
    """

    request_id: str
    function_error: str | None
    payload: bytes
    report: Report | None
    elapsed_ms: float
    kind: InitKind | None = None

    @property
    def is_cold(self) -> bool:
        """Whether the caller waited for an init."""
        return self.kind is not None and self.kind.waited_for
