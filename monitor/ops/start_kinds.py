"""How invocations started, by the log, for what does not read all of it.

X-Ray knows of an init only where it ran before the invocation and went well: one that failed, or ran inside the
invocation, is told by the log alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from monitor.aws.logs import LogGroupSource
from monitor.errors import RefusedError, UnreachableError
from monitor.follow.follow import history
from monitor.model.traces import ListedTrace, ShownTrace
from monitor.model.waterfall import Figures
from monitor.ops.reading import open_reading
from monitor.ops.trace_source import TraceSource
from monitor.records.event import LogEvent
from monitor.records.invocation import InitKind, Invocation
from monitor.records.message import parse_fact
from monitor.records.pairing import pair
from monitor.records.source import Source

# Lines that tell of an init, of an invocation's end or of a crash, in both formats, and nothing else.
_FACTS = " ".join(
    f'?"{text}"'
    for text in (
        *("START RequestId", "REPORT RequestId", "INIT_START", "INIT_REPORT", "RESTORE_"),
        *("Task timed out", "Runtime exited", "monitor_init"),
        *("platform.start", "platform.report", "platform.runtimeDone", "platform.init", "platform.restore"),
    )
)
# An environment that crashed makes its next init in the next invocation, whenever that comes: so far back is looked.
_BACK_MS = 5 * 60_000
_STREAM_BACK_MS = 60 * 60_000
# Before the first invocation a stream holds its init alone, which Lambda may have run in advance: to look far is cheap.
_ADVANCE_MS = 24 * 60 * 60_000
_AFTER_MS = 20_000
_MOST_LINES = 50_000
WARM = "an init that failed or ran inside the invocation looks warm"
CUT = f"kinds of start are told of the first {_MOST_LINES:,} lines of the log: a shorter --since holds fewer"


def starts(sources: Iterable[Source], start_ms: int, end_ms: int) -> tuple[dict[str, Invocation], bool]:
    """Invocations of the window that had an init behind them, by request id; and whether all lines were read."""
    marked = [replace(one, filter_pattern=_FACTS) if isinstance(one, LogGroupSource) else one for one in sources]
    seen = [0]
    events = _counted(islice(history(marked, start_ms, end_ms), _MOST_LINES), seen)
    found = {one.request_id: one for one in pair(events, parse=parse_fact) if one.kind is not None and one.request_id}
    return found, seen[0] < _MOST_LINES


def _counted(events: Iterable[LogEvent], seen: list[int]) -> Iterator[LogEvent]:
    for event in events:
        seen[0] += 1
        yield event


def start_of(source: LogGroupSource, invocation: Invocation) -> Invocation:
    """`invocation` as its whole stream tells its start: a crash, or an init in advance, may lie long before."""
    if invocation.kind not in (None, InitKind.ON_DEMAND) or not invocation.stream:
        return invocation
    back_ms = _STREAM_BACK_MS if invocation.kind is None else _ADVANCE_MS
    own = replace(source, streams=(invocation.stream,))
    end_ms = invocation.end_ms if isinstance(invocation.end_ms, int) else invocation.at_ms
    found = starts([own], invocation.at_ms - back_ms, end_ms + _AFTER_MS)[0].get(invocation.request_id)
    if found is None:
        return invocation
    return replace(
        invocation,
        cold=found.cold,
        kind=found.kind,
        init_ms=found.init_ms,
        failed_init_ms=found.failed_init_ms,
        notes=tuple(dict.fromkeys((*invocation.notes, *found.notes))),
    )


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


def shown_with_start(shown: ShownTrace, invocation: Invocation) -> ShownTrace:
    """A trace whose figures of that invocation know how it started by its log."""
    figures = (with_start(one, invocation) if one.request_id == invocation.request_id else one for one in shown.figures)
    return replace(shown, figures=tuple(figures))


def with_starts(source: TraceSource, listed: Sequence[ListedTrace]) -> tuple[list[ListedTrace], tuple[str, ...]]:
    """Traces with what the log tells of their starts, and a note where that is not all; as they are without a log."""
    unsure = [one.figures for one in listed if one.figures and not one.figures.cold and one.figures.request_id]
    times = [round(one.start_ms) for one in unsure if one.start_ms is not None]
    if not times:
        return list(listed), ()
    ends = [round((one.start_ms or 0.0) + (one.total_ms or 0.0)) for one in unsure]
    try:
        reading = open_reading([source.connection], [source.target])
        known, whole = starts(reading.sources, min(times) - _BACK_MS, max(ends) + _AFTER_MS)
    except RefusedError as error:
        source.connection.go_without(error, WARM)
        return list(listed), ()
    except UnreachableError as error:
        return list(listed), (f"{error.message}: {WARM}",)
    found = [
        replace(one, figures=with_start(one.figures, known.get(one.figures.request_id))) if one.figures else one
        for one in listed
    ]
    return found, () if whole else (CUT,)
