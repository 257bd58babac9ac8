"""Time-outs and crashes are named where new inits followed them."""

import pytest

from monitor.diagnose.evidence.model import FailureCount
from monitor.diagnose.model_finding import ChangeKind
from monitor.diagnose.rules.timeouts_cause_cold_starts import find
from monitor.records.invocation import FailureKind, InitKind
from tests.fakes.start_evidence import HEALTHY_STARTS, MISSING, WARM_MS, evidence, function, nothing, start

SUPPRESSED = tuple(start(None, 420.0 + step, kind=InitKind.SUPPRESSED) for step in range(6))
STORM = (FailureCount(FailureKind.TIMEOUT, 8, 6, ("aaaa-1",)),)


def test_each_new_init_after_a_time_out_is_a_start_that_could_be_spared() -> None:
    (found,) = find(evidence((*HEALTHY_STARTS, *SUPPRESSED), failures=STORM))
    assert found.title == "8 timeouts made 6 later invocations wait for a new init"
    assert found.affected == 6
    assert found.saving is not None
    assert found.saving.likely_ms == pytest.approx(422.5 - 15, abs=1)
    assert found.saving.low_ms == 140
    assert "38% of the 16 cold starts" in found.evidence[1].text
    assert found.evidence[0].where == "monitor show aaaa-1 shop"


def test_where_the_warm_invocations_are_the_time_outs_themselves_they_are_no_measure() -> None:
    (found,) = find(evidence((start(300.0, 45.0), *SUPPRESSED), failures=STORM, warm_ms=[1000.0] * 8))
    assert found.saving is not None
    assert found.saving.low_ms <= 405 <= found.saving.high_ms
    assert found.saving.likely_ms == 300


def test_a_longer_time_out_and_a_shorter_deadline_are_both_offered() -> None:
    (found,) = find(evidence(failures=STORM, function=function(timeout_s=3)))
    texts = {change.kind: change.text for change in found.changes}
    assert "timeout=(1, 2)" in texts[ChangeKind.CODE]
    command = "aws lambda update-function-configuration --function-name shop --timeout 10"
    assert any(change.text == command for change in found.changes)


def test_the_longest_time_out_is_not_raised() -> None:
    (found,) = find(evidence(failures=STORM, function=function(timeout_s=900)))
    assert not any("--timeout" in change.text for change in found.changes)


def test_crashes_are_told_from_time_outs() -> None:
    crashes = FailureCount(FailureKind.EXIT, 3, 2)
    found = list(find(evidence(failures=(*STORM, crashes))))
    assert [one.subject for one in found] == ["timeouts", "crashes"]
    assert found[1].title == "3 crashes made 2 later invocations wait for a new init"
    assert found[1].affected == 2


def test_one_of_them_is_told_as_one() -> None:
    (found,) = find(evidence(failures=(FailureCount(FailureKind.TIMEOUT, 1, 1),)))
    assert found.title == "1 timeout made 1 later invocation wait for a new init"


@pytest.mark.parametrize("kind", [FailureKind.EXCEPTION, FailureKind.OUT_OF_MEMORY, FailureKind.INIT])
def test_other_failures_are_other_rules(kind: FailureKind) -> None:
    assert not list(find(evidence(failures=(FailureCount(kind, 8, 6),))))


def test_time_outs_that_led_to_no_new_init_are_no_cause_of_slow_starts() -> None:
    assert not list(find(evidence(failures=(FailureCount(FailureKind.TIMEOUT, 8, 0),))))


def test_a_healthy_function_and_no_evidence_say_nothing() -> None:
    assert not list(find(evidence()))
    assert not list(find(nothing()))


def test_a_name_that_a_shell_would_run_is_quoted() -> None:
    one = evidence(failures=STORM, name="x; rm -rf /")
    assert all("'x; rm -rf /'" in change.text for f in find(one) for change in f.changes if "x; rm" in change.text)


def test_without_the_configuration_or_the_starts_it_still_counts() -> None:
    (found,) = find(evidence(failures=STORM, function=MISSING, starts=(), warm_ms=WARM_MS))
    assert found.affected == 6
