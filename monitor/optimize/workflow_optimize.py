"""Optimize a package in steps: try, prove, measure, and keep what saves time."""

import os
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from monitor.diagnose.trials.paired import paired_saving
from monitor.errors import MonitorError, UsageError
from monitor.kernel.budgets import TESTS_S
from monitor.optimize.analyze_guards import SourceFile
from monitor.optimize.analyze_outcomes import is_clock, is_identity, is_ignored, parts, varying
from monitor.optimize.analyze_sources import read_sources, source_files
from monitor.optimize.model import Gain, Lazy, Look, Optimization, Step
from monitor.optimize.model_selection import Selection
from monitor.optimize.search.search import Found, Reference, Search
from monitor.optimize.workflow_package import Unpacked, unpack
from monitor.optimize.workflow_probe import probe
from monitor.optimize.workflow_run import Subject, run
from monitor.packages.building.process import ProcessError, run_process
from monitor.packages.lazy.statements import ImportStatement

_REPAIRS = 3
_SHOWN = 6
_WORTH_MORE_TURNS = 0.02
_LOOKS = 3
# As for a trial of `diagnose`: a smaller saving than expected is one.
_PART = 0.5
_PROOF_STARTS = 4
# Imports that could save less than this share of a start's CPU time are not worth proving and measuring.
_LEAST_SHARE = 0.01
MORE_TIME = "--time-limit gives more"
_CHANGES = "it changes what the function does: {}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to optimize, and how it is judged. `steps` are names of STEPS; no step is begun or searched for longer than
    `limit_s` after the start.
    """

    package: Path
    label: str
    version: str
    turns: int
    steps: Sequence[str]
    ignored: Sequence[str] = ()
    tests: str = ""
    budget_ms: float | None = None
    limit_s: float = float("inf")


@dataclass(frozen=True, slots=True)
class StepKind:
    """A step: its name, its title, and which imports it may move (None: it moves none)."""

    name: str
    title: str
    wanted: Callable[[SourceFile, ImportStatement], bool] | None = None


STEPS = (
    StepKind("bytecode", "bytecode for every module"),
    StepKind("collection", "fewer garbage collections during init"),
    StepKind("unused", "imports that the application never uses", lambda file, one: file.own and not one.used),
    StepKind("application", "imports of the application, at their first use", lambda file, _one: file.own),
    StepKind("libraries", "imports of libraries, at their first use", lambda _file, _one: True),
)


@dataclass(frozen=True, slots=True)
class Result:
    """What came out: the report, the changed files of the package, and the choice.

    `collected` is the handler's file if fewer garbage collections are made while it is imported.
    """

    optimization: Optimization
    texts: Mapping[str, str]
    selection: Selection
    bytecode: bool
    package: Unpacked
    collected: str = ""


@dataclass(frozen=True, slots=True)
class _Start:
    """A start of the package with bytecode: the CPU time until its first response, and how long all events took."""

    cpu_ms: float = 0.0
    took_s: float = 0.0


@dataclass
class _Work:
    """One optimization on its way. `before` is the package that the next step is compared with; it leaves the modules
    `unloaded` out.
    """

    plan: Plan
    subject: Subject
    package: Unpacked
    folder: Path
    original: Path
    reference: Reference
    say: Callable[[str], None]
    advance: Callable[[], None]
    start: "_Start"
    deadline: float = float("inf")
    before: Path = field(init=False)
    bytecode: bool = False
    selection: Selection = field(default_factory=Selection)
    unloaded: set[str] = field(default_factory=set)
    search: Search | None = None
    whole: tuple[Gain, Gain] | None = None

    def __post_init__(self) -> None:
        self.before = self.original

    def differs(self, root: Path, *, force: bool = False) -> tuple[str, ...]:
        outcome = probe(root, self.subject, force=True)[0] if force else run(root, self.subject)
        return self.reference.differences(outcome, root)

    def proof(self, root: Path) -> list[str]:
        """What differs: with the events, with every lazy part loaded first, and in the tests."""
        found = [*self.differs(root)]
        found = found or [f"with every import forced: {one}" for one in self.differs(root, force=True)]
        if not found and self.plan.tests:
            before, after = self._tested(self.original), self._tested(root)
            if before != after:
                found = [f"the tests end with code {after}, before with {before}"]
        return found

    def _tested(self, root: Path) -> int:
        environment = {
            **os.environ,
            "PYTHONPATH": str(root),
            "LAMBDA_TASK_ROOT": str(root),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        try:
            command = shlex.split(self.plan.tests)
            return run_process(command, TESTS_S, environment=environment, folder=Path.cwd()).code
        except (ProcessError, ValueError) as error:
            raise UsageError(
                f"the tests cannot be run: {error}", "give --tests a command, such as 'pytest tests'"
            ) from error

    def measured(self, before: Path, after: Path, expected_ms: float | None = None) -> tuple[Gain, Gain]:
        """Wall and CPU time until the first answer, the two packages in turns; every answer is compared.

        `expected_ms` is the CPU time that the change should save, if it is known. A saving that these turns leave open
        gets as many again, twice at most: from 7 turns on, each look is wrong in 1 of 100 cases.

        Raises:
            MonitorError: an answer differs.
        """
        figures: dict[Path, list[tuple[float, float]]] = {before: [], after: []}
        wall, cpu = self._turns(figures, before, after)
        for _ in range(_LOOKS - 1):
            if not _is_open(cpu if cpu.before_ms else wall, expected_ms) or self.left_s() <= 0:
                break
            self.say("the saving is not clear yet: as many turns again")
            wall, cpu = self._turns(figures, before, after)
        return wall, cpu

    def left_s(self) -> float:
        """The seconds that are left to look for a change, if proving and measuring it is to end in time."""
        starts = 2 * self.plan.turns + _PROOF_STARTS
        return self.deadline - time.monotonic() - starts * self.start.took_s

    def keep(self, root: Path, gains: tuple[Gain, Gain]) -> None:
        """Go on from the package in `root`, which saves so much."""
        self.whole = gains if self.before == self.original else None
        self.before = root

    def _turns(self, figures: dict[Path, list[tuple[float, float]]], before: Path, after: Path) -> tuple[Gain, Gain]:
        for turn in range(self.plan.turns):
            for root in (before, after) if turn % 2 else (after, before):
                outcome = run(root, self.subject)
                found = self.reference.differences(outcome, root, most=1, timed=self.reference.parts)
                if found:
                    raise MonitorError(
                        f"a response differs from run to run: {found[0]}", "name the part with --ignore if that is fine"
                    )
                figures[root].append((outcome.first_ms, outcome.cpu_ms))
                self.advance()
        wall, cpu = ([[pair[index] for pair in figures[root]] for root in (before, after)] for index in (0, 1))
        return _gain(*wall), _gain(*cpu)


def _is_open(gain: Gain, expected_ms: float | None) -> bool:
    """Whether more turns may show a saving: the interval holds zero, and a good part of what is expected too.

    If nothing is known of that, the estimate must be a saving.
    """
    if expected_ms is not None:
        return gain.low_ms <= 0 and gain.high_ms >= _PART * expected_ms
    return gain.low_ms <= 0 < gain.high_ms and gain.saved_ms > _WORTH_MORE_TURNS * gain.before_ms


def _gain(before: Sequence[float], after: Sequence[float]) -> Gain:
    saving = paired_saving(before, after)
    return Gain(median(before), median(after), saving.saved_ms, saving.low_ms, saving.high_ms)


def optimize(
    plan: Plan,
    subject: Subject,
    folder: Path,
    *,
    say: Callable[[str], None] = lambda _text: None,
    advance: Callable[[], None] = lambda: None,
) -> Result:
    """Carry out the plan; `folder` is empty, and holds the result and all that was tried.

    Raises:
        UsageError: it is not a package, or what it answers differs from run to run.
        MonitorError: it does not start here.
    """
    package = unpack(plan.package, folder / "package", subject.python)
    original = package.variant(folder / "original", {}, bytecode=False)
    deadline = time.monotonic() + plan.limit_s
    reference, start = _reference(plan, subject, package, original, folder)
    work = _Work(plan, subject, package, folder, original, reference, say, advance, start, deadline)
    # The package that the steps after bytecode are compared with at the end.
    compiled = original
    steps = []
    waiting = [kind for kind in STEPS if kind.name in plan.steps]
    for kind in STEPS:
        if kind not in waiting:
            steps.append(Step(kind.name, kind.title, kept=False, reason="not asked for"))
        elif kind.name == "bytecode":
            steps.append(_bytecode_step(work, kind))
            compiled = work.before
        elif work.left_s() <= 0:
            steps.append(Step(kind.name, kind.title, kept=False, reason=f"not tried, no time is left; {MORE_TIME}"))
        elif kind.wanted is None:
            steps.append(_collection_step(work, kind))
        else:
            steps.append(_import_step(work, kind, kind.wanted, len(waiting) - waiting.index(kind)))
    steps = _confirmed(work, steps, compiled)
    wall = cpu = None
    if any(step.kept for step in steps):
        wall, cpu = work.whole or work.measured(original, work.before)
    texts = work.search.texts(work.selection) if work.search is not None else {}
    optimization = Optimization(
        plan.label,
        subject.handler,
        plan.version,
        len(subject.events),
        plan.turns,
        tuple(steps),
        wall,
        cpu,
        plan.budget_ms,
        tests=plan.tests,
        ignored=tuple(plan.ignored),
    )
    if optimization.wall is None:
        tried = next(((step.wall, step.cpu) for step in steps if step.wall is not None and step.cpu is not None), None)
        optimization = _unchanged(optimization, tried or work.measured(original, original))
    collected = work.search.collected if work.search is not None else ""
    return Result(optimization, texts, work.selection, work.bytecode, package, collected)


def _confirmed(work: _Work, steps: list[Step], compiled: Path) -> list[Step]:
    """The steps; those after bytecode are taken back if several of them together are not faster than the package
    `compiled`, the one before them.
    """
    kept = [step for step in steps if step.kept and step.name != "bytecode"]
    if len(kept) < 2:
        return steps  # the step itself was compared with that package
    wall, cpu = work.measured(compiled, work.before)
    good, _ = _judged(wall, cpu)
    if good:
        return steps
    work.before, work.whole = compiled, None
    work.selection = Selection()
    if work.search is not None:
        work.search.collected = ""
    reason = "taken back: together with the other steps it saves nothing that is more than noise"
    return [replace(step, kept=False, reason=reason) if step in kept else step for step in steps]


def _unchanged(optimization: Optimization, still: tuple[Gain, Gain]) -> Optimization:
    wall, cpu = (Gain(one.before_ms, one.before_ms, 0.0, 0.0, 0.0) for one in still)
    return replace(optimization, wall=wall, cpu=cpu)


def _reference(
    plan: Plan, subject: Subject, package: Unpacked, original: Path, folder: Path
) -> tuple[Reference, _Start]:
    first = run(original, subject)
    if first.problem:
        raise MonitorError(
            f"{plan.label} does not start on this machine: {first.problem}", "check --handler, --env, and --python"
        )
    table = parts(first, str(original))
    _, loaded = probe(original, subject)
    if loaded is not None:
        prefix = f"{original}/"
        package.loaded = frozenset(one.file.removeprefix(prefix) for one in loaded.modules.values())
    # What monitor looks at runs on a package with bytecode: it starts faster, and answers the same.
    fast = package.variant(folder / "fast", {}, bytecode=True)
    looks = []
    changing: dict[str, bool] = {}  # whether only a clock makes the difference

    def compare(root: Path) -> _Start:
        started = time.monotonic()
        outcome = run(root, subject)
        took_s = time.monotonic() - started
        again = parts(outcome, str(root))
        for path in varying(table, again):
            changing[path] = changing.get(path, True) and is_clock(path, table, again)
        return _Start(outcome.cpu_ms or outcome.first_ms, took_s)

    for _ in range(2):
        outcome, look = probe(fast, subject, describe=True)
        if look is None:
            raise MonitorError(f"{plan.label} does not start on this machine: {outcome.problem}", "try again")
        looks.append(look)
        compare(original)
        start = compare(fast)
    timed = tuple(path for path in changing if changing[path])
    random = tuple(path for path in changing if not changing[path])
    asked = [path for path in random if not is_identity(path) and not is_ignored(path, plan.ignored)]
    if asked:
        names = ", ".join(asked[:_SHOWN]) + (" …" if len(asked) > _SHOWN else "")
        raise UsageError(
            f"what the function returns differs from run to run: {names}",
            f"if that is fine: {' '.join(f'--ignore {shlex.quote(path)}' for path in asked[:_SHOWN])}",
        )
    return Reference(table, looks[0], random, tuple(plan.ignored), _unsteady(*looks), timed), start


def _unsteady(one: Look, other: Look) -> dict[str, set[str]]:
    """The names of modules that mean something else in another process."""
    found = {
        module: {name for name, text in names.items() if other.names.get(module, {}).get(name) != text}
        for module, names in one.names.items()
    }
    return {module: names for module, names in found.items() if names}


def _bytecode_step(work: _Work, kind: StepKind) -> Step:
    step = _proven_step(work, kind, work.package.variant(work.folder / "bytecode", {}, bytecode=True))
    work.bytecode = step.kept
    return step


def _proven_step(work: _Work, kind: StepKind, root: Path) -> Step:
    """The step to the package in `root`, which is kept if it does the same in less time."""
    if problems := work.proof(root):
        return Step(kind.name, kind.title, kept=False, reason=_CHANGES.format(problems[0]))
    return _measured_step(work, kind, root)


def _measured_step(work: _Work, kind: StepKind, root: Path, expected_ms: float | None = None) -> Step:
    wall, cpu = work.measured(work.before, root, expected_ms)
    kept, reason = _judged(wall, cpu)
    if kept:
        work.keep(root, (wall, cpu))
    return Step(kind.name, kind.title, kept, reason, wall, cpu)


def _judged(wall: Gain, cpu: Gain) -> tuple[bool, str]:
    """Whether a step stays: it saves CPU time (wall time where no CPU time is known), and costs no wall time."""
    decisive = cpu if cpu.before_ms else wall
    if wall.high_ms < 0:
        return False, "it costs time"
    if decisive.low_ms <= 0:
        return False, "no saving that is more than noise"
    return True, ""


def _collection_step(work: _Work, kind: StepKind) -> Step:
    search = work.search = work.search or _new_search(work)
    file, reason = search.collectable()
    if reason:
        return Step(kind.name, kind.title, kept=False, reason=reason)
    search.collected = file
    step = _proven_step(work, kind, search.variant(work.selection))
    if not step.kept:
        search.collected = ""
    return step


def _import_step(
    work: _Work, kind: StepKind, wanted: Callable[[SourceFile, ImportStatement], bool], steps_left: int
) -> Step:
    search = work.search = work.search or _new_search(work)
    search.deadline = time.monotonic() + work.left_s() / steps_left
    search.least_ms = _LEAST_SHARE * work.start.cpu_ms
    for _ in range(_REPAIRS):
        try:
            found = search.find(wanted, work.selection)
        except MonitorError as error:
            return Step(kind.name, kind.title, kept=False, reason=error.message)
        if found.too_little_ms is not None:
            reason = f"nothing to gain: {found.too_little_ms:.1f} of {work.start.cpu_ms:.0f} ms CPU time at most"
            return Step(kind.name, kind.title, kept=False, reason=reason, refused=found.refused)
        selection = search.finished(found)
        if selection.count <= work.selection.count:
            return Step(kind.name, kind.title, kept=False, reason="nothing to gain", refused=found.refused)
        root = search.variant(selection)
        problems = work.proof(root)
        if not problems:
            times = work.reference.look.times
            expected_ms = sum(times.get(name, 0.0) for name in set(found.unloaded) - work.unloaded)
            return _lazy_step(work, _measured_step(work, kind, root, expected_ms), found, selection)
        work.say(f"{kind.title}: {problems[0]}; looking for the cause")
        if not search.repaired(selection):
            break
    return Step(kind.name, kind.title, kept=False, reason=_CHANGES.format(problems[0]), refused=found.refused)


def _lazy_step(work: _Work, step: Step, found: Found, selection: Selection) -> Step:
    """The step with the imports that it moves."""
    assert work.search is not None
    before = set(work.selection.pairs())
    lazy = tuple(
        Lazy(file, line, work.search.sources.statement(file, line).text)
        for file, line in selection.pairs()
        if (file, line) not in before
    )
    if step.kept:
        work.selection, work.unloaded = selection, set(found.unloaded)
    return replace(step, lazy=lazy, unloaded=found.unloaded, refused=found.refused)


def _new_search(work: _Work) -> Search:
    files = source_files(work.package.names, work.package.own)
    sources = read_sources(files, work.reference.look, str(work.folder / "fast"), work.package.text)
    tries = work.folder / "tries"
    tries.mkdir()
    return Search(work.package, work.subject, sources, work.reference, tries, bytecode=work.bytecode, say=work.say)
