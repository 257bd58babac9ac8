"""How invocations started, read from the log without reading all of it.

X-Ray shows an init only if it ran before the invocation and succeeded. An init that failed, or that ran inside the
invocation, is only visible in the log.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from monitor.aws.logs import LogGroupSource
from monitor.logs.follow.follow import history
from monitor.records.event import LogEvent, Source
from monitor.records.invocation import InitKind, Invocation
from monitor.records.pairing import pair

# A filter for lines about an init, the start or end of an invocation, or a crash, in both log formats.
_FACTS = " ".join(
    f'?"{text}"'
    for text in (
        *("START RequestId", "REPORT RequestId", "INIT_START", "INIT_REPORT", "RESTORE_"),
        *("Task timed out", "Runtime exited", "monitor_init"),
        *("platform.start", "platform.report", "platform.runtimeDone", "platform.init", "platform.restore"),
    )
)
# After a crash, the next init runs inside the next invocation, whenever that comes. How far back to look for it.
BACK_MS = 5 * 60_000
_STREAM_BACK_MS = 60 * 60_000
# Lambda may run the init long before the first invocation. Until then the stream has no other events, so looking far
# back is cheap.
_ADVANCE_MS = 24 * 60 * 60_000
AFTER_MS = 20_000
MOST_LINES = 50_000


def starts(sources: Iterable[Source], start_ms: int, end_ms: int) -> tuple[dict[str, Invocation], bool]:
    """Invocations of the window that had an init, by request id; and whether all lines were read."""
    marked = [replace(one, filter_pattern=_FACTS) if isinstance(one, LogGroupSource) else one for one in sources]
    seen = [0]
    events = _counted(islice(history(marked, start_ms, end_ms), MOST_LINES), seen)
    found = {one.request_id: one for one in pair(events) if one.kind is not None and one.request_id}
    return found, seen[0] < MOST_LINES


def _counted(events: Iterable[LogEvent], seen: list[int]) -> Iterator[LogEvent]:
    for event in events:
        seen[0] += 1
        yield event


def start_of(source: LogGroupSource, invocation: Invocation) -> Invocation:
    """`invocation` with its start read from the whole stream: a crash or an early init may be much older."""
    if invocation.kind not in (None, InitKind.ON_DEMAND) or not invocation.stream:
        return invocation
    back_ms = _STREAM_BACK_MS if invocation.kind is None else _ADVANCE_MS
    own = replace(source, streams=(invocation.stream,))
    end_ms = invocation.end_ms if isinstance(invocation.end_ms, int) else invocation.at_ms
    found = starts([own], invocation.at_ms - back_ms, end_ms + AFTER_MS)[0].get(invocation.request_id)
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
