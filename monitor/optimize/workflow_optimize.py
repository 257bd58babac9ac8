"""Optimize a package in steps: try, prove, measure, and keep what saves time."""

import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Plan:
    """What to optimize, and how it is judged. `steps` are names of STEPS."""

    package: Path
    label: str
    version: str
    turns: int
    steps: Sequence[str]
    ignored: Sequence[str] = ()
    tests: str = ""
    budget_ms: float | None = None


@dataclass(frozen=True, slots=True)
class StepKind:
    """A step: its name, its title, and which imports it may move (None: bytecode)."""

    name: str
    title: str
    wanted: Callable[[SourceFile, ImportStatement], bool] | None = None


STEPS = (
    StepKind("bytecode", "bytecode for every module"),
    StepKind("unused", "imports that the application never uses", lambda file, one: file.own and not one.used),
    StepKind("application", "imports of the application, at their first use", lambda file, _one: file.own),
    StepKind("libraries", "imports of libraries, at their first use", lambda _file, _one: True),
)


@dataclass(frozen=True, slots=True)
class Result:
    """What came out: the report, the changed files of the package, and the choice."""

    optimization: Optimization
    texts: Mapping[str, str]
    selection: Selection
    bytecode: bool
    package: Unpacked


@dataclass
class _Work:
    """One optimization on its way. `before` is the package that the next step is compared with."""

    plan: Plan
    subject: Subject
    package: Unpacked
    folder: Path
    original: Path
    reference: Reference
    say: Callable[[str], None]
    advance: Callable[[], None]
    before: Path = field(init=False)
    bytecode: bool = False
    selection: Selection = field(default_factory=Selection)
    search: Search | None = None

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

    def measured(self, before: Path, after: Path) -> tuple[Gain, Gain]:
        """Wall and CPU time until the first answer, the two packages in turns; every answer is compared.

        A saving that these turns leave open gets as many again: from 7 turns on, each look is wrong in 1 of 100 cases.

        Raises:
            MonitorError: an answer differs.
        """
        figures: dict[Path, list[tuple[float, float]]] = {before: [], after: []}
        wall, cpu = self._turns(figures, before, after)
        if _is_open(cpu if cpu.before_ms else wall):
            self.say("the saving is not clear yet: as many turns again")
            wall, cpu = self._turns(figures, before, after)
        return wall, cpu

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


def _is_open(gain: Gain) -> bool:
    """Whether more turns may show a saving: the estimate is one, and its interval holds zero."""
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
    reference = _reference(plan, subject, package, original, folder)
    work = _Work(plan, subject, package, folder, original, reference, say, advance)
    steps = []
    for kind in STEPS:
        if kind.name not in plan.steps:
            steps.append(Step(kind.name, kind.title, kept=False, reason="not asked for"))
        elif kind.wanted is None:
            steps.append(_bytecode_step(work, kind))
        else:
            steps.append(_import_step(work, kind, kind.wanted))
    wall = cpu = None
    if any(step.kept for step in steps):
        wall, cpu = work.measured(original, work.before)
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
        still = work.measured(original, original)
        optimization = _unchanged(optimization, still)
    return Result(optimization, texts, work.selection, work.bytecode, package)


def _unchanged(optimization: Optimization, still: tuple[Gain, Gain]) -> Optimization:
    from dataclasses import replace

    wall, cpu = (Gain(one.before_ms, one.before_ms, 0.0, 0.0, 0.0) for one in still)
    return replace(optimization, wall=wall, cpu=cpu)


