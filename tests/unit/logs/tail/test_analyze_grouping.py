"""The lines of each invocation are kept together, and what was interrupted says so where it goes on."""

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.logs.tail.analyze_grouping import InvocationGrouper, Step
from monitor.records.event import LogEvent
from tests.examples import examples

Line = tuple[int, str, str]


def step_of(text: str) -> Step:
    return {"START": Step.BEGINS, "REPORT": Step.ENDS}.get(text.partition(" ")[0], Step.CONTINUES)


def shown(lines: list[Line]) -> list[tuple[str, str | None]]:
    """What is shown of (time, stream, text): each text, and the id of the invocation that goes on with it.

    START has no text of its own, as in a tail.
    """
    grouper = InvocationGrouper()
    found: list[tuple[str, str | None]] = []
    for at_ms, stream, text in lines:
        event, step = LogEvent(at_ms, text, stream, "g"), step_of(text)
        key, request_id = ("g", stream), text.partition(" ")[2] if step is Step.BEGINS else ""
        if step is Step.BEGINS:
            is_free = grouper.begin(key, request_id)
        else:
            is_free = grouper.end(key) if step is Step.ENDS else grouper.is_free(key)
        if is_free:
            found.append((text, None))
            continue
        body = "" if step is Step.BEGINS else text
        found.extend((one.message, goes_on) for one, _, goes_on in grouper.add(event, body, step, request_id))
    found.extend((one.message, goes_on) for one, _, goes_on in grouper.finish())
    return found


def test_two_at_once_come_one_after_the_other() -> None:
    lines = [(1, "a", "START A"), (2, "b", "START B"), (3, "a", "a1"), (4, "b", "b1"), (5, "b", "REPORT B")]
    lines += [(6, "a", "a2"), (7, "a", "REPORT A"), (8, "c", "outside")]
    assert [text for text, _ in shown(lines)] == [
        "START A", "a1", "a2", "REPORT A", "START B", "b1", "REPORT B", "outside",
    ]  # fmt: skip


def test_one_that_takes_long_does_not_keep_the_others_waiting() -> None:
    lines = [(1, "a", "START A"), (2, "b", "START B"), (3, "b", "REPORT B"), (6_000, "a", "a1"), (6_001, "a", "a2")]
    assert shown(lines) == [
        ("START A", None), ("a1", None), ("START B", None), ("REPORT B", None), ("a2", "A"),
    ]  # fmt: skip


def test_an_interrupted_one_goes_on_at_once_when_nobody_else_is_shown() -> None:
    grouper = InvocationGrouper()
    events = [LogEvent(1, "START A", "a"), LogEvent(2, "START B", "b"), LogEvent(3, "REPORT B", "b")]
    assert grouper.begin(("", "a"), "A")
    for event in events[1:]:
        assert list(grouper.add(event, event.message, step_of(event.message), "B")) == []
    assert [event.message for event, _, _ in grouper.release(6_000)] == ["START B", "REPORT B"]
    line = LogEvent(6_001, "a1", "a")
    assert list(grouper.add(line, "a1", Step.CONTINUES)) == [(line, "a1", "A")]


def test_what_shows_nothing_interrupts_nobody() -> None:
    lines = [(1, "a", "START A"), (2, "b", "START B"), (6_000, "a", "a1"), (12_000, "a", "a2"), (12_001, "a", "a3")]
    assert [goes_on for _, goes_on in shown(lines)] == [None] * 5


def test_an_invocation_that_never_ended_does_not_go_on_as_the_next_one() -> None:
    lines = [(1, "a", "START A"), (2, "b", "START B"), (3, "b", "b1"), (6_000, "a", "a1"), (6_001, "b", "REPORT B")]
    lines += [(6_002, "a", "START A2"), (6_003, "a", "a2"), (6_004, "a", "REPORT A2")]
    assert ("a2", None) in shown(lines)


# The time and the stream of each line; START and REPORT come often, so that invocations interrupt each other.
_lines = st.lists(
    st.tuples(
        st.sampled_from([1, 1, 500, 3_000, 9_000]),
        st.sampled_from("abcd"),
        st.sampled_from(["START", "START", "REPORT", "text", "text", "text"]),
    ),
    max_size=60,
)


def named(turns: list[tuple[int, str, str]]) -> tuple[list[Line], dict[str, str | None]]:
    """Lines, each with a text of its own, and the invocation that each text belongs to, None for outside of any."""
    at_ms, lines, owner = 0, [], {}
    running: dict[str, str | None] = {}
    for number, (gap_ms, stream, kind) in enumerate(turns):
        at_ms += gap_ms
        text = f"{kind} {stream}{number}"
        if kind == "START":
            running[stream] = f"{stream}{number}"
        owner[text] = running.get(stream)
        if kind == "REPORT":
            running[stream] = None
        lines.append((at_ms, stream, text))
    return lines, owner


@settings(max_examples=examples(500))
@given(_lines)
def test_nothing_is_lost_and_each_stream_keeps_its_order(turns: list[tuple[int, str, str]]) -> None:
    lines, _ = named(turns)
    found = [text for text, _ in shown(lines)]
    assert sorted(found) == sorted(text for _, _, text in lines)
    for stream in "abcd":
        own = [text for _, one, text in lines if one == stream]
        assert [text for text in found if text in own] == own


@settings(max_examples=examples(1_000))
@given(_lines)
def test_a_line_says_whose_it_is_where_others_were_shown_in_between(turns: list[tuple[int, str, str]]) -> None:
    """Exactly there: at the first text of an invocation after texts of others since its last line."""
    lines, owner = named(turns)
    # Invocations that have begun, and whether another has shown text since.
    interrupted: dict[str, bool] = {}
    for text, goes_on in shown(lines):
        mine = owner[text]
        if mine is None:
            assert goes_on is None
            continue
        interrupted.setdefault(mine, False)
        if text.startswith("START"):
            assert goes_on is None
            continue
        assert goes_on == (mine if interrupted[mine] else None), text
        for other in interrupted:
            interrupted[other] = other != mine
