"""Inits that fail, and inits near Lambda's limit."""

from monitor.diagnose.evidence.model import Deployed, FailureCount
from monitor.diagnose.rules import timeouts_cause_cold_starts
from monitor.diagnose.rules.init_failed_or_retried import find
from monitor.records.init_record import InitError, InitRecord
from monitor.records.invocation import FailureKind, InitKind
from tests.fakes.start_evidence import HEALTHY_STARTS, HOUR_MS, NOON_MS, evidence, nothing, start

NO_MODULE = InitRecord(1, 90.0, error=InitError("ImportError", "No module named 'app.core'", "app.core"))
FAILED = tuple(
    start(90.0, 120.0, kind=InitKind.FAILED, request_id="f-1", error_type="Runtime.ImportModuleError", status="error")
    for _ in range(4)
)


def test_failed_inits_are_named_with_their_error() -> None:
    broken = start(90.0, 120.0, kind=InitKind.FAILED, error_type="Runtime.ImportModuleError", init_record=NO_MODULE)
    one = evidence((*HEALTHY_STARTS, *FAILED, broken), failures=(FailureCount(FailureKind.INIT, 5, 4),))
    (found,) = find(one)
    assert found.title == "5 inits failed"
    texts = [fact.text for fact in found.evidence]
    assert "errors: Runtime.ImportModuleError" in texts
    assert "ImportError: No module named 'app.core'" in texts
    assert found.affected == 5
    assert found.saving is None
    assert found.urgent


def test_starts_that_failed_before_a_deployment_that_works_are_history() -> None:
    failed = tuple(start(90.0, 120.0, kind=InitKind.FAILED, at_ms=NOON_MS, version="$LATEST") for _ in range(4))
    works = start(300.0, 40.0, at_ms=NOON_MS + HOUR_MS, version="$LATEST")
    deployed = (Deployed("$LATEST", NOON_MS + HOUR_MS // 2),)
    assert not list(find(evidence((*failed, works), deployments=deployed)))
    (found,) = find(evidence((*failed, works)))
    assert (found.affected, found.urgent) == (4, True)
    again = start(90.0, 120.0, kind=InitKind.FAILED, at_ms=NOON_MS + 2 * HOUR_MS, version="$LATEST")
    (found,) = find(evidence((*failed, works, again), deployments=deployed))
    assert (found.affected, found.urgent) == (1, True)


def test_inits_that_failed_after_a_time_out_are_told_with_the_time_outs() -> None:
    cut = tuple(start(1000.0, 1000.0, kind=InitKind.FAILED, status="timeout") for _ in range(4))
    storm = evidence((*HEALTHY_STARTS, *cut), failures=(FailureCount(FailureKind.TIMEOUT, 5, 4),))
    assert not list(find(storm))
    (found,) = find(evidence((*HEALTHY_STARTS, *cut), failures=(FailureCount(FailureKind.TIMEOUT, 5, 3),)))
    assert found.affected == 1
    (told,) = timeouts_cause_cold_starts.find(storm)
    assert any(one.text.startswith("the function's timeout ended 4 inits") for one in told.evidence)


def test_an_init_near_ten_seconds_is_told_though_it_saves_nothing_yet() -> None:
    (found,) = find(evidence(tuple(start(8500.0 + 10 * step, 40.0) for step in range(9))))
    assert found.subject == "the init limit"
    assert found.saving is None


def test_a_provisioned_init_has_more_time() -> None:
    slow = tuple(start(9500.0, 40.0, kind=InitKind.PROVISIONED) for _ in range(5))
    assert not list(find(evidence(slow)))


def test_a_healthy_function_and_no_evidence_say_nothing() -> None:
    assert not list(find(evidence()))
    assert not list(find(nothing()))
    assert not list(find(evidence((), warm_ms=())))
