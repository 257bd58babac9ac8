"""Failures that are the same are one group; those that differ are two."""

from collections.abc import Iterable

import pytest

from monitor.console.text import Style
from monitor.logs.errors.analyze import Failures, pattern_of
from monitor.logs.errors.model import FailureGroup
from monitor.logs.errors.render import render_failures
from monitor.records.event import LogEvent
from monitor.records.frames import frame_of
from monitor.records.message import parse_message
from monitor.records.record import ExceptionText

ID = "6f0d1c9e-3f0a-4a1b-9a55-0b3c8f1e2d0"
GROUP = "/aws/lambda/fn"


def groups(lines: Iterable[tuple[int, str]], since_ms: int = 0, deployed_ms: int | None = None) -> list[FailureGroup]:
    failures = Failures()
    for at_ms, text in lines:
        failures.add(LogEvent(at_ms, text, "2026/11/23/[$LATEST]a", GROUP), parse_message(text))
    failures.finish()
    return failures.groups(since_ms, lambda _: deployed_ms)


def invocation(number: int, at_ms: int, *said: str) -> list[tuple[int, str]]:
    request_id = f"{ID}{number}"
    figures = "Duration: 9 ms\tBilled Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB"
    report = f"REPORT RequestId: {request_id}\t{figures}"
    return [
        (at_ms, f"START RequestId: {request_id} Version: $LATEST"),
        *((at_ms + 1, text.replace("ID", request_id)) for text in said),
        (at_ms + 9, f"END RequestId: {request_id}"),
        (at_ms + 10, report),
    ]


def unhandled(what: str) -> str:
    frames = '  File "/var/task/app/orders.py", line 41, in take\n    raise ValueError(text)'
    return f"[ERROR] ValueError: {what}\nTraceback (most recent call last):\n{frames}"


def test_the_same_failure_with_other_numbers_is_one_group() -> None:
    lines = invocation(1, 1000, unhandled("no order 4711")) + invocation(2, 9000, unhandled("no order 12"))
    (one,) = groups(lines)
    assert (one.kind, one.type, one.pattern, one.count) == ("exception", "ValueError", "no order <n>", 2)
    assert (one.frame, one.function) == ("app/orders.py:take", "fn")
    assert one.first_ms < one.last_ms
    assert one.request_id == f"{ID}2"


def test_an_exception_that_was_logged_and_then_raised_counts_once() -> None:
    stack = (
        'Traceback (most recent call last):\n  File "/var/task/app/orders.py", line 41, in take\nValueError: no order 1'
    )
    logged = f"[ERROR]\t2026-11-23T02:48:41.886Z\tID\tit failed\n{stack}"
    (one,) = groups(invocation(1, 1000, logged, unhandled("no order 1")))
    assert one.count == 1


def test_a_time_out_a_crash_and_a_logged_error_are_three() -> None:
    lines = [
        *invocation(1, 1000, "2026-11-23T02:48:44.886Z ID Task timed out after 3.00 seconds"),
        *invocation(2, 20_000, "RequestId: ID Error: Runtime exited with error: signal: killed\nRuntime.ExitError"),
        *invocation(3, 40_000, "[ERROR]\t2026-11-23T02:48:41.886Z\tID\tqueue is full"),
    ]
    assert {(one.kind, one.count) for one in groups(lines)} == {("timeout", 1), ("exit", 1), ("log", 1)}


def test_an_exception_without_start_and_report_is_counted() -> None:
    (one,) = groups([(1_000, unhandled("no order 1"))])
    assert (one.type, one.count, one.frame) == ("ValueError", 1, "app/orders.py:take")


def test_each_exception_is_counted_in_what_a_filter_for_errors_left() -> None:
    lines = [(at * 1_000, unhandled(f"no order {at}")) for at in range(1, 6)]
    assert [one.count for one in groups(lines)] == [5]


def test_an_exception_whose_start_is_not_in_the_log_fails_the_invocation_of_its_report() -> None:
    lines = [line for number in (1, 2) for line in invocation(number, number * 9_000, unhandled("no"))]
    (one,) = groups([line for line in lines if not line[1].startswith("START")])
    assert (one.type, one.count, one.request_id) == ("ValueError", 2, f"{ID}2")


def test_a_traceback_that_is_printed_after_the_line_of_its_error_is_the_same_failure() -> None:
    frames = '  File "/var/task/app/orders.py", line 41, in take\n    raise ValueError(text)'
    said = ["ERROR:app:it failed", f"Traceback (most recent call last):\n{frames}\nValueError: no order 1"]
    (one,) = groups(invocation(1, 1_000, *said))
    assert (one.type, one.count) == ("ValueError", 1)


def test_new_is_what_was_not_there_before_the_deployment() -> None:
    lines = invocation(1, 1000, unhandled("old")) + invocation(2, 9000, unhandled("fresh one"))
    assert {one.pattern: one.new for one in groups(lines, 0, 5_000)} == {"old": False, "fresh one": True}
    # A window that begins after it cannot tell.
    assert {one.new for one in groups(lines, 6_000, 5_000)} == {None}


def test_patterns_and_frames() -> None:
    assert pattern_of(f"user {ID}1 at 0x7f00 has 3.5 MB, since 2026-11-23T02:48:44Z\nmore") == (
        "user <id> at <address> has <n> MB, since <time>"
    )
    library = '  File "/var/task/site-packages/x/y.py", line 1, in z'
    own = '  File "/tmp/code/var/task/app/a.py", line 2, in b'
    assert frame_of(ExceptionText("E", "", (own, library))) == "app/a.py:b"
    assert frame_of(ExceptionText("E", "", ())) == ""


def test_lambda_s_own_account_of_an_exception_over_several_events_is_one_failure() -> None:
    """Containers and collectors write an event a line."""
    lines = [line for _, text in invocation(1, 100, unhandled("no stock")) for line in text.split("\n")]
    (group,) = groups(enumerate(lines))
    assert (group.type, group.count, group.message, group.request_id) == ("ValueError", 1, "no stock", f"{ID}1")
    assert "orders.py" in str(group.frame)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_group_fits_the_terminal(width: int) -> None:
    lines = invocation(1, 1000, unhandled("there is no order of that customer, nor was there ever one, as it seems"))
    found = groups(lines, since_ms=100, deployed_ms=500)
    text = render_failures(found, Style(width), None, utc=True, name=lambda _: "fn", show=lambda _: "")
    assert "NEW since the last deployment" in text
    assert max(map(len, text.splitlines())) <= width
