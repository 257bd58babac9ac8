"""A cold start: an invocation whose caller waited for an init, and what that took and cost."""

from dataclasses import dataclass

from monitor.kernel.missing import Missing
from monitor.records.cost import Price, invocation_cost_usd
from monitor.records.init_record import InitRecord
from monitor.records.invocation import InitKind, Invocation


@dataclass(frozen=True, slots=True)
class ColdStart:
    """One cold start.

    `at_ms` is the epoch time of its first line. `init_ms` is the platform's Init Duration, or Restore
    Duration for SnapStart; of a suppressed or failed init its part of the duration, None where the platform
    gives none (a suppressed init in text format). `failed_init_ms` is what an init took that failed before
    the invocation and was repeated inside it. `first_total_ms` is what the first caller waited for:
    `before_ms` + duration. None when a part is unknown.
    `cost_usd` is the whole invocation's, None where a price or a figure is unknown.
    """

    request_id: str
    function: str
    version: str | None
    stream: str
    group: str
    at_ms: int
    kind: InitKind
    init_ms: float | None
    duration_ms: float | None
    first_total_ms: float | None
    billed_ms: float | None
    memory_mb: int | None
    max_memory_mb: int | None
    status: str | None = None
    error_type: str | None = None
    trace_id: str | None = None
    segment_id: str | None = None
    runtime_version: str | None = None
    architecture: str | None = None
    cost_usd: float | None = None
    init_record: InitRecord | None = None
    failed_init_ms: float | None = None

    @property
    def before_ms(self) -> float | None:
        """What the caller waited for before the invocation: the init, or the one that failed before its repeat."""
        return self.failed_init_ms if self.kind.inside else self.init_ms


def cold_start(invocation: Invocation, at: Price | None = None) -> ColdStart | None:
    """The cold start that an invocation is, None for one that nobody waited for; `at` gives it its cost."""
    kind = invocation.kind
    if not invocation.cold or kind is None:
        return None
    report = None if isinstance(invocation.report, Missing) else invocation.report
    record = invocation.init_record
    duration_ms = report.duration_ms if report else None
    return ColdStart(
        request_id=invocation.request_id,
        function=invocation.function,
        version=invocation.version,
        stream=invocation.stream,
        group=invocation.group,
        at_ms=invocation.at_ms,
        kind=kind,
        init_ms=invocation.init_ms,
        duration_ms=duration_ms,
        first_total_ms=_first_total_ms(invocation, kind, duration_ms),
        billed_ms=report.billed_ms if report else None,
        memory_mb=report.memory_mb if report else None,
        max_memory_mb=report.max_memory_mb if report else None,
        status=report.status if report else None,
        error_type=invocation.error.error_type if invocation.error else None,
        trace_id=invocation.trace_id,
        segment_id=report.segment_id if report else None,
        runtime_version=invocation.runtime_version,
        architecture=record.architecture if record else None,
        cost_usd=invocation_cost_usd(report, kind, at) if report else None,
        init_record=record,
        failed_init_ms=invocation.failed_init_ms,
    )


def _first_total_ms(invocation: Invocation, kind: InitKind, duration_ms: float | None) -> float | None:
    """What the caller waited for. A suppressed init, and the repeat of a failed one, is inside the duration."""
    before_ms = (invocation.failed_init_ms or 0.0) if kind.inside else invocation.init_ms
    return None if duration_ms is None or before_ms is None else before_ms + duration_ms