def _reference(plan: Plan, subject: Subject, package: Unpacked, original: Path, folder: Path) -> Reference:
    first = run(original, subject)
    if first.problem:
        raise MonitorError(
            f"{plan.label} does not start on this machine: {first.problem}", "check --handler, --env, and --python"
        )
    table = parts(first, str(original))
    # What monitor looks at runs on a package with bytecode: it starts faster, and answers the same.
    fast = package.variant(folder / "fast", {}, bytecode=True)
    looks = []
    changing: dict[str, bool] = {}  # whether only a clock makes the difference

    def compare(root: Path) -> None:
        again = parts(run(root, subject), str(root))
        for path in varying(table, again):
            changing[path] = changing.get(path, True) and is_clock(path, table, again)

    for _ in range(2):
        outcome, look = probe(fast, subject, describe=True)
        if look is None:
            raise MonitorError(f"{plan.label} does not start on this machine: {outcome.problem}", "try again")
        looks.append(look)
        compare(original)
        compare(fast)
    timed = tuple(path for path in changing if changing[path])
    random = tuple(path for path in changing if not changing[path])
    asked = [path for path in random if not is_identity(path) and not is_ignored(path, plan.ignored)]
    if asked:
        names = ", ".join(asked[:_SHOWN]) + (" …" if len(asked) > _SHOWN else "")
        raise UsageError(
            f"what the function returns differs from run to run: {names}",
            f"if that is fine: {' '.join(f'--ignore {shlex.quote(path)}' for path in asked[:_SHOWN])}",
        )
    return Reference(table, looks[0], random, tuple(plan.ignored), _unsteady(*looks), timed)


def _unsteady(one: Look, other: Look) -> dict[str, set[str]]:
    """The names of modules that mean something else in another process."""
    found = {
        module: {name for name, text in names.items() if other.names.get(module, {}).get(name) != text}
        for module, names in one.names.items()
    }
    return {module: names for module, names in found.items() if names}


def _bytecode_step(work: _Work, kind: StepKind) -> Step:
    root = work.package.variant(work.folder / "bytecode", {}, bytecode=True)
    found = work.proof(root)
    if found:
        return Step(kind.name, kind.title, kept=False, reason=f"it changes what the function does: {found[0]}")
    wall, cpu = work.measured(work.before, root)
    kept, reason = _judged(wall, cpu)
    if kept:
        work.before, work.bytecode = root, True
    return Step(kind.name, kind.title, kept, reason, wall, cpu)


def _judged(wall: Gain, cpu: Gain) -> tuple[bool, str]:
    """Whether a step stays: it saves CPU time (wall time where no CPU time is known), and costs no wall time."""
    decisive = cpu if cpu.before_ms else wall
    if wall.high_ms < 0:
        return False, "it costs time"
    if decisive.low_ms <= 0:
        return False, "no saving that is more than noise"
    return True, ""


def _import_step(work: _Work, kind: StepKind, wanted: Callable[[SourceFile, ImportStatement], bool]) -> Step:
    search = work.search or _new_search(work)
    work.search = search
    for _ in range(_REPAIRS):
        try:
            found = search.find(wanted, work.selection)
        except MonitorError as error:
            return Step(kind.name, kind.title, kept=False, reason=error.message)
        selection = search.finished(found)
        if selection.count <= work.selection.count:
            return Step(kind.name, kind.title, kept=False, reason="nothing to gain", refused=found.refused)
        root = search.variant(selection)
        problems = work.proof(root)
        if not problems:
            return _measured_step(work, kind, found, selection, root)
        work.say(f"{kind.title}: {problems[0]}; looking for the cause")
        if not search.repaired(selection):
            break
    reason = f"it changes what the function does: {problems[0]}"
    return Step(kind.name, kind.title, kept=False, reason=reason, refused=found.refused)


def _measured_step(work: _Work, kind: StepKind, found: Found, selection: Selection, root: Path) -> Step:
    wall, cpu = work.measured(work.before, root)
    kept, reason = _judged(wall, cpu)
    assert work.search is not None
    before = set(work.selection.pairs())
    lazy = tuple(
        Lazy(file, line, work.search.sources.statement(file, line).text)
        for file, line in selection.pairs()
        if (file, line) not in before
    )
    if kept:
        work.before, work.selection = root, selection
    return Step(kind.name, kind.title, kept, reason, wall, cpu, lazy, found.unloaded, found.refused)


def _new_search(work: _Work) -> Search:
    files = source_files(work.package.names, work.package.own)
    sources = read_sources(files, work.reference.look, str(work.folder / "fast"), work.package.text)
    tries = work.folder / "tries"
    tries.mkdir()
    return Search(work.package, work.subject, sources, work.reference, tries, bytecode=work.bytecode, say=work.say)
