"""Find the imports of a package that can run later without a difference."""

import heapq
import itertools
import re
import shutil
import time
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from monitor.errors import MonitorError
from monitor.kernel.handler import handler_module
from monitor.optimize.analyze_guards import ALL, SourceFile
from monitor.optimize.analyze_outcomes import differences, parts
from monitor.optimize.analyze_sources import (
    Reached,
    Sources,
    entries,
    expanded,
    reachable,
    relied_on,
    submodules,
    unloaded_names,
    useful,
)
from monitor.optimize.analyze_suspects import apart, suspects
from monitor.optimize.model import Look, Outcome, Refused
from monitor.optimize.model_selection import Selection, selection_of
from monitor.optimize.search.needed import Needs
from monitor.optimize.workflow_package import Unpacked
from monitor.optimize.workflow_probe import WATCH_LIMIT_S, probe
from monitor.optimize.workflow_run import Subject, run
from monitor.packages.lazy.helpers import HELPERS, helpers
from monitor.packages.lazy.rewrite import rewrite, watched
from monitor.packages.lazy.statements import ImportStatement, Reading, read

_ROUNDS = 12
_TRIALS = 80
_COLLECTS = re.compile(r"^\s*(?:import|from)\s[^#\n]*\bgc\b", re.MULTILINE)
_BROKEN = "with it the function does not start, or responds otherwise"
Wanted = Callable[[SourceFile, ImportStatement], bool]


@dataclass(frozen=True, slots=True)
class Reference:
    """The package as it is: what its runs answered, and what one of them loaded.

    `varying` are the parts that differ between two runs, `timed` those that differ only in what a clock says. The
    names of modules that differ are `unsteady`.
    """

    parts: Mapping[str, object]
    look: Look
    varying: Collection[str]
    ignored: Collection[str]
    unsteady: Mapping[str, Collection[str]] = field(default_factory=dict)
    timed: Collection[str] = ()

    def differences(
        self, outcome: Outcome, root: Path, most: int = 5, *, timed: Container[str] | None = None
    ) -> tuple[str, ...]:
        """What an outcome of the package in `root` has otherwise."""
        ignored = {*self.varying, *self.ignored}
        timed = self.timed if timed is None else timed
        return differences(dict(self.parts), parts(outcome, str(root)), ignored, most, timed=timed)


@dataclass(frozen=True, slots=True)
class Found:
    """The imports that can run later, the modules that are then left out, and what was refused.

    `too_little_ms` is what the imports that were found would save, where that is too little to keep them.
    """

    selection: Selection
    unloaded: tuple[str, ...]
    refused: tuple[Refused, ...]
    too_little_ms: float | None = None


