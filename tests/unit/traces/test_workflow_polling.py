"""A follow of traces against a ledger of segments that become visible late, in pieces and in any order."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import pytest

from monitor.errors import UnreachableError
from monitor.logs.follow.follow import Notice
from monitor.records.xray.documents import parse_trace
from monitor.records.xray.trace import Trace, TraceSummary
from monitor.traces.workflow_polling import FollowedTrace, TracePollSettings, follow_traces

START_MS = 1_790_000_000_000


class Clock:
    """Ends the follow by running out of time."""

    def __init__(self, length_s: float) -> None:
        self.ms = START_MS
        self.end_ms = START_MS + length_s * 1000

    def now_ms(self) -> int:
        return self.ms

    def sleep(self, seconds: float) -> None:
        self.ms += round(seconds * 1000)
        if self.ms > self.end_ms:
            raise StopIteration


@dataclass
class Ledger:
    """Documents by trace, each with the time at which it becomes visible; `failing`: seconds in which reads fail."""

    clock: Clock
    documents: dict[str, list[tuple[int, dict[str, object]]]] = field(default_factory=dict)
    failing: tuple[float, float] = (0, 0)
    most_read: int = 0
    longest_window_ms: int = 0

    def changed(self, start_ms: int, end_ms: int) -> Iterator[TraceSummary]:
        self._fail()
        self.longest_window_ms = max(self.longest_window_ms, end_ms - start_ms)
        for trace_id, parts in self.documents.items():
            # X-Ray's "Event": a trace is found by when it got a segment.
            if any(start_ms <= at <= end_ms and at <= self.clock.ms for at, _ in parts):
                yield TraceSummary(trace_id)

    def read(self, ids: Sequence[str]) -> Iterator[Trace]:
        self._fail()
        self.most_read = max(self.most_read, len(ids))
        for trace_id in ids:
            yield parse_trace([document for at, document in self.documents[trace_id] if at <= self.clock.ms], trace_id)

    def _fail(self) -> None:
        if self.failing[0] <= (self.clock.ms - START_MS) / 1000 < self.failing[1]:
            raise UnreachableError("xray was throttled repeatedly")


def invocation(number: int, at_ms: float, delays_ms: Sequence[float]) -> list[tuple[int, dict[str, object]]]:
    """Lambda's segment, the function's, and a call in a document of its own, each visible after a delay."""
    service, function, call = (f"{number:014x}{part:02x}" for part in range(3))
    at_s = at_ms / 1000
    made: list[dict[str, object]] = [
        {"id": service, "name": "f", "origin": "AWS::Lambda", "start_time": at_s, "end_time": at_s + 0.4},
        {"id": function, "parent_id": service, "name": "f", "origin": "AWS::Lambda::Function"},
        {"id": call, "parent_id": function, "type": "subsegment", "name": "S3", "namespace": "aws"},
    ]
    made[1] |= {"start_time": at_s + 0.1, "end_time": at_s + 0.4}
    made[2] |= {"start_time": at_s + 0.2, "end_time": at_s + 0.3}
    return [(round(at_ms + 400 + delay), one) for delay, one in zip(delays_ms, made, strict=True)]


def run(ledger: Ledger, settings: TracePollSettings | None = None) -> list[FollowedTrace | Notice]:
    found: list[FollowedTrace | Notice] = []
    try:
        for item in follow_traces(ledger, START_MS, ledger.clock, settings):
            found.append(item)  # noqa: PERF402 (what came before the clock ran out is wanted)
    except (StopIteration, RuntimeError):
        pass
    return found


def traces(found: Sequence[FollowedTrace | Notice]) -> list[FollowedTrace]:
    return [one for one in found if isinstance(one, FollowedTrace)]


def test_each_trace_comes_once_and_whole_however_late_its_pieces_come() -> None:
    chance = random.Random(7)
    ledger = Ledger(Clock(400))
    for number in range(200):
        delays = [chance.uniform(0, 30_000) for _ in range(3)]
        ledger.documents[f"t{number}"] = invocation(number, START_MS + number * 1000, delays)
    found = traces(run(ledger))
    assert sorted(one.trace.id for one in found) == sorted(ledger.documents)
    # A call that is sent on its own after both segments looked whole and settled is all that can be missing.
    assert all(one.lacking == "" for one in found)
    whole = sum(len(list(one.trace.spans())) == 3 for one in found)
    assert whole >= 150


def test_pieces_that_come_within_the_settling_time_are_never_missing() -> None:
    chance = random.Random(3)
    ledger = Ledger(Clock(300))
    for number in range(100):
        base = chance.uniform(0, 25_000)
        delays = [base + chance.uniform(0, 4_000) for _ in range(3)]
        ledger.documents[f"t{number}"] = invocation(number, START_MS + number * 1500, delays)
    found = traces(run(ledger))
    assert len(found) == 100
    assert all(len(list(one.trace.spans())) == 3 for one in found)


def test_a_piece_that_comes_after_it_was_printed_does_not_print_it_again() -> None:
    ledger = Ledger(Clock(600), {"t": invocation(1, START_MS, [0, 0, 240_000])})
    (one,) = traces(run(ledger))
    assert len(list(one.trace.spans())) == 2


def test_a_trace_in_progress_is_waited_for_and_then_told_with_what_it_lacks() -> None:
    parts = invocation(1, START_MS, [0, 0, 0])
    parts[1][1].pop("end_time")
    parts[1][1]["in_progress"] = True
    ledger = Ledger(Clock(300), {"t": parts, "no function": invocation(2, START_MS, [0, 1e9, 1e9])})
    by_id = {one.trace.id: one.lacking for one in traces(run(ledger))}
    assert by_id == {"t": "f is still in progress", "no function": "the function's own segment did not come"}
    assert ledger.clock.ms >= START_MS + 120_000


def test_what_ended_before_the_follow_began_is_not_held_back() -> None:
    ledger = Ledger(Clock(1), {"t": invocation(1, START_MS + 100, [0, 0, 0])})
    ledger.clock.ms = START_MS + 90_000
    ledger.clock.end_ms = ledger.clock.ms + 1000
    assert [one.trace.id for one in traces(run(ledger))] == ["t"]


def test_throttling_is_said_and_nothing_is_lost_by_it() -> None:
    ledger = Ledger(Clock(300), failing=(5, 45))
    for number in range(30):
        ledger.documents[f"t{number}"] = invocation(number, START_MS + number * 2000, [0, 1000, 2000])
    found = run(ledger)
    assert len(traces(found)) == 30
    notices = [one.text for one in found if isinstance(one, Notice)]
    assert notices[0] == "xray was throttled repeatedly; trying again"
    assert notices[-1] == "reading again"


def test_a_failure_without_an_end_is_raised() -> None:
    ledger = Ledger(Clock(100_000), failing=(0, 1e9))
    with pytest.raises(UnreachableError):
        list(islice(follow_traces(ledger, START_MS, ledger.clock), 100))


def test_memory_is_bounded_and_what_cannot_be_kept_up_with_is_said() -> None:
    settings = TracePollSettings(most_pending=50, most_known=10, most_read=20)
    ledger = Ledger(Clock(120))
    for number in range(1000):
        ledger.documents[f"t{number}"] = invocation(number, START_MS + number * 100, [0, 0, 0])
    found = run(ledger, settings)
    ids = [one.trace.id for one in traces(found)]
    assert ledger.most_read <= 20
    assert len(ids) == len(set(ids))
    assert ledger.longest_window_ms <= 80_000
    told = [int(one.text.split()[0]) for one in found if isinstance(one, Notice)]
    assert sum(told) + len(ids) >= 1000 - 50
