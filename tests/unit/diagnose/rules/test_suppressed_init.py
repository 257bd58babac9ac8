"""Inits inside an invocation that nothing else explains."""

from dataclasses import replace

from monitor.diagnose.evidence.model import FailureCount
from monitor.diagnose.rules.suppressed_init import find
from monitor.records.invocation import FailureKind, InitKind
from tests.fakes.start_evidence import HEALTHY_STARTS, MISSING, evidence, nothing, start

SUPPRESSED = tuple(start(None, 900.0 + step, kind=InitKind.SUPPRESSED, request_id=f"s-{step}") for step in range(3))
BOTH = (*HEALTHY_STARTS, *SUPPRESSED)


def test_they_are_counted_and_set_beside_ordinary_starts() -> None:
    (found,) = find(evidence(BOTH))
    assert found.affected == 3
    assert found.evidence[0].where == "monitor show s-0 shop"
    assert "took 901 ms, an ordinary start 345 ms" in found.evidence[1].text
    assert found.saving is not None
    assert found.saving.likely_ms == 901 - 345
    assert found.saving.high_ms == 901 - 15


def test_those_that_followed_a_failure_belong_to_its_rule() -> None:
    some = (FailureCount(FailureKind.TIMEOUT, 2, 2),)
    (found,) = find(evidence(BOTH, failures=some))
    assert found.affected == 1
    every = (FailureCount(FailureKind.TIMEOUT, 2, 2), FailureCount(FailureKind.OUT_OF_MEMORY, 1, 1))
    assert not list(find(evidence(BOTH, failures=every)))


def test_without_ordinary_starts_beside_them_no_saving_is_stated() -> None:
    (found,) = find(evidence(SUPPRESSED))
    assert found.saving is None
    assert found.affected == 3


def test_a_healthy_function_and_no_evidence_say_nothing() -> None:
    assert not list(find(evidence()))
    assert not list(find(nothing()))
    assert not list(find(replace(evidence(BOTH), starts=MISSING)))


def test_inits_that_lambda_ended_after_ten_seconds_are_called_that() -> None:
    ended = tuple(
        start(None, 11_500.0, kind=InitKind.SUPPRESSED, failed_init_ms=10_000.0, first_total_ms=21_500.0)
        for _ in range(3)
    )
    (found,) = find(evidence((*HEALTHY_STARTS, *ended)))
    assert found.title == "3 inits took longer than 10 s, so Lambda ran them again inside the invocation"
    assert found.evidence[1].text == "such a start took 21.5 s, with the init twice (median)"
    assert found.saving is not None
    assert (found.saving.low_ms, found.saving.likely_ms, found.saving.high_ms) == (10_000.0, 10_000.0, 21_500.0)
    assert found.confidence.value == "high"


def test_an_init_that_failed_sooner_was_not_ended_for_its_time() -> None:
    failed = tuple(replace(one, failed_init_ms=700.0) for one in SUPPRESSED)
    assert [one.subject for one in find(evidence((*HEALTHY_STARTS, *failed)))] == ["inits inside an invocation"]
