"""Parts of libraries that nothing needs while they are imported, on evidence made by hand."""

from dataclasses import replace

import pytest

from monitor.diagnose.evidence.model import FunctionEvidence, LibraryImport, LibraryModule, StartRecord
from monitor.diagnose.rules.library_subtrees import find
from tests.fakes.code_evidence import code, healthy, node, profile, use

STATEMENT = LibraryImport("tmpl.loader", "tmpl/loader.py", 12, "import assets", 0, ("asset",))
PART = LibraryModule("assets", "tmpl", ("handler", "tmpl", "tmpl.loader"), 80.0, 40, (STATEMENT,))
SMALL = LibraryModule(
    "tmpl.i18n", "tmpl", ("handler", "tmpl"), 10.0, 2, (replace(STATEMENT, importer="tmpl", file="tmpl/__init__.py"),)
)


def evidence(*parts: LibraryModule, **more: object) -> FunctionEvidence:
    tree = profile(node("handler", 1.0, node("tmpl", 200.0, node("assets", 120.0))))
    made = healthy(imports=tree, libraries=parts, code=code(use("tmpl"), mentions=("tmpl", "tmpl.Template")))
    return replace(made, **more)  # type: ignore[arg-type]


def recorded(*entered: str) -> StartRecord:
    return StartRecord(entered, (), 400.0)


def test_a_part_is_named_by_the_import_that_brings_it_in() -> None:
    (found,) = find(evidence(PART))
    assert found.title == ("tmpl.loader → assets is imported at init, and no file needs it while it is imported")
    assert found.saving is not None
    assert found.saving.likely_ms == 80.0
    assert found.changes[0].text == "tmpl/loader.py:12: `import assets` in asset"
    assert found.confidence.value == "low"


def test_a_recorded_call_that_does_not_enter_it_makes_it_more_certain() -> None:
    (found,) = find(evidence(PART, calls=recorded("tmpl", "tmpl.compiler")))
    assert found.title == "tmpl.loader → assets is imported at init, and no recorded call enters it"
    assert found.confidence.value == "medium"


def test_without_an_event_a_watched_start_tells_nothing_of_calls() -> None:
    (found,) = find(evidence(PART, calls=StartRecord(None, (), 400.0)))
    assert found.confidence.value == "low"


@pytest.mark.parametrize(
    "made",
    [
        evidence(PART, calls=recorded("assets.extern")),
        evidence(replace(PART, imports=(replace(STATEMENT, needed_at=40),))),
        evidence(replace(PART, imports=(STATEMENT, replace(STATEMENT, statement="")))),
        evidence(replace(PART, imports=())),
        evidence(PART, code=code(mentions=("assets.resource_filename",))),
        evidence(PART, code=code(mentions=("tmpl.loader.assets",))),
    ],
    ids=["entered", "a base class", "a file was not read", "imported by many", "named", "named by way of the library"],
)
def test_a_part_that_something_needs_is_no_finding(made: FunctionEvidence) -> None:
    assert list(find(made)) == []


def test_of_parts_inside_one_another_the_largest_is_the_finding() -> None:
    inner = replace(PART, module="assets.extern", within="assets", own_ms=70.0)
    assert [one.subject for one in find(evidence(PART, inner))] == ["assets"]
    # Where the outer one is used, the inner one may still not be.
    used = evidence(PART, inner, code=code(mentions=("assets",)))
    assert [one.subject for one in find(used)] == ["assets.extern"]


def test_smaller_parts_of_one_library_are_one_finding() -> None:
    other = replace(SMALL, module="tmpl.tales", own_ms=8.0)
    found = list(find(evidence(PART, SMALL, other)))
    assert [one.subject for one in found] == ["assets", "tmpl.i18n, tmpl.tales"]
    assert found[1].saving is not None
    assert found[1].saving.likely_ms == 18.0
    assert found[1].title.startswith("2 parts of tmpl are imported at init, and no file needs them")


def test_names_in_a_class_need_more_than_a_moved_import() -> None:
    named = replace(PART, imports=(replace(STATEMENT, named=True),))
    (found,) = find(evidence(named, calls=recorded("tmpl")))
    assert found.confidence.value == "low"
    assert "1 gives its names to a class or a table" in found.evidence[1].text


def test_the_entry_point_around_the_handler_is_no_library_of_the_application() -> None:
    assert list(find(evidence(replace(PART, module="monitor.runtime.otel")))) == []
