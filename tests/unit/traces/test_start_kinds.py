"""How an invocation started, by the lines of its stream that lie far before it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from monitor.aws.logs import LogGroupSource
from monitor.kernel.target import LogTarget
from monitor.logs.workflow_starts import start_of
from monitor.records.event import LogEvent
from monitor.records.invocation import InitKind, Invocation
from monitor.records.pairing import pair
from monitor.traces.model import Figures
from monitor.traces.workflow_starts import with_start

GROUP, STREAM = "/aws/lambda/f", "2026/11/23/[1]aaaa"
T, MINUTE_MS = 1_790_000_000_000, 60_000
REPORT = (
    "REPORT RequestId: {}\tDuration: 10.00 ms\tBilled Duration: 11 ms\tMemory Size: 512 MB\tMax Memory Used: 90 MB\t"
)


class Log:
    """A connection that holds one log; FilterLogEvents by time and stream, the pattern being all of it."""

    profile, region, where, local = None, "eu-west-1", "eu-west-1", True

    def __init__(self, lines: list[tuple[int, str]]) -> None:
        self.lines = lines
        self.asked: list[dict[str, Any]] = []

    def pages(self, service: str, operation: str, /, token: str, **asked: Any) -> Iterator[dict[str, Any]]:
        assert (service, operation, asked["logStreamNames"]) == ("logs", "FilterLogEvents", [STREAM])
        self.asked.append(asked)
        yield {
            "events": [
                {"timestamp": at_ms, "message": line, "logStreamName": STREAM, "eventId": f"{at_ms}{line[:9]}"}
                for at_ms, line in self.lines
                if asked["startTime"] <= at_ms <= asked["endTime"]
            ]
        }


def started(lines: list[tuple[int, str]], near_ms: int) -> tuple[Invocation, Invocation]:
    """The last invocation by the lines of its last minute, and by its stream."""
    log = Log(lines)
    source = LogGroupSource(log, LogTarget("f", GROUP, "eu-west-1", "f"))  # type: ignore[arg-type]
    near = [LogEvent(at_ms, line, STREAM, GROUP) for at_ms, line in lines if at_ms >= near_ms]
    found = list(pair(near))[-1]
    return found, start_of(source, found)


def test_a_crash_half_an_hour_before_makes_the_next_start_a_suppressed_one() -> None:
    lines = [
        (T, "START RequestId: crash Version: 1"),
        (T + 10, "RequestId: crash Error: Runtime exited with error: exit status 3\nRuntime.ExitError"),
        (T + 10, REPORT.format("crash") + "Status: error\tError Type: Runtime.ExitError"),
        (T + 30 * MINUTE_MS, "START RequestId: next Version: 1"),
        (T + 30 * MINUTE_MS + 900, REPORT.format("next")),
    ]
    near, known = started(lines, T + 29 * MINUTE_MS)
    assert (near.kind, near.cold) == (None, False)
    assert (known.kind, known.cold) == (InitKind.SUPPRESSED, True)


def test_an_init_that_lambda_ran_an_hour_before_is_no_cold_start() -> None:
    lines = [
        (T, "INIT_START Runtime Version: python:3.13.v20\tRuntime Version ARN: arn:x"),
        (T + 60 * MINUTE_MS, "START RequestId: first Version: 1"),
        (T + 60 * MINUTE_MS + 10, REPORT.format("first") + "Init Duration: 480.00 ms\t"),
    ]
    near, known = started(lines, T + 59 * MINUTE_MS)
    assert (near.kind, near.cold) == (InitKind.ON_DEMAND, True)
    assert (known.kind, known.cold) == (InitKind.PROACTIVE, False)


def test_a_warm_one_and_an_ordinary_cold_one_stay_what_they_are() -> None:
    lines = [
        (T, "INIT_START Runtime Version: python:3.13.v20\tRuntime Version ARN: arn:x"),
        (T + 481, "START RequestId: cold Version: 1"),
        (T + 490, REPORT.format("cold") + "Init Duration: 480.00 ms\t"),
        (T + MINUTE_MS, "START RequestId: warm Version: 1"),
        (T + MINUTE_MS + 10, REPORT.format("warm")),
    ]
    cold, warm = started(lines[:3], T), started(lines, T + 50_000)
    assert [one.kind for one in cold] == [InitKind.ON_DEMAND] * 2
    assert [one.kind for one in warm] == [None] * 2


def test_a_trace_that_shows_the_init_long_before_outweighs_a_log_that_was_not_read_so_far() -> None:
    lines = [(T, "START RequestId: r Version: 1"), (T + 10, REPORT.format("r") + "Init Duration: 480.00 ms\t")]
    found = started(lines, T)[1]
    assert found.kind is InitKind.ON_DEMAND
    early = with_start(Figures("f", "r", early_init_ms=480.0, handler_ms=9.0), found)
    assert (early.kind, early.cold, early.state) == (InitKind.PROACTIVE, False, "warm")
    failed = replace(found, kind=InitKind.FAILED, init_ms=80.0, failed_init_ms=120.0)
    both = with_start(Figures("f", "r", environment_ms=136.0, handler_ms=138.0), failed)
    assert (both.cold, both.init_ms, both.environment_ms, both.state) == (True, 120.0, 16.0, "cold, init failed")
