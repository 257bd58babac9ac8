"""How often two packages start in turns, to see whether one is faster."""

import random
from pathlib import Path

import pytest

from monitor.optimize import workflow_optimize
from monitor.optimize.model import Look, Outcome
from monitor.optimize.search.search import Reference
from monitor.optimize.workflow_optimize import Plan, _judged, _Start, _Work
from monitor.optimize.workflow_run import Subject

BEFORE, AFTER = Path("/before"), Path("/after")


@pytest.mark.parametrize(
    ("saved_ms", "noise_ms", "starts", "kept"),
    [(30.0, 1.0, 18, True), (12.0, 40.0, 36, True), (0.0, 1.0, 18, False)],
    ids=["clear", "in noise", "none"],
)
def test_a_saving_that_is_not_clear_gets_as_many_turns_again(
    saved_ms: float, noise_ms: float, starts: int, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(3)
    started = []

    def run(root: Path, _subject: Subject) -> Outcome:
        started.append(root)
        took = 100.0 - saved_ms * (root == AFTER) + chance.uniform(0, noise_ms)
        return Outcome(first_ms=took, cpu_ms=took)

    monkeypatch.setattr(workflow_optimize, "run", run)
    plan = Plan(BEFORE, "p", "3.11", 9, [])
    reference = Reference({"exit code": None}, Look({}, frozenset()), (), ())
    work = _Work(plan, None, None, BEFORE, BEFORE, reference, lambda _: None, lambda: None, _Start())  # type: ignore[arg-type]
    wall, cpu = work.measured(BEFORE, AFTER)
    assert len(started) == starts
    assert _judged(wall, cpu)[0] == kept
