"""Throttled requests, and the limit that held them back."""

from dataclasses import replace

from monitor.diagnose.evidence.model import Concurrency
from monitor.diagnose.rules.concurrency_limits import find
from monitor.records.metric import FunctionMetrics
from tests.fakes.start_evidence import MISSING, evidence, nothing

CALM = FunctionMetrics("shop", "us-east-1", (0, 1), 900.0, 0.0, 0.0, 5.0, *([None] * 7))
THROTTLED = replace(CALM, throttles=42.0)


def test_a_reserved_limit_is_named_and_can_be_raised() -> None:
    (found,) = find(evidence(metrics=THROTTLED, concurrency=Concurrency(5, {}, 1000)))
    assert found.title == "42 requests were throttled by a concurrency limit"
    assert found.subject == "reserved concurrency"
    assert "--reserved-concurrent-executions 10" in found.changes[0].text
    assert found.saving is None


def test_without_a_reservation_it_is_the_accounts() -> None:
    (found,) = find(evidence(metrics=THROTTLED))
    assert found.subject == "the account's concurrency"
    assert any("in this region is 1,000" in one.text for one in found.evidence)


def test_a_function_that_is_switched_off_is_called_so() -> None:
    (found,) = find(evidence(metrics=THROTTLED, concurrency=Concurrency(0, {}, None)))
    assert any("cannot be invoked" in one.text for one in found.evidence)


def test_without_the_limits_the_throttles_are_still_told() -> None:
    (found,) = find(evidence(metrics=THROTTLED, concurrency=MISSING))
    assert len(found.evidence) == 2


def test_a_healthy_function_and_no_evidence_say_nothing() -> None:
    assert not list(find(evidence(metrics=CALM, concurrency=Concurrency(5, {}, 1000))))
    assert not list(find(evidence()))
    assert not list(find(nothing()))
