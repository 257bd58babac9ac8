"""Several functions as a table, worst first, each with the command that opens its report."""

from dataclasses import replace

import pytest

from monitor.console.text import Style
from monitor.diagnose.analyze_fleet import worst_first
from monitor.diagnose.model import Diagnosis
from monitor.diagnose.model_finding import Finding
from monitor.diagnose.report.fleet import fleet_document, render_fleet
from monitor.kernel.origin import Origin
from tests.unit.diagnose.report import diagnosis_factory as factory


def named(name: str, diagnosis: Diagnosis, **changes: object) -> Diagnosis:
    evidence = replace(diagnosis.evidence, name=name, origin=Origin(local=True))
    return replace(diagnosis, evidence=evidence, **changes)


def failing(finding: Finding) -> Finding:
    return replace(finding, title="4 inits failed", saving=None, urgent=True)


SLOW = named("slow", factory.slow())
FEW = named("few", factory.slow(), headline=replace(factory.slow().headline, starts=2))
HEALTHY = named("healthy", factory.healthy())
BROKEN = named("broken", factory.slow(), findings=(failing(factory.slow().findings[0]),))


def test_what_fails_is_first_then_what_saves_the_most_in_the_window() -> None:
    found = worst_first([HEALTHY, FEW, SLOW, BROKEN])
    assert [one.evidence.name for one in found] == ["broken", "slow", "few", "healthy"]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_each_row_opens_to_its_report_and_fits(width: int) -> None:
    text = render_fleet(worst_first([HEALTHY, SLOW, BROKEN]), Style(width))
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    for name in ("broken", "slow", "healthy"):
        assert f"  monitor --local diagnose {name}" in lines
    assert lines[1].split()[0] == "broken"
    assert "fails" in lines[1]
    assert ("to save" in text) is (width >= 100)


def test_as_json_it_has_the_findings_and_what_could_not_be_read() -> None:
    document = fleet_document([SLOW], [("gone", "there is no function gone")])
    assert isinstance(document, dict)
    (row,) = document["functions"]
    assert (row["function"], row["command"]) == ("slow", "monitor --local diagnose slow")
    assert row["to_save_ms"] > 0
    assert len(row["findings"]) == len(SLOW.findings)
    assert document["unavailable"] == [{"function": "gone", "reason": "there is no function gone"}]
