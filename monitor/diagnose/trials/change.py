"""From a finding to a change that can be tried here: other files in the package, or another setting."""

import difflib
import zipfile
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monitor.diagnose.analyze import RULES
from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.evidence.parse_unused_patches import without_unused
from monitor.diagnose.facts.common import closure, distributions, own_handler, top_of
from monitor.diagnose.model_finding import ChangeKind, Finding
from monitor.diagnose.model_rule import NotTried, Trial
from monitor.diagnose.rules.classes_at_import import PYDANTIC_MODEL
from monitor.diagnose.trials.defer import defer, with_deferred_models, without_collection
from monitor.diagnose.trials.defer_library import defer_in_library
from monitor.diagnose.trials.vary import Variation
from monitor.errors import UsageError
from monitor.kernel.handler import handler_module
from monitor.kernel.patch import NoFitError, apply_patch
from monitor.kernel.zips import UNREADABLE_ZIP
from monitor.packages.model import RUNTIME_HAS, SDK, PackageReport, Part

_LONGEST_SOURCE_BYTES = 1 << 20
_LEVELS = ("LOG_LEVEL", "POWERTOOLS_LOG_LEVEL", "AWS_LAMBDA_LOG_LEVEL")
_ONLY_START = "only shows that it starts; the download before init is not measured"


class CannotTryError(Exception):
    """Why a finding's change stays an estimate, in a line."""


class CannotMakeError(CannotTryError):
    """The change cannot be made as it is proposed, by nobody."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A finding's change as it can be tried: a variation of the package, or of the environment before and after.

    Without `measures` a trial shows that the function still starts, and not what the change saves.
    """

    finding: Finding
    change: str
    variation: Variation = field(default_factory=Variation)
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    measures: bool = True


@dataclass(frozen=True, slots=True)
class TrialContext:
    """The input of an attempt: the evidence, the zip, and the zip's contents."""

    evidence: FunctionEvidence
    package: Path
    report: PackageReport

    def source(self, name: str) -> str:
        """The text of a file of the package. Raises CannotTryError."""
        try:
            with zipfile.ZipFile(self.package) as archive:
                if archive.getinfo(name).file_size > _LONGEST_SOURCE_BYTES:
                    raise CannotTryError(f"{name} is too large for a source file")
                return archive.read(name).decode()
        except (KeyError, OSError, *UNREADABLE_ZIP):
            raise CannotTryError(f"{name} cannot be read from the package") from None


def attempt(finding: Finding, context: TrialContext) -> Attempt:
    """How to try what `finding` proposes.

    Raises:
        CannotTryError: it cannot be tried here, and why.
    """
    rule = _RULES.get(finding.rule)
    # Saved evidence may hold a finding of a newer version's rule: its patch is tried all the same.
    trial = rule.trial if rule else Trial.PATCH
    if isinstance(trial, NotTried):
        raise CannotTryError(f"{trial.why}: estimated only")
    return _HOW[trial](finding, context)


def _by_patch(finding: Finding, context: TrialContext) -> Attempt:
    """The finding's own patch."""
    patched = _patched(finding, context)
    if patched is None:
        raise CannotTryError("this change cannot be tried on this machine: estimated only")
    return patched


def _patched(finding: Finding, context: TrialContext) -> Attempt | None:
    """The finding's own patch, where it has one that fits the package."""
    for change in finding.changes:
        if change.kind is ChangeKind.PATCH and change.text:
            names = {line[4:].strip().removeprefix("b/") for line in change.text.splitlines() if line[:4] == "+++ "}
            try:
                texts = apply_patch(change.text, {name: context.source(name) for name in sorted(names)})
            except NoFitError:
                return None
            return Attempt(finding, change.title, Variation(texts=texts))
    return None


def _lazily(finding: Finding, context: TrialContext) -> Attempt:
    """An import moved into the functions that use it: by the finding's patch, else by its file and line."""
    return _patched(finding, context) or _deferred(finding, context, {finding.subject}, ())


def _client_later(finding: Finding, context: TrialContext) -> Attempt:
    """Clients made at their first use, and the SDK imported then: by the finding's patch, else by file and line."""
    if (patched := _patched(finding, context)) is not None:
        return patched
    code = context.evidence.code
    calls = () if is_missing(code) else tuple(one for one in code.calls if top_of(one.name) in SDK)
    places = {(one.file, one.line) for one in calls}
    if not places:
        raise CannotTryError("the line that creates the client is not known: estimated only")
    return _deferred(finding, context, set(SDK), sorted(places))


