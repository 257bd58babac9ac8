"""The short way and the long way from a message to its text give the same."""

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.console.text import Style
from monitor.logs.render_bodies import Bodies, Limits
from monitor.logs.render_events import TailRenderer
from monitor.logs.tail.options import TailOptions
from monitor.logs.tail.quick_text import UsualLines
from monitor.logs.tail.text_printer import TextPrinter
from monitor.records.event import LogEvent
from monitor.records.message import parse_message

REQUEST = "5b86d4d4-0c1f-4d2c-9a0e-3f7e5b8f6a11"
EMF = {"_aws": {"Timestamp": 1, "CloudWatchMetrics": [{"Namespace": "A", "Dimensions": [["service"]],
       "Metrics": [{"Name": "Seen", "Unit": "Count"}, {"Name": "Took", "Unit": "Milliseconds"}]}]},
       "service": "s", "Seen": [1.0], "Took": 12.5}  # fmt: skip
USUAL = [
    f"START RequestId: {REQUEST} Version: $LATEST\n",
    f"REPORT RequestId: {REQUEST}\tDuration: 2900.00 ms\tBilled Duration: 417 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 127 MB\tInit Duration: 413.61 ms\t\n",
    f"[WARNING]\t2026-11-23T02:48:41.886Z\t{REQUEST}\tlow on\tspace\n",
    json.dumps({"level": "ERROR", "message": "đã\nhỏng", "width": 640, "ok": True, "none": None, "ratio": 0.25}),
    json.dumps(EMF),
    "plain \x1b[31mred\x1b[0m text\r\n",
    "",
]
UNUSUAL = [
    f"REPORT RequestId: {REQUEST}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 97 MB\tStatus: timeout\n",
    f"[ERROR]\t2026-11-23T02:48:41.886Z\t{REQUEST}\tfailed\nTraceback (most recent call last):\n"
    '  File "a.py", line 1, in f\nValueError: no',
    json.dumps({"level": "INFO", "message": "m", "id": 2**70}),
    json.dumps({"level": "INFO", "message": "m", "nested": {"a": [1]}}),
    json.dumps({"level": "INFO", "message": "m", "exception": "Traceback (most recent call last):\nValueError: x"}),
    '{"level": "INFO", "message": "m", "value": NaN}',
    '{"level": "INFO", "message": "\\ud800"}',
    json.dumps({"time": "t", "type": "platform.start", "record": {"requestId": REQUEST}}),
    json.dumps(EMF | {"Seen": [1.0, 2.0]}),
    json.dumps(EMF | {"service": 7}),
    f"printed without a newlineEND RequestId: {REQUEST}\n",
    "INIT_START Runtime Version: python:3.12.v5\tRuntime Version ARN: arn:aws:lambda\n",
]  # fmt: skip
END = f"END RequestId: {REQUEST}\n"
ASKED = TailOptions(grep=(), exclude=(), level=None, request_id=(), trace_id=(), cold=False, errors=False, slow_ms=None,
              fields=None, query=None, context=0, invocations=False, no_fold=False, until_match=None, timeout_ms=None,
              checkpoint=None, save=None, live="off", lateness_ms=60_000.0, reorder_ms=2_000.0, tags=())  # fmt: skip
CHOICES = [Bodies(False), Bodies(True, limits=Limits(1_000, {"g": 3_000.0})), Bodies(True, ("width", "ok"))]


def both(bodies: Bodies, message: str) -> tuple[str | None, str]:
    return UsualLines(bodies).body(message, "g"), bodies.of(parse_message(message), "g")


@pytest.mark.parametrize("bodies", CHOICES)
@pytest.mark.parametrize("message", USUAL)
def test_a_usual_line_takes_the_short_way_and_says_the_same(bodies: Bodies, message: str) -> None:
    short, long = both(bodies, message)
    assert short == long


@pytest.mark.parametrize("message", UNUSUAL)
def test_anything_else_takes_the_long_way(message: str) -> None:
    assert both(CHOICES[0], message)[0] is None


def test_lines_of_real_logs_say_the_same_both_ways(corpus: Path) -> None:
    count = short_ways = 0
    for path in sorted(corpus.rglob("*")):
        if path.suffix not in (".log", ".txt", ".jsonl", ".ndjson") or path.stat().st_size > 2_000_000:
            continue
        for message in path.read_text(encoding="utf-8", errors="replace").splitlines()[:2_000]:
            short, long = both(CHOICES[1], message)
            count += 1
            short_ways += short is not None
            assert short in (None, long), (path, message)
    assert short_ways > 100, count


members = st.dictionaries(
    st.sampled_from(["level", "message", "width", "service", "_aws", "error", "type", "time", "b", "ж"]),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just(EMF["_aws"])
    | st.lists(st.integers(), max_size=2),
    max_size=7,
)  # fmt: skip
heads = st.sampled_from(["", "[INFO]\t2026-11-23T02:48:41.886Z\tid\t", "REPORT ", "START RequestId: ", "{", "[ERROR] "])


@given(st.builds(json.dumps, members) | st.builds(str.__add__, heads, st.text(max_size=40)))
def test_no_line_is_told_in_two_ways(message: str) -> None:
    for bodies in CHOICES:
        short, long = both(bodies, message)
        assert short in (None, long)


@given(st.dictionaries(st.sampled_from(["Name", "Unit", "x"]), st.text(max_size=4) | st.integers() | st.none()),
       st.lists(st.sampled_from(["service", "Seen", "absent", 3])))  # fmt: skip
def test_no_metric_is_told_in_two_ways(metric: dict[str, Any], names: list[Any]) -> None:
    directive = {"Namespace": "A", "Dimensions": [names], "Metrics": [metric, {"Name": "Seen", "Unit": "Count"}]}
    line = {"_aws": {"CloudWatchMetrics": [directive]}, "service": "s", "Seen": 1, "": 2}
    short, long = both(CHOICES[0], json.dumps(line))
    assert short in (None, long)


def printed(messages: list[tuple[int, int, int]], *, short: bool) -> tuple[list[str], list[LogEvent]]:
    """The text of lines of three streams, in batches of four."""
    printer = TextPrinter(ASKED, TailRenderer(Style(), UTC, {}))
    if not short:
        printer._usual = None
    events = [
        LogEvent(1_795_402_121_000 + at * 700 + late, (USUAL + UNUSUAL + [END])[which], stream=f"s{stream}", group="g")
        for at, (which, stream, late) in enumerate(messages)
    ]
    text: list[str] = []
    shown: list[LogEvent] = []
    for first in range(0, len(events), 4):
        for one in (printer.batch(events[first : first + 4]), printer.pulse(events[first].timestamp_ms)):
            text += one.text
            shown += one.events
    last = printer.finish()
    return text + last.text, shown + last.events


def lines_of(text: list[str]) -> list[str]:
    return [line for line in text if not line.endswith(" goes on")]


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 0, 1, 1, 2, 3, 5, *range(len(USUAL) + len(UNUSUAL) + 1)]), st.integers(0, 2),
                  st.sampled_from([0, 0, 9_000])),
        max_size=40,
    )
)  # fmt: skip
def test_invocations_are_kept_together_the_same_both_ways(messages: list[tuple[int, int, int]]) -> None:
    short, long = printed(messages, short=True), printed(messages, short=False)
    # An END that interrupts has no text, and one way may then say once more whose lines go on.
    assert lines_of(short[0]) == lines_of(long[0])
    # Where an END is counted as shown is no matter: it has no text.
    assert sorted(map(repr, short[1])) == sorted(map(repr, long[1]))
