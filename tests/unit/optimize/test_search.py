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


@pytest.mark.parametrize("kind", BROKEN)
def test_imports_far_from_those_that_break_the_start_still_run_later(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = BROKEN[kind]

    def failure(_search: Search, pairs: Collection[tuple[str, int]]) -> tuple[Outcome, Path] | None:
        return (Outcome(returncode=1), Path("/root")) if bad.intersection(pairs) else None

    monkeypatch.setattr(search.Search, "_failure", failure)
    reference = Reference({}, Look({}, frozenset()), (), ())
    one = Search(None, None, None, reference, Path("/none"), bytecode=True)  # type: ignore[arg-type]
    assert one._culprits(sorted(PAIRS)) == bad
    assert set(one.excluded) == bad
