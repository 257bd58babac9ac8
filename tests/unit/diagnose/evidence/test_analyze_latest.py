"""Starts from before a change are left out of what is judged, but kept."""

import pytest

from monitor.diagnose.evidence.model import Deployed
from monitor.diagnose.evidence.workflow_log import LogFacts, read_log
from monitor.kernel.missing import Missing
from monitor.kernel.window import Window
from monitor.records.event import LogEvent
from tests.fakes.one_function import BASE_MS, report

WINDOW = Window(BASE_MS - 60_000, BASE_MS + 3_600_000)


def lines(at_ms: int, number: int, init_ms: float, version: str) -> list[LogEvent]:
    stream = f"2026/11/23/[{version}]{number:032x}"
    texts = (
        "INIT_START Runtime Version: python:3.12.v5\tRuntime Version ARN: arn:x\n",
        "[DEBUG]\t2026-11-23T02:48:41.886Z\t\tloading\n" * (init_ms > 1000),
        f"START RequestId: r{number} Version: {version}\n",
        report(f"r{number}", init_ms=init_ms),
    )
    return [LogEvent(BASE_MS + at_ms, text, stream, "/aws/lambda/f") for text in texts if text]


def read(before: int, after: int, versions: tuple[str, str] = ("$LATEST", "$LATEST"), back: int = 0) -> LogFacts:
    events: list[LogEvent] = []
    for number in range(before + after + back):
        is_new = before <= number < before + after
        events += lines(number * 10_000, number, 400.0 if is_new else 2000.0, versions[is_new])
    changed = Deployed("$LATEST", BASE_MS + before * 10_000 - 1)
    return read_log(events, "f", WINDOW, {}, changed)


def test_only_the_starts_since_the_change_are_judged_and_the_others_kept() -> None:
    log = read(10, 5)
    assert log.latest is not None
    assert (log.latest.version, log.latest.left_out) == ("$LATEST", 10)
    assert (log.starts.cold_starts, log.starts.init.p50) == (5, 400.0)
    assert len(log.cold_starts) == 15
    assert log.logging is not None
    assert (log.logging.starts, log.logging.debug_lines) == (5, 0.0)


def test_too_few_starts_since_the_change_leave_nothing_out() -> None:
    log = read(10, 4)
    assert log.latest is None
    assert log.starts.cold_starts == 14


def test_a_change_before_the_window_s_first_start_leaves_nothing_out() -> None:
    log = read(0, 8)
    assert log.latest is None
    assert log.starts.cold_starts == 8


def test_a_new_version_is_told_by_its_label() -> None:
    log = read(6, 6, ("12", "13"))
    assert log.latest is not None
    assert (log.latest.version, log.latest.left_out, log.starts.init.p50) == ("13", 6, 400.0)


@pytest.mark.parametrize("versions", [("12", "13"), ("$LATEST", "13")])
def test_traffic_that_went_back_is_judged_as_a_whole(versions: tuple[str, str]) -> None:
    log = read(6, 6, versions, back=2)
    assert log.latest is None
    assert log.starts.cold_starts == 14
    assert not isinstance(log.starts, Missing)
