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
