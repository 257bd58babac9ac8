"""What watching costs, on evidence made by hand."""

import pytest

from monitor.diagnose.evidence.model import FunctionEvidence, Settings
from monitor.diagnose.rules.instrumentation_overhead import find
from monitor.kernel.missing import Missing
from monitor.records.imports import ImportNode
from tests.fakes.code_evidence import FRAMEWORK, healthy, node, profile

POWERTOOLS = (
    node("aws_lambda_powertools.logging", 40.0, node("jmespath", 10.0)),
    node("aws_xray_sdk.core", 30.0, node("botocore", 20.0, node("opentelemetry", 1.0))),
)


def watched(*nodes: ImportNode, instrumented: bool = False) -> FunctionEvidence:
    return healthy(
        settings=Settings(instrumented=instrumented),
        imports=profile(node("lambda_function", 1.0, *nodes, FRAMEWORK)),
    )


def test_powertools_and_xray_are_one_finding_with_what_they_bring() -> None:
    (found,) = find(watched(*POWERTOOLS))
    assert found.title == "Powertools takes 101 ms of init for observability"
    assert found.changes[0].text == "monitor instrument f"
    assert found.saving is not None
    assert found.saving.likely_ms == pytest.approx(70.7)


def test_with_the_entry_point_they_are_left_alone() -> None:
    assert list(find(watched(*POWERTOOLS, instrumented=True))) == []


def test_what_a_framework_or_the_entry_point_imports_itself_is_left_alone() -> None:
    assert list(find(watched(node("monitor.runtime.boot", 1.0, node("opentelemetry.api", 30.0))))) == []
    assert list(find(watched(node("fastapi", 1.0, node("opentelemetry.api", 30.0))))) == []


def test_another_library_is_named_with_less_certainty() -> None:
    (found,) = find(watched(node("ddtrace", 100.0), instrumented=True))
    assert (found.subject, found.confidence.value) == ("ddtrace", "low")
    assert found.saving is not None
    assert (found.saving.low_ms, found.saving.likely_ms) == (0.0, 50.0)


def test_a_few_milliseconds_are_left_alone() -> None:
    assert list(find(watched(node("opentelemetry", 14.0)))) == []


def test_without_settings_it_counts_as_without_the_entry_point() -> None:
    evidence = healthy(settings=Missing("refused"), imports=profile(*POWERTOOLS))
    assert [one.subject for one in find(evidence)] == ["Powertools"]


def test_silent_without_evidence_and_on_a_healthy_function() -> None:
    assert list(find(healthy(imports=Missing("no records")))) == []
    assert list(find(healthy())) == []
