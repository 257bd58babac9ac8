"""Versions that are looked up at init."""

from dataclasses import replace

from monitor.diagnose.evidence.model import InitWork, LibraryImport, LibraryModule, StartRecord
from monitor.diagnose.rules.version_lookups import find
from tests.fakes.code_evidence import healthy

ROW = InitWork("version", "markdown/util.py", 39, 3, 40.0)


def test_lookups_are_named_with_who_asks() -> None:
    (found,) = find(replace(healthy(), calls=StartRecord(None, (ROW,), 660.0)))
    assert found.title == "3 lookups of versions or entry points at init take 20.0 ms"
    assert found.evidence[0].where == "markdown/util.py:39"
    assert "Libraries do these lookups" in found.risk_text


def test_pkg_resources_is_named_by_the_import_that_brings_it_in() -> None:
    statement = LibraryImport("tmpl.loader", "tmpl/loader.py", 12, "import pkg_resources", 0)
    inside = LibraryImport("tmpl.template", "tmpl/template.py", 37, "import pkg_resources", 37)
    module = LibraryModule("pkg_resources", "tmpl", ("tmpl", "tmpl.loader"), 80.0, 40, (statement, inside))
    (found,) = find(healthy(libraries=(module,)))
    assert found.title == "tmpl.loader → pkg_resources is imported at init, and takes 80.0 ms"
    assert found.evidence[2].text == "`import pkg_resources`, in a function that runs at import"
    assert list(find(healthy(libraries=(replace(module, own_ms=1.0),)))) == []


def test_a_quick_lookup_is_no_cause() -> None:
    assert list(find(replace(healthy(), calls=StartRecord(None, (replace(ROW, ms=4.0),), 660.0)))) == []
    assert list(find(healthy())) == []
