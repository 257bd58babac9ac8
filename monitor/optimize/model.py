"""What an optimization is made of: runs, steps, refusals, and the result."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one process did with the events: an answer an event, its output, what it sent to X-Ray.

    `init_ms` lasts until the runtime client asks for the first event; `first_ms` until the first answer. `cpu_ms` is
    what all threads computed by then. `answers` are ("result" or "error", document). `late_s` is the time limit if it
    was exceeded.
    """

    answers: tuple[tuple[str, Any], ...] = ()
    init_error: Any = None
    init_ms: float = 0.0
    first_ms: float = 0.0
    cpu_ms: float = 0.0
    stdout: str = ""
    stderr: str = ""
    returncode: int | None = None
    segments: tuple[Any, ...] = ()
    late_s: float = 0.0

    @property
    def problem(self) -> str:
        """Why it did not answer; "" if it answered."""
        if self.init_error is not None:
            return f"{self.init_error.get('errorType')}: {self.init_error.get('errorMessage')}"
        if self.late_s:
            return f"it has not responded to all events after {self.late_s:g} s"
        if not self.answers:
            last = self.stderr.strip().splitlines()[-1:] or [f"the process ended with code {self.returncode}"]
            return last[0][:300]
        return ""


@dataclass(frozen=True, slots=True)
class LoadedModule:
    """A module that a start loads: its file, and the module whose import loaded it."""

    name: str
    file: str
    is_package: bool
    parent: str
    attribute: str


@dataclass(frozen=True, slots=True)
class Observed:
    """What each part of a start needs: (who, module) for imports, (who, module, name) for names of other modules.

    Who is a module's code ("a.b"), a line of it ("a.b:3"), or "" if nothing was being imported.
    """

    loads: frozenset[tuple[str, str]]
    uses: frozenset[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Look:
    """What a probe saw: the modules after the last event, what their names mean, and what watching found.

    `bound` are (module, name, how it differs) for names that mean something else once all lazy imports have run.
    `order` is the one in which the modules were complete; `registered` are (abstract base class, class). `times` are
    the milliseconds of CPU that each module's import took, without those that it loaded.
    """

    modules: Mapping[str, LoadedModule]
    at_init: frozenset[str]
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    effects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bound: tuple[tuple[str, str, str], ...] = ()
    order: tuple[str, ...] = ()
    registered: tuple[tuple[str, str], ...] = ()
    times: Mapping[str, float] = field(default_factory=dict)
    observed: Observed | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A module that stays as it is, and why."""

    module: str
    reason: str


@dataclass(frozen=True, slots=True)
class Lazy:
    """An import that runs later: the file, its line, and its text."""

    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Gain:
    """Milliseconds saved: the median of the pairs' differences, and the 95% interval of that median."""

    before_ms: float
    after_ms: float
    saved_ms: float
    low_ms: float
    high_ms: float


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it changes, whether it was kept, and what it saved.

    `reason` says why it was not kept. `unloaded` are the modules that neither a start nor an event loads any more.
    """

    name: str
    title: str
    kept: bool
    reason: str = ""
    wall: Gain | None = None
    cpu: Gain | None = None
    lazy: tuple[Lazy, ...] = ()
    unloaded: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()
    proof: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Optimization:
    """The result: the steps, and the whole gain."""

    package: str
    handler: str
    python: str
    events: int
    turns: int
    steps: tuple[Step, ...]
    wall: Gain | None
    cpu: Gain | None
    budget_ms: float | None = None
    out: str | None = None
    choice: str | None = None
    tests: str = ""
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def within_budget(self) -> bool | None:
        """Whether init and the first call stay within the budget; None without a budget."""
        if self.budget_ms is None or self.wall is None:
            return None
        return self.wall.after_ms <= self.budget_ms
