"""What is shipped and never imported, on evidence made by hand."""

from dataclasses import replace

import pytest

from monitor.diagnose.evidence.model import FunctionEvidence, LateImport, Settings
from monitor.diagnose.rules.unused_distributions import find
from monitor.kernel.missing import Missing
from monitor.packages.model import Basis, PackageReport, Part
from tests.fakes.code_evidence import code, healthy, package, part, use


def shipped(*more: Part) -> FunctionEvidence:
    report = healthy().package
    assert isinstance(report, PackageReport)
    return healthy(package=package(*report.parts, *more))


def test_a_distribution_that_nobody_imports_is_found_by_its_size() -> None:
    (found,) = find(shipped(part("ballast", 20)))
    assert (found.subject, found.title) == ("ballast", "The package includes ballast, which is never imported")
    assert found.saving is not None
    assert (found.saving.low_ms, found.saving.likely_ms, found.saving.high_ms) == (0.0, 60.1, 401.0)
    assert "assum" in found.saving.basis
    assert "REPORT does not show it" in found.saving.basis
    assert found.confidence.value == "high"


def test_it_takes_along_what_only_it_requires() -> None:
    (found,) = find(shipped(part("pandas", 15, requires=("numpy", "pydantic")), part("numpy", 20)))
    assert found.subject == "pandas"
    assert "35.0 MB zipped" in found.evidence[0].text
    assert "including numpy, which only it requires" in found.evidence[0].text


def test_what_two_of_them_require_is_counted_for_neither() -> None:
    found = list(
        find(
            shipped(part("pandas", 15, requires=("numpy",)), part("scipy", 30, requires=("numpy",)), part("numpy", 20))
        )
    )
    assert [one.evidence[0].text.partition(" zipped")[0] for one in found] == ["15.0 MB", "30.0 MB"]


@pytest.mark.parametrize(
    "evidence",
    [
        replace(
            shipped(part("pillow", 8, tops=("PIL",))), code=code(use("fastapi"), use("PIL.Image", at_import=False))
        ),
        replace(shipped(part("pillow", 8, tops=("PIL",))), late_imports=(LateImport("PIL", 60.0, 5, 10),)),
        shipped(part("extra", 0.1, requires=("big",), tops=("fastapi",)), part("big", 9)),
        shipped(part("psycopg2-binary", 9, tops=("psycopg2",))),
        shipped(part("botocore", 16)),
        shipped(part("small", 0.9)),
        shipped(part("lambda-monitor", 0.1, tops=("monitor",)), part("aws-lambda-powertools", 2)),
    ],
    ids=["in a function", "late", "required", "a driver", "the SDK", "small", "the entry point's"],
)
def test_what_is_used_or_small_or_another_rules_is_left_alone(evidence: FunctionEvidence) -> None:
    assert list(find(evidence)) == []


def test_powertools_without_the_entry_point_is_freight() -> None:
    evidence = replace(shipped(part("aws-lambda-powertools", 2)), settings=Settings())
    assert [one.subject for one in find(evidence)] == ["aws-lambda-powertools"]


def test_with_less_evidence_it_is_less_sure() -> None:
    evidence = shipped(part("ballast", 20))
    assert [one.confidence.value for one in find(replace(evidence, imports=Missing("no records")))] == ["low"]
    assert [one.confidence.value for one in find(replace(evidence, code=Missing("refused")))] == ["low"]
    guessed = shipped(part("ballast", 20, basis=Basis.TOP_LEVEL, version=None))
    assert [one.confidence.value for one in find(guessed)] == ["medium"]


def test_silent_where_neither_metadata_nor_a_start_says_what_the_used_ones_require() -> None:
    bare = shipped(part("pydantic-core", 4, basis=Basis.TOP_LEVEL, version=None))
    assert list(find(replace(bare, imports=Missing("no records")))) == []


def test_silent_without_evidence() -> None:
    evidence = shipped(part("ballast", 20))
    assert list(find(replace(evidence, package=Missing("refused")))) == []
    assert list(find(replace(evidence, imports=Missing("no records"), code=Missing("refused")))) == []


def test_silent_on_a_healthy_function() -> None:
    assert list(find(healthy())) == []
