"""The functions that registries of the application hold, which a call looks up by the event."""

from dataclasses import dataclass

from monitor.callgraph.model import Node
from monitor.callgraph.parse_files import SourceFiles
from monitor.callgraph.parse_scan import MODULE, Decorator


@dataclass(frozen=True, slots=True)
class Kept:
    """A function's entry in a registry: the decorator that puts it there, and the registry's name."""

    decorator: Decorator
    registry: str


def kept_functions(sources: SourceFiles) -> dict[Node, Kept]:
    """The functions that a registry holds, of which each call runs those that it looks up; others are left out."""
    otherwise = {name for scanned in sources.scans.values() for name in scanned.registries.otherwise}
    filled: dict[str, set[str]] = {}
    for scanned in sources.scans.values():
        for function in scanned.scopes:
            # Of several decorators of one name, which one is meant is not known.
            filled.setdefault(function.rpartition(".")[2], set()).add(scanned.registries.filled.get(function, ""))
    found: dict[Node, Kept] = {}
    for path, scanned in sources.scans.items():
        for name, scope in scanned.scopes.items():
            for decorator in scope.decorators if name != MODULE else ():
                tables = filled.get(decorator.name.rpartition(".")[2], set())
                table = next(iter(tables)) if len(tables) == 1 else ""
                if table and table not in otherwise and not _is_foreign(sources, path, decorator.name):
                    found[path, name] = Kept(decorator, table)
    return found


def _is_foreign(sources: SourceFiles, path: str, name: str) -> bool:
    """Whether a decorator's name begins with something that a library gives."""
    first = name.partition(".")[0]
    scanned = sources.scans[path]
    first = scanned.refers.get(first, first).partition(".")[0]
    targets = [one.binds[first] for one in scanned.imports if first in one.binds]
    return any(sources.module_of(target) is None for target in targets)
