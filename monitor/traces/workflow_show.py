"""One trace with what the log says of the same invocation: its lines, and its imports where X-Ray has none."""

from collections.abc import Sequence
from dataclasses import replace

from monitor.aws.connection import Connection
from monitor.errors import NotFoundError, RefusedError, UsageError
from monitor.kernel.clock import Clock
from monitor.kernel.missing import Missing
from monitor.kernel.window import Window
from monitor.logs.workflow_find import LATEST, SLOWEST_COLD, by_request_id, find_invocation
from monitor.logs.workflow_reading import Reading, open_target
from monitor.records.invocation import Invocation
from monitor.records.record import Report
from monitor.records.xray.layout import invocations
from monitor.records.xray.trace import Trace
from monitor.traces.analyze_figures import choose_figures, trace_figures
from monitor.traces.analyze_imports import lacks_imports, with_imports
from monitor.traces.analyze_summary import summary_of
from monitor.traces.analyze_waterfall import build_waterfall
from monitor.traces.model import Figures, ShownInvocation, ShownTrace
from monitor.traces.workflow_find import EXAMINED, cold_ms, is_trace_id, laid_out, latest, slowest_cold, trace_by_id
from monitor.traces.workflow_source import open_source
from monitor.traces.workflow_starts import shown_with_start

# An init that was not waited for can lie well before; a function runs for 15 minutes at most.
_BEFORE_MS, _AFTER_MS = 60_000, 16 * 60_000
IMPORTS_FROM_LOG = "the imports inside Init are those of the init record in the log: X-Ray was sent none"


def show_invocation(reading: Reading, which: str, window: Window) -> ShownInvocation:
    """The invocation that `which` names, as `find_invocation` does, with its trace.

    Raises:
        UsageError, NotFoundError: as `find_invocation`.
    """
    found = find_invocation(reading, which, window)
    connection = reading.connections[0] if reading.connections else None
    return ShownInvocation(found, _trace(connection, found))


def _trace(connection: Connection | None, invocation: Invocation) -> ShownTrace | Missing:
    report = invocation.report
    if not invocation.trace_id:
        return Missing("REPORT names no trace: the request was not sampled, or the function's tracing is not Active")
    if isinstance(report, Report) and report.sampled is False:
        return Missing("not sampled: Lambda traces one request a second and 5 % of the rest")
    if connection is None:
        return Missing(f"trace {invocation.trace_id} is in X-Ray; lines at hand do not hold it")
    try:
        return shown_with_start(trace_by_id(connection, invocation.trace_id), invocation)
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
    if is_trace_id(which):
        shown = trace_by_id(connection, which, clock)
    elif target is None:
        raise UsageError(f"whose is {which!r}? No TARGET was given", f"e.g. `monitor traces show {which} my-function`")
    elif which == LATEST:
        shown = latest(open_source(connection, target, clock), window)
    elif which == SLOWEST_COLD:
        shown = slowest_cold(open_source(connection, target, clock), window, examine)
    else:
        found = show_invocation(open_target(connection, target), which, window)
        if isinstance(found.trace, Missing):
            return found
        shown = replace(found.trace, invocation=found.invocation)
    return _joined(connection, shown, target, logs)


def _joined(connection: Connection, shown: ShownTrace, target: str | None, logs: bool) -> ShownTrace:
    """`shown` with its invocation's log where that is asked for or needed; a log that is not there is said."""
    figures = _of_target(shown.figures, target)
    if figures is None or not figures.request_id:
        reason = "the trace names no invocation of a Lambda function, so no log lines can be told to be its own"
        return replace(shown, invocation=Missing(reason)) if logs else shown
    wanting = any(lacks_imports(parts) for parts in invocations(shown.trace))
    invocation = shown.invocation
    # A failed or suppressed init is no part of the trace: only the log tells it.
    if invocation is None and (logs or wanting or not figures.cold):
        invocation = _invocation(connection, figures, target)
    notes = shown.notes
    trace = shown.trace
    if wanting and isinstance(invocation, Invocation) and invocation.init_record is not None:
        trace = with_imports(trace, invocation.init_record, figures.request_id)
        notes += (IMPORTS_FROM_LOG,) if trace is not shown.trace else ()
    kept = invocation if logs else None
    joined = replace(shown, invocation=kept, notes=notes)
    if trace is not shown.trace:
        joined = ShownTrace(trace, build_waterfall(trace), trace_figures(trace), kept, notes)
    return shown_with_start(joined, invocation) if isinstance(invocation, Invocation) else joined


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
        connection.warn_denied(error, "what the log holds of the request is left out")
        return Missing(error.message)


def choose_trace(traces: Sequence[Trace], which: str | None, source: str) -> ShownTrace:
    """One of the traces at hand: by its id, a request id, `latest` or `slowest-cold`; None: the only one.

    Raises:
        UsageError: there are several and none was named.
        NotFoundError: none is the one that was named.
    """
    readable = [trace for trace in traces if trace.roots or trace.absent]
    if which is None:
        if len(readable) > 1:
            some = ", ".join(trace.id for trace in readable[:3])
            raise UsageError(f"{source} holds {len(readable)} traces", f"name one: {some} …, latest or slowest-cold")
        which = readable[0].id if readable else ""
    chosen: Trace | None = None
    whole = [trace for trace in readable if trace.roots]
    if which == LATEST:
        chosen = max(whole, key=lambda trace: summary_of(trace).start_ms or 0.0, default=None)
    elif which == SLOWEST_COLD:
        chosen = max(filter(_slowest, whole), key=_slowest, default=None)
    else:
        named = (trace for trace in readable if trace.id == which)
        asked = (trace for trace in readable if any(one.request_id == which for one in trace_figures(trace)))
        chosen = next(named, None) or next(asked, None)
    if chosen is None:
        raise NotFoundError(f"{source} holds no trace {which}".rstrip(), "`monitor traces list --from` lists them")
    return laid_out(chosen)


def _slowest(trace: Trace) -> float:
    return max((cold_ms(one) for one in trace_figures(trace) if one.cold), default=0.0)
