"""What a comparison of two packages says of the cold start, from files alone."""

from dataclasses import replace

from monitor.packages.analyze_compare import compare, times
from monitor.packages.model import PackageFinding, PackageReport
from monitor.records.imports import ImportRow
from tests.fakes.code_evidence import package, part


def report(*parts: object, findings: tuple[PackageFinding, ...] = ()) -> PackageReport:
    return replace(package(*parts, findings=list(findings)), python="3.12")  # type: ignore[arg-type]


def test_a_changed_application_may_start_in_any_time() -> None:
    # An import that moved into a function changes a few bytes, and saves a second.
    before, after = report(part("app", 1), part("sqlalchemy", 8)), report(part("app", 1.1), part("sqlalchemy", 8))
    found = compare(before, after).expectation
    assert found.startswith("not known: app differs")
    assert "--measure" in found


def test_equal_packages_are_said_to_be_equal() -> None:
    assert compare(report(part("app", 1)), report(part("app", 1))).expectation.startswith("no difference is expected")


def test_bytecode_decides_where_it_differs() -> None:
    missing = PackageFinding("compile", "10 of 10 modules", 10)
    found = compare(report(part("app", 1), findings=(missing,)), report(part("app", 1))).expectation
    assert found.startswith("faster: 10 fewer modules")


def test_many_parts_are_counted() -> None:
    before, after = report(*(part(name, 1) for name in "abcd")), report(*(part(name, 2) for name in "abcd"))
    assert "a and 3 other parts differ" in compare(before, after).expectation


def test_the_handlers_own_file_is_imported_though_a_profile_lacks_it() -> None:
    # awslambdaric imports it by importlib.import_module, which -X importtime does not show.
    rows = [ImportRow("six", 3.0, 1.0, 1, 1, 3.0, 3.0, 3.0, 1)]
    found = times(report(part("app", 1), part("six", 1)), rows, source="", inits=1, exact=True, handler="app.main")
    assert [(one.name, one.modules) for one in found.rows] == [("six", 1), ("app", 1)]
    assert found.untimed == "app.main"
