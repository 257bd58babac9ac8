"""The calls of the page are counted, and stop at a limit."""

import pytest

from monitor.errors import UnreachableError
from monitor.serve.workflow_budget import Budget, LimitReachedError
from tests.fakes.ledger import FakeClock

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def budget(hour_limit: int = 100, limit_usd: float = 1.0, *, free: bool = False) -> tuple[Budget, FakeClock]:
    clock = FakeClock(1_000_000, 10**15)
    return Budget(clock, hour_limit, limit_usd, free=free), clock


def test_calls_stop_at_the_limit_of_an_hour_and_go_on_after_it() -> None:
    one, clock = budget(3)
    for _ in range(3):
        one.spend("logs", "FilterLogEvents", {})
    with pytest.raises(LimitReachedError, match="the limit of 3 AWS calls an hour is reached") as refused:
        one.spend("logs", "FilterLogEvents", {})
    assert "--calls-per-hour" in refused.value.hint
    assert isinstance(refused.value, UnreachableError)
    assert one.spending().stopped
    assert one.spending().calls == 3
    clock.ms += HOUR_MS
    one.spend("logs", "FilterLogEvents", {})
    found = one.spending()
    assert (found.calls, found.hour_calls, found.stopped) == (4, 1, "")


def test_metrics_are_priced_by_how_many_are_requested() -> None:
    one, clock = budget(limit_usd=0.01)
    one.spend("cloudwatch", "GetMetricData", {"MetricDataQueries": [{}] * 500})
    assert one.spending().cost_usd == pytest.approx(0.005)
    one.spend("cloudwatch", "GetMetricData", {"MetricDataQueries": [{}] * 500})
    with pytest.raises(LimitReachedError, match=r"the limit of \$0.01 a day"):
        one.spend("cloudwatch", "GetMetricData", {"MetricDataQueries": [{}] * 500})
    # Calls that cost nothing go on.
    one.spend("logs", "FilterLogEvents", {})
    clock.ms += DAY_MS
    one.spend("cloudwatch", "GetMetricData", {"MetricDataQueries": [{}] * 500})
    assert one.spending().cost_usd == pytest.approx(0.005)


def test_the_embedded_stack_is_free() -> None:
    one, _ = budget(limit_usd=0.0, free=True)
    one.spend("cloudwatch", "GetMetricData", {"MetricDataQueries": [{}] * 500})
    assert one.spending().cost_usd == 0


def test_a_day_of_calls_takes_little_memory() -> None:
    one, clock = budget(10**9)
    for _ in range(2 * 24 * 60):
        for _ in range(20):
            one.spend("logs", "FilterLogEvents", {})
            clock.ms += 3_000
    assert len(one._slots) <= 24 * 60 + 1
    assert one.spending().hour_calls == pytest.approx(1_200, abs=20)


def test_what_is_read_again_by_itself_takes_half_of_the_limit_at_most() -> None:
    one, clock = budget(10**6, limit_usd=1.0)
    asked = {"MetricDataQueries": [{}] * 440}
    pace_ms = one.pace_s(0.0044) * 1000
    end_ms = clock.ms + DAY_MS
    while clock.ms < end_ms:
        one.spend("cloudwatch", "GetMetricData", asked)
        clock.ms += round(pace_ms)
    assert one.spending().cost_usd == pytest.approx(0.5, rel=0.02)
    assert budget(free=True)[0].pace_s(1.0) == 0
    assert one.pace_s(0.0) == 0
