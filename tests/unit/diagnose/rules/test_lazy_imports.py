"""Imports in the first invocation, on evidence made by hand."""

from dataclasses import replace

import pytest

from monitor.diagnose.evidence.model import FunctionEvidence, LateImport
from monitor.diagnose.rules.lazy_imports import find
from monitor.kernel.missing import Missing
from tests.fakes.code_evidence import FUNCTION, healthy


def late(seen: int = 10, ms: float = 200.0, memory_mb: int = 442) -> FunctionEvidence:
    return healthy(function=replace(FUNCTION, memory_mb=memory_mb), late_imports=(LateImport("PIL", ms, seen, 10),))


def test_an_import_of_every_first_invocation_would_be_faster_at_init() -> None:
    (found,) = find(late())
    assert found.title == "First invocations import PIL, which takes 200 ms"
    assert found.saving is not None
    # A quarter of a vCPU: 50 ms at init, so at most 150 are saved; half of it is likely.
    assert found.saving.low_ms == 0.0
    assert found.saving.likely_ms == pytest.approx(75, rel=0.01)
    assert found.saving.high_ms == pytest.approx(150, rel=0.01)


def test_starts_that_do_not_need_it_are_a_cost() -> None:
    (found,) = find(late(seen=9))
    assert found.saving is not None
    assert found.saving.low_ms == pytest.approx(-20)
    assert found.saving.likely_ms == pytest.approx(0.9 * 75 - 0.1 * 50, rel=0.01)
    assert list(find(late(seen=2))) == []


def test_with_a_whole_vcpu_or_a_short_import_there_is_nothing_to_gain() -> None:
    assert list(find(late(memory_mb=1769))) == []
    assert list(find(late(ms=24.0))) == []


def test_silent_without_evidence_and_on_a_healthy_function() -> None:
    assert list(find(replace(late(), function=Missing("refused")))) == []
    assert list(find(healthy())) == []
