"""Which imports are blamed when a package no longer starts, and the error names nothing."""

import itertools
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
    monkeypatch.setattr(search.Search, "_worth", lambda _search, pairs, **_: len(pairs))
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


def test_a_search_that_has_no_time_left_keeps_the_imports_that_were_found_to_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = _search(monkeypatch, BROKEN["a folder"])
    one.deadline = 100.0
    clock = itertools.count(0.0, 5.0)
    monkeypatch.setattr(search.time, "monotonic", lambda: next(clock))
    bad = one._culprits(sorted(PAIRS))
    assert BROKEN["a folder"] <= bad
    assert 0 < len(PAIRS - bad) < len(PAIRS - BROKEN["a folder"])


def test_what_can_save_most_is_tried_first_and_what_saves_too_little_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[set[tuple[str, int]]] = []
    one = _search(monkeypatch, BROKEN["a folder"])
    fails = one._failure
    monkeypatch.setattr(one, "_failure", lambda pairs: (tried.append(set(pairs)), fails(pairs))[1])
    monkeypatch.setattr(
        one, "_worth", lambda pairs, **_: 100 * len({pair for pair in pairs if "part7/" in pair[0]}) + 1
    )
    one.least_ms = 50
    bad = one._culprits(sorted(PAIRS))
    assert {file for file, _ in tried[1]} == {"lib/part7/__init__.py", "lib/part7/more.py"}
    assert PAIRS - bad == {pair for pair in PAIRS if "part7/" in pair[0]}


def test_imports_beside_one_that_breaks_the_start_still_run_later(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {("lib/part3/more.py", 4)}
    # An error names the file, not the line.
    monkeypatch.setattr(search, "suspects", lambda _outcome, left, *_: {one for one in left if one[0] == min(bad)[0]})
    assert _search(monkeypatch, bad)._culprits(sorted(PAIRS)) == bad
