"""The live log in bounded memory, whatever arrives and however slowly it is read."""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.records.event import LogEvent
from monitor.serve import analyze_live
from monitor.serve.analyze_live import LiveLog
from monitor.serve.model import Position
from tests.examples import examples

REQUEST = "5b86d4d4-0c1f-4d2c-9a0e-3f7e5b8f{:04x}"
STREAM = "2026/11/30/[$LATEST]0"


def log(most_lines: int = 1_000) -> LiveLog:
    return LiveLog(lambda event, _record: event.message.rstrip("\n"), lambda event: event.group, most_lines)


def event(at_ms: int, message: str, stream: str = STREAM) -> LogEvent:
    return LogEvent(at_ms, message, stream, "/aws/lambda/one", str(at_ms))


def invocation(number: int) -> list[LogEvent]:
    one, at_ms = REQUEST.format(number), 1_000_000 + number * 10_000
    return [
        event(at_ms, f"START RequestId: {one} Version: $LATEST\n"),
        event(at_ms + 1, f"[ERROR]\t2026-11-30T01:00:00.000Z\t{one}\tbroken {number}\n"),
        event(at_ms + 2, f"END RequestId: {one}\n"),
        event(at_ms + 3, f"REPORT RequestId: {one}\tDuration: 5.00 ms\tBilled Duration: 5 ms\tMemory Size: 512 MB\t\n"),
    ]


def read_all(live: LiveLog, position: Position) -> Iterator[tuple[int, int]]:
    """The number of each line that is read, and how many were skipped before its batch."""
    while True:
        batch, _ = live.after(position)
        if not batch.lines:
            return
        for at, line in enumerate(batch.lines):
            yield line.number, 0 if at else batch.skipped
        position = batch.position


@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(st.one_of(st.integers(1, 30), st.just("read")), max_size=40),
    st.integers(1, 60),
)
def test_each_line_is_read_once_or_counted_as_skipped(steps: list[int | str], most_lines: int) -> None:
    live, position, at_ms, seen, skipped = log(most_lines), Position(), 1_000_000, [], 0
    for step in [*steps, "read"]:
        if isinstance(step, int):
            live.add([event(at_ms + number, f"line {number}\n") for number in range(step)])
            at_ms += step
            continue
        batch, _ = live.after(position)
        # Who begins to read is not told of lines from before.
        skipped += batch.skipped if position.line else (batch.lines[0].number - 1 if batch.lines else 0)
        seen += [line.number for line in batch.lines]
        position = batch.position
    assert seen == sorted(set(seen))
    assert len(seen) + skipped == live._line_count


def test_an_invocation_is_told_once_with_all_its_lines() -> None:
    live = log()
    live.add(invocation(1))
    live.add(invocation(2))
    live.tick(2_000_000)
    batch, _ = live.after(Position())
    assert [one.invocation.request_id for one in batch.invocations] == [REQUEST.format(1), REQUEST.format(2)]
    assert [len(one.invocation.events) for one in batch.invocations] == [4, 4]
    assert batch.invocations[0].source == "/aws/lambda/one"
    assert [line.level for line in batch.lines[:2]] == [None, 40]
    assert batch.lines[1].request_id == REQUEST.format(1)
    assert not live.after(batch.position)[0].invocations
    found = live.find(REQUEST.format(2))
    assert found is not None
    assert found.report.duration_ms == 5.0  # type: ignore[union-attr]
    assert live.find("nothing") is None


def test_a_feed_of_large_lines_keeps_within_its_memory() -> None:
    live = log(20_000)
    for number in range(400):
        live.add([event(1_000_000 + number, "x" * 200_000)])
    kept = live._lines
    assert sum(len(line.text) for line in kept) <= analyze_live._MOST_TEXT
    assert all(line.cut for line in kept)
    assert live._line_count == 400


def test_invocations_with_large_lines_keep_within_their_memory() -> None:
    live = log()
    for number in range(200):
        first, *rest = invocation(number)
        live.add([first, event(first.timestamp_ms + 1, "y" * 250_000), *rest])
        live.tick(first.timestamp_ms + 60_000)
    kept = [one.invocation for one in live._invocations]
    assert 1 < len(kept) < 200
    assert sum(len(one.message) for invocation in kept for one in invocation.events) <= analyze_live._MOST_EVENT_TEXT


def test_a_reader_that_falls_behind_is_told_how_many_lines_it_missed() -> None:
    live = log(10)
    live.add([event(1_000_000 + number, f"line {number}\n") for number in range(5)])
    position = live.after(Position())[0].position
    live.add([event(1_001_000 + number, f"line {number}\n") for number in range(30)])
    batch = live.after(position)[0]
    assert batch.skipped == 20
    assert len(batch.lines) == 10


def test_many_lines_come_in_several_batches() -> None:
    live = log(20_000)
    live.add([event(1_000_000 + number, f"line {number}\n") for number in range(9_000)])
    assert [number for number, _ in read_all(live, Position())] == list(range(1, 9_001))


def test_notices_are_told_once() -> None:
    live = log()
    live.say("throttled")
    batch, number = live.after(Position())
    assert batch.notices == ["throttled"]
    assert live.after(Position(), number)[0].notices == []
