"""Versions that are looked up at init."""

from dataclasses import replace

from monitor.diagnose.evidence.model import InitWork, StartRecord
from monitor.diagnose.rules.version_lookups import find
from tests.fakes.code_evidence import healthy

ROW = InitWork("version", "markdown/util.py", 39, 3, 40.0)


def test_lookups_are_named_with_who_asks() -> None:
    (found,) = find(replace(healthy(), calls=StartRecord(None, (ROW,), 660.0)))
    assert found.title == "3 lookups of versions or entry points at init take 20.0 ms"
    assert found.evidence[0].where == "markdown/util.py:39"
    assert "Libraries look them up" in found.risk_text


def test_a_quick_lookup_is_no_cause() -> None:
    assert list(find(replace(healthy(), calls=StartRecord(None, (replace(ROW, ms=4.0),), 660.0)))) == []
    assert list(find(healthy())) == []
