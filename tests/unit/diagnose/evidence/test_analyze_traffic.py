"""Minutes of traffic with how many ran at once, what failures led to, and what a start logs."""

from dataclasses import replace
from itertools import pairwise

import pytest

from monitor.diagnose.evidence.analyze_init_logging import FirstLines
from monitor.diagnose.evidence.analyze_late_imports import LateImportTable
from monitor.diagnose.evidence.analyze_traffic import Aftermath, Minutes
from monitor.diagnose.evidence.model import InitLogging
from monitor.diagnose.evidence.workflow_log import read_log
from monitor.records.event import LogEvent
from monitor.records.init_record import ImportedModule, InitImports
from monitor.records.invocation import FailureKind, Invocation
from monitor.records.message import parse_message
from monitor.records.pairing import pair
from monitor.records.record import LateImports

MINUTE = 60_000
T = 1_790_000_000_000 // MINUTE * MINUTE


def line(at: int, message: str, stream: str = "s1") -> LogEvent:
    return LogEvent(T + at, message, f"2026/11/23/[7]{stream}", "/aws/lambda/f")


def run(
    at: int, end: int, request_id: str, stream: str = "s1", *, init_ms: float | None = None, tail: str = ""
) -> list[LogEvent]:
    init = f"Init Duration: {init_ms} ms\t" if init_ms else ""
    figures = f"Duration: {end - at} ms\tBilled Duration: 1 ms\tMemory Size: 512 MB\tMax Memory Used: 90 MB\t"
    return [
        line(at, f"START RequestId: {request_id} Version: 7\n", stream),
        line(end, f"REPORT RequestId: {request_id}\t{figures}{init}{tail}\n", stream),
    ]


def invocations(*runs: list[LogEvent]) -> list[Invocation]:
    events = sorted((one for several in runs for one in several), key=lambda one: one.timestamp_ms)
    return list(pair(events))


