"""Memory that is too small is seen in kills, in headroom, and in what a first invocation lacks of CPU."""

from dataclasses import replace

import pytest

from monitor.coldstarts.model import ColdStartGroup
from monitor.diagnose.evidence.model import FailureCount
from monitor.diagnose.model_finding import Grade
from monitor.diagnose.rules.memory_too_small import find
from monitor.kernel.statistics import distribution
from monitor.records.invocation import FailureKind, InitKind
from tests.fakes.start_evidence import HEALTHY_STARTS, MISSING, evidence, function, nothing, start

KILLS = (FailureCount(FailureKind.OUT_OF_MEMORY, 5, 4, ("kill-1",)),)
SLOW_FIRST = tuple(start(300.0, 800.0 + step, memory_mb=256) for step in range(8))


def group(label: str, handler_ms: float, count: int = 10) -> ColdStartGroup:
    init = distribution([300.0] * count)
    return ColdStartGroup(label, None, count, None, init, distribution([300.0 + handler_ms] * count))


def small(starts=SLOW_FIRST, **changes):
    summarized = {"memory_mb": (256,)} | changes.pop("summarized", {})
    return evidence(starts, function=function(memory_mb=256), summarized=summarized, **changes)


def test_kills_for_memory_are_new_starts_that_more_memory_spares() -> None:
    after = tuple(start(None, 400.0, kind=InitKind.SUPPRESSED) for _ in range(4))
    (found,) = find(small((start(300.0, 40.0), *after), failures=KILLS, warm_ms=[150.0] * 5 + [14.0] * 30))
    assert found.title == "5 invocations were killed because memory ran out"
    assert found.affected == 4
    assert found.saving is not None
    assert found.saving.likely_ms == pytest.approx(386)
    assert found.changes[0].text.endswith("--memory-size 512")
    assert found.evidence[0].where == "monitor show kill-1 shop"


def test_a_first_invocation_short_of_cpu_is_said_with_low_confidence() -> None:
    (found,) = find(small())
    assert found.title == "With 256 MB the first invocation has only 0.14 vCPU"
    assert found.confidence is Grade.LOW
    assert found.saving is not None
    # 803.5 ms against 15 ms warm; at twice the memory half of the CPU work's time is spared, if it is CPU work.
    assert found.saving.low_ms == 0
    assert found.saving.likely_ms == pytest.approx(788.5 * 0.25)
    assert found.saving.high_ms == pytest.approx(803.5 * 0.5)
    assert found.affected == 8


def test_with_several_sizes_the_functions_own_figures_decide() -> None:
    groups = (group("256 MB", 800.0), group("512 MB", 400.0), group("1024 MB", 200.0))
    (found,) = find(small(by_memory=groups))
    assert found.saving is not None
    assert found.saving.likely_ms == pytest.approx(400.0)
    assert found.saving.low_ms < 400 < found.saving.high_ms
    assert found.confidence is Grade.MEDIUM
    assert "800 ms at 256 MB, 400 ms at 512 MB" in found.evidence[0].text
    assert found.affected == 10


def test_sizes_that_make_no_difference_end_the_matter() -> None:
    assert not list(find(small(by_memory=(group("256 MB", 800.0), group("512 MB", 810.0)))))


def test_beyond_one_vcpu_more_memory_gives_one_thread_nothing() -> None:
    slow = tuple(start(300.0, 900.0, memory_mb=1769) for _ in range(8))
    assert not list(find(evidence(slow, function=function(memory_mb=1769), summarized={"memory_mb": (1769,)})))


def test_the_size_offered_stops_at_one_vcpu() -> None:
    slow = tuple(start(300.0, 900.0) for _ in range(8))
    (found,) = find(evidence(slow))
    assert found.changes[0].text.endswith("--memory-size 1769")


def test_little_headroom_alone_saves_no_time_but_is_told() -> None:
    (found,) = find(evidence(summarized={"max_memory_mb": 990}))
    assert found.saving is None
    assert found.title == "Less than 10% of 1024 MB is free"


def test_memory_used_at_another_size_is_no_headroom_of_this_one() -> None:
    used = {"max_memory_mb": 990, "memory_mb": (1024, 2048)}
    assert not list(find(evidence(function=function(memory_mb=1024), summarized=used)))


def test_what_it_costs_at_most_is_a_month_of_this_window() -> None:
    (found,) = find(small())
    # 200 warm of 14.98 ms and 8 of 1103.5 ms a day at 256 MB; twice the size costs as much again.
    a_day = (200 * 14.98 + 8 * 1103.5) / 1000 * 0.25 * 0.0000133334
    assert found.saves_usd_month == pytest.approx(-a_day * 730 / 24, rel=0.01)


def test_a_healthy_function_and_no_evidence_say_nothing() -> None:
    assert not list(find(evidence()))
    assert not list(find(nothing()))
    assert not list(find(small(starts=(), warm_ms=())))


def test_starts_that_failed_say_nothing_of_cpu() -> None:
    failed = tuple(replace(one, status="timeout") for one in SLOW_FIRST)
    assert not list(find(small(failed)))


def test_the_size_is_known_from_reports_where_the_configuration_is_not() -> None:
    (found,) = find(replace(small(), function=MISSING))
    assert found.subject == "256 MB"
    two = evidence(HEALTHY_STARTS, function=MISSING, summarized={"memory_mb": (256, 512)}, failures=KILLS)
    assert not list(find(two))
