"""Values that a file makes by a call while it is imported, and the functions that read them.

`cache = redis.Redis(…)` needs its library at import. Where functions alone read `cache`, it can be made on first use.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from monitor.callgraph.model import Place
from monitor.callgraph.parse_files import SourceFiles
from monitor.callgraph.parse_scan import MODULE, FileScan

_MOST_VALUES = 20
# Decorators that call a function only when it is called.
_CACHES = frozenset(("cache", "lru_cache"))


@dataclass(frozen=True, slots=True)
class Value:
    """A name at the top of a file that is assigned once: to what a call gives, or to a part of another value.

    Also an attribute of a class, `Class.name`, and the default of a parameter, `function(name)`.
    """

    path: str
    name: str
    line: int
    statement: str


class Values:
    """The values of all files; that of `handler` is none of them, for Lambda reads it."""

    def __init__(self, sources: SourceFiles, handler: str) -> None:
        self._sources = sources
        self._handler = sources.module_of(handler.replace("/", "."))

    def makers(self, path: str, names: frozenset[str], running: Collection[str]) -> frozenset[str]:
        """The functions and classes of the file that need these imported names and that its own lines call; `running`
        are the scopes that run while the file is imported. Empty if one of them may be called by anything else."""
        scanned = self._sources.scans[path]
        found: set[str] = set()
        while (
            more := {
                scope.partition(".")[0]
                for scope in running
                if scope != MODULE
                and scope in scanned.scopes
                and not scanned.scopes[scope].loads.isdisjoint(names | found)
            }
            - found
        ):
            found |= more
        for name in found:
            decorators = scanned.scopes[name].decorators if name in scanned.scopes else ()
            kept = all(one.name.rpartition(".")[2] in _CACHES for one in decorators)
            known = name in scanned.classes or name in scanned.scopes
            if not (kept and known) or any(self._named_elsewhere(path, name)) or any(self._by_attribute(path, name)):
                return frozenset()
        return frozenset(found)

    def made_of(self, path: str, names: frozenset[str]) -> tuple[tuple[Value, ...], tuple[Place, ...]]:
        """The values that alone need these imported names while their file is imported, each after what it is made of,
        and the functions that read them; empty if anything else needs the names, or the values, then."""
        scanned = self._sources.scans[path]
        if not names.isdisjoint(_needed_otherwise(scanned)):
            return (), ()
        parts = {**scanned.values, **scanned.attributes}
        waiting = [(path, name) for name, held in parts.items() if not names.isdisjoint(held.loads)]
        if any(scanned.made.get(name) is None for _, name in waiting):
            return (), ()
        values: list[Value] = []
        readers: list[Place] = []
        while waiting:
            place = waiting.pop(0)
            made, found, more = self._read(*place)
            if made is None:
                return (), ()
            values.append(made)
            readers += found
            waiting += [one for one in more if one not in waiting and one != place]
            if len(values) > _MOST_VALUES:
                return (), ()
        return tuple(dict.fromkeys(values)), tuple(readers)

    def _read(self, path: str, name: str) -> tuple[Value | None, list[Place], list[tuple[str, str]]]:
        """The value, the functions that read it, and the values made of it; no value if other lines need it."""
        found: list[Place] = []
        more: list[tuple[str, str]] = []
        made = self._sources.scans[path].assigned.get(name)
        if made is None or (path, name) == self._handler:
            return None, [], []
        if name.endswith(")"):
            function, _, parameter = name[:-1].partition("(")
            scope = self._sources.scans[path].scopes.get(function)
            # Annotations and decorators may ask for the default: FastAPI's do.
            if scope is None or scope.decorators or parameter not in scope.loads:
                return None, [], []
            return Value(path, name, *made), [(path, function, frozenset((parameter,)))], []
        if "." in name:
            found = list(self._by_attribute("", name.rpartition(".")[2]))
            dynamic = any(scope.dynamic for scope in self._sources.scans[path].scopes.values())
            if dynamic or not found or any(scope == MODULE for _, scope, _ in found):
                return None, [], []
            return Value(path, name, *made), found, []
        for other, local in (*self._named_elsewhere(path, name), (path, name)):
            scanned = self._sources.scans[other]
            if local in _needed_otherwise(scanned) or local in scanned.exported:
                return None, [], []
            more += [(other, one) for one, held in scanned.values.items() if local in held.loads and one != name]
            found += [
                (other, scope, frozenset((local,)))
                for scope, held in scanned.scopes.items()
                if scope != MODULE and local in held.loads
            ]
        found += self._by_attribute(path, name)
        if any(scope == MODULE for _, scope, _ in found) or not (found or more):
            return None, [], []
        return Value(path, name, *made), found, more

    def _named_elsewhere(self, path: str, name: str) -> Iterable[tuple[str, str]]:
        """The files that import the name from its file, with what they call it."""
        modules = [module for module, file in self._sources.modules.items() if file == path]
        targets = {f"{module}.{name}" for module in modules}
        for other, scanned in self._sources.scans.items():
            for one in scanned.imports:
                yield from ((other, local) for local, target in one.binds.items() if target in targets)

    def _by_attribute(self, path: str, name: str) -> Iterable[Place]:
        """The scopes of other files than `path` that read an attribute of this name, which may be the value."""
        for other, scanned in self._sources.scans.items():
            for scope, held in scanned.scopes.items():
                bases = {base for base, attribute in held.attributes if attribute == name}
                if other != path and bases:
                    yield other, scope, frozenset(f"{base}.{name}" for base in bases)


def _needed_otherwise(scanned: FileScan) -> set[str]:
    """The names that a file's own lines load, but for the values of plain assignments."""
    found = set(scanned.loose.loads)
    for held in scanned.class_rest.values():
        found |= held.loads
    for scope in scanned.scopes.values():
        found |= scope.definition_rest.loads
    return found
