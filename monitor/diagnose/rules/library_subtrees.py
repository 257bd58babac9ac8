"""Parts of libraries that are imported at init, and that nothing needs before a call asks for them.

Evidence: the import tree of init, and the import statements of the library files in the package: a module counts with
all that would not be imported without it. A module is a finding if no file needs it while it is imported (as a base
class, a decorator, in a call), and the application does not name it. With a recorded call (`--try`), a part that the
call enters is not a finding. Limits: without a recorded call, whether calls need it is not known, and confidence is
low. A recorded call shows one event; others can need it. Constants and `isinstance` checks are not seen.
"""

from collections.abc import Iterator

from monitor.console.text import format_counted, format_ms
from monitor.diagnose.evidence.model import FunctionEvidence, LibraryImport, LibraryModule, is_missing
from monitor.diagnose.facts.common import INSTRUMENTATION, affected_starts, chain_text, top_of
from monitor.diagnose.facts.import_cost import spread_of
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import Rule, Trial

_MOST = 40
# Other rules report pkg_resources and instrumentation; `monitor` is the entry point around the handler.
ELSEWHERE = INSTRUMENTATION | {"monitor", "pkg_resources"}
# Smaller parts of one library are one finding.
_LARGE_SHARE = 0.05
_LISTED = 12


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """The costliest parts, none inside another."""
    found: list[LibraryModule] = []
    used = _used(evidence)
    inside = {one.module: one.within for one in evidence.libraries}
    for one in evidence.libraries:
        if top_of(one.module) in ELSEWHERE or any(_is_within(one.module, other, inside) for other in found):
            continue
        if not _is_entered(evidence, one, used) and can_wait(one):
            found.append(one)
    whole_ms = 0.0 if is_missing(evidence.imports) else evidence.imports.total_ms
    small: dict[str, list[LibraryModule]] = {}
    for one in found[:_MOST]:
        if one.own_ms >= _LARGE_SHARE * whole_ms:
            yield _finding(evidence, (one,))
        else:
            small.setdefault(top_of(one.module), []).append(one)
    yield from (_finding(evidence, tuple(held)) for held in small.values())


def can_wait(module: LibraryModule) -> bool:
    """Whether no file that was read needs the module while that file is imported."""
    outside = [one for one in module.imports if one.statement]
    return bool(outside) and len(outside) == len(module.imports) and not any(one.needed_at for one in outside)


def _is_within(module: str, other: LibraryModule, inside: dict[str, str]) -> bool:
    while module:
        if module == other.module:
            return True
        module = inside.get(module, "")
    return False


def _used(evidence: FunctionEvidence) -> frozenset[str]:
    """The modules and attributes that the application names: a part that brings one of them is used."""
    return frozenset() if is_missing(evidence.code) else frozenset(evidence.code.mentions)


def _is_entered(evidence: FunctionEvidence, module: LibraryModule, used: frozenset[str]) -> bool:
    if any(name == module.module or name.startswith(f"{module.module}.") for name in used):
        return True
    for one in module.imports:
        if any(f"{one.importer}.{name}" in used for name in _binds(one.statement)):
            return True
    return any(name == module.module or name.startswith(f"{module.module}.") for name in evidence.entered or ())


def _binds(statement: str) -> Iterator[str]:
    """The names that an import statement binds."""
    _, _, names = f" {statement}".partition(" import ")
    for part in names.strip(" ()").split(","):
        name, _, given = part.strip(" ()").partition(" as ")
        yield given or name.partition(".")[0]


def _finding(evidence: FunctionEvidence, parts: tuple[LibraryModule, ...]) -> Finding:
    recorded = evidence.entered is not None
    likely_ms = sum(one.own_ms for one in parts)
    imports = tuple(statement for one in parts for statement in one.imports)
    subject = ", ".join(one.module for one in parts)
    what = edge(parts[0]) if len(parts) == 1 else f"{len(parts)} parts of {top_of(parts[0].module)}"
    known = "no recorded call enters" if recorded else "no file needs"
    later = "" if recorded else " while it is imported"
    title = f"{what} {'is' if len(parts) == 1 else 'are'} imported at init, and {known} "
    return Finding(
        rule="library-subtrees",
        subject=subject,
        title=title
        + ("it" if len(parts) == 1 else "them")
        + (later if len(parts) == 1 else later.replace("it is", "they are")),
        evidence=tuple(_facts(evidence, parts, recorded)),
        changes=(
            Change(
                ChangeKind.CODE,
                f"Import {f'{parts[0].module} where it is' if len(parts) == 1 else 'them where they are'} used, in a "
                "copy of the library",
                "\n".join(_words(statement) for statement in imports[:_LISTED]),
            ),
        ),
        saving=Saving(
            0.0,
            likely_ms,
            likely_ms * spread_of(evidence, top_of(parts[0].module)),
            "the self time of the modules that nothing else imports",
            "its first call needs them",
        ),
        affected=affected_starts(evidence),
        risk=Grade.MEDIUM,
        confidence=Grade.MEDIUM if recorded and not any(one.named for one in imports) else Grade.LOW,
        risk_text="A call that needs it waits for the import then. A library that registers something while it is "
        "imported can behave differently: run your tests.",
    )


def edge(one: LibraryModule) -> str:
    """The import that brings the module in from outside of it: `chameleon.loader → pkg_resources`."""
    outside = [name for name in one.chain if not name.startswith(f"{one.module}.")]
    return chain_text((*outside[-1:], one.module))


def _facts(evidence: FunctionEvidence, parts: tuple[LibraryModule, ...], recorded: bool) -> Iterator[Evidence]:
    for one in parts[:_LISTED]:
        modules = format_counted(one.modules, "module")
        text = f"{edge(one)}: {modules} that only it imports, {format_ms(one.own_ms)} of init"
        yield Evidence(text, f"{one.imports[0].file}:{one.imports[0].line}")
    yield Evidence(_statements_text(tuple(held for one in parts for held in one.imports)))
    if len(parts) == 1:
        yield Evidence(
            f"imported by {chain_text((*parts[0].chain, parts[0].module))}",
            f"monitor coldstarts {evidence.name} --imports",
        )
    if recorded:
        yield Evidence("the recorded call runs no code in it")
    else:
        yield Evidence("whether calls need it is not known: --try --event FILE records a call")


def _statements_text(imports: tuple[LibraryImport, ...]) -> str:
    count = len(imports)
    used = sorted({name for one in imports for name in one.used_in})
    text = f"{count} import statement{'' if count == 1 else 's'} of other files bring it"
    if used:
        more = f" and {len(used) - 3} more" if len(used) > 3 else ""
        text += f", for {', '.join(used[:3])}{more}"
    named = sum(one.named for one in imports)
    return text + (f"; {named} give{'s' if named == 1 else ''} its names to a class or a table" if named else "")


def _words(one: LibraryImport) -> str:
    where = f"in {', '.join(one.used_in[:4])}" if one.used_in else "at first use (`__getattr__` of the module)"
    return f"{one.file}:{one.line}: `{one.statement}` {where}"


RULE = Rule("library-subtrees", find, trial=Trial.DEFER_LIBRARY)
