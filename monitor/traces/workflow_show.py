"""One trace with what the log says of the same invocation: its lines, and its imports where X-Ray has none."""

from collections.abc import Sequence
from dataclasses import replace

from monitor.aws.connection import Connection
from monitor.errors import NotFoundError, RefusedError, UsageError
from monitor.kernel.clock import Clock
from monitor.kernel.console_pages import is_trace_id
from monitor.kernel.missing import Missing
from monitor.kernel.window import Window
from monitor.logs.workflow_find import LATEST, SLOWEST_COLD, by_request_id, find_invocation
from monitor.logs.workflow_reading import Reading, open_target
from monitor.records.invocation import Invocation
from monitor.records.record import Report
from monitor.traces.analyze_imports import lacks_imports, with_imports
from monitor.traces.analyze_invocations import MeasuredTrace, choose_figures
from monitor.traces.analyze_waterfall import lay_out
from monitor.traces.model import Figures, ShownInvocation, ShownTrace
from monitor.traces.workflow_find import EXAMINED, latest, slowest_cold, trace_by_id
from monitor.traces.workflow_source import open_source
from monitor.traces.workflow_starts import measured_with_start

# An init that was not waited for can lie well before; a function runs for 15 minutes at most.
_BEFORE_MS, _AFTER_MS = 60_000, 16 * 60_000
IMPORTS_FROM_LOG = "the imports inside Init are those of the init record in the log: X-Ray was sent none"


def show_invocation(reading: Reading, which: str, window: Window) -> ShownInvocation:
    """The invocation that `which` names, as `find_invocation` does, with its trace.

    Raises:
        UsageError, NotFoundError: as `find_invocation`.
    """
    found = find_invocation(reading, which, window)
    traced = _traced(reading.connections[0] if reading.connections else None, found)
    if isinstance(traced, Missing):
        return ShownInvocation(found, traced)
    return ShownInvocation(found, lay_out(measured_with_start(traced, found)))


def _traced(connection: Connection | None, invocation: Invocation) -> MeasuredTrace | Missing:
    """The trace that an invocation names, or why there is none."""
    report = invocation.report
    if not invocation.trace_id:
        return Missing("REPORT names no trace: the request was not sampled, or the function's tracing is not Active")
    if isinstance(report, Report) and report.sampled is False:
        return Missing("not sampled: Lambda traces one request a second and 5% of the rest")
    if connection is None:
        return Missing(f"trace {invocation.trace_id} is in X-Ray; a file of log lines does not contain it")
    try:
        return trace_by_id(connection, invocation.trace_id)
    except NotFoundError as error:
        return Missing(f"{error.message}: {error.hint}")
    except RefusedError as error:
        connection.warn_denied(error, "the trace is left out")
        return Missing(error.message)


def show_trace(
    connection: Connection,
    which: str,
    target: str | None,
    window: Window,
    *,
    logs: bool = False,
    examine: int = EXAMINED,
    clock: Clock | None = None,
) -> ShownTrace | ShownInvocation:
    """The trace that `which` names; for a request without one, what else is known of it.

    Raises:
        UsageError: a TARGET is needed and not given.
        NotFoundError: there is no such trace or request.
    """
    invocation = None
    if is_trace_id(which):
        measured = trace_by_id(connection, which, clock)
    elif target is None:
        raise UsageError(f"{which!r} needs a TARGET", f"e.g. `monitor traces show {which} my-function`")
    elif which == LATEST:
        measured = latest(open_source(connection, target, clock), window)
    elif which == SLOWEST_COLD:
        measured = slowest_cold(open_source(connection, target, clock), window, examine)
    else:
        invocation = find_invocation(open_target(connection, target), which, window)
        traced = _traced(connection, invocation)
        if isinstance(traced, Missing):
            return ShownInvocation(invocation, traced)
        measured = traced
    return _joined(connection, measured, invocation, target, logs)


def _joined(
    connection: Connection, measured: MeasuredTrace, invocation: Invocation | None, target: str | None, logs: bool
) -> ShownTrace:
    """The trace with its invocation's log where that is asked for or needed; a log that is not there is said."""
    figures = _of_target(measured.figures, target)
    if figures is None or not figures.request_id:
        reason = "the trace names no invocation of a Lambda function, so no log lines can be told to be its own"
        return lay_out(measured, Missing(reason) if logs else None)
    lacking = lacks_imports(measured.parts)
    logged: Invocation | Missing | None = invocation
    # The trace does not contain a failed or suppressed init: only the log does.
    if logged is None and (logs or lacking or not figures.cold):
        logged = _invocation(connection, figures, target)
    if isinstance(logged, Invocation):
        if lacking and logged.init_record is not None:
            whole = with_imports(measured, logged.init_record, figures.request_id)
            if whole is not measured:
                measured = replace(whole, notes=(*whole.notes, IMPORTS_FROM_LOG))
        measured = measured_with_start(measured, logged)
    return lay_out(measured, logged if logs else None)


def _of_target(figures: Sequence[Figures], target: str | None) -> Figures | None:
    mine = choose_figures(figures, function=target) if target else None
    return mine or next((one for one in figures if one.cold), None) or choose_figures(figures)


def _invocation(connection: Connection, figures: Figures, target: str | None) -> Invocation | Missing:
    mine = target if target and choose_figures([figures], function=target) else figures.function
    start_ms = round(figures.start_ms or 0.0)
    window = Window(start_ms - _BEFORE_MS, start_ms + round(figures.total_ms or 0.0) + _AFTER_MS)
    try:
        return by_request_id(open_target(connection, mine), figures.request_id, window)
    except NotFoundError as error:
        return Missing(f"{error.message}: it may have been deleted, or log elsewhere")
    except RefusedError as error:
        connection.warn_denied(error, "the log lines of the request are left out")
        return Missing(error.message)
