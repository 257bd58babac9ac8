"""A deployment after which inits take longer is named; noise and improvements are not."""

from monitor.diagnose.evidence.model import Deployed
from monitor.diagnose.rules.recent_deployment import find
from monitor.records.invocation import ColdStart
from tests.fakes.start_evidence import HOUR_MS, NOON_MS, evidence, nothing, start


def starts(init_ms: float, version: str, since_h: int, count: int = 12) -> tuple[ColdStart, ...]:
    return tuple(
        start(init_ms + 3 * step, 40.0, version=version, at_ms=NOON_MS + since_h * HOUR_MS + step * 1000)
        for step in range(count)
    )


def test_a_version_whose_inits_are_slower_is_named_with_the_test() -> None:
    (found,) = find(evidence((*starts(300, "7", 0), *starts(480, "8", 2))))
    assert found.title == "Inits take 180 ms longer since version 8"
    assert "init p50 is 316 ms over 12 starts of version 7, and 496 ms over 12 of version 8" in found.evidence[0].text
    assert "Mann-Whitney U, p = " in found.evidence[0].text
    assert found.affected == 12
    assert found.saving is not None
    assert found.saving.likely_ms == 180
    assert found.saving.low_ms < 180 < found.saving.high_ms
    assert found.changes[0].text == "monitor package diff shop:7 shop:8"
    assert "--function-version 7" in found.changes[1].text


def test_only_the_last_two_versions_count() -> None:
    assert not list(find(evidence((*starts(300, "6", 0), *starts(480, "7", 2), *starts(480, "8", 4)))))


def test_a_change_of_latest_is_found_by_its_time() -> None:
    both = (*starts(300, "$LATEST", 0), *starts(400, "$LATEST", 2))
    (found,) = find(evidence(both, deployments=(Deployed("$LATEST", NOON_MS + HOUR_MS),)))
    assert found.title == "Inits take 100 ms longer since the deployment of 2026-11-23 13:00 UTC"
    assert not list(find(evidence(both)))


def test_noise_an_improvement_and_too_few_are_no_finding() -> None:
    assert not list(find(evidence((*starts(300, "7", 0), *starts(302, "8", 2)))))
    assert not list(find(evidence((*starts(480, "7", 0), *starts(300, "8", 2)))))
    assert not list(find(evidence((*starts(300, "7", 0), *starts(900, "8", 2, count=4)))))


def test_a_healthy_function_and_no_evidence_say_nothing() -> None:
    assert not list(find(evidence(deployments=(Deployed("7", NOON_MS - HOUR_MS),))))
    assert not list(find(nothing()))
