"""Which imports are blamed when a package no longer starts, and the error names nothing."""

from collections.abc import Collection
from pathlib import Path

import pytest

from monitor.optimize.model import Look, Outcome
from monitor.optimize.search import search
from monitor.optimize.search.search import Reference, Search

LINES = range(1, 6)
FILES = [f"lib/part{part}/{name}.py" for part in range(20) for name in ("__init__", "more")]
PAIRS = {(file, line) for file in FILES for line in LINES}
BROKEN = {
    "a folder": {pair for pair in PAIRS if pair[0].startswith("lib/part3/")},
    "files that are far apart": {pair for pair in PAIRS if pair[0] in FILES[5::17]},
    "a line here and there": {(file, 2) for file in FILES[::9]},
}


def _search(monkeypatch: pytest.MonkeyPatch, bad: set[tuple[str, int]]) -> Search:
    def failure(_search: Search, pairs: Collection[tuple[str, int]]) -> tuple[Outcome, Path] | None:
        return (Outcome(returncode=1), Path("/root")) if bad.intersection(pairs) else None

    monkeypatch.setattr(search.Search, "_failure", failure)
    reference = Reference({}, Look({}, frozenset()), (), ())
    return Search(None, None, None, reference, Path("/none"), bytecode=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", BROKEN)
def test_imports_far_from_those_that_break_the_start_still_run_later(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = BROKEN[kind]
    one = _search(monkeypatch, bad)
    assert one._culprits(sorted(PAIRS)) == bad
    assert set(one.excluded) == bad


def test_imports_beside_one_that_breaks_the_start_still_run_later(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {("lib/part3/more.py", 4)}
    # An error names the file, not the line.
    monkeypatch.setattr(search, "suspects", lambda _outcome, left, *_: {one for one in left if one[0] == min(bad)[0]})
    assert _search(monkeypatch, bad)._culprits(sorted(PAIRS)) == bad
