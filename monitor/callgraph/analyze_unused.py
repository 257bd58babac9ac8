"""Imports at the top of a file whose names nothing uses."""

import builtins
from collections.abc import Collection, Iterator

from monitor.callgraph.model import UnusedImport
from monitor.callgraph.parse_files import SourceFiles
from monitor.callgraph.parse_scan import MODULE, FileScan, Imported

_BUILTINS = frozenset((*dir(builtins), "__file__", "__path__"))


def unused_imports(sources: SourceFiles) -> Iterator[UnusedImport]:
    """The imports that run with their file and bind only names that no file uses.

    A name counts as used where its file loads it or lists it in `__all__`, or where another file imports it from
    there or has an attribute of that name. A package's `__init__.py` imports for others: there an import counts as
    used. A star import is used where its file, or another one by way of it, has a name that the file does not bind.
    Such a name, and code that looks up names while it runs, leave nothing certain: a file with a star import has none
    then, and neither has one that a star import names.
    """
    attributes = {
        name for scanned in sources.scans.values() for scope in scanned.scopes.values() for _, name in scope.attributes
    }
    imported = {value for scanned in sources.scans.values() for one in scanned.imports for value in one.binds.values()}
    stars = {one.module for scanned in sources.scans.values() for one in scanned.imports if _is_star(one)}
    for path, scanned in sorted(sources.scans.items()):
        names = [module for module, file in sources.modules.items() if file == path]
        if path.endswith("__init__.py") or _is_uncertain(scanned, _asked_of(sources, names)):
            continue
        if not stars.isdisjoint(names):
            continue
        loaded = {name for scope in scanned.scopes.values() for name in scope.loads} | scanned.exported
        for one in scanned.imports:
            if one.scope != MODULE or one.for_types or not (one.binds or _is_star(one)):
                continue
            used = loaded | attributes | {name for name in one.binds if any(f"{m}.{name}" in imported for m in names)}
            if used.isdisjoint(one.binds):
                yield UnusedImport(one.module, path, one.line, one.statement, one.guarded)


def _asked_of(sources: SourceFiles, modules: Collection[str]) -> set[str]:
    """The names that other files take from a file, by its modules' names."""
    found: set[str] = set()
    for scanned in sources.scans.values():
        targets = {name: target for one in scanned.imports for name, target in one.binds.items()}
        found |= {target.rpartition(".")[2] for target in targets.values() if target.rpartition(".")[0] in modules}
        for scope in scanned.scopes.values():
            found |= {name for base, name in scope.attributes if targets.get(base) in modules}
    return found


def _is_uncertain(scanned: FileScan, asked: set[str]) -> bool:
    if any(map(_is_star, scanned.imports)):
        loaded = {name for scope in scanned.scopes.values() for name in scope.loads} | scanned.exported | asked
        if loaded - scanned.binds - _BUILTINS:
            return True
    return any(
        one.statement.startswith(("globals", "eval", "exec"))
        for scope in scanned.scopes.values()
        for one in scope.dynamic
    )


def _is_star(one: Imported) -> bool:
    return not one.binds and one.statement.endswith("*")
