"""Interleaved invocations are put together again."""

from monitor.logs.tail.analyze_grouping import Together
from monitor.records.event import LogEvent
from monitor.records.message import parse_message


def spoken(lines: list[tuple[int, str, str]]) -> list[tuple[str, bool]]:
    together = Together()
    found = []
    for at_ms, stream, text in lines:
        event = LogEvent(at_ms, text, stream, "g")
        record = parse_message(text)
        if together.passes(event, record):
            found.append((text, False))
            continue
        found.extend((one.message, goes_on) for one, _, goes_on in together.add(event, record))
    found.extend((one.message, goes_on) for one, _, goes_on in together.finish())
    return found


def start(name: str) -> str:
    return f"START RequestId: {name} Version: 1"


def report(name: str) -> str:
    return f"REPORT RequestId: {name}\tDuration: 1 ms"


def test_two_at_once_come_one_after_the_other() -> None:
    lines = [(1, "a", start("A")), (2, "b", start("B")), (3, "a", "a1"), (4, "b", "b1"), (5, "b", report("B"))]
    lines += [(6, "a", "a2"), (7, "a", report("A")), (8, "c", "outside")]
    assert [text for text, _ in spoken(lines)] == [
        start("A"), "a1", "a2", report("A"), start("B"), "b1", report("B"), "outside",
    ]  # fmt: skip


def test_one_that_takes_long_does_not_keep_the_others_waiting() -> None:
    lines = [(1, "a", start("A")), (2, "b", start("B")), (3, "b", report("B")), (6_000, "a", "a1"), (6_001, "a", "a2")]
    assert spoken(lines) == [
        (start("A"), False), ("a1", False), (start("B"), False), (report("B"), False), ("a2", True),
    ]  # fmt: skip


def test_nothing_is_lost_whatever_is_interleaved() -> None:
    lines = [
        (at, f"s{at % 7}", start(f"R{at}") if at % 5 == 0 else report("R") if at % 11 == 0 else f"t{at}")
        for at in range(500)
    ]
    assert sorted(text for text, _ in spoken(lines)) == sorted(text for _, _, text in lines)
