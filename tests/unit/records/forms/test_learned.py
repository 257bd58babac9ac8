"""Columns and layouts that no tool is known for: learned where Lambda's records are behind them, and only there."""

import json
import random
import time

import pytest

from monitor.records.forms.form import Sample
from monitor.records.forms.learned import learn
from monitor.records.forms.registry import detect
from tests.fakes.saved_logs import read_text

ID = "8f5b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d"
START = f"START RequestId: {ID} Version: $LATEST"
REPORT = (
    f"REPORT RequestId: {ID}\tDuration: 9.10 ms\tBilled Duration: 10 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB"
)
STREAM = "2026/11/27/[$LATEST]0123456789abcdef0123456789abcdef"


def test_any_columns_before_records_are_taken_off() -> None:
    """Columns of random kinds, in any order, padded: each message comes back as it was."""
    makers = (
        lambda rng: f"2026-11-27T13:00:0{rng.randrange(10)}.{rng.randrange(1000):03d}Z",
        lambda rng: f"179578440{rng.randrange(10)}{rng.randrange(1000):03d}",
        lambda rng: STREAM,
        lambda rng: rng.choice(("shop", "shop-api", "orders")),
        lambda rng: f"[{rng.choice(('web', 'worker'))}]",
        lambda rng: f"({rng.randrange(1, 99)})",
        lambda rng: f"key={rng.randrange(1, 9)}",
    )
    messages = [START, "hello", "  two words", REPORT] * 6
    for seed in range(200):
        rng = random.Random(seed)
        columns = [rng.choice(makers[:3]), *rng.choices(makers, k=rng.randrange(4))]
        rng.shuffle(columns)
        between = rng.choice((" ", "  ", " | ", "\t", " - ", ": "))
        lines = [between.join([*(make(rng) for make in columns), message]) for message in messages]
        pattern = learn(lines)
        assert pattern is not None, (seed, lines[0])
        rests = [line[found.end() :] for line in lines if (found := pattern.match(line))]
        assert rests == messages, (seed, lines[0], pattern.pattern)


def test_records_that_a_function_printed_teach_nothing() -> None:
    """Where records are in their place, those behind other text were printed."""
    printed = [f"copy of 2026-11-27T13:00:00.000Z {REPORT}"] * 50
    lines = [f"2026-11-27T13:00:00.000Z {STREAM} {line}" for line in (START, *printed, REPORT)]
    assert detect(Sample("\n".join(lines), whole=True))[0].name == "aws-tail"
    plain = "\n".join([START, *printed, REPORT])
    form, events = read_text(plain)
    assert form == "messages"
    assert sum(event.message == REPORT for event in events) == 1
    logged = [{"copy": {"line": REPORT}}] * 50
    events_of_api = [{"timestamp": 1795784400000, "message": one, "logStreamName": STREAM} for one in (START, REPORT)]
    form, events = read_text("\n".join(map(json.dumps, [events_of_api[0], *logged, events_of_api[1]])))
    assert form != "learned-json"
    assert sum(event.message == REPORT for event in events) == 1


@pytest.mark.parametrize("columns", [("a ", "b "), ("", "x: "), ("one two ", "[x] ")])
def test_columns_of_different_shapes_or_names_teach_nothing(columns: tuple[str, str]) -> None:
    assert learn([f"{columns[0]}{START}", f"{columns[1]}{REPORT}"]) is None


@pytest.mark.parametrize("mark", ["[", "|", ",", "=", ">", '"', "{"])
def test_a_line_of_spaces_or_marks_is_read_quickly(mark: str) -> None:
    pattern = learn([f"2026-11-27T13:00:00Z {mark * 60} x {mark}{START}"] * 2)
    assert pattern is not None
    began_s = time.process_time()
    for line in (
        " " * 200_000,
        f"2026-11-27T13:00:00Z {' ' * 200_000}",
        "2026-11-27T13:00:00Z " + f"{mark} " * 100_000,
    ):
        pattern.match(line)
    assert time.process_time() - began_s < 1.0


@pytest.mark.parametrize("each_line", [False, True])
def test_columns_keep_their_streams_where_the_first_lines_are_whole_events(each_line: bool) -> None:
    """The beginning does not tell whether a line without columns continues an event: a later one does."""
    streams = [f"2026/11/27/[$LATEST]{number:032x}" for number in range(300)]
    error = ["[ERROR] KeyError: no 7", "Traceback (most recent call last):", '  File "/var/task/app.py", line 12, in f']
    lines, expected = [], []
    for number, stream in enumerate(streams * 2):
        head = f"2026-11-27T13:00:00.{number:03d}Z | {stream} | "
        lines += [head + START, head + REPORT]
        expected += [(stream, START), (stream, REPORT)]
        if number > 500:
            lines += [head + line if each_line or line == error[0] else line for line in error]
            expected.append((stream, "\n".join(error)))
    form, events = read_text("\n".join(lines))
    assert form == "learned-columns"
    assert [(event.stream, event.message) for event in events] == expected
