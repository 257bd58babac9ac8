"""Packages without bytecode, on evidence made by hand."""

from dataclasses import replace

import pytest

from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.rules.missing_bytecode import find
from monitor.kernel.missing import Missing
from monitor.packages.model import PackageFinding, PackageReport
from monitor.records.imports import ImportNode
from tests.fakes.code_evidence import FUNCTION, healthy, node, package, part, profile

SOURCES = ("lambda_function.py", "app/main.py", "fastapi/__init__.py", "pydantic/__init__.py", "extra/__init__.py")


def bare(*more: str, **parts: object) -> FunctionEvidence:
    made = of_size(healthy(package=package(part("fastapi", 1), files=[*SOURCES, *more])), 100_000)
    return replace(made, **parts)  # type: ignore[arg-type]


def test_the_time_of_imported_modules_without_bytecode_is_saved_in_part() -> None:
    (found,) = find(bare())
    assert found.title == "5 of 5 modules have no bytecode for Python 3.11, so each start compiles them"
    # lambda_function 1, app.main 8, fastapi 40, pydantic 60; starlette, pydantic_core and asyncio have it.
    assert found.evidence[1].text == "4 of them are imported at init, which takes 109 ms including compilation"
    assert found.saving is not None
    assert found.saving.likely_ms == pytest.approx(0.7 * 109)
    assert found.saving.low_ms == pytest.approx(0.55 * 109)
    assert found.changes[0].text == "monitor package build . -o built.zip --python 3.11"


def test_a_package_that_brings_the_entry_point_is_built_with_it_again() -> None:
    (found,) = find(bare("monitor/runtime/entry.py"))
    assert found.changes[0].text == "monitor package build . -o built.zip --python 3.11 --instrument"


def test_imports_below_the_records_threshold_count_in_proportion() -> None:
    tree = ImportNode("fastapi", 50.0, 100.0)
    (found,) = find(bare(imports=profile(tree)))
    assert "takes 100 ms" in found.evidence[1].text


def test_bytecode_of_another_python_is_none() -> None:
    (found,) = find(bare("fastapi/__pycache__/__init__.cpython-312.pyc"))
    assert found.title.startswith("5 of 5")


def test_bytecode_beside_or_in_pycache_counts_and_layers_are_looked_into() -> None:
    compiled = [f"{name}c" for name in SOURCES[1:]]
    (found,) = find(bare(*compiled, "python/lib/python3.11/site-packages/starlette/__init__.py"))
    assert found.title.startswith("2 of 6")
    # starlette 25 + lambda_function 1.
    assert "2 of them are imported at init, which takes 26.0 ms" in found.evidence[1].text


def of_size(evidence: FunctionEvidence, each_bytes: int) -> FunctionEvidence:
    report = evidence.package
    assert isinstance(report, PackageReport)
    (held,) = report.containers
    files = tuple(replace(one, unzipped_bytes=each_bytes) for one in held.files)
    return replace(evidence, package=replace(report, containers=(replace(held, files=files),)))


def test_a_few_lines_that_compute_for_long_are_not_compiled_for_long() -> None:
    (found,) = find(of_size(bare(), 1_000))
    assert found.saving is not None
    # At most 3 ms for each of the four files of 1 kB.
    assert found.saving.high_ms <= 4 * 3.0
    assert "which takes 109 ms" in found.evidence[1].text


def test_a_handler_of_a_few_lines_is_not_told_half_of_an_init_spent_elsewhere() -> None:
    (found,) = find(of_size(bare(imports=Missing("no records")), 200))
    assert found.saving is not None
    assert found.saving.likely_ms == pytest.approx(1.0)
    assert found.saving.high_ms == pytest.approx(3.0)
    assert found.saving.low_ms <= found.saving.likely_ms


def test_the_python_of_a_hostile_file_is_one_word_of_the_command() -> None:
    evidence = bare()
    assert isinstance(evidence.package, PackageReport)
    (found,) = find(replace(evidence, package=replace(evidence.package, python="3.11; rm -rf x")))
    assert found.changes[0].text.endswith("--python '3.11; rm -rf x'")


def test_without_imports_a_part_of_init_duration_is_taken() -> None:
    (found,) = find(of_size(bare(imports=Missing("no records")), 200_000))
    assert found.saving is not None
    assert found.saving.likely_ms == pytest.approx(0.5 * 330)
    assert found.confidence.value == "medium"
    (found,) = find(bare(imports=Missing("no records"), starts=Missing("refused")))
    assert found.saving is None


def test_modules_that_no_init_imports_cost_nothing() -> None:
    assert list(find(bare(imports=profile(node("json", 5.0))))) == []


def test_bytecode_by_file_times_may_be_stale() -> None:
    report = healthy().package
    assert isinstance(report, PackageReport)
    stale = PackageFinding("stale", "6 files of bytecode that goes by file times", 6)
    (found,) = find(healthy(package=replace(report, findings=(stale,))))
    assert found.saving is not None
    assert found.saving.low_ms == 0.0
    assert found.confidence.value == "low"


@pytest.mark.parametrize(
    "change",
    [
        {"package": Missing("refused")},
        {"package": package(files=SOURCES, python=None)},
        {"function": replace(FUNCTION, package_type="Image")},
    ],
    ids=["no package", "no Python", "an image"],
)
def test_silent_without_evidence(change: dict[str, object]) -> None:
    assert list(find(bare(**change))) == []


def test_silent_on_a_healthy_function() -> None:
    assert list(find(healthy())) == []
