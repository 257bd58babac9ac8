"""Imports of the application that nothing uses, on evidence made by hand."""

from dataclasses import replace

import pytest

from monitor.callgraph.model import UnusedImport
from monitor.diagnose.evidence.model import FunctionEvidence, LibraryImport, LibraryModule, is_missing
from monitor.diagnose.rules.unused_imports import find
from tests.fakes.code_evidence import FRAMEWORK, code, healthy, node, profile, use

REQUESTS = node("requests", 20.0, node("charset_normalizer", 10.0), node("http.client", 8.0))
UNUSED = UnusedImport("requests", "app/main.py", 3, "import requests", guarded=False)
USE = use("requests", used_at_import=False)


def unused(*more: UnusedImport, uses: tuple = (USE,), **parts: object) -> FunctionEvidence:
    tree = node("lambda_function", 1.0, node("app.main", 8.0, FRAMEWORK, REQUESTS))
    evidence = healthy(
        imports=profile(tree),
        code=code(use("fastapi"), *uses, unused=(UNUSED, *more)),
    )
    return replace(evidence, **parts)  # type: ignore[arg-type]


def test_an_import_that_nothing_uses_is_named_with_its_line_and_its_cost() -> None:
    (found,) = find(unused())
    assert found.title == "requests is imported at init, and nothing uses it"
    assert found.evidence[0].where == "app/main.py:3"
    assert found.saving is not None
    assert found.saving.likely_ms == 34.0
    assert found.changes[0].text == "app/main.py:3: delete `import requests`"
    assert found.confidence.value == "medium"


def test_the_range_has_what_the_standard_library_and_the_slowest_starts_take() -> None:
    (plain,) = find(unused())
    assert plain.saving is not None
    assert plain.saving.high_ms == pytest.approx((30.0 + 8.0) * 1.3)
    evidence = unused()
    assert not is_missing(evidence.imports)
    rows = tuple(
        replace(row, p95_ms=1.6 * row.self_ms) if row.package == "requests" else row for row in evidence.imports.rows
    )
    (varied,) = find(replace(evidence, imports=replace(evidence.imports, rows=rows)))
    assert varied.saving is not None
    assert varied.saving.high_ms == pytest.approx((30.0 + 8.0) * 1.6)


def test_a_library_that_only_the_import_brings_does_not_keep_it() -> None:
    back = LibraryModule("requests", "", (), 34.0, 3, (LibraryImport("charset_normalizer", "c.py", 1, "", 0),))
    assert [one.subject for one in find(unused(libraries=(back,)))] == ["requests"]


def test_an_import_that_may_test_for_a_library_is_less_sure() -> None:
    evidence = unused(code=code(use("fastapi"), USE, unused=(replace(UNUSED, guarded=True),)))
    assert [one.confidence.value for one in find(evidence)] == ["low"]


@pytest.mark.parametrize(
    "evidence",
    [
        unused(uses=(USE, use("requests.sessions", "app/client.py"))),
        unused(libraries=(LibraryModule("requests", "", (), 34.0, 3, (LibraryImport("squiggle", "s.py", 1, "", 0),)),)),
        unused(imports=profile(node("app.main", 8.0, node("httpx", 40.0, REQUESTS)))),
        unused(imports=profile(node("app.main", 8.0, FRAMEWORK))),
        unused(code=code(use("fastapi"), unused=(replace(UNUSED, module="app.effects"),))),
    ],
    ids=[
        "another file uses it",
        "a library's files import it",
        "a library imported it",
        "not imported",
        "its own module",
    ],
)
def test_an_import_that_stays_or_costs_nothing_is_no_finding(evidence: FunctionEvidence) -> None:
    assert list(find(evidence)) == []


def test_without_the_entry_point_a_pass_of_the_collector_can_be_saved_too() -> None:
    evidence = unused()
    assert not is_missing(evidence.settings)
    assert not is_missing(evidence.imports)
    highs = []
    for instrumented in (True, False):
        (found,) = find(replace(evidence, settings=replace(evidence.settings, instrumented=instrumented)))
        assert found.saving is not None
        highs.append(found.saving.high_ms)
    assert highs[1] - highs[0] == pytest.approx(min(0.21 * evidence.imports.total_ms, 2 * 38.0))


def test_the_standard_library_counts_as_far_as_nothing_else_imports_it() -> None:
    known = LibraryModule("requests", "", (), 30.0, 3, (), stdlib_ms=2.0)
    (found,) = find(unused(libraries=(known,)))
    assert found.saving is not None
    assert found.saving.likely_ms == pytest.approx(30.0 + 2.0)
    assert "that nothing else imports" in found.saving.basis