@dataclass
class Search:
    """The tries on one package. `work` is an empty folder for its variants.

    `deadline` (of time.monotonic) ends the search; imports that save less than `least_ms` together are not worth it.
    While the file `collected` is imported, fewer garbage collections are made.
    """

    package: Unpacked
    subject: Subject
    sources: Sources
    reference: Reference
    work: Path
    bytecode: bool
    say: Callable[[str], None] = field(default=lambda _text: None)
    protected: dict[str, str] = field(default_factory=dict)
    excluded: dict[tuple[str, int], str] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    deadline: float = float("inf")
    least_ms: float = 0.0
    collected: str = ""
    _texts: dict[tuple[object, ...], str] = field(default_factory=dict)

    def texts(self, selection: Selection) -> dict[str, str]:
        """The files that a selection changes, and the helpers."""
        found = {}
        files = {*selection.lines, *selection.submodules, *selection.uses, *filter(None, [self.collected])}
        for file in sorted(files):
            changes = [part.get(file, frozenset()) for part in (selection.lines, selection.submodules, selection.uses)]
            collected = file == self.collected
            key = (file, *changes, collected)
            if key not in self._texts:
                self._texts[key] = rewrite(self._reading(file), *changes, collected=collected)  # type: ignore[arg-type]
            found[file] = self._texts[key]
        for name in helpers(found.values()):
            found[f"{name}.py"] = HELPERS[name].read_text("utf-8")
        return found

    def collectable(self) -> tuple[str, str]:
        """The handler's file, and why fewer garbage collections cannot be made while it is imported; "" if they can."""
        file = self.sources.file_of.get(handler_module(self.subject.handler), "")
        try:
            if rewrite(self._reading(file), (), collected=True) == self.package.text(file):
                return file, "no statement of the handler's module can share its line"
        except (KeyError, ValueError):
            return file, "the source of the handler's module cannot be rewritten"
        # No name of the module changes: only its source, for code that asks for it.
        if reason := self.sources.guards.unedited.get(ALL):
            return file, reason
        for name in sorted(self.package.own):
            with suppress(ValueError):
                if name.endswith(".py") and _COLLECTS.search(self.package.text(name)):
                    return file, f"{name} uses gc itself"
        return file, ""

    def _reading(self, file: str) -> Reading:
        """The source of a file that a start need not load."""
        if file not in self.sources.readings:
            one = self.sources.files[file]
            return read(self.package.text(file), one.module, is_package=one.is_package)
        return self.sources.readings[file]

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, one in self.reference.look.modules.items():
            found.setdefault(one.parent, []).append(name)
        return found

    @cached_property
    def _relied_on(self) -> dict[str, dict[str, str]]:
        return relied_on(self.sources, self.package.text)

    @cached_property
    def _reached(self) -> Reached:
        return reachable(self.sources, self.package.text)

    def _uses(self, modules: Iterable[str]) -> dict[str, frozenset[str]]:
        """By file: those of `modules` that it uses without importing them, and can load itself."""
        found: dict[str, set[str]] = {}
        for module in modules:
            for file, reason in self._relied_on.get(module, {}).items():
                if not reason:
                    found.setdefault(file, set()).add(module)
        return {file: frozenset(names) for file, names in found.items()}

    @cached_property
    def _loaded_uses(self) -> dict[str, frozenset[str]]:
        """The uses in the files that the start loads."""
        uses = self._uses(self._relied_on)
        return {file: names for file, names in uses.items() if file in self.sources.readings}

    def variant(self, selection: Selection) -> Path:
        """A copy of the package with that selection."""
        folder = self.work / f"variant-{next(self._numbers)}"
        return self.package.variant(folder, self.texts(selection), bytecode=self.bytecode)

    @contextmanager
    def _trial(self, selection: Selection) -> Iterator[Path]:
        """A copy with that selection for one run: large packages and many tries would fill the disk."""
        root = self.variant(selection)
        try:
            yield root
        finally:
            shutil.rmtree(root, ignore_errors=True)

    def differs(self, outcome: Outcome, root: Path) -> tuple[str, ...]:
        """What an outcome has otherwise than the package as it is."""
        return self.reference.differences(outcome, root)

    def find(self, wanted: Wanted, base: Selection) -> Found:
        """Add to `base` all imports that `wanted` allows, that leave modules out, and that nobody can tell.

        Raises:
            MonitorError: the search does not come to an end.
        """
        pool = {(file, one.line) for file, one in self.sources.candidates() if wanted(self.sources.files[file], one)}
        pool |= set(base.pairs())
        self._guard()
        for number in range(_ROUNDS):
            needed = self.sources.needed(self.protected)
            chosen = self._unneeded(pool - self.sources.eager_lines(needed) - self.excluded.keys())
            selection, unloaded = self._tried(chosen)
            if not unloaded:
                return Found(Selection(), (), self._refused())
            saved_ms = sum(self.reference.look.times.get(name, 0.0) for name in unloaded)
            if saved_ms < self.least_ms:
                return Found(Selection(), (), self._refused(), saved_ms)
            if time.monotonic() > self.deadline:
                raise MonitorError("no time is left to find what these imports change; --time-limit gives more")
            self.say(f"round {number + 1}: {selection.count} imports run later, {len(unloaded)} modules are left out")
            fresh = self._look_closer(selection, unloaded)
            left = [name for name in self.protected if name in unloaded]
            if fresh:
                self.protected |= fresh
            elif left:
                # An import that no statement explains: everything that could have loaded it stays.
                self._exclude_for(left, chosen)
            elif self.excluded.keys().isdisjoint(selection.pairs()):
                return Found(selection, tuple(unloaded), self._refused())
        raise MonitorError("the search for imports found new effects in every round", "report it")

    @cached_property
    def _needs(self) -> Needs | None:
        """What the parts of a start need; None if it does not start while that is observed."""
        texts: dict[str, str] = {}
        names: dict[str, set[str]] = {}
        for file, lines in selection_of((file, one.line) for file, one in self.sources.candidates()).lines.items():
            texts[file], names[self.sources.files[file].module] = watched(self.sources.readings[file], lines)
        root = self.package.variant(self.work / "observed", texts, bytecode=self.bytecode)
        try:
            _, look = probe(root, self.subject, observe=names)
        finally:
            shutil.rmtree(root, ignore_errors=True)
        return Needs(look.observed, self.sources) if look is not None and look.observed is not None else None

    def _unneeded(self, movable: set[tuple[str, int]]) -> set[tuple[str, int]]:
        """Those of `movable` that neither a start nor an event uses, and that leave modules out.

        What is needed loads in its order as before: in libraries with circular imports another order rarely works.
        """
        movable = self._whole(movable)
        if self._needs is None:
            return movable
        modules, run = self._needs.after(movable, self.protected)
        return self._useful(movable - run, self.sources.modules.keys() - modules)

    def _useful(self, chosen: set[tuple[str, int]], unloaded: Collection[str]) -> set[tuple[str, int]]:
        """Those of `chosen` that leave modules out."""
        found = useful(self.sources, selection_of(chosen), unloaded)
        return self._whole(found if self._needs is None else self._needs.leading_to(found, chosen))

    def _guard(self) -> None:
        for name in self.reference.look.modules:
            file = self.sources.file_of.get(name, "")
            own = file in self.sources.files and self.sources.files[file].own
            if reason := self.sources.guards.reason_eager(name, own=own):
                self.protected.setdefault(name, reason)

    def _whole(self, chosen: set[tuple[str, int]]) -> set[tuple[str, int]]:
        """Statements that bind the same name of a file move together or not at all."""
        result = set(chosen)
        changed = True
        while changed:
            changed = False
            for file in {file for file, _ in result}:
                imports = self.sources.readings[file].imports
                stay = {name for one in imports if (file, one.line) not in result for name in one.names}
                for one in imports:
                    if (file, one.line) in result and stay.intersection(one.names):
                        result.discard((file, one.line))
                        changed = True
        return result

    def _tried(self, chosen: set[tuple[str, int]]) -> tuple[Selection, list[str]]:
        """Start with these imports later; leave those out with which it does not start, and those that gain nothing."""
        while True:
            if not chosen:
                return Selection(), []
            selection = selection_of(chosen)
            with self._trial(self._alone(selection)) as root:
                _outcome, look = probe(root, self.subject)
            if look is None:
                bad = self._culprits(sorted(chosen))
                if not bad:
                    return Selection(), []
                chosen = self._whole(chosen - bad)
                continue
            unloaded = unloaded_names(self.reference.look, look)
            kept = self._useful(chosen, unloaded)
            if kept == chosen:
                return selection, unloaded
            chosen = kept

    def _look_closer(self, selection: Selection, unloaded: list[str]) -> dict[str, str]:
        """Modules that cannot be left out, with the reasons that were not known before."""
        found = {
            name: f"{file} uses {name} without importing it: {reason}"
            for name in unloaded
            for file, reason in self._relied_on.get(name, {}).items()
            if reason
        }
        attributes, refused = submodules(self.sources, selection, unloaded)
        found |= refused
        found |= {name: self.protected[name] for name in unloaded if name in self.protected and name not in found}
        fresh = {name: reason for name, reason in found.items() if name not in self.protected}
        if fresh:
            return fresh
        whole = Selection(selection.lines, attributes, self._uses(unloaded))
        unsteady = self.reference.unsteady
        with self._trial(whole) as root:
            outcome, look = probe(
                root,
                self.subject,
                deferred=self._in_order(unloaded),
                known=self.reference.look.names,
                varying={name: sorted(unsteady[name]) for name in unloaded if name in unsteady},
                bound=self._bound(whole),
                entries=self._in_order(entries(self.sources, whole, unloaded, self._reached)),
                groups=self._groups(unloaded),
                limit_s=max(self.subject.timeout_s, min(WATCH_LIMIT_S, self.deadline - time.monotonic())),
            )
        if look is None:
            raise MonitorError(f"the modules cannot be watched: {outcome.problem or 'no answer'}", "report it")
        for name, notes in look.effects.items():
            if not name:
                raise MonitorError(f"the modules cannot be watched: {notes[0]}", "report it")
            fresh.setdefault(name, notes[0])
        for base, _class in look.registered:
            for name in unloaded:
                # Whose import registers a class of another module is not known: everything that could stays.
                if name in look.bases:
                    fresh.setdefault(name, f"may register a class with {base}")
        for name, bases in look.bases.items():
            tops = {base.partition(".")[0] for base in bases} & self.sources.guards.subclasses
            if tops:
                fresh.setdefault(name, f"adds subclasses, and {min(tops)} asks for the subclasses of classes")
        # What cannot be loaded later takes names with it: these count when nothing else is found.
        for module, bound_name, problem in look.bound if not fresh else ():
            fresh |= self._unbound(whole, unloaded, module, bound_name, problem)
        return {name: reason for name, reason in fresh.items() if name not in self.protected}

    def _alone(self, selection: Selection) -> Selection:
        """A selection of imports as it can be tried before it is known which modules it leaves out."""
        shared = [name for name, loaded in self.sources.modules.items() if loaded.attribute == "other"]
        return Selection(selection.lines, submodules(self.sources, selection, shared)[0], self._loaded_uses)

    def _bound(self, selection: Selection) -> dict[str, dict[str, str]]:
        """By module: what the names that a selection lets load later meant at the start as it was."""
        found: dict[str, dict[str, str]] = {}
        for file in {*selection.lines, *selection.submodules}:
            module = self.sources.files[file].module
            names = set(selection.submodules.get(file, ()))
            names |= {one for line in selection.lines.get(file, ()) for one in self.sources.statement(file, line).names}
            known, unsteady = self.reference.look.names.get(module, {}), self.reference.unsteady.get(module, ())
            found[module] = {name: known[name] for name in names if name in known and name not in unsteady}
        return found

    def _unbound(
        self, selection: Selection, unloaded: Collection[str], module: str, name: str, problem: str
    ) -> dict[str, str]:
        """The modules that stay because a name that comes from them means something else later, with the reason."""
        file = self.sources.file_of.get(module, "")
        lines = [line for line in selection.lines.get(file, ()) if name in self.sources.statement(file, line).names]
        targets = {f"{module}.{name}", *(one for line in lines for one in self.sources.statement(file, line).targets)}
        reason = f"{module}.{name} {problem}"
        found = {target: reason for target in sorted(targets) if target in unloaded}
        if not found:
            self.excluded |= {(file, line): reason for line in lines}
        return found

    def _groups(self, names: Iterable[str]) -> dict[str, list[str]]:
        """The modules that must be loaded with a module, because its package looks for them."""
        return {
            name: [one for one in self.reference.look.modules if one.partition(".")[0] == top]
            for name in names
            if (top := name.partition(".")[0]) in self.sources.guards.groups
        }

    def _in_order(self, names: Iterable[str]) -> list[str]:
        """Modules in the order in which the start as it was completes them."""
        place = {name: number for number, name in enumerate(self.reference.look.order)}
        return sorted(names, key=lambda name: place.get(name, len(place)))

    def _exclude_for(self, modules: Iterable[str], chosen: set[tuple[str, int]]) -> None:
        tops = {name.partition(".")[0] for name in modules}
        for file, line in chosen:
            if tops & {target.partition(".")[0] for target in self.sources.statement(file, line).targets}:
                self.excluded[file, line] = "a module that must load comes through it"

    def finished(self, found: Found) -> Selection:
        """The selection with what packages load at first use."""
        attributes, _ = submodules(self.sources, found.selection, found.unloaded)
        return Selection(found.selection.lines, attributes, self._uses(found.unloaded))

    def _culprits(self, chosen: list[tuple[str, int]]) -> set[tuple[str, int]]:
        """The imports with which it does not start, or responds otherwise; and those that no trial was left for."""
        suspected: list[set[tuple[str, int]]] = []
        until = time.monotonic() + (self.deadline - time.monotonic()) / 2
        good = self._settled([set(chosen)], set(), until, suspected)
        # An error blames all imports of a file: they are tried apart, after all others.
        good = self._settled([part for group in suspected for part in apart(group)], good, until)
        bad = set(chosen) - good
        self.excluded |= dict.fromkeys(bad, _BROKEN)
        return bad

    def _settled(
        self,
        groups: Iterable[set[tuple[str, int]]],
        good: set[tuple[str, int]],
        until: float,
        suspected: list[set[tuple[str, int]]] | None = None,
    ) -> set[tuple[str, int]]:
        """`good`, and the imports of `groups` that work together with it; the groups that may save most come first.

        With `suspected`, what the error names is left out of a group first, and added there. Then a group is taken
        apart: folder by folder, file by file, and by halves of a file. What breaks a start mostly lies together. It
        ends at `until` or after as many trials as are allowed; a part that cannot save enough is not tried.
        """
        waiting = [(-self._worth(group), min(group), group) for group in groups]
        heapq.heapify(waiting)
        for _ in range(_TRIALS):
            if not waiting:
                break
            if time.monotonic() > until:
                self.say("the time for trials is over: the imports that were not tried stay as they are")
                break
            _, _, group = heapq.heappop(waiting)
            failure = self._failure(good | group)
            if failure is None:
                good = good | group
                continue
            outcome, root = failure
            parts = apart(group)
            if suspected is not None and (found := set(suspects(outcome, sorted(group), self.sources, str(root)))):
                self.say(f"trying without {len(found)} imports of {min(found)[0]}")
                suspected.append(found)
                parts = [group - found] if group - found else []
            for part in parts:
                if self._worth(part, shared=True) >= self.least_ms:
                    heapq.heappush(waiting, (-self._worth(part), min(part), part))
        return good

    def _worth(self, pairs: Iterable[tuple[str, int]], *, shared: bool = False) -> float:
        """What these imports load first at the start as it is, in milliseconds of CPU; with `shared` also what others
        have loaded before: that is left out only if all of them run later.
        """
        first = set()
        for file, line in pairs:
            module = self.sources.files[file].module
            for target in expanded(self.sources.statement(file, line).targets):
                loaded = self.sources.modules.get(target)
                if loaded is not None and (shared or loaded.parent == module):
                    first.add(target)
        return sum(self._subtree(first).values())

    def _subtree(self, names: Iterable[str]) -> dict[str, float]:
        """The modules that loading these brings at the start as it is, with the time of each."""
        found: dict[str, float] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = self.reference.look.times.get(name, 0.0)
                waiting += self._children.get(name, ())
        return found

    def _failure(self, pairs: Collection[tuple[str, int]]) -> tuple[Outcome, Path] | None:
        """What happens otherwise if these imports run later, and where it ran; None if it is the same."""
        whole = self._whole(set(pairs))
        if not whole:
            return None
        with self._trial(self._alone(selection_of(whole))) as root:
            outcome = run(root, self.subject)
        return (outcome, root) if outcome.problem or self.differs(outcome, root) else None

    def repaired(self, selection: Selection) -> bool:
        """After a difference: exclude the imports that cause it. Whether any was found."""
        return bool(self._culprits(selection.pairs()))

    def _refused(self) -> tuple[Refused, ...]:
        found = [Refused(name, reason) for name, reason in {**self.sources.unread, **self.protected}.items()]
        found += [Refused(f"{file}:{line}", reason) for (file, line), reason in self.excluded.items()]
        return tuple(sorted(found, key=lambda one: one.module))
