"""Adds the kind of start from the log to traces."""

from collections.abc import Sequence
from dataclasses import replace

from monitor.errors import RefusedError, UnreachableError
from monitor.logs.workflow_reading import open_target
from monitor.logs.workflow_starts import AFTER_MS, BACK_MS, MOST_LINES, starts
from monitor.records.invocation import InitKind, Invocation
from monitor.traces.analyze_invocations import MeasuredTrace
from monitor.traces.model import Figures, ListedTrace
from monitor.traces.workflow_source import TraceSource

WARM = "an init that failed or ran inside the invocation looks warm"
CUT = f"kinds of start come from the first {MOST_LINES:,} lines of the log only: use a shorter --since"


def with_start(figures: Figures, invocation: Invocation | None) -> Figures:
    """A trace's figures, and how the invocation started by its log, which knows more."""
    if invocation is None or invocation.kind is None:
        return figures
    if figures.early_init_ms is not None and invocation.kind is InitKind.ON_DEMAND:
        # The trace goes further back than the lines that were read.
        return replace(figures, kind=InitKind.PROACTIVE)
    found = replace(figures, cold=invocation.cold, kind=invocation.kind)
    failed_ms = invocation.failed_init_ms
    if failed_ms is None or not invocation.kind.inside:
        return found
    environment_ms = None if figures.environment_ms is None else max(0.0, figures.environment_ms - failed_ms)
    return replace(found, init_ms=failed_ms, environment_ms=environment_ms)


def measured_with_start(measured: MeasuredTrace, invocation: Invocation) -> MeasuredTrace:
    """A trace whose figures of that invocation know how it started by its log."""
    found = measured.figures
    figures = (with_start(one, invocation) if one.request_id == invocation.request_id else one for one in found)
    return replace(measured, figures=tuple(figures))


def with_starts(source: TraceSource, listed: Sequence[ListedTrace]) -> tuple[list[ListedTrace], tuple[str, ...]]:
    """Traces with what the log tells of their starts, and a note where that is not all; as they are without a log."""
    unsure = [one.figures for one in listed if one.figures and not one.figures.cold and one.figures.request_id]
    times = [round(one.start_ms) for one in unsure if one.start_ms is not None]
    if not times:
        return list(listed), ()
    ends = [round((one.start_ms or 0.0) + (one.total_ms or 0.0)) for one in unsure]
    try:
        reading = open_target(source.connection, source.target)
        known, whole = starts(reading.sources, min(times) - BACK_MS, max(ends) + AFTER_MS)
    except RefusedError as error:
        source.connection.warn_denied(error, WARM)
        return list(listed), ()
    except UnreachableError as error:
        return list(listed), (f"{error.message}: {WARM}",)
    found = [
        replace(one, figures=with_start(one.figures, known.get(one.figures.request_id))) if one.figures else one
        for one in listed
    ]
    return found, () if whole else (CUT,)
