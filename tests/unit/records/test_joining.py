"""Lines of a logger and the tracebacks that follow them in further events."""

import pytest

from monitor.records.event import LogEvent
from monitor.records.joining import Joiner
from monitor.records.message import parse_message

HEADS = ("2026-11-27 13:00:00 8f5b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d ERROR App - failed", "ERROR:root:failed")
STACKS = {
    "java.lang.IllegalStateException": "java.lang.IllegalStateException: no\n\tat shop.App.read(App.java:9)",
    "RangeError": "RangeError: no\n    at read (/var/task/index.js:3:9)\n    at handler (/var/task/index.js:9:1)",
    "KeyError": "Traceback (most recent call last):\n  File \"/var/task/app.py\", line 1, in read\nKeyError: 'x'",
}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize("split", [False, True])
def test_a_stack_after_a_line_is_the_line_s_in_one_event_and_in_many(head: str, name: str, split: bool) -> None:
    joiner = Joiner()
    messages = [head, *(STACKS[name].split("\n") if split else [STACKS[name]])]
    events = [LogEvent(0, message, "s", "g") for message in messages]
    found = [logged for event in events for logged in joiner.add(event, parse_message(event.message))]
    (logged,) = found + joiner.finish()
    assert logged.record.level == "ERROR"
    assert logged.record.exception is not None
    assert logged.record.exception.type == name
