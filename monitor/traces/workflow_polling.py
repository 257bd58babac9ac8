"""Following traces: each once, when it is whole, although X-Ray delivers segments late and in pieces.

A trace appears with its first segment and changes as others come. So one that was seen is kept aside and read again
until two readings agree and nothing in it is in progress or missing; what stays incomplete is handed on with the
reason after a while. Memory is bounded: by the traces kept aside, and by the ids that were handed on.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from monitor.errors import UnreachableError
from monitor.kernel.clock import Clock
from monitor.logs.follow.follow import Notice
from monitor.records.xray.trace import AbsenceKind, SpanKind, Trace, TraceSummary

_GIVE_UP_AFTER = 20
_WANTING = {AbsenceKind.NO_PARENT, AbsenceKind.NOT_FOUND, AbsenceKind.UNREADABLE}


class TraceFeed(Protocol):
    """Where traces come from: X-Ray, or a test's ledger."""

    def changed(self, start_ms: int, end_ms: int) -> Iterator[TraceSummary]:
        """The traces that got a segment between the two times (epoch ms)."""

    def read(self, ids: Sequence[str]) -> Iterator[Trace]:
        """The traces of `ids` as they are now; one that is not there has no roots."""


@dataclass(frozen=True, slots=True)
class TracePollSettings:
    """`overlap_ms`: how late a change may become visible. `settle_ms`: how long a trace must stay as it is.

    `patience_ms`: after that an incomplete one is handed on all the same. `most_pending` are kept aside at once,
    `most_known` ids remembered beyond those that the overlap answers again, `most_read` traces read at one poll.
    """

    overlap_ms: int = 60_000
    settle_ms: int = 5_000
    patience_ms: int = 120_000
    fast_s: float = 2.0
    slow_s: float = 10.0
    most_pending: int = 2_000
    most_known: int = 50_000
    most_read: int = 100


@dataclass(frozen=True, slots=True)
class FollowedTrace:
    """A trace, handed on once. `lacking` says what it lacked when patience ended; "" when it was whole."""

    trace: Trace
    lacking: str = ""


@dataclass(slots=True)
class _Pending:
    seen_ms: int
    changed_ms: int
    read_ms: int = 0
    shape: tuple[int, int] = (0, 0)
    trace: Trace | None = None


class _Ledger:
    """What is kept aside, and what was handed on."""

    def __init__(self, settings: TracePollSettings) -> None:
        self._settings = settings
        self.pending: OrderedDict[str, _Pending] = OrderedDict()
        self._known: OrderedDict[str, int] = OrderedDict()
        self.dropped = 0

    def saw(self, trace_id: str, now_ms: int) -> None:
        """Keep it aside, unless it was handed on."""
        if trace_id in self._known:
            self._known[trace_id] = now_ms
            self._known.move_to_end(trace_id)
        elif trace_id not in self.pending:
            self.pending[trace_id] = _Pending(now_ms, now_ms)

    def due(self) -> list[str]:
        """Those to be read now, the ones longest unread first."""
        ordered = sorted(self.pending, key=lambda trace_id: self.pending[trace_id].read_ms)
        return ordered[: self._settings.most_read]

    def took(self, trace: Trace, now_ms: int) -> None:
        """Note a reading: a trace that changed has to settle again."""
        one = self.pending.get(trace.id)
        if one is None:
            return
        spans = list(trace.spans())
        shape = (len(spans), sum(span.in_progress for span in spans))
        if shape != one.shape:
            one.shape = shape
            # What ended long ago has settled already: the history that a follow begins with is not held back.
            last_s = max((span.end_s for span in spans if span.end_s is not None), default=None)
            is_old = not one.read_ms and last_s is not None and now_ms - last_s * 1000 >= self._settings.overlap_ms
            one.changed_ms = now_ms - self._settings.settle_ms if is_old else now_ms
        one.read_ms, one.trace = now_ms, trace

    def ready(self, now_ms: int) -> Iterator[FollowedTrace]:
        """What can be handed on now, in order of time; it is not again."""
        chosen: list[FollowedTrace] = []
        crowded = len(self.pending) - self._settings.most_pending
        for trace_id, one in list(self.pending.items()):
            lacking = _lacking(one.trace)
            settled = one.trace is not None and now_ms - one.changed_ms >= self._settings.settle_ms
            waited = now_ms - one.seen_ms >= self._settings.patience_ms
            crowded -= 1
            if (settled and not lacking) or waited or crowded >= 0:
                del self.pending[trace_id]
                self._know(trace_id, now_ms)
                if one.trace is not None and one.trace.roots:
                    chosen.append(FollowedTrace(one.trace, lacking))
                else:
                    self.dropped += 1
        yield from sorted(chosen, key=lambda one: min(root.start_s for root in one.trace.roots))

    def _know(self, trace_id: str, now_ms: int) -> None:
        self._known[trace_id] = now_ms
        # What this poll still answered will be answered again: forgetting it would double it.
        while len(self._known) > self._settings.most_known and next(iter(self._known.values())) < now_ms:
            self._known.popitem(last=False)


def _lacking(trace: Trace | None) -> str:
    """What keeps a trace from being whole, for a person; "" when nothing does."""
    if trace is None or not trace.roots:
        return "no segment came"
    kinds: set[SpanKind] = set()
    for span in trace.spans():
        kinds.add(span.kind)
        if span.in_progress:
            return f"{span.name} is still in progress"
    if SpanKind.SERVICE in kinds and SpanKind.FUNCTION not in kinds:
        return "the function's own segment did not come"
    wanting = next((absence for absence in trace.absent if absence.kind in _WANTING), None)
    return wanting.reason if wanting else ""


def follow_traces(
    feed: TraceFeed, start_ms: int, clock: Clock, settings: TracePollSettings | None = None
) -> Iterator[FollowedTrace | Notice]:
    """The traces that get a segment from `start_ms` on, each once, without an end.

    A read that fails is tried again at a slower pace, and said as a Notice; after twenty failures in a row the error
    is raised.
    """
    settings = settings or TracePollSettings()
    ledger = _Ledger(settings)
    last_ms, failures, wait_s = start_ms + settings.overlap_ms, 0, settings.fast_s
    while True:
        now_ms = clock.now_ms()
        try:
            # Counted from the last read that went well, and never from a clock that was set forward meanwhile.
            for summary in feed.changed(max(start_ms, min(last_ms, now_ms) - settings.overlap_ms), now_ms):
                ledger.saw(summary.id, now_ms)
            for trace in feed.read(ledger.due()):
                ledger.took(trace, now_ms)
        except UnreachableError as error:
            failures += 1
            if failures >= _GIVE_UP_AFTER:
                raise
            yield Notice(f"{error.message}; trying again")
            wait_s = settings.slow_s
        else:
            if failures:
                yield Notice("reading again")
            failures, last_ms = 0, now_ms
            wait_s = settings.fast_s if ledger.pending else min(wait_s * 1.5, settings.slow_s)
            yield from ledger.ready(now_ms)
            if ledger.dropped:
                yield Notice(f"{ledger.dropped} traces were named, but their documents never came or came too fast")
                ledger.dropped = 0
        clock.sleep(wait_s)
