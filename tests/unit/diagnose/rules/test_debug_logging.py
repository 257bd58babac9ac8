"""DEBUG lines at start, on evidence made by hand."""

from dataclasses import replace

import pytest

from monitor.diagnose.evidence.model import InitLogging, Settings
from monitor.diagnose.rules.debug_logging import find
from monitor.kernel.missing import Missing
from tests.fakes.code_evidence import FUNCTION, code, healthy, node, profile

NOISY = InitLogging(20, 3_005.0, 300_000.0, 3_000.0)


def test_the_lines_of_a_start_are_counted_and_priced_in_ms() -> None:
    (found,) = find(healthy(logging=NOISY, settings=Settings(log_level="debug")))
    assert found.evidence[0].text.startswith("a start logs 3,000 DEBUG lines of 3,005 (293 KB)")
    assert found.evidence[1].text == "the environment's log level is DEBUG"
    assert found.saving is not None
    # The application's own modules take 9 ms at init: the lines are other modules', and as quick as can be.
    assert (found.saving.low_ms, found.saving.likely_ms, found.saving.high_ms) == (30.0, 30.0, 350.0)
    assert found.confidence.value == "medium"


@pytest.mark.parametrize(("own_ms", "likely_ms"), [(300.0, 210.0), (2_000.0, 350.0)])
def test_the_own_time_of_the_applications_modules_tells_what_is_likely(own_ms: float, likely_ms: float) -> None:
    (found,) = find(healthy(logging=NOISY, imports=profile(node("app.catalog", own_ms))))
    assert found.saving is not None
    assert found.saving.likely_ms == pytest.approx(likely_ms)


def test_without_records_a_line_has_a_likely_time() -> None:
    (found,) = find(healthy(logging=NOISY, imports=Missing("no records")))
    assert found.saving is not None
    assert (found.saving.low_ms, found.saving.likely_ms, found.saving.high_ms) == (30.0, 120.0, 350.0)


def test_a_start_saves_no_more_than_it_takes() -> None:
    many = InitLogging(20, 10_005.0, 1_000_000.0, 10_000.0)
    evidence = healthy(logging=many, imports=profile(node("app.catalog", 250.0)))
    first_total_ms = evidence.starts.first_total.p50
    (found,) = find(evidence)
    assert found.saving is not None
    assert (found.saving.low_ms, found.saving.likely_ms, found.saving.high_ms) == (100.0, 175.0, first_total_ms)
    # 0.2 ms a line would be 2 s: a range that says nothing, and a finding that would be listed as minor.
    assert found.saving.is_known


def test_a_level_set_in_the_code_is_named_by_its_line() -> None:
    (found,) = find(healthy(logging=NOISY, code=code(debug_at=("app/log.py:4",))))
    assert found.evidence[1].where == "app/log.py:4"
    assert found.changes[0].text == "in app/log.py:4: INFO instead of DEBUG"


def test_json_functions_get_the_command() -> None:
    settings = Settings(application_log_level="DEBUG")
    (found,) = find(healthy(logging=NOISY, settings=settings, function=replace(FUNCTION, log_format="JSON")))
    assert found.changes[0].text.endswith("--logging-config LogFormat=JSON,ApplicationLogLevel=INFO")


def test_a_level_without_logs_has_no_milliseconds() -> None:
    (found,) = find(healthy(logging=None, settings=Settings(log_level="DEBUG")))
    assert found.saving is None


def test_few_lines_are_no_finding_whatever_the_level() -> None:
    few = InitLogging(20, 10.0, 900.0, 6.0)
    assert list(find(healthy(logging=few, settings=Settings(log_level="DEBUG")))) == []


def test_silent_without_evidence_and_on_a_healthy_function() -> None:
    assert list(find(healthy(logging=None, settings=Missing("refused"), code=Missing("refused")))) == []
    assert list(find(healthy())) == []