def _deferred(finding: Finding, context: TrialContext, modules: set[str], calls: Iterable[tuple[str, int]]) -> Attempt:
    code = context.evidence.code
    if is_missing(code):
        raise CannotTryError(f"the application's files were not read: {code.reason}")
    calls = list(calls)
    lines: dict[str, tuple[set[int], set[int]]] = {}
    for use in code.uses:
        if use.at_import and (use.module in modules or top_of(use.module) in modules):
            lines.setdefault(use.file, (set(), set()))[0].add(use.line)
    for file, line in calls:
        lines.setdefault(file, (set(), set()))[1].add(line)
    if not lines:
        raise CannotTryError(f"no file of the application imports {finding.subject}: estimated only")
    texts = {}
    for name, (imports, made) in sorted(lines.items()):
        try:
            texts[name] = defer(context.source(name), imports, made)
        except NoFitError as error:
            raise CannotTryError(f"{name}: {error}") from None
    what = "its client is created on first use" if calls else f"{finding.subject} is imported where it is used"
    return Attempt(finding, f"{what} ({', '.join(sorted(texts))})", Variation(texts=texts))


def _import_removed(finding: Finding, context: TrialContext) -> Attempt:
    """An import that nothing uses deleted: by the finding's patch, else by its file and line."""
    if (patched := _patched(finding, context)) is not None:
        return patched
    code = context.evidence.code
    unused = () if is_missing(code) else tuple(one for one in code.unused if top_of(one.module) == finding.subject)
    lines: dict[str, set[int]] = {}
    for one in unused:
        lines.setdefault(one.file, set()).add(one.line)

    def without(source: str, on: Collection[int]) -> str:
        changed = without_unused(source, [one for one in unused if one.line in on])
        if changed is None:
            raise NoFitError("the import shares its line with something else")
        return changed

    return _edited(finding, context, lines, without, f"without the import of {finding.subject}")


def _library_later(finding: Finding, context: TrialContext) -> Attempt:
    """The library's own imports of a module put off, in all of its files that import it."""
    names = finding.subject.split(", ")
    found = [one for one in context.evidence.libraries if one.module in names]
    if len(found) < len(names):
        raise CannotTryError("the library's files were not read: estimated only")
    lines: dict[str, set[int]] = {}
    for one in found:
        for held in one.imports:
            lines.setdefault(held.file, set()).add(held.line)

    def later(source: str, on: Collection[int]) -> str:
        return defer_in_library(source, on, names)

    return _edited(finding, context, lines, later, f"{finding.subject} imported at first use", CannotMakeError)


def _built_later(finding: Finding, context: TrialContext) -> Attempt:
    """pydantic's models with `defer_build`; what else is built has no such switch."""
    if finding.subject != PYDANTIC_MODEL:
        raise CannotTryError("only pydantic's models can be built later without an edit: estimated only")
    name = _handler_file(context)
    try:
        return Attempt(
            finding,
            f"defer_build=True for all models, set in {name}",
            Variation(texts={name: with_deferred_models(context.source(name))}),
        )
    except NoFitError as error:
        raise CannotTryError(f"{name}: {error}") from None


def _worked_later(finding: Finding, context: TrialContext) -> Attempt:
    """A line's value made at its first use."""
    name, _, line = finding.subject.rpartition(":")
    try:
        text = defer(context.source(name), (), {int(line)})
    except NoFitError as error:
        raise CannotTryError(f"{name}: {error}") from None
    return Attempt(finding, f"the value of {finding.subject} made at its first use", Variation(texts={name: text}))


def _handler_file(context: TrialContext) -> str:
    handler = own_handler(context.evidence)
    if not handler:
        raise CannotTryError("the handler's file is not known: estimated only")
    return handler_module(handler).replace(".", "/") + ".py"


def _edited(
    finding: Finding,
    context: TrialContext,
    lines: Mapping[str, set[int]],
    edit: Callable[[str, Collection[int]], str],
    what: str,
    refusal: type[CannotTryError] = CannotTryError,
) -> Attempt:
    texts = {}
    for name, on in sorted(lines.items()):
        try:
            texts[name] = edit(context.source(name), on)
        except NoFitError as error:
            raise refusal(f"{name}: {error}") from None
    if not texts:
        raise CannotTryError(f"no file imports {finding.subject}: estimated only")
    more = f" and {len(texts) - 3} more" if len(texts) > 3 else ""
    return Attempt(finding, f"{what} ({', '.join(sorted(texts)[:3])}{more})", Variation(texts=texts))


