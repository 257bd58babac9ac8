"""Garbage collection during init, on evidence made by hand."""

from dataclasses import replace

import pytest

from monitor.diagnose.evidence.model import FunctionEvidence, ModuleCall, Settings
from monitor.diagnose.rules.garbage_collection import find
from monitor.kernel.missing import Missing
from tests.fakes.code_evidence import code, healthy, node, profile


def heavy() -> FunctionEvidence:
    return healthy(settings=Settings(), imports=profile(node("pandas", 1000.0)))


def test_a_part_of_long_imports_is_saved() -> None:
    (found,) = find(heavy())
    assert found.saving is not None
    assert (found.saving.low_ms, found.saving.likely_ms, found.saving.high_ms) == (10.0, 60.0, 210.0)
    assert found.changes[0].text == "monitor instrument f"


@pytest.mark.parametrize(
    "change",
    [
        {"settings": Settings(instrumented=True)},
        {"settings": Missing("refused")},
        {"imports": Missing("no records")},
        {"imports": profile(node("fastapi", 499.0))},
        {"code": code(calls=(ModuleCall("gc.disable", "lambda_function.py", 3, "gc.disable()"),))},
    ],
    ids=["entry point", "no settings", "no imports", "short", "taken care of"],
)
def test_silent_where_it_is_paused_short_or_unknown(change: dict[str, object]) -> None:
    assert list(find(replace(heavy(), **change))) == []  # type: ignore[arg-type]


def test_silent_on_a_healthy_function() -> None:
    assert list(find(healthy())) == []
    assert list(find(healthy(settings=Settings()))) == []
