"""Needless files and limits, on evidence made by hand."""

from dataclasses import replace

import pytest

from monitor.diagnose.evidence.model import Settings
from monitor.diagnose.rules.package_size import find
from monitor.kernel.function import Layer
from monitor.kernel.missing import Missing
from monitor.packages.model import PackageFinding
from tests.fakes.code_evidence import FUNCTION, MB, healthy, package, part

TESTS = PackageFinding("tests", "200 files with tests", 200, 4 * MB, ("numpy/tests/test_x.py",))
DOCS = PackageFinding("docs", "2 files with documentation", 2, 6 * MB)


def test_needless_files_are_added_up() -> None:
    (found,) = find(healthy(package=package(part("numpy", 20), findings=[TESTS, DOCS])))
    assert found.title == "10.0 MB (zipped) of the package are files that a start does not read"
    assert found.evidence[0].text == "200 files with tests (4.0 MB zipped)"
    assert found.saving is not None
    assert (found.saving.low_ms, found.saving.likely_ms, found.saving.high_ms) == (0.0, 32.02, 220.2)


def test_the_advised_build_leaves_out_what_was_counted() -> None:
    (found,) = find(healthy(package=package(part("numpy", 20), findings=[TESTS])))
    (build,) = found.changes
    # A plain build keeps tests of dependencies: only --strip tried checks whether a start reads them.
    assert build.text.startswith(f"monitor package build . -o built.zip --strip tried --handler {FUNCTION.handler}")
    # Behind monitor's entry point, the build of the project needs the handler that is in the project.
    behind = replace(FUNCTION, handler="monitor.runtime.entry.lambda_handler")
    settings = Settings(instrumented=True, handler="shop.api.handle")
    (found,) = find(healthy(function=behind, settings=settings, package=package(part("numpy", 20), findings=[TESTS])))
    assert " --strip tried --handler shop.api.handle" in found.changes[0].text
    git = replace(TESTS, kind="git", names=(".git/index",))
    (found,) = find(healthy(package=package(part("numpy", 20), findings=[git])))
    assert [one.text.split(" --instrument")[0] for one in found.changes] == [
        "monitor package build . -o built.zip", ".lambdaignore:\n.git/",
    ]  # fmt: skip


def test_under_a_megabyte_is_not_worth_a_word() -> None:
    assert list(find(healthy(package=package(findings=[replace(TESTS, zipped_bytes=MB - 1)])))) == []


@pytest.mark.parametrize(("size_mb", "found"), [(66, 0), (67, 1)])
def test_a_package_near_the_limit_is_named(size_mb: int, found: int) -> None:
    # Three times as much unzipped: 201 MB is over 80% of 262,144,000 bytes (200 MB), 198 MB is not.
    assert len(list(find(healthy(package=package(part("torch", size_mb)))))) == found


def test_the_last_layer_is_named() -> None:
    layers = tuple(Layer(f"arn:aws:lambda:eu-west-1:1:layer:l:{number}", 1) for number in range(5))
    (found,) = find(healthy(function=replace(FUNCTION, layers=layers)))
    assert (found.subject, found.saving) == ("layers", None)


def test_silent_without_evidence_and_on_a_healthy_function() -> None:
    assert list(find(healthy(package=Missing("refused")))) == []
    assert list(find(healthy(function=Missing("refused")))) == []
    assert list(find(healthy())) == []