def _bytecode(finding: Finding, _context: TrialContext) -> Attempt:
    return Attempt(finding, "bytecode for every module in the package", Variation(bytecode=True))


def _without_sdk(finding: Finding, context: TrialContext) -> Attempt:
    parts = distributions(context.report)
    gone = _with_needs(parts, SDK & parts.keys(), RUNTIME_HAS)
    return _without(finding, context, gone, "without the SDK, using this machine's")


def _without_unused(finding: Finding, context: TrialContext) -> Attempt:
    parts = distributions(context.report)
    if finding.subject not in parts:
        raise CannotTryError(f"{finding.subject} is not in this package")
    gone = _with_needs(parts, {finding.subject}, closure([finding.subject], parts))
    return _without(finding, context, gone, f"without {', '.join(sorted(gone))}")


def _with_needs(parts: Mapping[str, list[Part]], roots: Iterable[str], among: Iterable[str]) -> set[str]:
    """`roots`, and of `among` what nothing outside requires."""
    fixed = set(roots)
    gone = {name for name in (*among, *fixed) if name in parts}
    while True:
        wanted = {one for name, held in parts.items() if name not in gone for part in held for one in part.requires}
        kept = (gone & wanted) - fixed
        if not kept:
            return gone
        gone -= kept


def _without(finding: Finding, context: TrialContext, gone: set[str], words: str) -> Attempt:
    names = {
        file.name for file in context.report.containers[0].files if file.part in gone and not file.name.endswith("/")
    }
    if not names:
        raise CannotTryError(f"{finding.subject} lies in a layer, not in the package")
    return Attempt(finding, f"{words} ({_ONLY_START})", Variation(without=frozenset(names)), measures=False)


def _quieter(finding: Finding, context: TrialContext) -> Attempt:
    """INFO in the place of DEBUG: in the environment, or by the finding's patch."""
    settings, function = context.evidence.settings, context.evidence.function
    patched = _patched(finding, context)
    if patched is not None:
        return patched
    if is_missing(settings) or is_missing(function) or settings.log_level != "DEBUG":
        raise CannotTryError("no variable of the function sets the level: estimated only")
    names = [name for name in _LEVELS if name in function.environment_names]
    if not names:
        raise CannotTryError("which variable sets the level is not known: estimated only")
    return Attempt(
        finding,
        f"{', '.join(names)}: INFO instead of DEBUG",
        before=dict.fromkeys(names, "DEBUG"),
        after=dict.fromkeys(names, "INFO"),
    )


def _unprofiled(finding: Finding, _context: TrialContext) -> Attempt:
    if finding.subject != "PYTHONPROFILEIMPORTTIME":
        raise CannotTryError("only PYTHONPROFILEIMPORTTIME can be tried here: estimated only")
    return Attempt(finding, "without PYTHONPROFILEIMPORTTIME", before={"PYTHONPROFILEIMPORTTIME": "1"})


def _uncollected(finding: Finding, context: TrialContext) -> Attempt:
    name = _handler_file(context)
    try:
        text = without_collection(context.source(name))
    except NoFitError as error:
        raise CannotTryError(f"{name}: {error}") from None
    return Attempt(finding, f"the collector paused while {name} is imported", Variation(texts={name: text}))


_HOW: dict[Trial, Callable[[Finding, TrialContext], Attempt]] = {
    Trial.PATCH: _by_patch,
    Trial.DEFER_IMPORT: _lazily,
    Trial.DEFER_CLIENT: _client_later,
    Trial.ADD_BYTECODE: _bytecode,
    Trial.REMOVE_SDK: _without_sdk,
    Trial.REMOVE_DISTRIBUTION: _without_unused,
    Trial.RAISE_LOG_LEVEL: _quieter,
    Trial.STOP_PROFILING: _unprofiled,
    Trial.PAUSE_COLLECTION: _uncollected,
    Trial.REMOVE_IMPORT: _import_removed,
    Trial.DEFER_LIBRARY: _library_later,
    Trial.DEFER_BUILD: _built_later,
    Trial.DEFER_WORK: _worked_later,
}
_RULES = {rule.id: rule for rule in RULES}


def checked_rule(name: str) -> str:
    """The rule to try, of those that there are.

    Raises:
        UsageError: there is none of that name; the hint names those that can be tried.
    """
    if name in _RULES:
        return name
    can = sorted(rule.id for rule in RULES if isinstance(rule.trial, Trial))
    near = difflib.get_close_matches(name, _RULES, 1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    raise UsageError(
        f"--try has no rule {name!r}", f"{meant}it can try {', '.join(can)}; without a name, all that was found"
    )
