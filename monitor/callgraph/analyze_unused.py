"""Imports at the top of a file whose names nothing uses."""

from collections.abc import Iterator

from monitor.callgraph.model import UnusedImport
from monitor.callgraph.parse_files import SourceFiles
from monitor.callgraph.parse_scan import MODULE, FileScan, Imported


def unused_imports(sources: SourceFiles) -> Iterator[UnusedImport]:
    """The imports that run with their file and bind only names that no file uses.

    A name counts as used where its file loads it or lists it in `__all__`, or where another file imports it from
    there or has an attribute of that name. A package's `__init__.py` imports for others: there an import counts as
    used. A star import and code that looks up names while it runs leave nothing certain: such a file has none, and
    neither has one that a star import names.
    """
    attributes = {
        name for scanned in sources.scans.values() for scope in scanned.scopes.values() for _, name in scope.attributes
    }
    imported = {value for scanned in sources.scans.values() for one in scanned.imports for value in one.binds.values()}
    stars = {one.module for scanned in sources.scans.values() for one in scanned.imports if _is_star(one)}
    for path, scanned in sorted(sources.scans.items()):
        if path.endswith("__init__.py") or _is_uncertain(scanned):
            continue
        names = [module for module, file in sources.modules.items() if file == path]
        if not stars.isdisjoint(names):
            continue
        loaded = {name for scope in scanned.scopes.values() for name in scope.loads} | scanned.exported
        for one in scanned.imports:
            if one.scope != MODULE or one.for_types or not one.binds:
                continue
            used = loaded | attributes | {name for name in one.binds if any(f"{m}.{name}" in imported for m in names)}
            if used.isdisjoint(one.binds):
                yield UnusedImport(one.module, path, one.line, one.statement, one.guarded)


def _is_uncertain(scanned: FileScan) -> bool:
    return any(map(_is_star, scanned.imports)) or any(
        one.statement.startswith(("globals", "eval", "exec"))
        for scope in scanned.scopes.values()
        for one in scope.dynamic
    )


def _is_star(one: Imported) -> bool:
    return not one.binds and one.statement.endswith("*")
