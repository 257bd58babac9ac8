"""How often two packages start in turns, to see whether one is faster."""

import random
from pathlib import Path

import pytest

from monitor.optimize import workflow_optimize
from monitor.optimize.model import Gain, Look, Outcome, Step
from monitor.optimize.model_selection import Selection
from monitor.optimize.search.search import Reference
from monitor.optimize.workflow_optimize import Plan, _confirmed, _judged, _Start, _Work
from monitor.optimize.workflow_run import Subject

BEFORE, AFTER = Path("/before"), Path("/after")


@pytest.mark.parametrize(
    ("saved_ms", "noise_ms", "expected_ms", "starts", "kept"),
    [
        (30.0, 1.0, None, 18, True),
        (12.0, 40.0, None, 36, True),
        (15.0, 60.0, None, 54, True),
        (0.0, 1.0, None, 18, False),
        (0.0, 1.0, 10.0, 18, False),
        (0.0, 60.0, 10.0, 54, False),
    ],
    ids=["clear", "in noise", "in more noise", "none", "none of what was expected", "not known"],
)
def test_a_saving_that_is_not_clear_gets_as_many_turns_again(
    saved_ms: float,
    noise_ms: float,
    expected_ms: float | None,
    starts: int,
    kept: bool,
    monkeypatch: pytest.MonkeyPatch,
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
    wall, cpu = work.measured(BEFORE, AFTER, expected_ms)
    assert len(started) == starts
    assert _judged(wall, cpu)[0] == kept


@pytest.mark.parametrize("saved_ms", [5.0, -5.0])
def test_steps_that_together_save_nothing_are_taken_back(saved_ms: float, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan(BEFORE, "p", "3.11", 9, [])
    reference = Reference({}, Look({}, frozenset()), (), ())
    work = _Work(plan, None, None, BEFORE, BEFORE, reference, lambda _: None, lambda: None, _Start())  # type: ignore[arg-type]
    work.before, work.selection = AFTER, Selection({"app.py": frozenset({1})})
    gain = Gain(100.0, 100.0 - saved_ms, saved_ms, saved_ms - 1, saved_ms + 1)
    compared = []

    def measured(_work: _Work, *roots: Path) -> tuple[Gain, Gain]:
        compared.append(roots)
        return gain, gain

    monkeypatch.setattr(_Work, "measured", measured)
    steps = [Step(name, name, kept=True) for name in ("bytecode", "collection", "libraries")]
    found = _confirmed(work, steps, BEFORE)
    assert compared == [(BEFORE, AFTER)]
    assert [step.kept for step in found] == [True, saved_ms > 0, saved_ms > 0]
    assert (work.before, work.selection.count) == ((AFTER, 1) if saved_ms > 0 else (BEFORE, 0))
    assert _confirmed(work, steps[:2], BEFORE) == steps[:2], "one step was compared with the package before it"