def minutes(*runs: list[LogEvent]) -> list[tuple[int, int, int, int]]:
    found = Minutes()
    for one in invocations(*runs):
        found.add(one)
    return [((one.start_ms - T) // MINUTE, one.invocations, one.cold_starts, one.concurrency) for one in found.result()]


def test_a_minute_counts_what_began_in_it_and_the_most_that_ran_at_once() -> None:
    assert minutes(
        run(1_000, 3_000, "r1", "a"),
        run(2_000, 4_000, "r2", "b"),
        run(4_500, 5_000, "r3", "a"),
        run(MINUTE + 100, MINUTE + 200, "r4", "a"),
    ) == [(0, 3, 0, 2), (1, 1, 0, 1)]


def test_one_after_the_other_is_never_two_at_once() -> None:
    ends = range(1_000, 2_000, 100)
    assert minutes(*(run(at, end, f"r{at}", f"s{at}") for at, end in pairwise(ends))) == [(0, 9, 0, 1)]


def test_an_init_that_was_waited_for_counts_as_running() -> None:
    # The second begins while the first one's init still runs.
    assert minutes(run(2_000, 2_010, "r1", "a", init_ms=1_500), run(1_000, 1_050, "r2", "b")) == [(0, 2, 1, 2)]


def test_what_runs_over_a_minute_s_end_counts_beside_those_of_the_next() -> None:
    assert minutes(run(59_000, 62_000, "r1", "a"), run(60_500, 60_600, "r2", "b")) == [(0, 1, 0, 1), (1, 1, 0, 2)]


def test_lines_without_a_stream_tell_no_minutes_for_their_times_may_be_another_line_s() -> None:
    found = Minutes()
    for one in invocations(run(1_000, 3_000, "r1"), run(1_000, 3_000, "r2", "s2")):
        found.add(replace(one, stream=""))
    assert found.result() == ()


def test_a_time_out_that_is_followed_by_a_new_init_is_told() -> None:
    timed_out = [
        *run(0, 3_000, "r1", tail="Status: timeout"),
        line(3_001, f"{'x' * 20} r1 Task timed out after 3.00 seconds"),
    ]
    found = Aftermath()
    for one in invocations(
        timed_out, run(5_000, 6_000, "r2"), run(7_000, 7_010, "r3"), run(8_000, 8_010, "x", "other")
    ):
        found.add(one)
    [failure] = found.result()
    assert (failure.kind, failure.count, failure.then_cold, failure.request_ids) == (FailureKind.TIMEOUT, 1, 1, ("r1",))


def test_a_failure_at_the_end_of_the_window_led_to_nothing_yet() -> None:
    found = Aftermath()
    for one in invocations(run(0, 3_000, "r1", tail="Status: timeout")):
        found.add(one)
    assert [(one.count, one.then_cold) for one in found.result()] == [(1, 0)]


def logged(*events: LogEvent) -> InitLogging | None:
    found = FirstLines()
    for event in events:
        if found.is_open(event):
            found.add(event, parse_message(event.message))
    for one in pair(events):
        found.settle(one)
    return found.result()


@pytest.mark.parametrize(
    "debug",
    [
        "[DEBUG]\t2026-11-23T02:48:41.886Z\t\tloading",
        '{"level": "DEBUG", "message": "loading", "timestamp": "2026-11-23T02:48:41.886Z"}',
        "2026-11-23 02:48:41,886 - app - DEBUG - loading",
        "DEBUG:root:loading",
    ],
)
def test_debug_lines_of_a_start_are_counted_whatever_their_form(debug: str) -> None:
    found = logged(line(0, debug), line(1, "ready"), *run(10, 20, "r1", init_ms=9.0))
    assert found == InitLogging(1, 2.0, len(debug) + 5.0, 1.0)


def test_what_the_platform_writes_and_what_follows_the_first_invocation_does_not_count() -> None:
    found = logged(
        line(0, "INIT_START Runtime Version: python:3.12.v5\tRuntime Version ARN: arn:x\n"),
        *run(10, 20, "r1", init_ms=9.0),
        line(21, "later"),
        *run(30, 40, "r2"),
        line(41, "a window that begins amid a stream", "warm"),
        *run(42, 43, "r3", "warm"),
    )
    assert found == InitLogging(1, 0.0, 0.0, 0.0)


def test_without_a_cold_start_nothing_is_said_of_its_lines() -> None:
    assert logged(line(0, "hello"), *run(10, 20, "r1")) is None


def test_late_imports_are_summed_by_package_and_nested_ones_once() -> None:
    def module(name: str, own: float, total: float, *children: ImportedModule) -> ImportedModule:
        return ImportedModule(name, 0, 0.0, own, total, children)

    inner = module("pandas.core", 30, 30)
    tree = (module("app.heavy", 5, 100, module("pandas", 65, 95, inner)), module("pandas.io", 10, 10))
    table = LateImportTable()
    for _ in range(2):
        table.add(LateImports("r1", InitImports(4, 110, 1.0, 0, tree)))
    rows = {row.package: row for row in table.result(4)}
    assert (rows["pandas"].cumulative_ms, rows["pandas"].self_ms) == (105, 105)
    assert (rows["app"].cumulative_ms, rows["app"].self_ms) == (100, 5)
    assert (rows["app"].seen, rows["app"].of) == (2, 4)


def test_a_replay_of_a_durable_execution_is_no_cold_start_in_the_minutes_and_after_failures() -> None:
    """Nobody waited for its init, as in `coldstarts`."""
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:f:7/durable-execution/order/one"
    events = []
    for at, stream in ((1_000, "a"), (5_000, "b"), (9_000, "c")):
        start, report = run(at, at + 100, f"r{at}", stream, init_ms=400)
        events += [start, line(at + 50, f'{{"executionArn": "{arn}", "message": "step"}}', stream), report]
    found = read_log(events, "f", None, {})
    assert [(one.invocations, one.cold_starts) for one in found.minutes] == [(3, 1)]
    assert (found.starts.cold_starts, found.starts.replays) == (1, 2)
