"""Runtimes near their end, and runtime versions that start slower."""

import pytest

from monitor.diagnose.model_finding import Grade
from monitor.diagnose.rules.runtime_version import find
from monitor.records.invocation import ColdStart
from tests.fakes.start_evidence import HOUR_MS, MISSING, NOON_MS, evidence, function, nothing, start


def starts(init_ms: float, runtime: str, since_h: int, version: str = "7") -> tuple[ColdStart, ...]:
    return tuple(
        start(init_ms + step, 40.0, version=version, runtime_version=runtime, at_ms=NOON_MS + since_h * HOUR_MS + step)
        for step in range(12)
    )


@pytest.mark.parametrize(
    ("runtime", "title", "frozen"),
    [
        ("python3.9", "python3.9 is deprecated", "2026-09-30"),
        ("python3.10", "python3.10 is deprecated", "2027-01-15"),
        ("python3.7", "python3.7 is deprecated", "2026-09-30"),
    ],
)
def test_a_deprecated_runtime_is_told_with_its_dates(runtime: str, title: str, frozen: str) -> None:
    (found,) = find(evidence(function=function(runtime=runtime)))
    assert found.title == title
    assert frozen in found.evidence[1].text
    assert found.saving is None
    assert found.changes[0].text.endswith("--runtime python3.14")


def test_one_that_ends_within_half_a_year_is_told_before() -> None:
    in_2027 = NOON_MS + 60 * 24 * HOUR_MS  # 2027-01-22
    (found,) = find(evidence(function=function(runtime="python3.11"), gathered_at_ms=in_2027))
    assert found.title == "python3.11 will be deprecated on 2027-06-30"
    assert not list(find(evidence(function=function(runtime="python3.11"))))


@pytest.mark.parametrize("runtime", ["python3.13", "provided.al2023", None, "nodejs22.x", "python3.99"])
def test_others_are_not(runtime: str | None) -> None:
    assert not list(find(evidence(function=function(runtime=runtime))))


def test_a_runtime_version_that_starts_slower_is_named() -> None:
    both = (*starts(300, "python:3.13.v60", 0), *starts(380, "python:3.13.v61", 2))
    (found,) = find(evidence(both))
    assert found.title == "Inits take 80.0 ms longer on python:3.13.v61"
    assert found.confidence is Grade.MEDIUM
    assert found.affected == 12
    assert found.changes[1].text.endswith("--update-runtime-on Manual --runtime-version-arn ARN")


def test_starts_of_another_version_of_the_function_are_no_measure() -> None:
    both = (*starts(300, "python:3.13.v60", 0, "6"), *starts(380, "python:3.13.v61", 2, "7"))
    assert not list(find(evidence(both)))


def test_a_healthy_function_and_no_evidence_say_nothing() -> None:
    assert not list(find(evidence(starts(300, "python:3.13.v60", 0))))
    assert not list(find(nothing()))
    assert not list(find(evidence(function=MISSING)))
